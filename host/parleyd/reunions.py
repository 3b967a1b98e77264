"""Boards that die: whoever was in a conference there and asks again in time meets the others in a new one.

No phone has to know anything for that. The new conference is one lease, `asked_by` the lost one, so every server of a
fleet finds it, and its address can be written anew by any of them.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from parleyd.allocate import speaks
from parleyd.books import Books
from parleyd.callers import user_at_host
from parleyd.lease import RUNNING
from parleyd.receive import Need
from parleyd.report import LiveConference
from parleyd.verdict import Grant

REUNION_S = 0  # only an operator knows whether each phone has a From of its own
ANONYMOUS = "anonymous"  # RFC 3323 4.1.1.3
MAX_KEPT = 65536  # people


class Lost(NamedTuple):
    """A conference that died with its board: name and size; until when people may come back (monotonic)."""

    conference_id: str
    board_id: str
    size: int
    until_ms: int

    @property
    def asked_by(self) -> str:
        """Return what stands for the caller in the lease of the conference that follows it."""
        return f"those of {self.conference_id}"


class Reunions:
    """Who was in what was lost."""

    def __init__(self, ttl_s: int, kept_s: int, alive: Callable[[str, str], bool]) -> None:
        """ttl_s: life of an address until its first call. kept_s: for how long people may come back, 0 for never.

        alive(board, conference): whether it runs after all.
        """
        self._ttl_s = ttl_s
        self._kept_ms = 1000 * kept_s
        self._alive = alive
        self._lost: dict[str, Lost] = {}  # by user@host

    def lose(self, board_id: str, live: Iterable[LiveConference], now_ms: int) -> int:
        """Remember who was where, by the board's last report; returns how many conferences were lost."""
        if not self._kept_ms:
            return len(list(live))
        self._lost = {who: lost for who, lost in self._lost.items() if lost.until_ms > now_ms}
        count = 0
        for one in live:
            count += 1
            lost = Lost(one.name_on(board_id), board_id, one.size, now_ms + self._kept_ms)
            for who in map(user_at_host, one.participants) if len(self._lost) < MAX_KEPT else ():
                if not who.startswith(ANONYMOUS):
                    self._lost[who] = lost
        return count

    def of(self, caller: str, now_ms: int) -> Lost | None:
        """Return the conference that this caller (a SIP URI) has lost, None as a rule."""
        if not self._lost:
            return None
        lost = self._lost.get(user_at_host(caller))
        if lost is None or lost.until_ms <= now_ms or self._alive(lost.board_id, lost.conference_id):
            return None
        return lost

    def joined(self, books: Books, lost: Lost, need: Need) -> Grant | None:
        """Return the address of the conference that follows it, if there is one and the caller can speak with it."""
        need = need._replace(size=lost.size)
        for book in books.boards.values() if lost.asked_by in books.held else ():
            if book.view is None or not speaks(book.view.kind, need):
                continue
            for lease in book.records.values():
                if lease.asked_by == lost.asked_by and lease.state in RUNNING:
                    return Grant(lease, book.view, self._ttl_s)
        return None


def need_of(need: Need, lost: Lost) -> Need:
    """Return what the first who comes back asks for: as much room as there was, on nobody's account."""
    return need._replace(size=max(need.size, lost.size), asked_by=lost.asked_by, quota=0, priority=True)
