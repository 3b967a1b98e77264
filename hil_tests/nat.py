"""A NAT in front of a phone: a relay of UDP, in this process, that gives its packets another port (RFC 4787 4.1)."""

from __future__ import annotations

import asyncio
import socket
from typing import Protocol

from hil_tests import sip_text
from hil_tests.rtp_stream import RtpEnd

PRIVATE_HOST = "192.0.2.9"  # what the phone names: there is no way to it
Address = tuple[str, int]


class Behind(Protocol):
    """What is behind a NAT, at `port`."""

    port: int


class Nat:
    """The phone sends to `inside`; to the board it comes from `outside`, and what comes back goes to the phone."""

    def __init__(self, phone: Behind, board: Address, host: str = "127.0.0.1") -> None:
        self.phone, self.board = ("127.0.0.1", phone.port), board
        self._inside, self._outside = self._socket(host), self._socket(host)
        self.inside: Address = self._inside.getsockname()
        self.outside: Address = self._outside.getsockname()
        loop = asyncio.get_running_loop()
        loop.add_reader(self._inside, self._move, self._inside, self._outside, board)
        loop.add_reader(self._outside, self._move, self._outside, self._inside, self.phone)

    @staticmethod
    def _socket(host: str) -> socket.socket:
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.bind((host, 0))
        made.setblocking(False)
        return made

    def _move(self, source: socket.socket, way_out: socket.socket, to: Address) -> None:
        while True:
            try:
                way_out.sendto(source.recv(2048), to)
            except BlockingIOError:
                return
            except OSError:  # nobody listens there just now
                continue

    def close(self) -> None:
        """Give both ports back."""
        loop = asyncio.get_running_loop()
        for one in (self._inside, self._outside):
            loop.remove_reader(one)
            one.close()


def hidden_end(codes: bytes, ssrc: int) -> tuple[RtpEnd, bytes]:
    """The RTP end of a phone behind a NAT, which says these codes, and how it describes itself."""
    end = RtpEnd("127.0.0.1", ssrc=ssrc, loop_codes=codes)
    asyncio.get_running_loop().add_reader(end.socket.fileno(), end.receive)
    return end, sip_text.sdp_offer(PRIVATE_HOST, end.port)
