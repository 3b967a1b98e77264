"""A whole Parley for measurements: server and virtual boards as `parley up --pin` starts them."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from parleybench.machine import BenchError, calm

BESIDE = Path(sys.executable).parent
SERVER = ("127.0.9.1", 5060)
HTTP = "127.0.9.1:8060"
BOARD_NET = "127.0.8.0/24"
RTP_PORT = 10000  # parleyd.provision.BoardConfig
READY_S = 60
CONSOLE_S = 60

ASK = (
    "import json; from parley.app import runtime; "
    "print(json.dumps({'media': board.media.totals(), 'ticks': board.ticker.ticks, "
    "'late': board.ticker.late_by(), 'skipped': board.ticker.skipped_ticks, 'sip': board.sip.endpoint.counters, "
    "'heap_free': runtime.heap_free(), 'participants': board.media.count, "
    "'conferences': len(board.slots.live())}))"
)


class RealBoards:
    """A server with `boards` virtual boards of `legs` legs each, started for a bench; a context manager.

    cores: what the boards are pinned to, one each in turn; others: what the server is left.
    It ends them and leaves nothing behind.
    """

    server = SERVER
    own = True

    def __init__(
        self, boards: int, legs: int, cores: set[int] | None = None, others: set[int] | None = None
    ) -> None:
        self.boards = boards
        self._legs = legs
        self._cores = cores
        self._others = others
        self._folder = tempfile.TemporaryDirectory(prefix="parley-bench-")
        self.state = Path(self._folder.name)
        self._server: subprocess.Popen[str] | None = None

    def __enter__(self) -> "RealBoards":
        command = [BESIDE / "parley", "up", "--boards", self.boards, "--legs", self._legs]
        command += ["--sip", f"{SERVER[0]}:{SERVER[1]}", "--http", HTTP, "--board-net", BOARD_NET]
        command += ["--state", self.state, "--log-file", self.state / "server.log"]
        if self._cores is not None:
            command.append("--pin")
            command = ["taskset", "-c", ",".join(map(str, sorted(self._cores))), *command]
        self._server = subprocess.Popen(
            [str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert self._server.stdout is not None
        line = self._server.stdout.readline()
        if not line.startswith("ready"):
            words = self._server.communicate()[1]
            self._folder.cleanup()
            raise BenchError(f"parley up: {words.strip() or 'ended'}")
        if self._others is not None:  # the server does not share the core that is measured
            for task in Path(f"/proc/{self._server.pid}/task").iterdir():
                os.sched_setaffinity(int(task.name), self._others)
        return self

    def __exit__(self, *_: object) -> None:
        assert self._server is not None
        for number in range(1, self.boards + 1):
            try:
                calm(self.pid(number))
            except BenchError:
                pass
        self._server.send_signal(signal.SIGTERM)
        try:
            self._server.wait(30)
        except subprocess.TimeoutExpired:
            self._server.kill()
            self._server.wait()
        self._folder.cleanup()

    def board_pids(self) -> list[int]:
        """The boards' processes. Raises BenchError."""
        return [self.pid(number) for number in range(1, self.boards + 1)]

    def totals(self) -> Any:
        """What the boards have counted, summed up: {"media": {...}, "late": ..., "skipped": ..., ...}."""
        told = [self.ask(number) for number in range(1, self.boards + 1)]
        return {
            "media": {name: sum(one["media"][name] for one in told) for name in ("received", "taken")},
            "ticks": max(one["ticks"] for one in told),
            "late": sum(sum(one["late"].values()) for one in told),
            "skipped": sum(one["skipped"] for one in told),
            "participants": sum(one["participants"] for one in told),
            "conferences": sum(one["conferences"] for one in told),
            "heap_free": min(one["heap_free"] for one in told),
        }

    @property
    def server_pid(self) -> int:
        """Of the server's process."""
        assert self._server is not None
        return self._server.pid

    def folder(self, number: int) -> Path:
        """Of board `number`, 1 first."""
        return self.state / "boards" / f"virtual-{number}"

    def host(self, number: int) -> str:
        """The board's address."""
        return str(json.loads((self.folder(number) / "flash" / "board_config.json").read_text())["host"])

    def pid(self, number: int) -> int:
        """The board's process: the one whose working directory is its flash. Raises BenchError."""
        flash = (self.folder(number) / "flash").resolve()
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    if (entry / "cwd").resolve() == flash:
                        return int(entry.name)
                except OSError:
                    continue
        raise BenchError(f"board {number} does not run; see {self.folder(number)}/console.log")

    def ask(self, number: int, source: str = ASK) -> Any:
        """What the board prints as JSON for this source, run on its serial port. Raises BenchError."""
        command = [
            BESIDE / "mpremote",
            "connect",
            str((self.folder(number) / "serial").resolve()),
            "resume",
            "exec",
        ]
        words = [str(word) for word in [*command, source]]
        try:
            done = subprocess.run(words, capture_output=True, text=True, timeout=CONSOLE_S, check=False)
        except subprocess.TimeoutExpired:
            raise BenchError(
                f"board {number} says nothing on its console for {CONSOLE_S} s; is its core overloaded?"
            ) from None
        try:
            return json.loads(done.stdout.strip().splitlines()[-1])
        except (ValueError, IndexError):
            raise BenchError(f"board {number} says {done.stdout!r} {done.stderr!r}") from None


class RunningServer:
    """A server that somebody else runs, at (host, port). Its boards' time is known when they run on this machine."""

    own = False
    boards = 0

    def __init__(self, server: tuple[str, int]) -> None:
        self.server = server

    def __enter__(self) -> "RunningServer":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def totals(self) -> Any:
        """Nothing: its consoles are left to whoever runs it."""
        return None


def board_process(host: str) -> int | None:
    """Return the process of the virtual board at this address, None when it is not on this machine."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                config = json.loads((entry / "cwd" / "board_config.json").read_text(encoding="utf-8"))
            except (OSError, ValueError):
                continue
            if config.get("host") == host:
                return int(entry.name)
    return None
