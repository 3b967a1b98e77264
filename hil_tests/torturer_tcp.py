"""Torture messages and a bare call over TCP: one connection each, in pieces of any size."""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass

from hil_tests import sip_text
from hil_tests.sip_text import SipText
from hil_tests.torture import Vector

PATIENCE_S = 4.0
CLOSED = "closed"
# Over a stream two things differ: without Content-Length nothing can be framed, and more of a body may still come.
STREAM = {"caller-of-2543": "400", "length-too-large": "silence"}
UNFINISHED = ("length-too-large",)
Address = tuple[str, int]


@dataclass
class Connection:
    """A SIP connection of the judge's."""

    opened: socket.socket
    unread: bytes = b""

    @classmethod
    def to(cls, peer: Address) -> Connection:
        """Connect."""
        opened = socket.create_connection(peer, PATIENCE_S)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return cls(opened)

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self.opened.close()

    def send(self, data: bytes, piece: int = 65536) -> None:
        """Write it, `piece` octets at a time; an end that closed already is no fault."""
        try:
            for at in range(0, len(data), piece):
                self.opened.sendall(data[at : at + piece])
        except OSError:
            pass

    def next(self) -> SipText | None:
        """The next message; None when the other end closed."""
        end_s = time.monotonic() + PATIENCE_S
        while True:
            head, found, rest = self.unread.lstrip(b"\r\n").partition(b"\r\n\r\n")
            message = sip_text.parse(head + found) if found else None
            length = int(message.header("content-length") or 0) if message else 0
            if message and len(rest) >= length:
                message.body, self.unread = rest[:length], rest[length:]
                return message
            assert time.monotonic() < end_s, "nothing came"
            try:
                data = self.opened.recv(65536)
            except ConnectionError:
                return None
            if not data:
                return None
            self.unread += data

    def options(self) -> bytes:
        """An OPTIONS of its own."""
        host, port = self.opened.getsockname()[:2]
        host = f"[{host}]" if ":" in host else host
        call_id = sip_text.random_id()
        headers = [("Via", f"SIP/2.0/TCP {host}:{port};branch=z9hG4bK{call_id}"), ("Max-Forwards", "70")]
        headers += [("From", f"<sip:judge@{host}>;tag={call_id}"), ("To", "<sip:bridge.example>")]
        return sip_text.build(
            "OPTIONS sip:bridge.example SIP/2.0", [*headers, ("Call-ID", call_id), ("CSeq", "1 OPTIONS")]
        )


def alive_ms(peer: Address) -> float:
    """Milliseconds that an OPTIONS takes on a new connection. AssertionError without a 200."""
    start_s = time.monotonic()
    with Connection.to(peer) as connection:
        connection.send(connection.options())
        answer = connection.next()
        assert answer is not None and answer.status == 200, answer
    return (time.monotonic() - start_s) * 1000


def torment(vector: Vector, peer: Address, piece: int) -> str:
    """Send it on a new connection, an OPTIONS behind it; the status of its answer, or `silence`."""
    with Connection.to(peer) as connection:
        connection.send(vector.data, piece)
        if vector.name in UNFINISHED:
            return "silence"
        asked = connection.options()
        connection.send(asked)
        call_id = sip_text.parse(asked).header("call-id")  # type: ignore[union-attr]
        found = "silence"
        while (answer := connection.next()) is not None and answer.header("call-id") != call_id:
            if answer.header("call-id") == vector.call_id:
                found = str(answer.status)
        return found
