"""The short way of many plain requests gives what the slow way gives one by one, whatever boards there are."""

from hypothesis import given, settings
from hypothesis import strategies as st

from parleyd.allocate import AllocationUnit
from parleyd.books import Books
from parleyd.lease import LeaseState
from parleyd.pattern import PATTERNS
from parleyd.pool import BoardView
from parleyd.receive import Need
from parleyd.verdict import Grant

from .test_decisions import kept

NOW_S = 1_795_358_400.5
TTL_S = 32
PCMU, G722 = ("PCMU", 8000), ("G722", 16000)

KINDS = st.tuples(
    st.sampled_from([frozenset({PCMU}), frozenset({PCMU, G722}), frozenset({G722})]),
    st.sampled_from([0, 4, 12]),  # legs that may be encrypted
    st.sampled_from(["127.0.1.1", "::1"]),
    st.sampled_from(["", "north", "south"]),
)
BOARDS = st.lists(
    st.tuples(KINDS, st.sampled_from([2, 5, 8, 12]), st.integers(1, 5)), max_size=7
)  # kind, legs, slots
NEEDS = st.builds(
    Need,
    st.sampled_from([(PCMU,), (G722, PCMU), (G722,), (("OPUS", 48000),)]),
    size=st.sampled_from([2, 2, 3, 4, 9]),
    srtp=st.sampled_from(["none", "optional", "required"]),
    ipv6=st.sampled_from([False, False, True]),
    site=st.sampled_from(["", "", "north", "west"]),
    priority=st.booleans(),
    quota=st.sampled_from([0, 0, 2]),
)
ASKERS = st.lists(st.sampled_from(["sip:alice@h", "sip:bob@h", ""]), max_size=9)
# who ask for what, then how many of the oldest conferences end, and whether their slots are free at once
TURNS = st.lists(st.tuples(NEEDS, ASKERS, st.integers(0, 4), st.booleans()), max_size=6)


def views(boards):
    return [
        BoardView(f"b{number}", host, 5060, b"k", codecs, legs, slots, srtp_legs, site)
        for number, ((codecs, srtp_legs, host, site), legs, slots) in enumerate(boards)
    ]


def one_by_one(unit, books, need, askers):
    """What lane.grant() returns, by the slow way."""
    found = []
    for asked_by in askers:
        verdict = unit.allocate(books, need._replace(asked_by=asked_by), NOW_S)
        if not isinstance(verdict, Grant):
            break
        found.append((books.put_one(verdict.lease), verdict))
    return found


def end(lease, free):
    state = LeaseState.FREE if free else LeaseState.QUARANTINED
    return lease._replace(state=state, since_s=lease.since_s + 1)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(BOARDS, st.sampled_from(sorted(PATTERNS)), st.integers(0, 2), st.sampled_from([0.0, 0.0, 0.3]), TURNS)
def test_a_lane_grants_what_the_slow_way_grants(boards, pattern, turn, spared_share, turns):
    unit, leases = AllocationUnit(TTL_S, spared_share), {}
    quick, slow = (Books.of(views(boards), {}, PATTERNS[pattern], turn) for _ in range(2))
    for need, askers, ends, free in turns:
        expected = one_by_one(unit, slow, need, askers)
        assert unit.lane(quick, need, NOW_S).grant(askers) == expected
        assert kept(quick) == kept(slow)
        for _, grant in expected:
            leases.setdefault(grant.lease.board_id, {})[grant.lease.slot] = grant.lease
        assert kept(quick) == kept(Books.of(views(boards), leases, PATTERNS[pattern], turn))
        held = [one for slots in leases.values() for one in slots.values() if one.state is LeaseState.OFFERED]
        for lease in sorted(held, key=lambda one: one.serial)[:ends]:
            leases[lease.board_id][lease.slot] = ended = end(lease, free)
            quick.put_one(ended)
            slow.put_one(ended)
