"""The short way of plain requests: what many needs have in common is looked up once, as long as no board comes or goes.

A test proves that its grants are those of AllocationUnit.allocate(), and that the books are kept as by Books.put().
"""

from collections.abc import Sequence

from parleyd.books import BoardBook, Books, Rank, Shelf
from parleyd.lease import Lease, LeaseState
from parleyd.pattern import next_generation
from parleyd.receive import Need
from parleyd.verdict import Grant

OFFERED = LeaseState.OFFERED
_lease, _grant = Lease._make, Grant._make  # in two thirds of the time that names take

# A grant that the books have, behind the record whose place its lease takes.
Granted = tuple[Lease | None, Grant]


class Lane:
    """Grants addresses to those whose needs differ in asked_by alone, and enters them into the books."""

    __slots__ = ("_books", "_heads", "_now_s", "_share", "_tiers", "_ttl_s", "need")

    def __init__(
        self, books: Books, tiers: Sequence[Sequence[Shelf]], need: Need, now_s: int, ttl_s: int, share: float
    ) -> None:
        """tiers: shelves of boards that can serve, those asked first in front; share: of legs, that must stay free."""
        self.need = need
        self._books = books
        self._tiers = tiers
        self._now_s = now_s
        self._ttl_s = ttl_s
        self._share = share
        # Without a share to spare it is nearly always the shelf's first that has room.
        self._heads = not share and not books.pattern.start(need.size)

    def grant(self, askers: Sequence[str]) -> list[Granted]:
        """Grant to one after the other until one gets nothing; return what was granted, to the first of them.

        askers: asked_by of each.
        """
        books, first, enter = self._books, self._first, self._books.enter
        size, quota, held = self.need.size, self.need.quota, self._books.held
        now_s, ttl_s = self._now_s, self._ttl_s
        found: list[Granted] = []
        for asked_by in askers:
            rank = first(size)
            if rank is None or (quota and held.get(asked_by, 0) >= quota):
                break
            book = rank[3]
            granted = grant_on(book, books.last_serial + 1, size, asked_by, now_s, ttl_s)
            enter(book, granted[1].lease)
            found.append(granted)
        return found

    def _first(self, size: int) -> Rank | None:
        """Return the rank of the board to be asked: in the first tier with room, the first in the pattern's order."""
        best = None
        for shelves in self._tiers:
            for shelf in shelves:
                ranks = shelf.ranks
                if not ranks:
                    continue
                if self._heads and ranks[0][3].room >= size:
                    rank = ranks[0]
                else:
                    rank = shelf.first(size, self._books.pattern, self._share)
                if rank is not None and (best is None or rank < best):
                    best = rank
            if best is not None:
                return best
        return None


def grant_on(book: BoardBook, serial: int, size: int, asked_by: str, now_s: int, ttl_s: int) -> Granted:
    """Return the grant of the board's next slot: from FREE by GRANT, as the table of leases has it. Changes nothing."""
    board, slot = book.view, book.slot
    assert board is not None and slot is not None  # it has room
    before = book.records.get(slot)
    generation = now_s if before is None else next_generation(before, now_s)
    fields = (
        board.board_id,
        slot,
        generation,
        generation,
        size,
        now_s + ttl_s,
        OFFERED,
        now_s,
        0,
        serial,
        asked_by,
    )
    return before, _grant((_lease(fields), board, ttl_s, "udp", None))
