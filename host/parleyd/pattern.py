"""The pre-set pattern by which addresses are given out: which board, which slot, which token.

1. Board: the one whose last grant is longest ago (never used ones first), among those able to serve the request.
2. Slot: the one longest out of use (never used ones first, by number); a resting slot is no choice.
3. Generation: the slot's highest plus one, and never below the unix time, so that it grows even over a lost store.
"""

from collections.abc import Iterable, Mapping

from parley.wire.address import MAX_GENERATION, conference_uri, make_token
from parleyd.lease import Lease, Leases, LeaseState
from parleyd.pool import BoardView


def last_serials(leases: Leases) -> dict[str, int]:
    """Return for each board the number of its latest grant, counted over all boards; 0 if it had none."""
    return {
        board_id: max([lease.serial for lease in records.values()], default=0)
        for board_id, records in leases.items()
    }


def board_order(boards: Iterable[BoardView], serials: Mapping[str, int]) -> list[BoardView]:
    """Return the boards in the order in which they are asked: round robin by last grant, then by name.

    serials: of last_serials().
    """
    return sorted(boards, key=lambda board: (serials.get(board.board_id, 0), board.board_id))


def next_generation(record: Lease | None, now_s: float) -> int:
    """Return the generation that the next conference on this slot bears."""
    return max(record.highest + 1 if record else 1, int(now_s))


def choose_slot(board: BoardView, records: Mapping[int, Lease], now_s: float) -> int | None:
    """Return the number of the free slot longest out of use, None when every slot is taken or resting."""
    best: tuple[int, int] | None = None
    for slot in range(board.slots):
        record = records.get(slot)
        if record is None:
            return slot  # never used, and all used ones with lower numbers are younger than never
        if record.state is not LeaseState.FREE or next_generation(record, now_s) > MAX_GENERATION:
            continue
        if best is None or (record.since_s, slot) < best:
            best = (record.since_s, slot)
    return best[1] if best else None


def address_of(board: BoardView, lease: Lease) -> str:
    """Return the conference's address: a SIP URI whose user part only this board's key can have signed."""
    token = make_token(board.key, lease.slot, lease.generation, lease.size, lease.expires_s)
    return conference_uri(token, board.host, board.port)
