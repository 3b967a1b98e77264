"""What boards with hardware write to their serial ports, kept as that of boards without: one log each, rotated.

A port is found by its USB serial number, or by the name that was given when the board has none, and again whenever the
board was unplugged. Whoever else needs it (`parley board provision`, a reset) borrows it: see `borrowed`.
"""

import asyncio
import fcntl
import os
import time
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager, suppress
from pathlib import Path

import serial
from serial.tools import list_ports

from parley.wire.errors import LocalError
from parleyd.console_log import KEPT_FILES, LIMIT_BYTES, ConsoleLog
from parleyd.discovery import PortFacts
from parleyd.images import Image, ImageError
from parleyd.provision import reset_board, upgrade_over
from parleyd.roster import Enrolled
from parleyd.upgrade import find_image

LOOK_S = 1.0  # between tries to open a port
LOAN_S = 0.25  # how often it is looked whether somebody else wants it
LOAN_WAIT_S = 3.0  # for us to give it up
READ_BYTES = 4096
BAUDRATE = 115200

Ports = Callable[[], Iterable[PortFacts]]


class ConsoleError(LocalError):
    """The port cannot be borrowed; one sentence says why."""


def board_folder(state: Path, board_id: str) -> Path:
    """Return the folder of a board's console log and of the lock on its port."""
    return state / "boards" / board_id


@contextmanager
def borrowed(state: Path, board_id: str) -> Generator[None]:
    """Have the daemon, if there is one, leave the board's serial port alone meanwhile. Blocks. Raises ConsoleError."""
    folder = board_folder(state, board_id)
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder / "port.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        end_s = time.monotonic() + LOAN_WAIT_S
        while not _locked(handle):
            if time.monotonic() > end_s:
                raise ConsoleError(f"another command is using the serial port of {board_id}")
            time.sleep(0.05)
        time.sleep(2 * LOAN_S)  # the daemon sees it by then
        yield
    finally:
        os.close(handle)


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


class SerialConsole:
    """The console of one board. `run` keeps its log until cancelled."""

    def __init__(
        self,
        state: Path,
        board: Enrolled,
        baudrate: int,
        ports: Ports = list_ports.comports,
        limit_bytes: int = LIMIT_BYTES,
        kept: int = KEPT_FILES,
    ) -> None:
        """baudrate: bit/s. ports: the serial ports there are. limit_bytes, kept: as of ConsoleLog."""
        folder = board_folder(state, board.board_id)
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / "console.log"
        self._lock = folder / "port.lock"
        self._state = state
        self._board = board
        self._baudrate = baudrate
        self._ports = ports
        self._log = ConsoleLog(self.path, limit_bytes, kept)
        self._gone = asyncio.Event()

    async def run(self) -> None:
        """Open the port whenever it is there, and write down what comes."""
        try:
            while True:
                port = None if self._is_lent() else await asyncio.to_thread(self._open)
                if port is not None:
                    await self._read(port)
                await asyncio.sleep(LOAN_S if self._is_lent() else LOOK_S)
        finally:
            self._log.close()

    def port_name(self) -> str:
        """Return the name of the board's port, "" while it is not there."""
        if not self._board.usb_serial:
            return self._board.serial_port
        found = [one.device for one in self._ports() if one.serial_number == self._board.usb_serial]
        return found[0] if len(found) == 1 else ""

    def _open(self) -> serial.Serial | None:
        name = self.port_name()
        if not name:
            return None
        try:
            return serial.Serial(name, self._baudrate, timeout=0, exclusive=True)
        except (serial.SerialException, OSError, ValueError):  # not there, or another program has it
            return None

    async def on_port(self, work: Callable[[str], None]) -> None:
        """Do something in a thread that needs the port, whose name it gets. Raises ConsoleError, and what it raises."""

        def blocking() -> None:
            with borrowed(self._state, self._board.board_id):
                name = self.port_name()
                if not name:
                    raise ConsoleError(f"{self._board.board_id} is not plugged in")
                work(name)

        await asyncio.to_thread(blocking)

    async def _read(self, port: serial.Serial) -> None:
        loop = asyncio.get_running_loop()
        self._gone.clear()
        self._log.note(f"{port.port} is open")
        handle = port.fileno()
        loop.add_reader(handle, self._take, handle)
        why = "lent to a command"
        try:
            while not self._is_lent():
                try:
                    async with asyncio.timeout(LOAN_S):
                        await self._gone.wait()
                    why = "unplugged"
                    break
                except TimeoutError:
                    continue
        finally:
            loop.remove_reader(handle)
            port.close()
            self._log.note(f"{port.port} is closed: {why}")

    def _take(self, handle: int) -> None:
        try:
            data = os.read(handle, READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self._log.write(data)
        else:
            asyncio.get_running_loop().remove_reader(handle)
            self._gone.set()

    def _is_lent(self) -> bool:
        """Tell whether somebody has borrowed the port."""
        try:
            handle = os.open(self._lock, os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            return not _locked(handle)
        finally:
            os.close(handle)


class SerialBoard:
    """A board on a serial port of this computer, as upgrades and resets reach it (upgrade.py: Handle)."""

    def __init__(self, console: SerialConsole, kind: str, state: Path) -> None:
        """kind: the name of its image."""
        self.kind = kind
        self._console = console
        self._state = state

    async def upgrade(self, image: Image, progress: Callable[[int, int], None]) -> None:
        """Put a new firmware beside the one that runs, and reset the board. Raises LocalError."""
        await self._console.on_port(lambda name: upgrade_over(name, image, progress))

    async def reset(self) -> None:
        """Start it anew. Raises LocalError."""
        image = find_image(self._state, self.kind)
        await self._console.on_port(lambda name: reset_board(name, image))

    async def press_reset(self) -> None:
        """Start it anew if it listens; one that does not is its watchdog's affair."""
        with suppress(LocalError):
            await self.reset()


class Consoles:
    """Those of all boards that were provisioned over serial ports of this computer."""

    def __init__(self, state: Path, boards: Iterable[Enrolled]) -> None:
        """Raises OSError when a log cannot be written."""
        self._state = state
        self._boards = {board.board_id: board for board in boards if board.usb_serial or board.serial_port}
        self._consoles = {
            board_id: SerialConsole(state, board, self._baudrate(board))
            for board_id, board in self._boards.items()
        }
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to keep them; to be called in the running event loop."""
        self._tasks = [asyncio.create_task(console.run()) for console in self._consoles.values()]

    async def stop(self) -> None:
        """Give the ports back."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def log(self, board_id: str) -> Path | None:
        """Return a board's log, None when its port is not ours."""
        console = self._consoles.get(board_id)
        return None if console is None else console.path

    def board(self, board_id: str) -> SerialBoard | None:
        """Return how to reach a board over its port, None when that is not ours."""
        console = self._consoles.get(board_id)
        return console and SerialBoard(console, self._boards[board_id].kind, self._state)

    def _baudrate(self, board: Enrolled) -> int:
        try:
            return find_image(self._state, board.kind).board.baudrate
        except ImageError:  # of an older Parley, perhaps
            return BAUDRATE
