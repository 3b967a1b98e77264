"""The allocation unit: from a need to an address, as a pure function of the books.

No I/O, no clock and no round trip to a board: the address itself carries what the board must know.
"""

from parleyd.books import BoardBook, BoardKind, Books
from parleyd.lane import Lane, grant_on
from parleyd.lease import CLOCK_MARGIN_S, RESTS, LeaseState
from parleyd.pool import BoardView
from parleyd.receive import Need
from parleyd.report import is_wideband
from parleyd.verdict import Grant, Refusal

OFFER_TTL_S = 32  # a phone calls at once; who comes later finds the conference alive
NO_BOARD_RETRY_S = 5  # a board that lives refreshes well within this
BUSY_RETRY_S = 10  # when only running conferences stand in the way
MOST_LOOKED_AT = 256  # boards, for an estimate of when there will be room: a large fleet is busy just then
RETRY_RANGE_S = (2, 120)
MISCELLANEOUS_WARNING = 399  # RFC 3261 20.43
INCOMPATIBLE_FORMAT = 305  # RFC 3261 20.43
INCOMPATIBLE_ADDRESS = 301  # RFC 3261 20.43


class AllocationUnit:
    """Chooses an address that refers to a resource available now, by the pre-set pattern."""

    def __init__(self, offer_ttl_s: int = OFFER_TTL_S, spared_share: float = 0.0) -> None:
        """spared_share: of each board's legs, for calls with priority only."""
        self._offer_ttl_s = offer_ttl_s
        self._spared_share = spared_share
        self._waits: tuple[int, dict[tuple[object, ...], int]] = (0, {})  # those of this second

    def allocate(self, books: Books, need: Need, now_s: float) -> Grant | Refusal:
        """Return a grant whose lease is to be recorded before the address leaves, or the refusal.

        books: of the boards registered now and every lease of the store; now_s: unix time. Changes nothing.
        """
        if need.quota and books.held.get(need.asked_by, 0) >= need.quota:
            reason = f"You hold {need.quota} conferences already, end one first"
            return Refusal(480, reason, BUSY_RETRY_S, MISCELLANEOUS_WARNING)
        for tier in tiers(books, need):
            book = self._first(books, tier, need)
            if book is not None:
                serial, asked_by, ttl_s = books.last_serial + 1, need.asked_by, self._offer_ttl_s
                return grant_on(book, serial, need.size, asked_by, int(now_s), ttl_s)[1]
        refusal = impossible(books, need)
        if refusal is not None:
            return refusal
        return Refusal(
            503,
            "All conference resources are in use",
            retry_after_s=self._retry_after_s(books, need, now_s),
            warn_code=MISCELLANEOUS_WARNING,
        )

    def lane(self, books: Books, need: Need, now_s: float) -> Lane:
        """Return a short way for several needs that differ in asked_by alone."""
        shelves = [[books.shelves[kind] for kind in tier] for tier in tiers(books, need)]
        return Lane(books, shelves, need, int(now_s), self._offer_ttl_s, self._share(need))

    def _retry_after_s(self, books: Books, need: Need, now_s: float) -> int:
        """Return retry_after_s(), computed once a second: a full house is when time is scarce."""
        if self._waits[0] != int(now_s):
            self._waits = (int(now_s), {})
        key = (id(books), need.codecs, need.size, need.srtp, need.ipv6, need.ipv4)
        waits = self._waits[1]
        if key not in waits:
            waits[key] = retry_after_s(books, need, now_s)
        return waits[key]

    def _first(self, books: Books, kinds: list[BoardKind], need: Need) -> BoardBook | None:
        share = self._share(need)
        best = None
        for kind in kinds:
            rank = books.shelves[kind].first(need.size, books.pattern, share)
            if rank is not None and (best is None or rank < best):
                best = rank
        return None if best is None else best[3]

    def _share(self, need: Need) -> float:
        """Return the share of each board's legs that must stay free after this one."""
        return 0.0 if need.priority else self._spared_share


