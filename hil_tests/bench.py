"""A running `parley up` of our own: free ports, a loopback network and a state folder that nobody shares."""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import subprocess
from pathlib import Path

from hil_tests import http_api, programs, sip_text
from hil_tests.devices import Board, board_from
from hil_tests.ports import PortPicker, both_free, free_board_net
from hil_tests.processes import Process, WaitTimeoutError, alive, kill_if, wait_until

READY = re.compile(r"^ready conference=(sip:\S+) http=(http://\S+) boards=(\d+)", re.M)
START_S = 90.0  # the first deployment of an emulated board, over its serial line, included
FLASH_FILE = "psram.bin"  # an emulated board's
FLASHES = programs.REPOSITORY / "out" / "flash"
IMAGES = programs.REPOSITORY / "host" / "parleyd" / "images"
LEASE_S = 9.0  # a board's registration


class BenchError(AssertionError):
    """The product did not start, end or answer as its face promises."""


class Bench:
    """`parley up` with boards of a kind, of so many legs each at most; more words of its command line in `extra`."""

    def __init__(
        self,
        folder: Path,
        ports: PortPicker,
        boards: int = 2,
        legs: int = 64,
        extra: tuple[str, ...] = (),
        env: dict[str, str] | None = None,
        standard: bool = False,
        board: str = "virtual",
        host: str = "127.0.0.1",
    ) -> None:
        self.folder, self.boards_wanted, self.legs, self.extra = folder.resolve(), boards, legs, extra
        self.env = {
            "PARLEY_SOURCE_PER_S": "0",
            **(env or {}),
        }  # one address stands for all the world's phones
        self.board_kind = board
        self.state = self.folder / "state"
        self.ports = ports
        self.sip_port = 5060 if standard and both_free(5060) else ports.take()
        self.http_port = 8060 if standard and both_free(8060) else ports.take()
        self.host = host  # of the server's SIP; ::1 has room for one board, of IPv6 alone
        self.board_net = f"{host}/128" if ":" in host else free_board_net(1 if standard else None)
        self.server = f"sip:conference@{sip_text.host_port(host, self.sip_port)}"
        self.http = f"http://127.0.0.1:{self.http_port}"
        self.process: Process | None = None
        self._pids: set[int] = set()

    # ---- life

    def start(self) -> Bench:
        """Start it and wait for the ready line. BenchError with the log's tail when it does not come."""
        self.launch()
        return self.wait_ready()

    def launch(self) -> None:
        """Start it without waiting."""
        self.state.mkdir(parents=True, exist_ok=True)
        self._lay_out_flash()
        args = [programs.parley(), "up", "--boards", str(self.boards_wanted), "--legs", str(self.legs)]
        args += ["--board", self.board_kind]
        args += [
            "--sip",
            sip_text.host_port(self.host, self.sip_port),
            "--http",
            f"127.0.0.1:{self.http_port}",
        ]
        args += ["--board-net", self.board_net, "--state", str(self.state), *self.extra]
        starts = len(list(self.folder.glob("up*.log")))
        self.process = Process("parley up", args, self.folder / f"up{starts or ''}.log", env=self.env)

    def ready(self) -> bool:
        """Whether the ready line has come; BenchError when the process ended instead."""
        assert self.process is not None
        if READY.search(self.process.log()):
            return True
        if not self.process.running():
            raise BenchError(
                f"parley up ended with {self.process.exit_code} before it was ready\n{self.process.tail(40)}"
            )
        return False

    def wait_ready(self, timeout_s: float = START_S) -> Bench:
        """Wait for the ready line, check it, remember the boards' processes."""
        assert self.process is not None
        try:
            wait_until(self.ready, timeout_s, "the ready line of parley up", 0.1)
        except WaitTimeoutError as error:
            raise BenchError(f"{error}\n{self.process.tail(40)}") from None
        line = READY.search(self.process.log())
        assert line is not None
        if line.group(1) != self.server or line.group(2) != self.http:
            raise BenchError(f"unexpected ready line {line.group(0)!r}")
        self._pids |= {board.pid for board in self.boards()}
        self._keep_flash()
        return self

    def _flash_of(self, number: int) -> Path:
        return self.state / "boards" / f"{self.board_kind}-{number}" / FLASH_FILE

    def _lay_out_flash(self) -> None:
        """Emulated boards get a flash as an earlier bench left it: a first deployment takes a dozen seconds."""
        kept = self._kept_flash()
        for number in range(1, self.boards_wanted + 1):
            flash = self._flash_of(number)
            if kept.exists() and not flash.exists():
                flash.parent.mkdir(parents=True, exist_ok=True)
                _copy_sparse(kept, flash)

    def _keep_flash(self) -> None:
        kept = self._kept_flash()
        if not kept.exists() and self._flash_of(1).exists():
            FLASHES.mkdir(parents=True, exist_ok=True)
            for of_other_images in FLASHES.glob(f"{self.board_kind}-*.bin"):
                of_other_images.unlink()
            _copy_sparse(self._flash_of(1), kept)

    def _kept_flash(self) -> Path:
        """What earlier benches left of this very image."""
        manifest = IMAGES / self.board_kind / "manifest.json"
        image = hashlib.sha256(manifest.read_bytes()).hexdigest()[:16] if manifest.exists() else "none"
        return FLASHES / f"{self.board_kind}-{image}.bin"

    def stop(self) -> int:
        """End it as its user would (SIGTERM), and whatever boards it left; returns its exit code."""
        if self.process is None:
            return 0
        if self.process.running():
            self._remember()
        code = self.process.stop(grace_s=15)
        self._end_leftovers()
        return code

    def kill_daemon(self) -> None:
        """SIGKILL to the daemon alone; its boards are left as they are."""
        assert self.process is not None
        self._remember()
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(5)

    def _remember(self) -> None:
        try:
            self._pids |= {board.pid for board in self.boards()}
        except BenchError:
            pass

    def leftovers(self) -> list[int]:
        """Processes of ours that still run although the bench was stopped: they hold our state folder."""
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and int(entry.name) != os.getpid():
                try:
                    words = (entry / "cmdline").read_bytes().decode(errors="replace")
                    folder = os.readlink(entry / "cwd")
                except OSError:
                    continue
                if str(self.state) in words or folder.startswith(str(self.state)):
                    found.append(int(entry.name))
        return [pid for pid in found if alive(pid)]

    def _end_leftovers(self) -> None:
        for pid in set(self.leftovers()) | {pid for pid in self._pids if pid and alive(pid)}:
            kill_if(pid, str(self.state))

    # ---- its face

    def parley(self, *words: str, timeout_s: float = 15.0) -> subprocess.CompletedProcess[str]:
        """Run a parley command against this bench's HTTP address."""
        env = {**os.environ, **self.env}
        command = [programs.parley(), *words]
        return subprocess.run(
            command, capture_output=True, text=True, timeout=timeout_s, env=env, check=False
        )

    def status(self) -> dict:
        """What `parley status --json` prints, from the API itself: it is asked often, and a command costs a process."""
        try:
            return http_api.get(f"{self.http}/v1/status", timeout_s=5)
        except OSError as error:
            raise BenchError(f"{self.http}/v1/status: {error}") from error

    def boards(self) -> list[Board]:
        """The boards in the status."""
        return [board_from(facts) for facts in self.status()["boards"]]

    def board(self, board_id: str) -> Board:
        """One board of the status."""
        return next(board for board in self.boards() if board.board_id == board_id)

    def board_at(self, host: str) -> Board:
        """The board with this IP address."""
        return next(board for board in self.boards() if board.host == host)

    def console_log(self, board_id: str) -> str:
        """Everything that a board without hardware wrote to its console, the notes between included."""
        return (self.state / "boards" / board_id / "console.log").read_text(errors="replace")

    def conferences(self) -> list[dict]:
        """The conferences in the status."""
        return self.status()["conferences"]

    def members(self) -> list[str]:
        """User parts of everybody in a conference."""
        return [sip_text.user_of(uri) for one in self.conferences() for uri in one["participants"]]

    def wait_status(self, condition, timeout_s: float, what: str) -> dict:
        """Poll the status until condition(status) is true; return it."""
        seen: dict = {}

        def check() -> bool:
            seen.update(self.status())
            return bool(condition(seen))

        try:
            wait_until(check, timeout_s, what, 0.25)
        except WaitTimeoutError as error:
            raise WaitTimeoutError(f"{error}; the status is {json.dumps(seen)[:2000]}") from None
        return seen

    def wait_sizes(self, *sizes: int, address: str = "", timeout_s: float = 6.0) -> dict:
        """Until the conferences with anybody in them (or the one at an address) have so many; the status then."""

        def sized(status: dict) -> bool:
            chosen = [c for c in status["conferences"] if address in ("", c["address"])]
            return sorted(len(c["participants"]) for c in chosen if c["participants"]) == sorted(sizes)

        return self.wait_status(sized, timeout_s, f"conferences of {sizes}")

    def idle(self, status: dict | None = None) -> bool:
        """Whether no conference is active and nobody connected."""
        status = status or self.status()
        active = [c for c in status["conferences"] if c["state"] == "active"]
        return not active and all(not board["connected"] for board in status["boards"])

    def __enter__(self) -> Bench:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


def _copy_sparse(source: Path, target: Path) -> None:
    subprocess.run(["cp", "--sparse=always", str(source), str(target)], check=True)
