"""Many SIP callers on one socket, for measurements: INVITE, 200, ACK; BYE at the end. Each is one participant.

The server is asked for a conference with the first caller's INVITE; all of a conference then call the address that
its 302 names. Media addresses are those of load.c, or whatever a Caller is given.
"""

import asyncio
import os
import re
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

from parleybench.machine import BenchError

T1_S = 0.5  # RFC 3261 17.1.1.1
T2_S = 4.0
TRIES = 8
SLOTS, SOCKETS, FIRST_PORT = 20, 8, 40000  # load.c


class CallError(BenchError):
    """A call that the bench needs did not come about; the text says which and why."""


@dataclass
class Caller:
    """A participant with his call: uri is where he calls, tag the other side's, rtp (host, port) the board's."""

    number: int
    media: tuple[str, int]
    uri: str = ""
    peer: tuple[str, int] = ("", 0)
    to: str = ""
    contact: str = ""
    rtp: tuple[str, int] = ("", 0)
    sequence: int = 0
    setup_s: float = 0.0


def media_address(number: int) -> tuple[str, int]:
    """Where load.c has participant `number`: bench_address and the socket of his slot."""
    port = FIRST_PORT + 2 * (number % SLOTS % SOCKETS)
    return f"127.16.{number >> 8}.{number & 255}", port


@dataclass
class _Asked:
    data: bytes
    peer: tuple[str, int]
    answer: "asyncio.Future[str]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Callers(asyncio.DatagramProtocol):
    """All callers at one address, (host, port); port 0: any."""

    def __init__(self, local: tuple[str, int]) -> None:
        self.local = local
        self.repeats = 0
        self.byes = 0
        self._asked: dict[str, _Asked] = {}
        self._transport: asyncio.DatagramTransport | None = None
        self._branch = 0
        self._own = os.urandom(4).hex()  # no call of an earlier run, or of another's

    @classmethod
    async def open(cls, local: tuple[str, int]) -> "Callers":
        """Binds; the socket has room for a crowd's answers."""
        loop = asyncio.get_running_loop()
        _, found = await loop.create_datagram_endpoint(lambda: cls(local), local_addr=local)
        return found

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keeps the socket."""
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.local = transport.get_extra_info("sockname")[:2]
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answers go to who asked; a BYE from the board is answered."""
        text = data.decode()
        if not text.startswith("SIP/2.0 "):
            if text.startswith("BYE "):
                self.byes += 1
            if not text.startswith("ACK "):
                self._send(_echo(text).encode(), addr)
            return
        if text[8] == "1":
            return
        branch = _header(text, "Via").partition("branch=")[2].partition(";")[0]
        asked = self._asked.get(branch)
        if asked is not None and not asked.answer.done():
            asked.answer.set_result(text)

    def close(self) -> None:
        """Gives the address back."""
        if self._transport is not None:
            self._transport.close()

    async def call(self, caller: Caller, uri: str, peer: tuple[str, int]) -> None:
        """Calls; follows one 302. Raises CallError."""
        started = asyncio.get_running_loop().time()
        answer = await self._invite(caller, uri, peer)
        if answer[8:11] == "302":
            uri = _header(answer, "Contact").partition("<")[2].partition(">")[0]
            found = re.search(r"@([0-9.]+):(\d+)", uri)
            if found is None:
                raise CallError(f"caller {caller.number}: sent to {uri!r}")
            answer = await self._invite(caller, uri, (found[1], int(found[2])))
        if answer[8:11] != "200":
            raise CallError(f"caller {caller.number}: {answer.splitlines()[0]}")
        address = re.search(r"^c=IN IP4 (\S+)", answer, re.MULTILINE)
        port = re.search(r"^m=audio (\d+)", answer, re.MULTILINE)
        if address is None or port is None:
            raise CallError(f"caller {caller.number}: an answer without media")
        caller.rtp = address[1].strip(), int(port[1])
        caller.to, caller.contact = _header(answer, "To"), _header(answer, "Contact")
        self._send(
            self._request("ACK", caller, caller.contact.partition("<")[2].partition(">")[0]), caller.peer
        )
        caller.setup_s = asyncio.get_running_loop().time() - started

    async def hang_up(self, caller: Caller) -> None:
        """BYE. Raises CallError."""
        caller.sequence += 1
        target = caller.contact.partition("<")[2].partition(">")[0]
        answer = await self._ask(
            lambda branch: self._request("BYE", caller, target, branch=branch), caller.peer
        )
        if answer[8:11] not in ("200", "481"):  # 481: the board has hung up itself
            raise CallError(f"caller {caller.number}: BYE: {answer.splitlines()[0]}")

    async def _invite(self, caller: Caller, uri: str, peer: tuple[str, int]) -> str:
        caller.sequence += 1
        caller.uri, caller.peer, caller.to = uri, peer, f"<{uri.partition(';')[0]}>"
        body = _offer(caller.media)
        branch_of: list[str] = []

        def make(branch: str) -> bytes:
            branch_of.append(branch)
            return self._request("INVITE", caller, uri, body, branch)

        answer = await self._ask(make, peer)
        if answer[8] != "2":
            caller.to = _header(answer, "To")
            self._send(self._request("ACK", caller, uri, branch=branch_of[0]), peer)
        return answer

    async def _ask(self, make: Callable[[str], bytes], peer: tuple[str, int]) -> str:
        self._branch += 1
        branch = f"z9hG4bK{self._own}{self._branch}"
        asked = _Asked(make(branch), peer)
        self._asked[branch] = asked
        wait_s = T1_S
        try:
            for turn in range(TRIES):
                self._send(asked.data, peer)
                self.repeats += turn > 0
                done, _ = await asyncio.wait([asked.answer], timeout=wait_s)
                if done:
                    return asked.answer.result()
                wait_s = min(2 * wait_s, T2_S)
        finally:
            del self._asked[branch]
        raise CallError(f"no answer from {peer[0]}:{peer[1]} to {asked.data[:60]!r}")

    def _request(self, method: str, caller: Caller, uri: str, body: str = "", branch: str = "") -> bytes:
        if not branch:
            self._branch += 1
            branch = f"z9hG4bK{self._own}{self._branch}"
        host, port = self.local
        head = [
            f"{method} {uri} SIP/2.0",
            f"Via: SIP/2.0/UDP {host}:{port};branch={branch}",
            "Max-Forwards: 70",
            f"From: <sip:u{caller.number}@{host}:{port}>;tag=f{caller.number}",
            f"To: {caller.to}",
            f"Call-ID: {self._own}-{caller.number}",
            f"CSeq: {caller.sequence} {method}",
            f"Contact: <sip:u{caller.number}@{host}:{port}>",
        ]
        if body:
            head.append("Content-Type: application/sdp")
        return "\r\n".join([*head, f"Content-Length: {len(body)}", "", body]).encode()

    def _send(self, data: bytes, peer: tuple[str, int]) -> None:
        assert self._transport is not None
        self._transport.sendto(data, peer)


