"""Short questions to a server or a board, for tests that are not about sound: one INVITE and its answer."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import TypeVar

from hil_tests import sip_text
from hil_tests.caller import Call, Caller, Outcome

Answer = TypeVar("Answer")
PCMU_ONLY = ((0, "PCMU/8000"),)


def with_caller(work: Callable[[Caller], Awaitable[Answer]]) -> Answer:
    """Run `work(caller)` in an event loop of its own; the caller is closed afterwards."""

    async def run() -> Answer:
        caller = await Caller.open()
        try:
            return await work(caller)
        finally:
            caller.close()

    return asyncio.run(run())


def offer(formats: tuple[tuple[int, str], ...] = PCMU_ONLY, profile: str = "RTP/AVP") -> bytes:
    """An offer whose media port is our own but read by nobody."""
    return sip_text.sdp_offer("127.0.0.1", silent_port(), formats, profile)


_SILENT: list[socket.socket] = []


def silent_socket() -> socket.socket:
    """A socket that takes RTP and throws it away, so that no ICMP error answers."""
    if not _SILENT:
        _SILENT.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        _SILENT[0].bind(("127.0.0.1", 0))
    return _SILENT[0]


def silent_port() -> int:
    """Its port."""
    return silent_socket().getsockname()[1]


async def ask(caller: Caller, uri: str, body: bytes | None = None, timeout_s: float = 4.0) -> Outcome:
    """One INVITE, redirects not followed; a 2xx is hung up at once."""
    call = caller.call()
    outcome = await call.invite(uri, offer() if body is None else body, timeout_s, follow=False)
    if outcome.status < 300:
        await call.bye()
    return outcome


async def allocate(caller: Caller, server: str, size: int | None = None) -> str:
    """An address from the server; AssertionError when it gives none."""
    outcome = await ask(caller, server if size is None else f"{server};size={size}")
    assert outcome.status == 302, f"{outcome.response.start} instead of an address"
    return outcome.contact


async def join_when_free(
    caller: Caller, server: str, size: int, patience_s: float = 40.0
) -> tuple[Call, Outcome]:
    """Have an address and call it, each again after a 503: a small board keeps a call's transactions for 32 seconds.

    AssertionError for any other refusal, or when it lasts.
    """
    outcome = await _until_not_503(lambda: ask(caller, f"{server};size={size}"), patience_s)
    assert outcome.status == 302, outcome.response.start
    address, calls = outcome.contact, []

    async def call() -> Outcome:
        call, answer = await join(caller, address)
        calls.append(call)
        return answer

    outcome = await _until_not_503(call, patience_s)
    assert outcome.status == 200, outcome.response.start
    return calls[-1], outcome


async def _until_not_503(attempt: Callable[[], Awaitable[Outcome]], patience_s: float) -> Outcome:
    deadline_s = asyncio.get_running_loop().time() + patience_s
    outcome = await attempt()
    while outcome.status == 503 and asyncio.get_running_loop().time() < deadline_s:
        await asyncio.sleep(0.5)
        outcome = await attempt()
    return outcome


async def join(caller: Caller, address: str, timeout_s: float = 4.0) -> tuple[Call, Outcome]:
    """Call an address and stay in."""
    call = caller.call()
    return call, await call.invite(address, offer(), timeout_s, follow=False)


def forged(address: str, position: int) -> str:
    """The address with one hexadecimal digit of its token changed."""
    token = sip_text.user_of(address)
    digit = "0123456789abcdef"[(int(token[position], 16) + 1) % 16]
    return address.replace(token, token[:position] + digit + token[position + 1 :])
