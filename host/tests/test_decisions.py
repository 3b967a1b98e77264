"""Requests that are decided together get what they would get one by one, whatever the store says."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parleyd.books import Books
from parleyd.ledger import Ledger
from parleyd.pattern import PATTERNS
from parleyd.pool import Pool, ProvisionedBoard
from parleyd.receive import Need
from parleyd.report import BoardReport
from parleyd.server import ConferenceServer
from parleyd.server_rules import Rules
from parleyd.store.face import ConflictError, Snapshot, StoreError
from parleyd.verdict import Refusal

from .server_world import SERVER, SilentLog, VirtualClock


class Memory:
    """A store whose answers are laid down: the errors of its first groups, None for all others; as many at a time."""

    shared = False

    def __init__(self, errors):
        self.errors = list(errors)

    def load(self):
        return Snapshot((), ())

    def submit(self, groups, answer):
        told, self.errors = self.errors[: len(groups)], self.errors[len(groups) :]
        answer(told + [None] * (len(groups) - len(told)))


def kept(books):
    """What the books know, by which they decide."""
    ranks = {kind: [rank[:3] for rank in shelf.ranks] for kind, shelf in books.shelves.items()}
    boards = {
        name: (book.reserved, book.room, book.slot, book.last_serial) for name, book in books.boards.items()
    }
    return ranks, boards, books.held, books.last_serial


BOARDS = (  # legs, and what makes them differ
    (8, {"codecs": ["PCMU"]}, ""),
    (12, {"codecs": ["PCMU"]}, ""),
    (12, {"codecs": ["PCMU", "G722"], "srtp": True}, ""),
    (4, {"codecs": ["PCMU", "G722"]}, "north"),
)


class Side:
    """A server with small boards of several kinds, and what it has told whom."""

    def __init__(self, pattern, errors, **rules):
        self.clock, self.told, pool = VirtualClock(), [], Pool()
        ledger = Ledger(Memory(errors), PATTERNS[pattern])
        self.server = ConferenceServer(
            SERVER, Rules(**rules), pool, ledger, self.clock, random.Random(3).randbytes, SilentLog()
        )
        for number, (legs, kind, site) in enumerate(BOARDS):
            pool.provision(
                ProvisionedBoard(f"b{number}", b"k" * 32, f"127.0.1.{number + 1}", 5060, site=site)
            )
            facts = {"firmware": "1", "boot": "a", "board": "x", "legs": legs, "slots": 4, **kind}
            pool.register(f"b{number}", BoardReport.model_validate(facts), self.clock.now_s(), 0, 10**9)
        self.server._decisions.tell = self.told.extend

    def turn(self, needs, together):
        decisions, lane, common = self.server._decisions, None, None
        decisions.look()
        for number, (need, alone) in enumerate(needs):
            if not together or alone:
                decisions.decide(need, lambda verdict, number=number: self.told.append((number, verdict)))
                continue
            if type(need) is Need and need._replace(asked_by="") != common:
                common = need._replace(asked_by="")
                lane = decisions.lane(common)
            if type(need) is not Need or not lane or not decisions.grant_by(lane, [need.asked_by], [number]):
                decisions.decide_one_of_many(need, number)
        while self.server.ledger.full or self.server.ledger._staged:
            self.server.transmits()
        told, self.told = self.told, []
        self.server._decisions.tell = self.told.extend
        return sorted(told, key=lambda pair: pair[0])


NEEDS = st.one_of(
    st.builds(
        Need,
        st.sampled_from([(("PCMU", 8000),), (("G722", 8000), ("PCMU", 8000)), (("OPUS", 48000),)]),
        size=st.sampled_from([2, 3, 4, 9, 99]),
        asked_by=st.sampled_from(["sip:alice@h", "sip:bob@h", ""]),
        site=st.sampled_from(["", "", "north"]),
        quota=st.sampled_from([0, 0, 0, 1]),
        token=st.sampled_from(["", "", "", "01" * 23]),
    ),
    st.just(Refusal(404, "Nobody")),
    st.just(Need(size=2)),
)
ERRORS = st.sampled_from([None, None, None, ConflictError("late"), StoreError("disk full")])


@settings(max_examples=120, deadline=None, derandomize=True)
@given(
    st.sampled_from(sorted(PATTERNS)),
    st.lists(st.lists(st.tuples(NEEDS, st.booleans()), max_size=12), max_size=4),
    st.lists(ERRORS, max_size=20),
    st.sampled_from([0.0, 0.0, 0.3]),
)
def test_many_at_once_are_decided_as_one_by_one(pattern, turns, errors, spared_share):
    many, single = (Side(pattern, errors, spared_share=spared_share) for _ in range(2))
    for needs in turns:
        assert many.turn(needs, together=True) == single.turn(needs, together=False)
        ledger = many.server.ledger
        assert ledger.leases == single.server.ledger.leases
        assert kept(ledger.books) == kept(Books.of(ledger.books.views(), ledger.leases, PATTERNS[pattern]))
        assert many.server.counters == single.server.counters


@pytest.mark.parametrize("error", [ConflictError("late"), StoreError("disk full")])
def test_who_is_too_late_is_decided_anew_and_the_others_keep_what_they_have(error):
    side = Side("round_robin", [None, error, None])
    first, second, third = side.turn([(Need(size=2), False)] * 3, together=True)
    assert [first[1].lease.serial, third[1].lease.serial] == [1, 3]
    if isinstance(error, ConflictError):
        assert second[1].lease.serial == 4 and side.server.counters == {"conflict": 1}
    else:
        assert second[1].status == 503
    granted = [verdict.lease for _, verdict in (first, second, third) if not isinstance(verdict, Refusal)]
    held = [lease for records in side.server.ledger.leases.values() for lease in records.values()]
    assert sorted(held) == sorted(granted)