def _offer(media: tuple[str, int]) -> str:
    host, port = media
    lines = [
        "v=0",
        f"o=- 1 1 IN IP4 {host}",
        "s=-",
        f"c=IN IP4 {host}",
        "t=0 0",
        f"m=audio {port} RTP/AVP 0 101",
    ]
    lines += ["a=rtpmap:0 PCMU/8000", "a=rtpmap:101 telephone-event/8000", "a=ptime:20", "a=sendrecv"]
    return "\r\n".join(lines) + "\r\n"


def _header(text: str, name: str) -> str:
    found = re.search(rf"^{name}: *(.*?)\r$", text, re.MULTILINE)
    return found[1] if found else ""


def _echo(request: str) -> str:
    """200 to a request of the board."""
    names = ("Via", "From", "To", "Call-ID", "CSeq")
    head = ["SIP/2.0 200 OK", *(f"{name}: {_header(request, name)}" for name in names), "Content-Length: 0"]
    return "\r\n".join([*head, "", ""])


async def call_all(
    callers: Callers, crowd: list[Caller], size: int, server: tuple[str, int], at_once: int = 2
) -> None:
    """Sets up conferences of `size`, `at_once` of them at a time; members follow the first one by one."""
    gate = asyncio.Semaphore(at_once)

    async def conference(members: list[Caller]) -> None:
        async with gate:
            first = members[0]
            await callers.call(first, f"sip:conference@{server[0]}:{server[1]};size={max(2, size)}", server)
            for group in range(1, len(members), 8):
                await asyncio.gather(
                    *(callers.call(one, first.uri, first.peer) for one in members[group : group + 8])
                )

    members = [crowd[i : i + size] for i in range(0, len(crowd), size)]
    for outcome in await asyncio.gather(*map(conference, members), return_exceptions=True):
        if outcome is not None:
            raise outcome


async def hang_up_all(callers: Callers, crowd: list[Caller], at_once: int = 16) -> None:
    """BYE from everybody."""
    gate = asyncio.Semaphore(at_once)

    async def end(caller: Caller) -> None:
        async with gate:
            await callers.hang_up(caller)

    await asyncio.gather(*(end(caller) for caller in crowd))
