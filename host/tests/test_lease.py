"""The lease table: closed, and each step of a lease's life."""

import itertools

import pytest

from parley.wire.errors import LocalError
from parleyd.lease import (
    HOLDS_LEGS,
    LEASE_FORBIDDEN,
    LEASE_IGNORED,
    LEASE_TABLE,
    Lease,
    LeaseEvent,
    LeaseState,
    reserved_legs,
    step,
)

NOW_S = 1_795_357_275.4


def lease(state, expires_s=int(NOW_S) + 60, **fields):
    return Lease("b1", 3, 7, 7, 8, expires_s, state, 1000, **fields)


def test_every_pair_stands_in_exactly_one_place():
    for pair in itertools.product(LeaseState, LeaseEvent):
        places = [pair in LEASE_TABLE, pair in LEASE_IGNORED, pair in LEASE_FORBIDDEN]
        assert places.count(True) == 1, pair


def test_every_state_can_be_reached_and_left():
    reached, todo = {LeaseState.FREE}, [LeaseState.FREE]
    while todo:
        state = todo.pop()
        for (before, _), (after, _) in LEASE_TABLE.items():
            if before is state and after not in reached:
                reached.add(after)
                todo.append(after)
    assert reached == set(LeaseState)
    assert {before for before, _ in LEASE_TABLE} == set(LeaseState)


def test_only_a_free_slot_is_granted():
    granting = {before for before, event in LEASE_TABLE if event is LeaseEvent.GRANT}
    assert granting == {LeaseState.FREE}


def test_an_active_lease_never_becomes_free_without_quarantine():
    for state in (LeaseState.OFFERED, LeaseState.ACTIVE):
        after = {new for (before, _), (new, _) in LEASE_TABLE.items() if before is state}
        assert LeaseState.FREE not in after


@pytest.mark.parametrize("pair", sorted(LEASE_FORBIDDEN))
def test_forbidden_pairs_raise(pair):
    state, event = pair
    with pytest.raises(LocalError):
        step(lease(state), event, NOW_S, 32)


@pytest.mark.parametrize("pair", sorted(LEASE_IGNORED))
def test_ignored_pairs_change_nothing(pair):
    before = lease(pair[0])
    assert step(before, pair[1], NOW_S, 32) is before


def test_a_call_makes_the_offer_active():
    after = step(lease(LeaseState.OFFERED), LeaseEvent.SEEN_LIVE, NOW_S, 32)
    assert (after.state, after.since_s, after.until_s) == (LeaseState.ACTIVE, int(NOW_S), 0)


def test_quarantine_is_counted_from_the_end():
    after = step(lease(LeaseState.ACTIVE), LeaseEvent.NOT_LISTED, NOW_S, 32)
    assert (after.state, after.until_s) == (LeaseState.QUARANTINED, int(NOW_S) + 33)  # rounded up


def test_a_lapsed_offer_is_held_from_the_tokens_expiry():
    # the token may be younger than the boot
    after = step(lease(LeaseState.OFFERED), LeaseEvent.RESTARTED, NOW_S, 32)
    assert (after.state, after.until_s) == (LeaseState.LAPSED, int(NOW_S) + 60 + 2 + 32)
    late = step(lease(LeaseState.OFFERED, expires_s=int(NOW_S) - 90), LeaseEvent.LAPSE, NOW_S, 32)
    assert late.until_s == int(NOW_S) + 33


def test_a_lapsed_offer_holds_its_legs_and_a_quarantined_slot_does_not():
    records = [lease(state) for state in LeaseState]
    assert reserved_legs(records) == 8 * len(HOLDS_LEGS) == 24


def test_the_conference_id_names_board_slot_and_generation():
    assert lease(LeaseState.ACTIVE).conference_id == "b1/3/7"
