"""The Ethernet wire of an emulated board: raw frames on its side, UDP sockets of this machine on ours.

The board's SIP port and RTP ports are bound on its own 127.0.1.x address, as a virtual board binds them, so
phones see no difference. Frames travel over a socket pair, each behind its length in four bytes (QEMU's
`-netdev socket`). The keeper's loop drives it; it never blocks.
"""

import select
import socket
import struct
from collections.abc import Iterable
from contextlib import suppress

from parleyd.ethernet import Datagram, FrameGateway

READ_BYTES = 65536
DATAGRAMS_PER_TURN = 32  # of one socket, then the others have their turn
WAITING_BYTES = 1 << 18  # for a board that does not take its frames; beyond, they are lost as on a wire
BURST_BYTES = 7000  # what the board's controller can hold until its processor comes to it
PAUSE_S = 0.002  # between two bursts


class EthernetWire:
    """One board's wire and its address.

    host: the board's IPv4 address. ports: UDP ports to hold for it. poller: the epoll of the keeper's loop.
    OSError when one of the ports is taken.
    """

    def __init__(self, host: str, ports: Iterable[int], poller: select.epoll) -> None:
        self._host = host
        self._poller = poller
        self._gateway = FrameGateway(host)
        self._sockets: dict[int, socket.socket] = {}
        self._ports: dict[int, int] = {}
        self._board: socket.socket | None = None
        self._to_board = bytearray()
        self._from_board = bytearray()
        self._next_burst_s = 0.0
        self.counters = {"to_board": 0, "from_board": 0, "lost": 0, "refused": 0}
        try:
            for port in ports:
                self._bind(port)
        except OSError:
            self.close()
            raise

    @property
    def gateway_counters(self) -> dict[str, int]:
        """What the gateway counted, by frame."""
        return self._gateway.counters

    def connect(self) -> socket.socket:
        """Makes a fresh wire for a board that is about to start; its end, to be closed once it has it."""
        self.disconnect()
        self._board, end = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        self._board.setblocking(False)
        self._gateway = FrameGateway(self._host)
        self._poller.register(self._board, select.EPOLLIN)
        return end

    def disconnect(self) -> None:
        """The board is off: what was on its way is lost."""
        if self._board is not None:
            self._poller.unregister(self._board)
            self._board.close()
            self._board = None
        self._to_board.clear()
        self._from_board.clear()

    def close(self) -> None:
        """Gives the address back."""
        self.disconnect()
        for sock in self._sockets.values():
            with suppress(OSError):
                self._poller.unregister(sock)
            sock.close()
        self._sockets.clear()
        self._ports.clear()

    def serve(self, handle: int) -> None:
        """Handles a ready file; files of others are left alone."""
        if handle in self._sockets:
            self._take_datagrams(handle)
        elif self._board is not None and handle == self._board.fileno():
            self._take_frames(self._board)

    def pump(self, now_s: float) -> float | None:
        """Sends the board what waits, in bursts that it can hold.

        now_s: monotonic. Returns the seconds after which to come again; None when nothing waits.
        """
        if self._board is None or not self._to_board:
            return None
        if now_s < self._next_burst_s:
            return self._next_burst_s - now_s
        try:
            sent = self._board.send(self._to_board[:BURST_BYTES])
        except BlockingIOError:
            sent = 0
        except OSError:  # the board has just gone; its end is noticed elsewhere
            self._to_board.clear()
            return None
        del self._to_board[:sent]
        self._next_burst_s = now_s + PAUSE_S
        return PAUSE_S if self._to_board else None

    def _bind(self, port: int) -> int:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            sock.setblocking(False)
            sock.bind((self._host, port))
        except OSError:
            sock.close()
            raise
        self._sockets[sock.fileno()] = sock
        self._ports[port] = sock.fileno()
        self._poller.register(sock, select.EPOLLIN)
        return sock.fileno()

    def _take_datagrams(self, handle: int) -> None:
        sock = self._sockets[handle]
        target = (self._host, sock.getsockname()[1])
        for _ in range(DATAGRAMS_PER_TURN):
            try:
                payload, source = sock.recvfrom(READ_BYTES)
            except OSError:
                return
            if self._board is None or len(self._to_board) > WAITING_BYTES:
                self.counters["lost"] += 1
                continue
            for frame in self._gateway.to_board(Datagram(source, target, payload)):
                self._queue(frame)
            self.counters["to_board"] += 1

    def _take_frames(self, board: socket.socket) -> None:
        try:
            data = board.recv(READ_BYTES)
        except OSError:
            data = b""
        if not data:
            self.disconnect()
            return
        self._from_board += data
        taken = 0
        while len(self._from_board) >= taken + 4:
            (length,) = struct.unpack_from("!I", self._from_board, taken)
            if len(self._from_board) < taken + 4 + length:
                break
            self._take_frame(bytes(self._from_board[taken + 4 : taken + 4 + length]))
            taken += 4 + length
        del self._from_board[:taken]

    def _take_frame(self, frame: bytes) -> None:
        answers, datagrams = self._gateway.from_board(frame)
        for answer in answers:
            self._queue(answer)
        for datagram in datagrams:
            self._send(datagram)

    def _send(self, datagram: Datagram) -> None:
        host, port = datagram.source
        try:
            if host != self._host:
                raise OSError("not the board's address")
            handle = self._ports.get(port)
            if handle is None:
                handle = self._bind(port)
            self._sockets[handle].sendto(datagram.payload, datagram.target)
            self.counters["from_board"] += 1
        except OSError:
            self.counters["refused"] += 1

    def _queue(self, frame: bytes) -> None:
        self._to_board += struct.pack("!I", len(frame)) + frame
