"""The pre-set patterns by which addresses are given out: which board; then which slot, which generation, which token.

1. Board: by the pattern that the operator chose (`pattern` in the settings), among those able to serve the request.
   Boards that speak a wideband codec of a wideband offer come before the others, and boards of the wanted site
   before those elsewhere.
2. Slot: the one longest out of use (never used ones first, by number); a resting slot is no choice.
3. Generation: the slot's highest plus one, and never below the unix time, so that it grows even over a lost store.
"""

import hmac
from collections.abc import Callable
from dataclasses import dataclass

from parley.wire.address import conference_uri, make_token
from parleyd.lease import Lease
from parleyd.pool import BoardView

ANYWHERE: tuple[()] = ()


@dataclass(frozen=True, slots=True)
class Pattern:
    """An order of boards.

    rank(room_legs, legs, last_serial): boards with smaller ranks are asked first; equals by name. start(size):
    the smallest rank that can have room for so many legs, () for any. first_or_none: when the first has no room, none
    has. near: the phone's own network tells its site, where no other is asked for.
    """

    name: str
    summary: str
    rank: Callable[[int, int, int], float]
    start: Callable[[int], tuple[float, ...]] = lambda size: ANYWHERE
    first_or_none: bool = False
    near: bool = False


ROUND_ROBIN = Pattern(
    "round_robin",
    "the board whose last grant is longest ago; wear and faults spread evenly",
    lambda room, legs, serial: serial,
)
LEAST_LOADED = Pattern(
    "least_loaded",
    "the board with the most free legs; boards stay cool, but no board stays free for a large conference",
    lambda room, legs, serial: -room,
    first_or_none=True,
)
FILL_FIRST = Pattern(
    "fill_first",
    "the board with the fewest free legs that are enough; whole boards stay free for large conferences and drains",
    lambda room, legs, serial: room,
    start=lambda size: (size,),
)
LOCALITY = Pattern(
    "locality",
    "boards of the phone's own site first, by `sites` in the settings; there the one with the most free legs",
    lambda room, legs, serial: -room,
    first_or_none=True,
    near=True,
)
PATTERNS = {pattern.name: pattern for pattern in (ROUND_ROBIN, LEAST_LOADED, FILL_FIRST, LOCALITY)}


def next_generation(record: Lease | None, now_s: float) -> int:
    """Return the generation that the next conference on this slot bears."""
    second = int(now_s)
    return second if record is None or record.highest < second else record.highest + 1


def _hmac_sha256(key: bytes, data: bytes) -> bytes:
    return hmac.digest(key, data, "sha256")


def address_of(board: BoardView, lease: Lease) -> str:
    """Return the conference's address: a SIP URI whose user part only this board's key can have signed."""
    token = make_token(board.key, lease.slot, lease.generation, lease.size, lease.expires_s, _hmac_sha256)
    return conference_uri(token, board.host, board.port)
