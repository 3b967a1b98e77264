"""Comparing the leases of one board with what the board says is live: the only way a lease ends."""

from collections.abc import Mapping
from dataclasses import dataclass

from parleyd.lease import CLOCK_MARGIN_S, RESTS, Lease, LeaseEvent, LeaseState, step
from parleyd.live_conference import LiveConference
from parleyd.report import BoardReport


@dataclass(frozen=True, slots=True)
class Refresh:
    """One refresh of a board's registration.

    new_boot: the board is another boot than at its last refresh. clock_told: an earlier refresh of this board was
    answered by this very daemon, so the board's clock is ours and no older report can be under way; without that
    nothing ends by time.
    """

    board_id: str
    report: BoardReport
    new_boot: bool
    clock_told: bool


def reconcile(
    refresh: Refresh, records: Mapping[int, Lease], now_s: float, quarantine_s: float
) -> list[Lease]:
    """Return the records of this board that the refresh changes, to be committed in one go.

    records: slot -> record of this board; now_s: unix time of the refresh; quarantine_s: rest of a slot.
    """
    live = {conference.slot: conference for conference in refresh.report.live}
    ended = {(conference.slot, conference.generation) for conference in refresh.report.ended}
    changed: list[Lease] = []
    for slot, lease in records.items():
        event = _event_for(refresh, lease, live.get(slot), ended, now_s)
        after = step(lease, event, now_s, quarantine_s)
        if event is LeaseEvent.ADOPT:
            after = _as_listed(after, live[slot])
        if after is not lease:
            changed.append(after)
    unknown = [conference for slot, conference in live.items() if slot not in records]
    return changed + [_adopted(refresh.board_id, conference, now_s) for conference in unknown]


def _event_for(
    refresh: Refresh,
    lease: Lease,
    live: LiveConference | None,
    ended: set[tuple[int, int]],
    now_s: float,
) -> LeaseEvent:
    if live is not None:
        return LeaseEvent.SEEN_LIVE if live.generation == lease.generation else LeaseEvent.ADOPT
    if (lease.slot, lease.generation) in ended and lease.state is not LeaseState.QUARANTINED:
        return LeaseEvent.RELEASED
    if lease.state in RESTS and now_s >= lease.until_s and refresh.clock_told:
        return LeaseEvent.QUARANTINE_OVER
    if refresh.new_boot:
        return LeaseEvent.RESTARTED
    return _event_of_time(refresh, lease, now_s)


def _event_of_time(refresh: Refresh, lease: Lease, now_s: float) -> LeaseEvent:
    """Tell whether an offer is over. The board's word is enough to free its legs at once: by the time it states,
    the address was dead (Clock.expiry_s on the board), and our clock, which never goes back, is past it, too.
    """
    if (
        lease.state not in (LeaseState.OFFERED, LeaseState.LAPSED)
        or now_s <= lease.expires_s + CLOCK_MARGIN_S
    ):
        return LeaseEvent.NOT_LISTED
    stated_s = refresh.report.unix_s
    if stated_s is not None:
        return LeaseEvent.EXPIRED if stated_s > lease.expires_s else LeaseEvent.NOT_LISTED
    lapses = lease.state is LeaseState.OFFERED and refresh.clock_told
    return LeaseEvent.LAPSE if lapses else LeaseEvent.NOT_LISTED


def _as_listed(lease: Lease, live: LiveConference) -> Lease:
    """Return the record with the conference that the board really runs; the generations issued stay known."""
    return lease._replace(
        generation=live.generation,
        highest=max(lease.highest, live.generation),
        size=live.size,
        expires_s=0,
        asked_by="",
    )


def _adopted(board_id: str, live: LiveConference, now_s: float) -> Lease:
    unknown = Lease(board_id, live.slot, live.generation, live.generation, live.size, 0, LeaseState.FREE, 0)
    return step(unknown, LeaseEvent.ADOPT, now_s, 0)
