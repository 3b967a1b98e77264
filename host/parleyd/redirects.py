"""The server transactions of plain INVITEs (RFC 3261 17.2.1), in as little as they need.

A redirect server answers each INVITE with one final response. So a transaction here is a key and the bytes of the
response until the ACK comes, then a key alone; all of them have the same intervals, which makes their timers queues.
The states are those of the table SERVER_INVITE in parley.call; a test plays the same histories to both.
"""

import heapq
import re
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from parley.call.peers import way_back
from parley.call.timers import T1_MS, T2_MS, T4_MS, TIMEOUT_MS
from parley.wire.errors import RemoteError
from parley.wire.sip import Request, note_source, parse_message, response_to
from parleyd.plain import COPIED, Kind, PlainInvite, key_of, read_plain
from parleyd.transmit import Reply
from parleyd.verdict import Grant, Refusal

if TYPE_CHECKING:
    from parley.call.transaction import Address
    from parley_sip import Asked, Transactions
    from parleyd.sources import Ruling

NEW_INVITE = 1  # PARLEY_SIP_INVITE: what Asked says of one that is only to be decided
TAG_BYTES = 8
TAGS_AT_ONCE = 512
LOOP = Reply(482, "Loop Detected")
REFUSED_LINES = re.compile(rb"\r\n(?:Via|From|To|Call-ID|CSeq): [^\r\n]+(?=\r\n)")  # RFC 3261 8.2.6.2
VIA_PORT = re.compile(rb"\r\nVia: SIP/2\.0/UDP ([0-9.]+)(?::(\d{1,5}))?([^\r\n]*)")
BUSY_END = b"\r\nRetry-After: 2\r\nContent-Length: 0\r\n\r\n"
BUSY = Reply(503, "Service Unavailable", (("Retry-After", "2"),))

# kind, asker's URI, host that it came from, and under what tell() is to be told the verdict, once, now or later
Ask = Callable[[Kind, str, str, Any], None]


class Count(Protocol):
    """Counts what has happened, once or several times."""

    def __call__(self, name: str, times: int = 1, /) -> None:
        """Count it."""
        ...


class Redirect:
    """One transaction. response: the bytes to repeat; b"" before there is one and after the ACK."""

    __slots__ = ("back", "due_ms", "invite", "key", "merged", "over_ms", "response", "wait_ms")

    def __init__(self, invite: PlainInvite, now_ms: int) -> None:
        self.key = invite.key
        self.merged = invite.merged
        self.back = invite.back
        self.invite: PlainInvite | None = invite
        self.response = b""
        self.wait_ms = T1_MS
        self.due_ms = self.over_ms = now_ms

    def __lt__(self, other: "Redirect") -> bool:
        return self.due_ms < other.due_ms


