"""The allocation unit: from a need to an address, as a pure function.

No I/O, no clock and no round trip to a board: the address itself carries what the board must know.
"""

from collections.abc import Sequence

from parleyd.lease import CLOCK_MARGIN_S, RESTS, Lease, LeaseEvent, Leases, LeaseState, reserved_legs, step
from parleyd.pattern import address_of, board_order, choose_slot, last_serials, next_generation
from parleyd.pool import BoardView
from parleyd.receive import Need
from parleyd.verdict import Grant, Refusal

OFFER_TTL_S = 60
NO_BOARD_RETRY_S = 5  # a board that lives refreshes well within this
BUSY_RETRY_S = 10  # when only running conferences stand in the way
RETRY_RANGE_S = (2, 120)
MISCELLANEOUS_WARNING = 399  # RFC 3261 20.43
INCOMPATIBLE_FORMAT = 305  # RFC 3261 20.43


class AllocationUnit:
    """Chooses an address that refers to a resource available now, by the pre-set pattern."""

    def __init__(self, offer_ttl_s: int = OFFER_TTL_S) -> None:
        self._offer_ttl_s = offer_ttl_s

    def allocate(
        self, boards: Sequence[BoardView], leases: Leases, need: Need, now_s: float
    ) -> Grant | Refusal:
        """Return a grant whose lease is to be recorded before the address leaves, or the refusal.

        boards: those registered now; leases: every record of the store; now_s: unix time. Changes nothing.
        """
        refusal = impossible(boards, need)
        if refusal is not None:
            return refusal
        able = [board for board in boards if can_serve(board, need)]
        serials = last_serials(leases)
        for board in board_order(able, serials):
            records = leases.get(board.board_id, {})
            if reserved_legs(records.values()) + need.size > board.legs:
                continue
            slot = choose_slot(board, records, now_s)
            if slot is not None:
                serial = 1 + max(serials.values(), default=0)
                return self._grant(board, records.get(slot), slot, serial, need, now_s)
        return Refusal(
            503,
            "All conference resources are in use",
            retry_after_s=retry_after_s(able, leases, now_s),
            warn_code=MISCELLANEOUS_WARNING,
        )

    def _grant(
        self,
        board: BoardView,
        record: Lease | None,
        slot: int,
        serial: int,
        need: Need,
        now_s: float,
    ) -> Grant:
        generation = next_generation(record, now_s)
        free = Lease(
            board_id=board.board_id,
            slot=slot,
            generation=generation,
            highest=generation,
            size=need.size,
            expires_s=int(now_s) + self._offer_ttl_s,
            state=LeaseState.FREE,
            since_s=0,
            serial=serial,
            asked_by=need.asked_by,
        )
        lease = step(free, LeaseEvent.GRANT, now_s, 0)
        return Grant(lease, address_of(board, lease), self._offer_ttl_s)


def can_serve(board: BoardView, need: Need) -> bool:
    """Tell whether the board, were it idle, could hold this conference."""
    speaks = any(codec in board.codecs for codec in need.codecs)
    return speaks and need.size <= board.legs and (board.srtp or need.srtp != "required")


def impossible(boards: Sequence[BoardView], need: Need) -> Refusal | None:
    """Return the refusal when no registered board could serve the need even if idle, else None."""
    if not boards:
        return Refusal(503, "No conference board is on line", NO_BOARD_RETRY_S, MISCELLANEOUS_WARNING)
    speakers = [board for board in boards if any(codec in board.codecs for codec in need.codecs)]
    if not speakers:
        known = sorted({name for board in boards for name, _ in board.codecs})
        return Refusal(
            488,
            f"No conference board speaks an offered codec, offer {' or '.join(known)}",
            None,
            INCOMPATIBLE_FORMAT,
        )
    largest = max(board.legs for board in boards)
    if need.size > largest:
        reason = f"No conference board has {need.size} legs, the largest has {largest}"
        return Refusal(606, reason, None, MISCELLANEOUS_WARNING)
    if need.srtp == "required" and not any(board.srtp for board in boards):
        return Refusal(606, "No conference board can encrypt media", None, MISCELLANEOUS_WARNING)
    if not any(can_serve(board, need) for board in boards):
        return Refusal(606, "No conference board has all that was asked for", None, MISCELLANEOUS_WARNING)
    return None


def retry_after_s(boards: Sequence[BoardView], leases: Leases, now_s: float) -> int:
    """Return in how many seconds one of these boards may have room again: the first hold that is certain to end."""
    ends: list[float] = []
    for board in boards:
        for lease in leases.get(board.board_id, {}).values():
            if lease.state in RESTS:
                ends.append(lease.until_s)
            elif lease.state is LeaseState.OFFERED:
                ends.append(lease.expires_s + CLOCK_MARGIN_S)
    wait_s = min(ends) - now_s if ends else BUSY_RETRY_S
    return int(min(max(wait_s + 1, RETRY_RANGE_S[0]), RETRY_RANGE_S[1]))
