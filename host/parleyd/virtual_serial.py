"""The serial port of a virtual board: two pseudo-terminals and the bridge between them.

    board process = inner slave | inner master = bridge = outer master | outer slave = what tools open

The outer one lives as long as the keeper, so the port's path survives every restart of the board; the inner
one is new at each boot, and closing it ends the board's session (SIGHUP): no board outlives its keeper.
Bytes pass unchanged both ways (raw mode: Ctrl-C is a byte). The board is never held up by the port: what it
writes while no tool has the port open goes to the log alone.
"""

import errno
import os
import select
import termios
import tty
from collections.abc import Callable
from pathlib import Path

READ_BYTES = 65536
TO_HOST_LIMIT_BYTES = 1 << 20  # a tool that has the port open but reads slowly loses nothing up to here
TO_BOARD_LIMIT_BYTES = 4096  # beyond it the tool's writes wait, as on a port with flow control


class SerialBridge:
    """Moves bytes between a board process and whoever opens the port.

    port: path of the symbolic link that is made to the outer slave. poller: the epoll of the keeper's loop.
    record: gets every byte the board writes.
    """

    def __init__(self, port: Path, poller: select.epoll, record: Callable[[bytes], None]) -> None:
        self._port = port
        self._poller = poller
        self._record = record
        self._to_host = bytearray()
        self._to_board = bytearray()
        self._attached = False
        self._inner: int | None = None
        self._outer, slave = os.openpty()
        self.device = os.ttyname(slave)
        tty.setraw(slave)
        os.close(slave)  # from here on a hang-up on the master means: no tool has the port open
        os.set_blocking(self._outer, False)
        # Edge-triggered: a hung-up master would wake a level-triggered loop without end.
        poller.register(self._outer, select.EPOLLIN | select.EPOLLET)
        self._link()

    def connect(self) -> str:
        """Makes the inner line for a new board process; returns the path of its serial port."""
        self.disconnect()
        self._inner, self._slave = os.openpty()  # the slave stays open until the process has its own
        path = os.ttyname(self._slave)
        tty.setraw(self._slave)
        os.set_blocking(self._inner, False)
        self._poller.register(self._inner, select.EPOLLIN)
        return path

    def connected(self) -> None:
        """The board process holds its end now."""
        os.close(self._slave)

    def disconnect(self) -> None:
        """The board process has ended: takes its last words, then closes the inner line."""
        self._from_board()
        self._close_inner()
        self._to_board.clear()  # lost with the board's power, as in a UART

    def pump(self) -> bool:
        """Moves what can be moved. True: bytes wait for a slow reader, pump again in some milliseconds."""
        self._from_board()
        self._look_for_tool()
        if self._attached:
            self._drain(self._outer, self._to_host)
        # To the end, or with bytes left pending: what stays in an edge-triggered file is not announced.
        more = True
        while more:
            if self._inner is not None:
                self._drain(self._inner, self._to_board)
            more = len(self._to_board) < TO_BOARD_LIMIT_BYTES and self._from_host()
        return bool(self._to_host or self._to_board)

    def close(self) -> None:
        """Takes the port away."""
        self.disconnect()
        self._port.unlink(missing_ok=True)
        os.close(self._outer)

    def _from_board(self) -> None:
        while self._inner is not None:
            data = _read(self._inner)
            if data is None:
                return
            if not data:
                self._close_inner()
                return  # its process is about to end
            self._record(data)
            self._look_for_tool()
            if self._attached:
                self._to_host += data
                del self._to_host[:-TO_HOST_LIMIT_BYTES]

    def _from_host(self) -> bool:
        """Takes a portion from the tool; True when there was one. Bytes for a board that is off are lost."""
        data = _read(self._outer)
        if not data:
            return False
        if self._inner is not None:
            self._to_board += data
        return True

    def _look_for_tool(self) -> None:
        """Learns whether a tool has the port open; cleans the port for the next when the last has left."""
        events = select.poll()
        events.register(self._outer, 0)
        attached = not any(flags & select.POLLHUP for _, flags in events.poll(0))
        if self._attached and not attached:
            self._to_host.clear()
            self._clean()
        self._attached = attached

    def _clean(self) -> None:
        """Forgets what the last tool did not read, and its terminal settings."""
        try:
            slave = os.open(self.device, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        except OSError:  # the next tool is there already and wants the port to itself
            return
        termios.tcflush(slave, termios.TCIFLUSH)
        tty.setraw(slave)  # with echo left on, the board would hear itself
        os.close(slave)

    def _close_inner(self) -> None:
        if self._inner is None:
            return
        self._poller.unregister(self._inner)
        os.close(self._inner)
        self._inner = None

    def _drain(self, handle: int, waiting: bytearray) -> None:
        while waiting:
            try:
                sent = os.write(handle, waiting)
            except BlockingIOError:
                return
            except OSError:  # the other end is gone
                waiting.clear()
                return
            del waiting[:sent]

    def _link(self) -> None:
        fresh = self._port.with_name(self._port.name + ".new")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(self.device)
        fresh.replace(self._port)


def _read(handle: int) -> bytes | None:
    """Bytes; None when there are none now; b"" when the other end is closed."""
    try:
        return os.read(handle, READ_BYTES)
    except BlockingIOError:
        return None
    except OSError as error:
        if error.errno != errno.EIO:
            raise
        return b""
