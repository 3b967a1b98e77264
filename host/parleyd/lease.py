"""The life of a lease: who holds a slot of a board, as a table.

There is one record per slot of a board that was ever used; a free record remembers the slot's past (its highest
generation, since when it is out of use). Every count is derived from these records, none is kept.
"""

import math
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple

from parley.wire.errors import LocalError

# A board's clock may lag ours by the Date header's whole second and the way of a packet.
CLOCK_MARGIN_S = 2
QUARANTINE_S = 32  # 64*T1: no retransmission of anything lives longer (RFC 3261 17.1.1.2)


class LeaseState(StrEnum):
    """What a slot is to us."""

    __hash__ = str.__hash__  # Enum's own is Python's, and every decision looks states up

    FREE = "free"
    OFFERED = "offered"  # an address was sent to a phone; nobody was seen at it yet
    ACTIVE = "active"  # the board listed the conference at least once
    LAPSED = "lapsed"  # nobody was seen in time; capacity is held, for a caller's refresh may be on its way
    QUARANTINED = "quarantined"  # over for certain; only the slot rests


class LeaseEvent(StrEnum):
    """What can happen to a slot; all but GRANT come with a board's refresh."""

    GRANT = "grant"  # the allocation unit chose the slot
    SEEN_LIVE = "seen_live"  # the board lists slot and generation as live
    ADOPT = "adopt"  # the board lists the slot live with a generation that is not the lease's
    NOT_LISTED = "not_listed"  # the board does not list the slot
    RELEASED = "released"  # the board lists slot and generation among its ended ones
    RESTARTED = "restarted"  # the board is another boot than before and does not list the slot
    LAPSE = "lapse"  # not listed, and the offer's time is over by our clock, which the board was told
    EXPIRED = (
        "expired"  # not listed, and the board itself says that the offer's time is over: it lets nobody in
    )
    QUARANTINE_OVER = "quarantine_over"  # not listed, and the quarantine's time is over


class LeaseAction(StrEnum):
    """What a step does to the record besides the new state."""

    STAMP = "stamp"  # since = now
    REST = "rest"  # since = now; until = end of quarantine
    HOLD = "hold"  # the same, counted from the token's expiry at the earliest


S, E, A = LeaseState, LeaseEvent, LeaseAction

LEASE_TABLE: dict[tuple[LeaseState, LeaseEvent], tuple[LeaseState, LeaseAction]] = {
    (S.FREE, E.GRANT): (S.OFFERED, A.STAMP),
    (S.FREE, E.SEEN_LIVE): (S.ACTIVE, A.STAMP),
    (S.FREE, E.ADOPT): (S.ACTIVE, A.STAMP),
    (S.OFFERED, E.SEEN_LIVE): (S.ACTIVE, A.STAMP),
    (S.OFFERED, E.ADOPT): (S.ACTIVE, A.STAMP),
    (S.OFFERED, E.RELEASED): (S.QUARANTINED, A.REST),
    (S.OFFERED, E.RESTARTED): (S.LAPSED, A.HOLD),
    (S.OFFERED, E.LAPSE): (S.LAPSED, A.HOLD),
    (S.OFFERED, E.EXPIRED): (S.QUARANTINED, A.REST),
    (S.ACTIVE, E.ADOPT): (S.ACTIVE, A.STAMP),
    (S.ACTIVE, E.NOT_LISTED): (S.QUARANTINED, A.REST),
    (S.ACTIVE, E.RELEASED): (S.QUARANTINED, A.REST),
    (S.ACTIVE, E.RESTARTED): (S.QUARANTINED, A.REST),
    (S.LAPSED, E.SEEN_LIVE): (S.ACTIVE, A.STAMP),
    (S.LAPSED, E.ADOPT): (S.ACTIVE, A.STAMP),
    (S.LAPSED, E.RELEASED): (S.QUARANTINED, A.REST),
    (S.LAPSED, E.RESTARTED): (S.LAPSED, A.HOLD),  # with a caller we never saw, perhaps
    (S.LAPSED, E.EXPIRED): (S.QUARANTINED, A.REST),
    (S.LAPSED, E.QUARANTINE_OVER): (S.FREE, A.STAMP),
    (S.QUARANTINED, E.SEEN_LIVE): (S.ACTIVE, A.STAMP),
    (S.QUARANTINED, E.ADOPT): (S.ACTIVE, A.STAMP),
    (S.QUARANTINED, E.QUARANTINE_OVER): (S.FREE, A.STAMP),
}

