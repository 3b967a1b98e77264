"""Sends torture messages from the ports their Via headers lead to, and asks after each whether the other end lives."""

from __future__ import annotations

import selectors
import socket
import time

from hil_tests import sip_text
from hil_tests.ports import is_free
from hil_tests.torture import Vector

T1_S = 0.5  # between sends of an OPTIONS (RFC 3261 section 17.1.1.1)
ANSWER_S = 32.0  # patience with an OPTIONS (timer F, 64*T1); how quickly it must come is the test's to say
Address = tuple[str, int]


class Torturer:
    """One loopback address with a socket on every port that is needed."""

    def __init__(self, ports: set[int]) -> None:
        self.host = next(
            host
            for host in (f"127.0.{third}.9" for third in range(251, 255))
            if all(is_free(host, port) for port in ports | {5060})
        )
        self._selector = selectors.DefaultSelector()
        self.sockets: dict[int, socket.socket] = {}
        for port in ports | {5060}:
            opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            opened.bind((self.host, port))
            opened.setblocking(False)
            self._selector.register(opened, selectors.EVENT_READ)
            self.sockets[port] = opened

    def close(self) -> None:
        """Close the sockets."""
        for opened in self.sockets.values():
            opened.close()
        self._selector.close()

    def __enter__(self) -> Torturer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def send(self, data: bytes, peer: Address, port: int = 5060) -> None:
        """One datagram."""
        self.sockets[port].sendto(data, peer)

    def torment(self, vector: Vector, peer: Address) -> tuple[str, float]:
        """Send it, then an OPTIONS; (status or `silence`, milliseconds until the OPTIONS was answered).

        Whatever is answered at once has come before that answer: datagrams keep their order here.
        """
        self.send(vector.data, peer, vector.port)
        answers, waited_ms = self.ask(peer)
        mine = [answer for answer in answers if answer.header("call-id") == vector.call_id]
        if not mine:
            return "silence", waited_ms
        if vector.data.startswith(b"INVITE "):
            self.acknowledge(vector, mine[0], peer)
        return str(mine[0].status), waited_ms

    def acknowledge(self, vector: Vector, answer: sip_text.SipText, peer: Address) -> None:
        """End the repetition of a final response (RFC 3261 section 17.1.1.3)."""
        uri = vector.data.split(b" ", 2)[1].decode()
        top = answer.header("via").split(",")[0]
        headers = [("Via", top), ("From", answer.header("from")), ("To", answer.header("to"))]
        headers += [("Call-ID", answer.header("call-id"))]
        headers += [("CSeq", answer.header("cseq").split()[0] + " ACK"), ("Max-Forwards", "70")]
        self.send(sip_text.build(f"ACK {uri} SIP/2.0", headers), peer, vector.port)

    def ask(self, peer: Address, statuses: tuple[int, ...] = (200,)) -> tuple[list[sip_text.SipText], float]:
        """One OPTIONS until its answer: (what else came meanwhile, milliseconds). AssertionError without one."""
        call_id = sip_text.random_id()
        headers = [("Via", f"SIP/2.0/UDP {self.host};branch=z9hG4bK{call_id}"), ("Max-Forwards", "70")]
        headers += [("From", f"<sip:judge@{self.host}>;tag={call_id}"), ("To", f"<sip:{peer[0]}>")]
        headers += [("Call-ID", call_id), ("CSeq", "1 OPTIONS")]
        others: list[sip_text.SipText] = []
        sent_s = time.monotonic()
        sends = 0
        while (gone_s := time.monotonic() - sent_s) < ANSWER_S:
            if gone_s >= sends * T1_S:
                self.send(sip_text.build(f"OPTIONS sip:{peer[0]} SIP/2.0", headers), peer)
                sends += 1
            for key, _ in self._selector.select(T1_S / 5):
                answer = sip_text.parse(key.fileobj.recv(65535))  # type: ignore[union-attr]
                if answer is None:
                    continue
                if answer.header("call-id") == call_id:
                    waited_ms = (time.monotonic() - sent_s) * 1000
                    assert answer.status in statuses, answer.start
                    return others + self._rest(), waited_ms
                others.append(answer)
        raise AssertionError(f"{peer} did not answer an OPTIONS within {ANSWER_S:g} s")

    def _rest(self) -> list[sip_text.SipText]:
        # On other ports, where the selector would have come later.
        found = []
        for opened in self.sockets.values():
            while True:
                try:
                    answer = sip_text.parse(opened.recv(65535))
                except BlockingIOError:
                    break
                if answer is not None:
                    found.append(answer)
        return found
