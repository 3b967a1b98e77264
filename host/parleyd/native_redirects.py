"""Redirects whose transactions the native module keeps (`parley_sip`: Linux, IPv4).

Only new INVITEs come up to Python, to be decided; the rest is as in Redirects, byte for byte (a test plays the same
histories to both, and to the whole stack).
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import parley_sip
from parleyd.redirects import LOOP, NEW_INVITE, Ask, Count, Redirects, lines_of
from parleyd.sources import Ruling
from parleyd.transmit import Reply
from parleyd.verdict import Grant, Refusal

if TYPE_CHECKING:
    from parley.call.transaction import Address

COUNTED = ("repeated request", "retransmitted", "timeout")


class NativeRedirects(Redirects):
    """Redirects, in a few microseconds each."""

    def __init__(
        self,
        random_bytes: Callable[[int], bytes],
        ask: Ask,
        reply: Callable[[Grant | Refusal], Reply],
        agent: str,
        count: Count,
        limit: int,
    ) -> None:
        super().__init__(random_bytes, ask, reply, agent, count, limit)
        self._native = parley_sip.Transactions(limit, random_bytes, self._server)

    def __len__(self) -> int:
        return len(self._native)

    @property
    def transactions(self) -> parley_sip.Transactions:
        """Return those of the native module."""
        return self._native

    def knows(self, key: bytes) -> bool:
        """Tell whether there is a transaction of this key."""
        return self._native.knows(key)

    def transmits(self) -> "list[tuple[bytes, Address]]":
        """Send what came by a socket of the native module, return the rest."""
        lost = self._native.send()
        if lost:
            self._count("unsent", lost)
        self._tell_counts()
        return super().transmits() + self._native.pop()

    def receive(self, data: bytes, peer: "Address", now_ms: int, busy: bool = False) -> bool:
        """Take the datagram if it is ours; False leaves it to the endpoint. busy: begin nothing new."""
        if len(peer) != 2 or ":" in peer[0]:
            return False
        self._now_ms = max(now_ms, self._now_ms)
        asked = self._native.take(data, (peer[0], peer[1]), now_ms, not busy)
        return asked is None or self.asked(asked, data, peer, Ruling.REFUSE if busy else Ruling.TAKE)

    def asked(self, asked: parley_sip.Asked, data: bytes, peer: "Address", ruling: Ruling) -> bool:
        """Take a request that the native module leaves to do; False leaves it to the endpoint."""
        what, (number,), kind, (asker,), _ = asked
        if what == parley_sip.OTHER:
            return self._other(data, peer, ruling is Ruling.REFUSE)
        if ruling is not Ruling.TAKE and number >= 0:
            self._native.forget(number)
            return ruling is Ruling.DROP or self._refused(data, peer)
        if what == NEW_INVITE:
            self._ask(kind, asker, peer[0], number)
        elif what == parley_sip.MERGED:
            self._count("refused 482")  # RFC 3261 8.2.2.2
            self._answer(number, LOOP)
        else:
            self._count("overload")
            return self._refused(data, peer)
        return True

    def tell(self, told: Sequence[tuple[Any, Grant | Refusal]]) -> None:
        """Answer transactions, each by its number."""
        grants: list[parley_sip.Grant] = []
        places: dict[int, object] = {}  # by the id of the board, which lives as long as its grant
        for number, verdict in told:
            if type(verdict) is Grant and verdict.transport == "udp":
                lease, board = verdict.lease, verdict.board
                place = places.get(id(board)) or self._native.place(board.key, board.contact_end)
                if place is not None:  # else only we can write the answer
                    places[id(board)] = place
                    row = (place, number, lease[1], lease[4], verdict.ttl_s, lease[2], lease[5])
                    grants.append(row)
                    continue
            self._answer(number, self._reply(verdict))
        if grants:
            self._native.grant(grants)
            self._count("invite 302", len(grants))

    def tick(self, now_ms: int) -> None:
        """Repeat what is not acknowledged in time (timer G), give up (H), forget (I)."""
        self._now_ms = max(now_ms, self._now_ms)
        self._native.tick(now_ms)

    def next_deadline(self) -> int | None:
        """Return when tick() is due; None when nothing waits."""
        return self._native.deadline_ms()

    def _other(self, data: bytes, peer: "Address", busy: bool) -> bool:
        if data.startswith(b"ACK "):
            return self._busy_tag in data
        if data.startswith(b"CANCEL "):
            return self._cancelled(data, peer)
        return busy and data.startswith(b"INVITE ") and self._refused(data, peer)

    def _answer(self, number: int, reply: Reply) -> None:
        self._native.answer(number, f"{reply.status} {reply.reason}".encode(), lines_of(reply))

    def _tell_counts(self) -> None:
        for name, count in zip(COUNTED, self._native.counts(), strict=True):
            if count:
                self._count(name, count)
