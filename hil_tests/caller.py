"""A bare SIP caller for tests: asks, follows or does not follow redirects, acknowledges, says goodbye.

asyncio, one UDP socket for as many calls as wanted; requests are repeated by RFC 3261 section 17.1.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

from hil_tests import sip_text
from hil_tests.sip_text import SipText

T1_S, T2_S = 0.5, 4.0
TIMEOUT_S = 64 * T1_S
Address = tuple[str, int]


class NoAnswerError(AssertionError):
    """No final response came in time."""


@dataclass
class Outcome:
    """The end of an INVITE: the final response, and when things happened (monotonic seconds)."""

    response: SipText
    uri: str
    asked_s: float
    answered_s: float
    sends: int
    redirects: list[SipText] = field(default_factory=list)

    @property
    def status(self) -> int:
        """The final status code."""
        return self.response.status

    @property
    def contact(self) -> str:
        """URI in the response's Contact."""
        return sip_text.uri_in(self.response.header("contact"))

    @property
    def latency_ms(self) -> float:
        """From the first send to the final response."""
        return (self.answered_s - self.asked_s) * 1000


class Call:
    """One call of a Caller: dialog state of RFC 3261 section 12 and what ended it."""

    def __init__(self, caller: Caller, user: str) -> None:
        self.caller = caller
        self.local = f"<sip:{user}@{caller.host}:{caller.port}>;tag={sip_text.random_id(4)}"
        self.contact = f"<sip:{user}@{caller.host}:{caller.port}>"
        self.call_id = sip_text.random_id()
        self.cseq = 0
        self.remote = ""
        self.target = ""
        self.answer_contact = ""
        self.ended = asyncio.Event()

    def request(
        self,
        method: str,
        uri: str,
        to: str,
        branch: str,
        cseq: int,
        body: bytes = b"",
        further: tuple[tuple[str, str], ...] = (),
    ) -> bytes:
        """The bytes of one request of this call."""
        headers = [
            ("Via", f"SIP/2.0/UDP {self.caller.host}:{self.caller.port};branch={branch};rport"),
            ("Max-Forwards", "70"), ("From", self.local), ("To", to), ("Call-ID", self.call_id),
            ("CSeq", f"{cseq} {method}"), ("Contact", self.contact),
        ]  # fmt: skip
        headers += further
        if body:
            headers.append(("Content-Type", "application/sdp"))
        return sip_text.build(f"{method} {uri} SIP/2.0", headers, body)

    async def invite(
        self, uri: str, body: bytes, timeout_s: float = 5.0, follow: bool = True, answer: bytes = b""
    ) -> Outcome:
        """INVITE the URI; a 302 is followed once when `follow`. The answer is acknowledged.

        answer: goes with the ACK, where the 200 has the offer. Raises NoAnswerError when no final response comes within
        `timeout_s`.
        """
        outcome = await self._ask(uri, body, timeout_s, answer)
        if follow and 300 <= outcome.status < 400:
            first = outcome
            outcome = await self._ask(first.contact, body, timeout_s)
            outcome.redirects.append(first.response)
        if outcome.status < 300:
            self.remote, self.target = outcome.response.header("to"), outcome.contact
        return outcome

    async def _ask(self, uri: str, body: bytes, timeout_s: float, answer: bytes = b"") -> Outcome:
        self.cseq += 1
        branch, peer = "z9hG4bK" + sip_text.random_id(), sip_text.address_of(uri)
        to = f"<{uri}>"
        data = self.request("INVITE", uri, to, branch, self.cseq, body)
        asked_s = time.monotonic()
        response, sends = await self.caller.transact(data, branch, peer, timeout_s)
        outcome = Outcome(response, uri, asked_s, time.monotonic(), sends)
        if response.status < 300:  # RFC 3261 section 13.2.2.4: the ACK of a 2xx is a transaction of its own
            target, branch = outcome.contact, "z9hG4bK" + sip_text.random_id()
            peer = sip_text.address_of(target)
        else:
            target, answer = uri, b""
        ack = self.request("ACK", target, response.header("to"), branch, self.cseq, answer)
        self.caller.send(ack, peer)
        self.caller.acks[branch] = (ack, peer)
        if response.status < 300:
            self.caller.acks[f"{self.call_id} {self.cseq}"] = (ack, peer)
            self.caller.calls[self.call_id] = self
        return outcome

    async def reinvite(self, body: bytes, timeout_s: float = 4.0) -> SipText:
        """A re-INVITE with this offer, acknowledged; returns the final response."""
        self.cseq += 1
        branch, peer = "z9hG4bK" + sip_text.random_id(), sip_text.address_of(self.target)
        data = self.request("INVITE", self.target, self.remote, branch, self.cseq, body)
        response, _ = await self.caller.transact(data, branch, peer, timeout_s)
        ack_branch = branch if response.status >= 300 else "z9hG4bK" + sip_text.random_id()
        self.caller.send(self.request("ACK", self.target, self.remote, ack_branch, self.cseq), peer)
        return response

    async def inside(
        self,
        method: str,
        headers: tuple[tuple[str, str], ...] = (),
        body: bytes = b"",
        timeout_s: float = 4.0,
    ) -> int:
        """A request inside the dialog; returns the answer's status."""
        self.cseq += 1
        branch = "z9hG4bK" + sip_text.random_id()
        data = self.request(method, self.target, self.remote, branch, self.cseq, body, headers)
        response, _ = await self.caller.transact(data, branch, sip_text.address_of(self.target), timeout_s)
        return response.status

    async def outside(
        self, method: str, uri: str, headers: tuple[tuple[str, str], ...] = (), timeout_s: float = 4.0
    ) -> int:
        """A request outside any dialog, which may make one; returns the answer's status."""
        self.cseq += 1
        branch = "z9hG4bK" + sip_text.random_id()
        data = self.request(method, uri, f"<{uri}>", branch, self.cseq, further=headers)
        response, _ = await self.caller.transact(data, branch, sip_text.address_of(uri), timeout_s)
        self.remote = response.header("to")
        self.target = sip_text.uri_in(response.header("contact")) or uri
        self.answer_contact = response.header("contact")
        return response.status

    async def bye(self, timeout_s: float = 4.0) -> int:
        """Hang up; returns the answer's status (481 when the other end had gone already)."""
        self.cseq += 1
        branch = "z9hG4bK" + sip_text.random_id()
        data = self.request("BYE", self.target, self.remote, branch, self.cseq)
        response, _ = await self.caller.transact(data, branch, sip_text.address_of(self.target), timeout_s)
        self.caller.calls.pop(self.call_id, None)
        self.ended.set()
        return response.status


