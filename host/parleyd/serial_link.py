"""A board's serial port: MicroPython's raw REPL, by way of mpremote's transport.

The same code serves a virtual board's pseudo-terminal and silicon. It blocks, with a limit on every wait;
asyncio code calls it in a thread. All that can go wrong on the way is a SerialFault with one sentence.
"""

import errno
import fcntl
import json
import os
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic
from types import TracebackType
from typing import Protocol, cast

from mpremote.transport import TransportError  # pyright: ignore[reportMissingTypeStubs]
from mpremote.transport_serial import SerialTransport  # pyright: ignore[reportMissingTypeStubs]

from parley.wire.errors import LocalError

READ_S = 2.0  # longest silence in the middle of an answer
TAKE_S = 10.0  # for a board that is slow to read the source it was sent
WRITE_S = 5.0  # longest time a board may leave our bytes unread
ENTER_S = 0.5  # for the answer to one attempt; a board that is just booting may need several
BANNER = b"raw REPL; CTRL-B to exit\r\n"
LARGEST_CHUNK_BYTES = 24576  # as base64 well below what the firmware's own raw REPL takes at once, 64 KB
SMALLEST_CHUNK_BYTES = 512
HEAP_PER_CHUNK = 40  # free heap wanted for each byte sent: its source, the compiler's work, the byte

IDENTIFY = """\
import gc, json, sys
gc.collect()
_i = sys.implementation
_v = '.'.join(str(n) for n in _i[1][:3])
try:
 import deflate
 _z = True
except ImportError:
 _z = False
_m = getattr(_i, '_machine', sys.platform)
print(json.dumps([_i[0], _v, _m, getattr(_i, '_mpy', 0), gc.mem_free(), _z]))
"""


class SerialFault(LocalError):  # noqa: N818 - what a line has is a fault
    """The serial port or the board behind it does not do its part; str() is one sentence for a person.

    kind: "missing" (no such port), "denied" (no permission), "busy" (another program has it), "silent" (no
    answer), "foreign" (answers, but not as MicroPython), "unsuitable" (cannot run the image), "refused" (the
    board raised an exception), "lost" (the line broke in the middle).
    """

    def __init__(self, kind: str, sentence: str) -> None:
        super().__init__(sentence)
        self.kind = kind


