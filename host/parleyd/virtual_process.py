"""The process that is a board without hardware, and how soon a dead one is started again."""

import fcntl
import os
import signal
import subprocess
import termios
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol

FIRST_DELAY_S = 1.0
LONGEST_DELAY_S = 30.0
HEALTHY_S = 30.0  # a process that lived this long starts the back-off anew
QUICK_S = 1.0
QUICK_RESETS = 5  # resets in a row, each within QUICK_S of its boot, before a reset counts as a crash

CRASH_STATUS = 70  # exit status after an exception of the firmware (boards/virtual/rom.py)
RESET_STATUS = 0  # exit status of a process that asks for a reset


@dataclass
class Backoff:
    """Delays between the end of a board process and its next start: 1, 2, 4 ... 30 s; none after a reset."""

    delay_s: float = FIRST_DELAY_S
    quick_resets: int = 0

    def after(self, status: int, lived_s: float) -> float:
        """Seconds to wait. status: exit status (0 is a reset), negative when killed by a signal."""
        if lived_s >= HEALTHY_S:
            self.delay_s = FIRST_DELAY_S
        if status == RESET_STATUS:
            self.quick_resets = self.quick_resets + 1 if lived_s < QUICK_S else 0
            if self.quick_resets <= QUICK_RESETS:
                return 0.0
        delay_s = self.delay_s
        self.delay_s = min(2 * delay_s, LONGEST_DELAY_S)
        return delay_s


class Command(Protocol):
    """What to run for a board, and where."""

    @property
    def program(self) -> str:
        """What is started, for messages."""
        ...

    @property
    def working_folder(self) -> Path:
        """Where it is started."""
        ...

    @property
    def core(self) -> int | None:
        """The one processor core it runs on, None: any."""
        ...

    def arguments(self, wire: int | None = None) -> Sequence[str]:
        """The command line. wire: file descriptor of the board's end of its Ethernet wire, if it has one."""
        ...

    def environment(self, safe: bool) -> dict[str, str]:
        """The process environment. safe: leave main.py alone this time."""
        ...

    def prepare(self, safe: bool) -> None:
        """What is to be done before every start."""
        ...


@dataclass(frozen=True)
class BoardCommand:
    """What to run: MicroPython's path, the boot script, heap in KB, the flash folder, the board's name.

    core: the one processor core it runs on, None: any.
    """

    micropython: str
    rom: Path
    heap_kb: int
    flash: Path
    board_id: str
    core: int | None = None

    @property
    def program(self) -> str:
        """What is started, for messages."""
        return self.micropython

    @property
    def working_folder(self) -> Path:
        """The flash is all it sees."""
        return self.flash

    def prepare(self, safe: bool) -> None:
        """Nothing but the flash folder is needed."""
        del safe
        self.flash.mkdir(exist_ok=True)

    def arguments(self, wire: int | None = None) -> Sequence[str]:
        """The command line; the board uses this machine's network itself."""
        del wire
        return [self.micropython, "-X", f"heapsize={self.heap_kb}k", str(self.rom)]

    def environment(self, safe: bool) -> dict[str, str]:
        """The process environment. safe: leave main.py alone this time."""
        own = {
            "MICROPYPATH": ".",  # the flash is the working directory; MicroPython's strings may be 255 long
            "PARLEY_BOARD_ID": self.board_id,
            "PARLEY_BOOT": "safe" if safe else "normal",
        }
        return os.environ | own


@dataclass(frozen=True)
class PowerUp:
    """How a board is started. safe: main.py is left alone; cause: of its start, one of the constants.

    watchdog: file descriptor to feed the watchdog by; wire: of the board's end of its Ethernet wire, if it has one.
    """

    POWER: ClassVar[int] = 0  # numbers as machine.reset_cause() of our Arm boards has them
    RESET: ClassVar[int] = 1
    WATCHDOG: ClassVar[int] = 3

    safe: bool
    cause: int
    watchdog: int
    wire: int | None = None

    def environment(self) -> dict[str, str]:
        """What the boot code of a virtual board reads."""
        return {"PARLEY_RESET_CAUSE": str(self.cause), "PARLEY_WATCHDOG": str(self.watchdog)}


class BoardProcess:
    """One run of a board, from power on to its end."""

    def __init__(self, command: Command, device: str, power_up: PowerUp) -> None:
        """Starts it with `device` as serial port and controlling terminal. OSError when it cannot."""
        safe, wire = power_up.safe, power_up.wire
        command.prepare(safe)
        # Two openings: a board that makes its stdin non-blocking must not make its stdout so.
        source = os.open(device, os.O_RDWR | os.O_NOCTTY)
        sink = os.open(device, os.O_RDWR | os.O_NOCTTY)
        try:
            self._process = subprocess.Popen(
                command.arguments(wire),
                stdin=source,
                stdout=sink,
                stderr=sink,
                cwd=command.working_folder,
                env=command.environment(safe) | power_up.environment(),
                pass_fds=(power_up.watchdog,) if wire is None else (power_up.watchdog, wire),
                start_new_session=True,
                preexec_fn=_claim_terminal,  # noqa: PLW1509 - the keeper has one thread
            )
            if command.core is not None:
                os.sched_setaffinity(self._process.pid, {command.core})
        finally:
            os.close(source)
            os.close(sink)
        self._started_s = time.monotonic()

    @property
    def pid(self) -> int:
        """The process's own id."""
        return self._process.pid

    def status(self) -> int | None:
        """Exit status, negative when killed by a signal, None while it runs."""
        return self._process.poll()

    def lived_s(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._started_s

    def kill(self) -> None:
        """As pulling the plug."""
        self._process.kill()

    def wait(self) -> None:
        """Returns when it has ended."""
        self._process.wait()

    def sweep(self) -> None:
        """Ends what the board process may have started itself."""
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except OSError:
            pass

    def stop(self, patience_s: float = 1.0) -> None:
        """SIGTERM, then SIGKILL; returns when it is gone."""
        self._process.terminate()
        try:
            self._process.wait(patience_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self.sweep()


def _claim_terminal() -> None:
    """In the child: the serial port becomes the session's terminal, so its hang-up ends the process."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
