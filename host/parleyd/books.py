"""The books: what of each board is taken, derived from its leases and kept in the order in which boards are asked.

Everything here can be derived from the leases and the registered boards alone, and a test does so after every
change; it is kept only so that a grant costs the same among ten boards and among ten thousand.
"""

import heapq
import math
from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from parley.wire.address import MAX_GENERATION, MIN_SIZE
from parleyd.lease import HOLDS_LEGS, Lease, Leases, LeaseState
from parleyd.report import Codec

if TYPE_CHECKING:
    from parleyd.pattern import Pattern
    from parleyd.pool import BoardView

# the pattern's order, the turn among equals, the name; then the book, which names keep from being compared
Rank = tuple[float, int, str, "BoardBook"]


class BoardKind(NamedTuple):
    """What an offer can ask of a board: codecs, encryption (legs that may have it), address family, place."""

    codecs: frozenset[Codec]
    srtp_legs: int
    ipv6: bool
    site: str


class BoardBook:
    """One board: its records by slot, the legs they keep from others, its slots in the order of their use.

    slot, room: to be given out next, and how many legs can be had at once; kept by Books, 0 while there is no view.
    """

    __slots__ = (
        "_fresh",
        "_rested",
        "last_serial",
        "rank",
        "records",
        "reserved",
        "room",
        "shelf",
        "slot",
        "view",
    )

    def __init__(self) -> None:
        self.view: BoardView | None = None  # None while the board is not to be asked
        self.records: dict[int, Lease] = {}
        self.reserved = 0
        self.last_serial = 0
        self.shelf: Shelf | None = None  # while there is a view
        self.rank: Rank | None = None
        self.slot: int | None = None
        self.room = 0
        self._fresh = 0  # no slot below it is without a record
        self._rested: list[tuple[int, int]] = []  # since when a free slot rests, slot; with stale entries

    def put(self, lease: Lease) -> Lease | None:
        """Take a record in, in the place of the slot's old one, which is returned."""
        slot, state, serial = lease.slot, lease.state, lease.serial
        before = self._take_out(slot)
        self.records[slot] = lease
        if state in HOLDS_LEGS:
            self.reserved += lease.size
        elif state is LeaseState.FREE and lease.highest < MAX_GENERATION:
            heapq.heappush(self._rested, (lease.since_s, slot))
        if serial > self.last_serial:
            self.last_serial = serial
        if before is not None and before.serial > serial:  # a grant that never came to be
            self._count_serials()
        return before

    def remove(self, slot: int) -> None:
        """Forget the slot's record, as if it had never been used."""
        self._take_out(slot)
        self._fresh = min(self._fresh, slot)
        self._count_serials()

    def _take_out(self, slot: int) -> Lease | None:
        before = self.records.pop(slot, None)
        if before is not None and before.state in HOLDS_LEGS:
            self.reserved -= before.size
        return before

    def _count_serials(self) -> None:
        self.last_serial = max((lease.serial for lease in self.records.values()), default=0)

    def next_slot(self, slots: int) -> int | None:
        """Return the free slot longest out of use, never used ones first; None when all are taken or rest.

        slots: how many the board has; records of others it may have had before do not count.
        """
        records = self.records
        slot = self._fresh
        while slot < slots:
            if slot not in records:
                self._fresh = slot
                return slot
            slot += 1
        self._fresh = slot
        while self._rested:
            since_s, slot = self._rested[0]
            record = self.records.get(slot)
            if record and record.state is LeaseState.FREE and record.since_s == since_s and slot < slots:
                return slot
            heapq.heappop(self._rested)
        return None

    def spared(self, share: float) -> int:
        """Return how many legs that share of the board is."""
        return math.ceil(share * self.view.legs) if share and self.view else 0


class Shelf:
    """Boards alike in kind, in the pattern's order; those without room for any conference are left out."""

    def __init__(self) -> None:
        self.ranks: list[Rank] = []
        self.sizes: list[int] = []  # legs of all its boards, sorted

    def first(self, size: int, pattern: "Pattern", spared_share: float = 0.0) -> Rank | None:
        """Return the rank of the first board in the pattern's order with room for that many legs.

        spared_share: of each board's legs, that must stay free.
        """
        ranks = self.ranks
        begin = pattern.start(size)
        for index in range(bisect_left(ranks, begin) if begin else 0, len(ranks)):
            book = ranks[index][3]
            if book.room - (book.spared(spared_share) if spared_share else 0) >= size:
                return ranks[index]
            if pattern.first_or_none and not spared_share:
                return None
        return None