def tiers(books: Books, need: Need) -> list[list[BoardKind]]:
    """Return the kinds of boards that can serve the need, those to be asked first in front.

    The wanted site counts more than wideband: a conference far away is worse than one in narrowband.
    """
    able = [kind for kind in books.shelves if speaks(kind, need)]
    if len(able) == 1:
        return [able]
    wide = [codec for codec in need.codecs if is_wideband(codec)]
    ranked: dict[tuple[bool, bool], list[BoardKind]] = {}
    for kind in able:
        far = bool(need.site) and kind.site != need.site
        narrow = bool(wide) and kind.codecs.isdisjoint(wide)
        ranked.setdefault((far, narrow), []).append(kind)
    return [ranked[key] for key in sorted(ranked)]


def speaks(kind: BoardKind, need: Need) -> bool:
    """Tell whether boards of this kind can hold such a conference, if they are large enough."""
    return (
        not kind.codecs.isdisjoint(need.codecs)
        and (need.srtp != "required" or kind.srtp_legs >= need.size)
        and not (need.ipv4 if kind.ipv6 else need.ipv6)  # a board has one address
    )


def can_serve(board: BoardView, need: Need) -> bool:
    """Tell whether the board, were it idle, could hold this conference."""
    return speaks(board.kind, need) and need.size <= board.legs


def impossible(books: Books, need: Need) -> Refusal | None:
    """Return the refusal when no registered board could serve the need even if idle, else None."""
    kinds = {kind: shelf.sizes[-1] for kind, shelf in books.shelves.items()}
    if not kinds:
        return Refusal(503, "No conference board is on line", NO_BOARD_RETRY_S, MISCELLANEOUS_WARNING)
    if all(kind.codecs.isdisjoint(need.codecs) for kind in kinds):
        known = " or ".join(sorted({name for kind in kinds for name, _ in kind.codecs}))
        reason = f"No conference board speaks an offered codec, offer {known}"
        return Refusal(488, reason, None, INCOMPATIBLE_FORMAT)
    largest = max(kinds.values())
    if need.size > largest:
        reason = f"No conference board has {need.size} legs, the largest has {largest}"
        return Refusal(606, reason, None, MISCELLANEOUS_WARNING)
    if need.ipv6 and not any(kind.ipv6 for kind in kinds):
        return Refusal(488, "No conference board has IPv6, offer IPv4", None, INCOMPATIBLE_ADDRESS)
    if need.ipv4 and all(kind.ipv6 for kind in kinds):
        return Refusal(488, "No conference board has IPv4, offer IPv6", None, INCOMPATIBLE_ADDRESS)
    if need.srtp == "required" and (most := max(kind.srtp_legs for kind in kinds)) < need.size:
        reason = f"No conference board can encrypt {need.size} legs, the best can {most}"
        if most == 0:
            reason = "No conference board can encrypt media"
        return Refusal(606, reason, None, MISCELLANEOUS_WARNING)
    if not any(speaks(kind, need) and need.size <= legs for kind, legs in kinds.items()):
        return Refusal(606, "No conference board has all that was asked for", None, MISCELLANEOUS_WARNING)
    return None


def retry_after_s(books: Books, need: Need, now_s: float) -> int:
    """Return in how many seconds a board may have room again: the first hold on an able one that is sure to end.

    Of a large fleet some boards stand for all.
    """
    ends: list[float] = []
    looked_at = 0
    for book in books.boards.values():
        if book.view is None or not can_serve(book.view, need):
            continue
        looked_at += 1
        if looked_at > MOST_LOOKED_AT:
            break
        for lease in book.records.values():
            if lease.state in RESTS:
                ends.append(lease.until_s)
            elif lease.state is LeaseState.OFFERED:
                ends.append(lease.expires_s + CLOCK_MARGIN_S)
    wait_s = min(ends) - now_s if ends else BUSY_RETRY_S
    return int(min(max(wait_s + 1, RETRY_RANGE_S[0]), RETRY_RANGE_S[1]))
