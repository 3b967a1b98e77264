"""The performance: server and boards, capture, three phones; who calls whom when, and who leaves first."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from hil_tests import speech, wav
from hil_tests.bench import Bench
from hil_tests.capture import Capture
from hil_tests.demo.display import Display
from hil_tests.devices import Board
from hil_tests.flow import Cast
from hil_tests.ports import PortPicker
from hil_tests.processes import WaitTimeoutError, wait_until
from hil_tests.ues.baresip import Baresip
from hil_tests.ues.face import Phone
from hil_tests.ues.parley_ue import ParleyUe
from hil_tests.ues.pjsua import Pjsua

TURN_S = 4.0  # each phone speaks alone so long
AFTER_S = 5.0  # the others talk on so long when the first has left
PHONE_PORTS = 40


@dataclass
class Performance:
    """What was played and what is left of it for the judge."""

    folder: Path
    bench: Bench
    phones: list[Phone]
    capture: Capture
    boards: list[Board]
    left_at_s: float = 0.0
    released: bool = False
    listed: dict = field(default_factory=dict)
    ue1_code: int | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def cast(self) -> Cast:
        """Who is who on the wire."""
        hosts = tuple(board.host for board in self.boards)
        phones = {phone.name: (phone.host, phone.port) for phone in self.phones}
        return Cast(("127.0.0.1", self.bench.sip_port), hosts, phones)


class Scene:
    """Everything that is started, in the order in which it is stopped again."""

    def __init__(self, folder: Path, talk_s: float, display: Display) -> None:
        self.folder, self.talk_s, self.display = folder, talk_s, display
        self.ports = PortPicker()
        self.stack = ExitStack()
        self.notes: list[str] = []

    def __enter__(self) -> Scene:
        return self

    def __exit__(self, *_: object) -> None:
        self.stack.close()

    def play(self) -> Performance:
        """The whole performance. AssertionError when something could not even be started."""
        show = self.display
        voices = self._voices()
        bench = Bench(self.folder, self.ports, boards=2, standard=True)
        with show.stage(f"server at {bench.server} and two virtual boards in {bench.board_net}"):
            self.stack.callback(bench.stop)
            bench.start()
        boards = bench.boards()
        phones = self._phones(bench, voices)
        networks, ports = [bench.board_net], [bench.sip_port, *(phone.port for phone in phones)]
        capture = Capture(self.folder / "call.pcapng", networks, ports)
        with show.stage("capture on the loopback interface (dumpcap)"):
            self.stack.callback(capture.stop)
            capture.start()
        performance = Performance(self.folder, bench, phones, capture, boards, notes=self.notes)
        for phone in phones[1:]:
            with show.stage(f"{phone.name.upper()} is {phone.kind}, waiting at {phone.uri}"):
                self.stack.callback(phone.stop)
                phone.start()
        self._converse(performance)
        with show.stage("phones and capture closed"):
            for phone in phones:
                phone.finish()
            self._released(performance)
            capture.stop()
        return performance

    def _voices(self) -> list[Path]:
        seconds = self.talk_s + AFTER_S + 25
        with self.display.stage("three voices (espeak-ng)"):
            return [
                wav.write(
                    self.folder / "voices" / f"ue{index + 1}.wav",
                    speech.track(index, self.folder / "voices", TURN_S, seconds),
                )
                for index in range(3)
            ]

    def _phones(self, bench: Bench, voices: list[Path]) -> list[Phone]:
        ports = [self.ports.take(PHONE_PORTS) for _ in range(3)]
        logs = self.folder / "logs"
        second: type[Phone] = Pjsua if Pjsua.available() else Baresip
        if second is Baresip:
            self.notes.append("pjsua2 is not installed: a second baresip is UE2")
            self.display.line("!", self.notes[-1], "bold yellow")
        ue2 = second("ue2", logs, ports[1], play=voices[1])
        ue3 = Baresip("ue3", logs, ports[2], play=voices[2])
        ue1 = ParleyUe("ue1", logs, ports[0], play=voices[0], answer=False, invitees=(ue2.uri, ue3.uri))
        return [ue1, ue2, ue3]

    def _converse(self, performance: Performance) -> None:
        show, bench = self.display, performance.bench
        ue1, ue2, ue3 = performance.phones
        assert isinstance(ue1, ParleyUe)
        self.stack.callback(ue1.stop)
        ue1.call(bench.server)
        show.line("→", f"UE1 is parley call, asks {bench.server}, invites UE2 and UE3")
        self._everybody_in(performance)
        show.talk("all three talk: in turn, then together", self.talk_s, lambda: self._who(bench))
        performance.left_at_s = time.time()
        ue1.hangup()
        performance.ue1_code = ue1.process.wait(10) if ue1.process else None
        show.line("→", "UE1 has left; UE2 and UE3 go on")
        show.talk("two talk on without the one who asked (M9)", AFTER_S, lambda: self._who(bench))
        for phone in (ue2, ue3):
            phone.hangup()
        show.line("→", "UE2 and UE3 hang up")

    def _everybody_in(self, performance: Performance) -> None:
        ue1 = performance.phones[0]
        assert isinstance(ue1, ParleyUe)
        shown: list[dict] = []

        def show_steps() -> None:
            for step in ue1.steps()[len(shown) :]:
                shown.append(step)
                if step.get("message"):
                    words = [str(step[key]) for key in ("to", "address", "result") if step.get(key)]
                    self.display.line(step["message"], f"{step['event']}  {' '.join(words)}", "bold cyan")

        def all_in() -> bool:
            show_steps()
            done = ue1.process is None or not ue1.process.running()
            sizes = [len(c["participants"]) for c in performance.bench.conferences()]
            return done or max(sizes, default=0) >= 3

        try:
            wait_until(all_in, 20, "three participants in the conference", 0.2)
            time.sleep(0.2)
            show_steps()
        except WaitTimeoutError as error:
            performance.notes.append(str(error))
            self.display.line("✗", str(error), "bold red")

    def _who(self, bench: Bench) -> str:
        counts = [len(c["participants"]) for c in bench.conferences() if c["state"] == "active"]
        return f"{sum(counts)} in the conference"

    def _released(self, performance: Performance) -> None:
        try:
            performance.listed = performance.bench.wait_status(
                performance.bench.idle, 15, "the conference's end"
            )
            performance.released = True
        except WaitTimeoutError:
            performance.listed = performance.bench.status()