class Books:
    """All boards, and the shelves of those that may be asked."""

    def __init__(self, pattern: "Pattern", turn: int = 0) -> None:
        """turn: the server's number among several, so that equals are taken in another order by each."""
        self.boards: dict[str, BoardBook] = {}
        self.shelves: dict[BoardKind, Shelf] = {}
        self.pattern = pattern
        self.last_serial = 0
        self.held: dict[str, int] = {}  # asked_by -> conferences it holds
        self._turn = turn

    @classmethod
    def of(cls, views: Iterable["BoardView"], leases: Leases, pattern: "Pattern", turn: int = 0) -> "Books":
        """Return the books of these boards and records."""
        books = cls(pattern, turn)
        books.put([lease for records in leases.values() for lease in records.values()])
        for view in views:
            books.show(view)
        return books

    def put(self, leases: Sequence[Lease]) -> None:
        """Take records in."""
        for lease in leases:
            self.put_one(lease)

    def put_one(self, lease: Lease) -> Lease | None:
        """Take one record in; return the one whose place it takes."""
        board_id, asked_by = lease.board_id, lease.asked_by
        book = self.boards.get(board_id) or self._book(board_id)
        before = book.put(lease)
        if before is not None and before.state in HOLDS_LEGS:
            self._held(before.asked_by, -1)
        if asked_by and lease.state in HOLDS_LEGS:
            self.held[asked_by] = self.held.get(asked_by, 0) + 1
        if lease.serial > self.last_serial:
            self.last_serial = lease.serial
        elif before is not None and before.serial > lease.serial:
            self._count_serials()
        if book.view is not None:
            self._rank_anew(board_id, book)
        return before

    def grant(self, lease: Lease) -> Lease | None:
        """Do what put_one() does with a new lease on a free slot, the highest serial of all, in half the time."""
        book = self.boards[lease.board_id]
        before = book.records.get(lease.slot)
        if lease.serial <= self.last_serial or (before is not None and before.state is not LeaseState.FREE):
            return self.put_one(lease)
        self.enter(book, lease)
        return before

    def enter(self, book: BoardBook, lease: Lease) -> None:
        """Take a new lease in, of the book's next slot, with the highest serial of all."""
        board_id, slot, size, serial, asked_by = lease[0], lease[1], lease[4], lease[9], lease[10]
        book.records[slot] = lease
        book.reserved += size
        book.last_serial = self.last_serial = serial
        if asked_by:
            self.held[asked_by] = self.held.get(asked_by, 0) + 1
        self._rank_anew(board_id, book)

    def remove(self, board_id: str, slot: int) -> None:
        """Forget a record."""
        book = self._book(board_id)
        before = book.records.get(slot)
        if before is not None and before.state in HOLDS_LEGS:
            self._held(before.asked_by, -1)
        book.remove(slot)
        self._count_serials()
        self._rank_anew(board_id, book)

    def _count_serials(self) -> None:
        self.last_serial = max((book.last_serial for book in self.boards.values()), default=0)

    def show(self, view: "BoardView") -> None:
        """Let the board be asked from now on."""
        book = self._book(view.board_id)
        if book.view == view:
            return
        self.hide(view.board_id)
        book.view, book.shelf = view, self._shelf(view)
        insort(book.shelf.sizes, view.legs)
        self._rank_anew(view.board_id, book)

    def hide(self, board_id: str) -> None:
        """Let the board be asked no more; nothing happens if it was not."""
        book = self.boards.get(board_id)
        if book is None or book.view is None or book.shelf is None:
            return
        shelf = book.shelf
        self._unrank(shelf, book)
        del shelf.sizes[bisect_left(shelf.sizes, book.view.legs)]
        if not shelf.sizes:
            del self.shelves[book.view.kind]
        book.view = book.shelf = book.slot = None
        book.room = 0

    def views(self) -> Iterator["BoardView"]:
        """Yield the boards that may be asked."""
        return (book.view for book in self.boards.values() if book.view is not None)

    def _held(self, asked_by: str, change: int) -> None:
        if not asked_by:
            return
        held = self.held.get(asked_by, 0) + change
        if held:
            self.held[asked_by] = held
        else:
            del self.held[asked_by]

    def _book(self, board_id: str) -> BoardBook:
        book = self.boards.get(board_id)
        if book is None:
            book = self.boards[board_id] = BoardBook()
        return book

    def _shelf(self, view: "BoardView") -> Shelf:
        return self.shelves.setdefault(view.kind, Shelf())

    def _rank_anew(self, board_id: str, book: BoardBook) -> None:
        view, shelf = book.view, book.shelf
        if view is None or shelf is None:
            return
        book.slot = slot = book.next_slot(view.slots)
        room = view.legs - book.reserved
        book.room = room = room if slot is not None and room > 0 else 0
        rank = None
        if room >= MIN_SIZE:  # among equals by name for a lone server, by another order for each of several
            order = self.pattern.rank(room, view.legs, book.last_serial)
            if book.rank is not None and order == book.rank[0]:
                return
            rank = (order, hash_of(board_id, self._turn) if self._turn else 0, board_id, book)
        self._unrank(shelf, book)
        if rank is not None:
            ranks = shelf.ranks
            if ranks and rank < ranks[-1]:
                insort(ranks, rank)
            else:  # always, when boards take turns
                ranks.append(rank)
            book.rank = rank

    def _unrank(self, shelf: Shelf, book: BoardBook) -> None:
        rank, ranks = book.rank, shelf.ranks
        if rank is not None:
            del ranks[0 if ranks[0] is rank else bisect_left(ranks, rank)]
            book.rank = None


def hash_of(text: str, turn: int) -> int:
    """Return a number that is the same in every process, unlike hash()."""
    value = 2166136261 ^ turn  # FNV-1a
    for byte in text.encode():
        value = ((value ^ byte) * 16777619) & 0xFFFFFFFF
    return value