class Caller(asyncio.DatagramProtocol):
    """One UDP socket and the calls on it. Make it with `await Caller.open(host)`; `close()` it."""

    def __init__(self, host: str) -> None:
        self.host, self.port = host, 0
        self.calls: dict[str, Call] = {}
        self.subscribed: set[str] = set()  # Call-IDs in which NOTIFYs are welcome
        self.acks: dict[str, tuple[bytes, Address]] = {}
        self._waiting: dict[str, asyncio.Future[SipText]] = {}
        self._transport: asyncio.DatagramTransport | None = None
        self.received: list[tuple[float, SipText, Address]] = []

    @classmethod
    async def open(cls, host: str = "127.0.0.1", port: int = 0) -> Caller:
        """A caller bound to host:port (0: any free port)."""
        loop = asyncio.get_running_loop()
        transport, caller = await loop.create_datagram_endpoint(lambda: cls(host), local_addr=(host, port))
        caller.port = transport.get_extra_info("sockname")[1]
        return caller

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:
        self._transport = transport

    def close(self) -> None:
        """Close the socket."""
        if self._transport is not None:
            self._transport.close()

    def send(self, data: bytes, peer: Address) -> None:
        """One datagram."""
        assert self._transport is not None
        self._transport.sendto(data, peer)

    def call(self, user: str = "test") -> Call:
        """A new call of this caller."""
        return Call(self, user)

    async def transact(
        self, data: bytes, branch: str, peer: Address, timeout_s: float
    ) -> tuple[SipText, int]:
        """Send a request until a final response comes: (response, number of sends), or NoAnswerError."""
        future = asyncio.get_running_loop().create_future()
        self._waiting[branch] = future
        sends, wait_s, end_s = 0, T1_S, time.monotonic() + timeout_s
        try:
            while time.monotonic() < end_s:
                self.send(data, peer)
                sends += 1
                step_s = min(wait_s, end_s - time.monotonic())
                done, _ = await asyncio.wait([future], timeout=max(step_s, 0))
                if done:
                    return future.result(), sends
                wait_s *= 2
                if not data.startswith(b"INVITE "):
                    wait_s = min(wait_s, T2_S)
        finally:
            self._waiting.pop(branch, None)
        first = data.split(b"\r\n", 1)[0].decode()
        raise NoAnswerError(f"no final response from {peer} within {timeout_s:g} s to {first}")

    def datagram_received(self, data: bytes, addr: Address) -> None:
        message = sip_text.parse(data)
        if message is None:
            return
        if message.status:
            self._response(message)
        else:
            self._request(message, addr)

    def _response(self, message: SipText) -> None:
        future = self._waiting.get(message.branch)
        if future is not None and not future.done():
            if message.status >= 200:
                future.set_result(message)
            return
        again = self.acks.get(message.branch)
        if again is None:
            again = self.acks.get(f"{message.header('call-id')} {message.header('cseq').split()[0]}")
        if again is not None and message.method == "INVITE" and message.status >= 200:
            self.send(*again)  # our ACK was lost

    def _request(self, message: SipText, addr: Address) -> None:
        self.received.append((time.monotonic(), message, addr))
        call = self.calls.get(message.header("call-id"))
        if message.method == "ACK":
            return
        if message.method == "BYE" and call is not None:
            self.calls.pop(call.call_id, None)
            call.ended.set()
        known = call is not None or message.method == "OPTIONS"
        known = known or (message.method == "NOTIFY" and message.header("call-id") in self.subscribed)
        self.send(sip_text.answer(message, "200 OK" if known else "481 No Such Call", "caller"), addr)