LEASE_IGNORED: frozenset[tuple[LeaseState, LeaseEvent]] = frozenset(
    {
        (S.FREE, E.NOT_LISTED),
        (S.FREE, E.RELEASED),  # boards repeat their last ended conferences for a while
        (S.FREE, E.RESTARTED),
        (S.OFFERED, E.NOT_LISTED),  # nobody has called yet
        (S.ACTIVE, E.SEEN_LIVE),
        (S.LAPSED, E.NOT_LISTED),
        (S.QUARANTINED, E.NOT_LISTED),
        (S.QUARANTINED, E.RELEASED),
        (S.QUARANTINED, E.RESTARTED),
    }
)

# Pairs that only a mistake of ours can bring about; step() raises LocalError.
LEASE_FORBIDDEN: frozenset[tuple[LeaseState, LeaseEvent]] = frozenset(
    {
        (S.OFFERED, E.GRANT),
        (S.ACTIVE, E.GRANT),
        (S.LAPSED, E.GRANT),
        (S.QUARANTINED, E.GRANT),
        (S.FREE, E.LAPSE),
        (S.ACTIVE, E.LAPSE),
        (S.LAPSED, E.LAPSE),
        (S.QUARANTINED, E.LAPSE),
        (S.FREE, E.EXPIRED),
        (S.ACTIVE, E.EXPIRED),
        (S.QUARANTINED, E.EXPIRED),
        (S.FREE, E.QUARANTINE_OVER),
        (S.OFFERED, E.QUARANTINE_OVER),
        (S.ACTIVE, E.QUARANTINE_OVER),
    }
)

RUNNING = frozenset({S.OFFERED, S.ACTIVE})
HOLDS_LEGS = frozenset({S.OFFERED, S.ACTIVE, S.LAPSED})
RESTS = frozenset({S.LAPSED, S.QUARANTINED})


class Lease(NamedTuple):
    """One slot of one board.

    generation: that of the present or last holder; highest: the highest ever issued or seen on this slot.
    size: reserved legs. expires_s: unix time after which the board starts nothing with the token (0: unknown).
    since_s: unix time at which the state was entered. until_s: earliest end of LAPSED and QUARANTINED.
    serial: number of the slot's last grant among all grants of the store; 0 if it never had one.
    """

    board_id: str
    slot: int
    generation: int
    highest: int
    size: int
    expires_s: int
    state: LeaseState
    since_s: int
    until_s: int = 0
    serial: int = 0
    asked_by: str = ""

    @property
    def conference_id(self) -> str:
        """Return the name of the conference in the API: board, slot and generation."""
        return f"{self.board_id}/{self.slot}/{self.generation}"


# board id -> slot -> record
Leases = Mapping[str, Mapping[int, Lease]]


def step(lease: Lease, event: LeaseEvent, now_s: float, quarantine_s: float) -> Lease:
    """Return the record after the event; the same object when the event changes nothing.

    now_s: unix time; quarantine_s: rest of a slot after its conference. Raises LocalError for a forbidden pair.
    """
    key = (lease.state, event)
    if key in LEASE_IGNORED:
        return lease
    if key not in LEASE_TABLE:
        raise LocalError(f"slot {lease.board_id}/{lease.slot}: {event} cannot happen in state {lease.state}")
    state, action = LEASE_TABLE[key]
    until_s = 0
    if action is LeaseAction.REST:
        until_s = math.ceil(now_s + quarantine_s)
    elif action is LeaseAction.HOLD:
        until_s = math.ceil(max(now_s, lease.expires_s + CLOCK_MARGIN_S) + quarantine_s)
    return lease._replace(state=state, since_s=int(now_s), until_s=until_s)


def reserved_legs(records: Iterable[Lease]) -> int:
    """Return how many legs the records of one board keep from others."""
    return sum(lease.size for lease in records if lease.state in HOLDS_LEGS)
