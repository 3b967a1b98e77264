"""The product's own phone, driven as anybody would: `parley call` and `parley listen` on the command line."""

import json
import signal
import time
from pathlib import Path

from hil_tests import programs, sip_text
from hil_tests.processes import Process, wait_until
from hil_tests.ues.face import Phone, PhoneEvent


class ParleyUe(Phone):
    """invitees: URIs that `call` brings in; carrier: how they are told; duration_s: None until hung up.

    watch: show who is in; keys: obey hold, unhold, dtmf, refer_outside.

    `start` runs `parley listen` when `answer` is set, else nothing; `call` runs `parley call`.
    """

    kind = "parley"

    def __init__(
        self,
        *args,
        invitees: tuple[str, ...] = (),
        carrier: str = "call",
        duration_s: float | None = None,
        codec: str = "",
        join_messages: bool = False,
        watch: bool = False,
        keys: bool = False,
        tls_ca: Path | None = None,
        **kwargs,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.invitees, self.carrier, self.duration_s, self.codec = invitees, carrier, duration_s, codec
        self.join_messages = join_messages
        self.watch, self.keys, self.tls_ca = watch, keys, tls_ca

    def start(self) -> None:
        if self.answer:
            self._run(["listen", "--join-messages"] if self.join_messages else ["listen"])
            wait_until(self.listening, 10, f"{self.name} to listen")

    def call(self, uri: str) -> None:
        invites = [word for invitee in self.invitees for word in ("--invite", invitee)]
        words = ["--watch"] if self.watch else []
        words += ["--keys"] if self.keys else []
        self._run(["call", uri, *invites, "--carrier", self.carrier, "--no-loop", *words])

    def hold(self) -> None:
        self._key("hold")

    def unhold(self) -> None:
        self._key("unhold")

    def dtmf(self, keys: str) -> None:
        self._key(f"dtmf {keys}")

    def refer_outside(self, uri: str, to: str) -> None:
        """Only to the conference it is in."""
        self._key(f"bring {to}")

    def _key(self, line: str) -> None:
        assert self.process is not None
        self.process.write_line(line)

    def _run(self, words: list[str]) -> None:
        args = [
            programs.parley(),
            *words,
            "--sip",
            sip_text.host_port(self.host, self.port),
            "--user",
            self.name,
            "--json",
        ]
        args += ["--record", str(self.recording)]
        args += ["--play", str(self.play)] if self.play else []
        args += ["--codec", self.codec] if self.codec else []
        args += ["--tls-ca", str(self.tls_ca)] if self.tls_ca else []
        args += ["--duration", str(self.duration_s)] if self.duration_s is not None else []
        env = None
        if self.credentials and words[0] == "call":
            args += ["--auth-user", self.credentials[0]]
            env = {"PARLEY_PASSWORD": self.credentials[1]}
        stdin = self.keys and words[0] == "call"
        self.process = Process(self.name, args, self.log_path, stdin=stdin, env=env)

    def steps(self) -> list[dict]:
        """The JSON lines it has printed."""
        steps = []
        for line in self.process.log().splitlines() if self.process else ():
            try:
                steps.append(json.loads(line))
            except ValueError:
                continue
        return [step for step in steps if isinstance(step, dict)]

    def events(self) -> list[PhoneEvent]:
        kinds = {"M8": "refer_progress", "M5": "answered", "M4": "redirected"}
        return [
            PhoneEvent(time.time(), kinds.get(step.get("message", ""), step.get("event", "")), step)
            for step in self.steps()
        ]

    def summary(self) -> dict:
        """Its last line, empty when there is none."""
        found = [step for step in self.steps() if step.get("event") == "summary"]
        return found[-1] if found else {}

    def hangup(self) -> None:
        """As Ctrl-C would."""
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)

    def finish(self) -> None:
        if self.process is not None:
            self.process.stop(grace_s=6, first=signal.SIGINT)