class Redirects:
    """Takes plain INVITEs and what belongs to them, and lets each new one be decided."""

    def __init__(
        self,
        random_bytes: Callable[[int], bytes],
        ask: Ask,
        reply: Callable[[Grant | Refusal], Reply],
        agent: str,
        count: Count,
        limit: int,
    ) -> None:
        """agent: of the Server header. limit: transactions beyond which new ones are refused."""
        self._outgoing: list[tuple[bytes, Address]] = []
        self._random_bytes = random_bytes
        self._ask = ask
        self._reply = reply
        self._server = f"\r\nServer: {agent}".encode()
        self._count = count
        self._limit = limit
        self._open: dict[bytes, Redirect] = {}
        self._merged: dict[bytes, Redirect] = {}
        self._first: deque[Redirect] = deque()  # awaiting their first repetition
        self._later: list[Redirect] = []  # a heap of those repeated before
        self._done: deque[Redirect] = deque()  # acknowledged, or given up: kept to know repetitions
        self._now_ms = 0
        self._busy_tag = b";tag=busy-" + random_bytes(TAG_BYTES).hex().encode()
        self._tags: list[bytes] = []

    def __len__(self) -> int:
        return len(self._open)

    @property
    def transactions(self) -> "Transactions | None":
        """Return those of the native module, None where there is none."""
        return None

    def asked(self, asked: "Asked", data: bytes, peer: "Address", ruling: "Ruling") -> bool:
        """Take what the native module leaves to do; not called where there is none."""
        raise NotImplementedError

    def knows(self, key: bytes) -> bool:
        """Tell whether there is a transaction of this key."""
        return key in self._open

    def transmits(self) -> "list[tuple[bytes, Address]]":
        """Return what is to be sent now."""
        outgoing, self._outgoing = self._outgoing, []
        return outgoing

    def receive(self, data: bytes, peer: "Address", now_ms: int, busy: bool = False) -> bool:
        """Take the datagram if it is ours; False leaves it to the endpoint. busy: begin nothing new."""
        self._now_ms = now_ms = max(now_ms, self._now_ms)
        if len(peer) != 2:
            return False
        if data.startswith(b"ACK "):
            return self._busy_tag in data or self._acknowledged(key_of(data), now_ms)
        if data.startswith(b"CANCEL "):
            return self._cancelled(data, peer)
        if not data.startswith(b"INVITE "):
            return False
        if busy and self._refused(data, peer):
            return True
        invite = read_plain(data, (peer[0], peer[1]))
        if invite is None:
            return False
        self._invited(invite, now_ms, busy)
        return True

    def _invited(self, invite: PlainInvite, now_ms: int, busy: bool) -> None:
        known = self._open.get(invite.key)
        if known is not None:
            self._count("repeated request")
            if known.response:
                self._count("retransmitted")
                self._outgoing.append((known.response, known.back))
        elif busy or len(self._open) >= self._limit:
            if not busy:
                self._count("overload")
            # RFC 3261 8.2.7: without a transaction, the sooner to be rid of it
            self._outgoing.append((self._bytes(invite, BUSY), invite.back))
        else:
            self._begin(invite, now_ms)

    def _refused(self, data: bytes, peer: "Address") -> bool:
        """Refuse what is new, as fast as that can be done: header lines are copied and nothing is read.

        RFC 3261 8.2.7: without a transaction, with one To tag for all, by which the ACK is known and dropped.
        """
        key = key_of(data)
        head = data[: data.find(b"\r\n\r\n") + 2]
        via = VIA_PORT.search(head)
        copied = REFUSED_LINES.findall(head)
        if key is None or self.knows(key) or via is None or len(copied) < len(COPIED):
            return False
        if via[1] != peer[0].encode() or b";rport=" in via[3]:
            return False  # by way of others: the whole stack knows where the answer goes
        for index, line in enumerate(copied):
            if line.startswith(b"\r\nTo: "):
                if b";tag=" in line:
                    return False  # in a dialog
                copied[index] = line + self._busy_tag
        text = b"".join(copied)
        port = int(via[2] or 5060)
        if b";rport" in via[3]:  # RFC 3581 4
            port = peer[1]
            text = text.replace(b";rport", b";rport=%d;received=%b" % (port, via[1]), 1)
        self._outgoing.append((b"SIP/2.0 503 Service Unavailable%b%b" % (text, BUSY_END), (peer[0], port)))
        return True

    def tick(self, now_ms: int) -> None:
        """Repeat what is not acknowledged in time (timer G), give up (H), forget (I)."""
        self._now_ms = now_ms = max(now_ms, self._now_ms)
        while self._first and (not self._first[0].response or self._first[0].due_ms <= now_ms):
            self._repeat(self._first.popleft(), now_ms)
        while self._later and self._later[0].due_ms <= now_ms:
            self._repeat(heapq.heappop(self._later), now_ms)
        while self._done and self._done[0].due_ms <= now_ms:
            redirect = self._done.popleft()
            self._open.pop(redirect.key, None)
            if self._merged.get(redirect.merged) is redirect:
                del self._merged[redirect.merged]

    def next_deadline(self) -> int | None:
        """Return when tick() is due; None when nothing waits."""
        while self._first and not self._first[0].response:
            self._first.popleft()
        deadlines = [queue[0].due_ms for queue in (self._first, self._later, self._done) if queue]
        return min(deadlines, default=None)

    def _begin(self, invite: PlainInvite, now_ms: int) -> None:
        redirect = Redirect(invite, now_ms)
        self._open[invite.key] = redirect
        if self._merged.setdefault(invite.merged, redirect) is not redirect:
            self._count("refused 482")  # RFC 3261 8.2.2.2
            self._respond(redirect, LOOP)
            return
        self._ask(invite.kind, invite.asker, invite.back[0], redirect)

    def tell(self, told: Sequence[tuple[Any, Grant | Refusal]]) -> None:
        """Answer requests, each by what it was asked under."""
        for redirect, verdict in told:
            self._respond(redirect, self._reply(verdict))

    def _respond(self, redirect: Redirect, reply: Reply) -> None:
        invite = redirect.invite
        if invite is None:
            return
        redirect.invite = None
        redirect.response = self._bytes(invite, reply)
        redirect.due_ms = self._now_ms + T1_MS
        redirect.over_ms = self._now_ms + TIMEOUT_MS
        self._first.append(redirect)
        self._outgoing.append((redirect.response, redirect.back))

    def _acknowledged(self, key: bytes | None, now_ms: int) -> bool:
        redirect = self._open.get(key) if key is not None else None
        if redirect is None:
            return False
        if redirect.response:
            redirect.response = b""
            self._finish(redirect, now_ms + T4_MS)
        return True

    def _cancelled(self, data: bytes, peer: "Address") -> bool:
        """Too late: the final response is out or on its way (RFC 3261 9.2)."""
        key = key_of(data)
        if key is None or not self.knows(key):
            return False
        try:
            request = parse_message(data)
            if not isinstance(request, Request):
                return False
            note_source(request, (peer[0], peer[1]))
            response = response_to(request, 200, None, self._random_bytes(TAG_BYTES).hex())
            self._outgoing.append((response.to_bytes(), way_back(request, peer)))
        except RemoteError:
            return False
        return True

    def _repeat(self, redirect: Redirect, now_ms: int) -> None:
        if not redirect.response:
            return
        if now_ms >= redirect.over_ms:
            self._count("timeout")
            redirect.response = b""
            self._finish(redirect, now_ms)
            return
        self._count("retransmitted")
        self._outgoing.append((redirect.response, redirect.back))
        redirect.wait_ms = min(2 * redirect.wait_ms, T2_MS)
        redirect.due_ms = min(now_ms + redirect.wait_ms, redirect.over_ms)
        heapq.heappush(self._later, redirect)

    def _finish(self, redirect: Redirect, forget_ms: int) -> None:
        redirect.due_ms = forget_ms
        self._done.append(redirect)

    def _bytes(self, invite: PlainInvite, reply: Reply) -> bytes:
        return b"SIP/2.0 %d %b\r\n%b;tag=%b%b%b%b\r\nContent-Length: 0\r\n\r\n" % (
            reply.status,
            reply.reason.encode(),
            invite.before_tag,
            self._tag(),
            invite.after_tag,
            self._server,
            lines_of(reply),
        )

    def _tag(self) -> bytes:
        if not self._tags:
            text = self._random_bytes(TAG_BYTES * TAGS_AT_ONCE).hex().encode()
            self._tags = [text[at : at + 2 * TAG_BYTES] for at in range(0, len(text), 2 * TAG_BYTES)]
        return self._tags.pop()


def lines_of(reply: Reply) -> bytes:
    """Return the header lines of a reply, each with CRLF in front."""
    return "".join([f"\r\n{name}: {value}" for name, value in reply.headers]).encode()
