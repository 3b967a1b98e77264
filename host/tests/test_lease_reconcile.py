"""What a board's refresh does to its leases: the only way a lease ends."""

import pytest

from parleyd.lease import Lease, LeaseState
from parleyd.reconcile import Refresh, reconcile
from parleyd.report import BoardReport

NOW_S = 1_795_357_275.0
S = LeaseState


def lease(state, slot=3, generation=7, expires_s=int(NOW_S) + 60, until_s=0):
    return Lease("b1", slot, generation, generation, 8, expires_s, state, 1000, until_s, 5, "sip:alice@here")


def refresh(live=(), ended=(), new_boot=False, clock_told=True, unix_s=None):
    fields = {"firmware": "1", "boot": "1", "board": "x", "codecs": ["PCMU"], "legs": 64, "slots": 32}
    report = BoardReport.model_validate(
        {**fields, "live": list(live), "ended": list(ended), "unix_s": unix_s}
    )
    return Refresh("b1", report, new_boot, clock_told)


def after(before, now_s=NOW_S, **told):
    """The record after the refresh; None when nothing was changed."""
    changed = reconcile(refresh(**told), {before.slot: before}, now_s, 32)
    assert len(changed) <= 1
    return changed[0] if changed else None


LIVE = (3, 7, 8, ["sip:alice@here"])
EXPIRED_S = int(NOW_S) - 3


@pytest.mark.parametrize(
    ("before", "told", "state"),
    [
        (lease(S.OFFERED), {"live": [LIVE]}, S.ACTIVE),
        (lease(S.OFFERED), {}, None),
        (lease(S.OFFERED, expires_s=int(NOW_S) - 2), {}, None),  # the board's clock may lag so much
        (lease(S.OFFERED, expires_s=EXPIRED_S), {}, S.LAPSED),
        (lease(S.OFFERED, expires_s=EXPIRED_S), {"clock_told": False}, None),
        (lease(S.OFFERED, expires_s=EXPIRED_S), {"live": [LIVE]}, S.ACTIVE),
        (lease(S.OFFERED, expires_s=EXPIRED_S), {"unix_s": EXPIRED_S + 1}, S.QUARANTINED),
        (
            lease(S.OFFERED, expires_s=EXPIRED_S),
            {"unix_s": EXPIRED_S + 1, "clock_told": False},
            S.QUARANTINED,
        ),
        (
            lease(S.OFFERED, expires_s=EXPIRED_S),
            {"unix_s": EXPIRED_S},
            None,
        ),  # the board would still let a caller in
        (lease(S.OFFERED, expires_s=EXPIRED_S), {"unix_s": EXPIRED_S + 1, "live": [LIVE]}, S.ACTIVE),
        (lease(S.OFFERED), {"unix_s": int(NOW_S) + 3600}, None),  # its clock is wrong
        (
            lease(S.LAPSED, expires_s=EXPIRED_S, until_s=int(NOW_S) + 9),
            {"unix_s": EXPIRED_S + 1},
            S.QUARANTINED,
        ),
        (lease(S.OFFERED), {"ended": [(3, 7)]}, S.QUARANTINED),  # came and went between two refreshes
        (lease(S.OFFERED), {"ended": [(3, 6)]}, None),
        (lease(S.OFFERED), {"new_boot": True, "clock_told": False}, S.LAPSED),
        (lease(S.ACTIVE), {"live": [LIVE]}, None),
        (lease(S.ACTIVE, expires_s=EXPIRED_S), {"live": [LIVE]}, None),  # lives on whatever its token says
        (lease(S.ACTIVE), {}, S.QUARANTINED),
        (lease(S.ACTIVE), {"new_boot": True, "clock_told": False}, S.QUARANTINED),
        (lease(S.LAPSED, until_s=int(NOW_S)), {}, S.FREE),
        (lease(S.LAPSED, until_s=int(NOW_S)), {"clock_told": False}, None),
        (lease(S.LAPSED, until_s=int(NOW_S)), {"live": [LIVE]}, S.ACTIVE),
        (lease(S.LAPSED, until_s=int(NOW_S)), {"ended": [(3, 7)]}, S.QUARANTINED),
        (lease(S.LAPSED, until_s=int(NOW_S) + 1), {}, None),
        (lease(S.QUARANTINED, until_s=int(NOW_S) + 1), {"ended": [(3, 7)]}, None),
        (lease(S.QUARANTINED, until_s=int(NOW_S)), {"ended": [(3, 7)]}, S.FREE),
        (lease(S.QUARANTINED, until_s=int(NOW_S)), {"live": [LIVE]}, S.ACTIVE),
        (lease(S.FREE), {"ended": [(3, 7)]}, None),
        (lease(S.FREE), {"live": [LIVE]}, S.ACTIVE),
    ],
)
def test_what_a_refresh_does(before, told, state):
    changed = after(before, **told)
    assert (changed.state if changed else None) == state


def test_an_unknown_live_conference_is_adopted():
    (adopted,) = reconcile(refresh(live=[(5, 99, 12, [])]), {}, NOW_S, 32)
    assert (adopted.conference_id, adopted.size, adopted.state) == ("b1/5/99", 12, S.ACTIVE)
    assert adopted.highest == 99 and adopted.expires_s == 0


@pytest.mark.parametrize("generation", [6, 8])
def test_what_really_runs_on_a_slot_wins_over_what_was_offered(generation):
    adopted = after(lease(S.OFFERED), live=[(3, generation, 4, [])])
    assert (adopted.generation, adopted.size, adopted.state) == (generation, 4, S.ACTIVE)
    assert adopted.highest == max(7, generation)  # no generation is ever used again


def test_an_abandoned_refresh_frees_after_both_times_and_only_then():
    record = lease(S.OFFERED)
    for elapsed_s in range(200):
        record = after(record, NOW_S + elapsed_s) or record
        if elapsed_s <= 62:
            assert record.state is S.OFFERED
        elif elapsed_s < 95:
            assert record.state is S.LAPSED
    assert record.state is S.FREE