@dataclass(frozen=True)
class BoardIdentity:
    """Who answers: interpreter, its version, machine text, sys.implementation._mpy, free heap in bytes.

    inflates: whether it has the deflate module, so that files may travel compressed.
    """

    name: str
    version: str
    machine: str
    mpy: int
    heap_free: int
    inflates: bool

    @property
    def chunk_bytes(self) -> int:
        """The largest piece of a file to send at once."""
        return max(SMALLEST_CHUNK_BYTES, min(self.heap_free // HEAP_PER_CHUNK, LARGEST_CHUNK_BYTES))


class _Port(Protocol):
    """What is used of pyserial's Serial."""

    timeout: float | None
    write_timeout: float | None

    def read(self, size: int) -> bytes: ...
    def write(self, data: bytes) -> int | None: ...


class _Transport(Protocol):
    """What is used of mpremote's SerialTransport, which has no types of its own."""

    serial: _Port
    is_pty: bool
    in_raw_repl: bool

    def read_until(
        self, least: int, ending: bytes, timeout: float = ..., *, timeout_overall: float | None = ...
    ) -> bytes: ...
    def exec_raw_no_follow(self, command: str) -> None: ...
    def follow(self, timeout: float) -> tuple[bytes, bytes]: ...
    def exit_raw_repl(self) -> None: ...
    def close(self) -> None: ...


class SerialLink:
    """A raw REPL session on a serial port; a context manager. Every method but close raises SerialFault.

    port: device path or pyserial URL. baudrate: bit/s. timeout_s: longest wait for the first answer.
    """

    def __init__(self, port: str, baudrate: int = 115200, timeout_s: float = 10.0) -> None:
        self.port = port
        self._baudrate = baudrate
        self._timeout_s = timeout_s
        # A pseudo-terminal has flow control; mpremote's pauses, for small UART buffers, are not needed.
        self._paced = not os.path.realpath(port).startswith("/dev/pts/")
        self._transport: _Transport | None = None

    def __enter__(self) -> "SerialLink":
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def open(self) -> None:
        """Opens the port for us alone, interrupts the running program (on silicon), enters the raw REPL."""
        try:
            opened = SerialTransport(self.port, baudrate=self._baudrate, timeout=READ_S)
        except (TransportError, OSError, ValueError) as error:
            raise _open_fault(self.port) from error
        transport = cast(_Transport, opened)
        transport.is_pty = True  # to its reader only: wait in read() instead of asking every 10 ms
        transport.serial.write_timeout = WRITE_S
        self._transport = transport
        try:
            with self._faults():
                self._enter(transport)
        except BaseException:
            self._shut()
            raise

    def close(self) -> None:
        """Leaves the raw REPL and gives the port back. Never raises."""
        if self._transport is not None:
            try:
                self._transport.exit_raw_repl()
            except OSError:
                pass
            self._shut()

    def execute(self, source: str, timeout_s: float = 30.0) -> str:
        """Runs source on the board; returns what it printed. timeout_s: longest silence."""
        with self._faults() as transport:
            self._send(transport, source)
            output, traceback = transport.follow(timeout_s)
        if traceback:
            lines = traceback.decode(errors="replace").strip().splitlines()
            raise SerialFault("refused", f"the board on {self.port} says: {lines[-1]}")
        return output.decode(errors="replace")

    def identify(self) -> BoardIdentity:
        """Asks who is there."""
        answer = self.execute(IDENTIFY)
        try:
            identity = BoardIdentity(*json.loads(answer))
        except (ValueError, TypeError) as error:
            raise SerialFault("foreign", f"what answers on {self.port} is not MicroPython") from error
        if identity.name != "micropython":
            raise SerialFault("foreign", f"{self.port} runs {identity.name}, not MicroPython")
        return identity

    def reset(self) -> None:
        """Starts the board anew, main.py and all, and closes the port: on some boards it vanishes now."""
        with self._faults() as transport:
            self._send(transport, "import machine\nmachine.reset()", is_last=True)
        self._shut()

    def _enter(self, transport: _Transport) -> None:
        """Ctrl-C, Ctrl-A, until the raw REPL's banner comes."""
        deadline_s = monotonic() + self._timeout_s
        heard, attempts = b"", 0
        transport.serial.timeout = ENTER_S
        while not heard.endswith(BANNER):
            if monotonic() >= deadline_s:
                raise _entry_fault(self.port, heard)
            transport.serial.write(b"\r\x03\r\x01")
            heard += transport.read_until(1, BANNER, ENTER_S, timeout_overall=4 * ENTER_S)
            attempts += 1
        if attempts > 1:  # the banners of late answers would be taken for the prompt
            while transport.serial.read(4096):
                pass
            transport.serial.write(b"\r\x01")
            transport.read_until(1, BANNER, READ_S, timeout_overall=READ_S)
        transport.serial.timeout = READ_S
        transport.in_raw_repl = True

    def _send(self, transport: _Transport, source: str, is_last: bool = False) -> None:
        if self._paced:
            transport.exec_raw_no_follow(source)
            return
        if not transport.read_until(1, b">", READ_S).endswith(b">"):
            raise TransportError("no prompt")
        transport.serial.write(source.encode() + b"\x04")
        transport.serial.timeout = TAKE_S
        taken = transport.serial.read(2)
        if not is_last:  # a port that has vanished takes no settings
            transport.serial.timeout = READ_S
        if taken != b"OK":
            raise TransportError("source was not taken")

    @contextmanager
    def _faults(self) -> Generator[_Transport]:
        """Turns whatever the transport raises into a SerialFault."""
        if self._transport is None:
            raise SerialFault("lost", f"{self.port} is not open")
        try:
            yield self._transport
        except (TransportError, OSError) as error:
            raise SerialFault("lost", f"lost the board on {self.port} in the middle: {error}") from error

    def _shut(self) -> None:
        if self._transport is not None:
            try:
                self._transport.close()
            except OSError:
                pass
            self._transport = None


def _open_fault(port: str) -> SerialFault:
    """Why a port could not be opened."""
    if "://" in port:
        return SerialFault("missing", f"cannot reach {port}")
    try:
        handle = os.open(port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    except FileNotFoundError:
        return SerialFault("missing", f"there is no serial port {port}")
    except PermissionError:
        return SerialFault("denied", f"no permission to use {port}; add your user to the port's group")
    except OSError as error:
        kind = "busy" if error.errno == errno.EBUSY else "missing"
        return SerialFault(kind, f"cannot open {port}: {error.strerror}")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return SerialFault("busy", f"another program has {port} open")
    finally:
        os.close(handle)
    return SerialFault("missing", f"{port} is not a serial port")


def _entry_fault(port: str, heard: bytes) -> SerialFault:
    """Why there was no raw REPL, by what was heard instead of its banner."""
    if not heard:
        return SerialFault("silent", f"nothing answers on {port}")
    return SerialFault("foreign", f"what answers on {port} has no MicroPython raw REPL: {heard[-40:]!r}")
