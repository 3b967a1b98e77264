"""The allocation unit and its pattern, as the pure functions they are."""

import pytest

from parley.wire.address import MAX_GENERATION, read_token
from parley.wire.uri import parse_uri
from parleyd.allocate import AllocationUnit
from parleyd.books import BoardBook, Books
from parleyd.lease import Lease, LeaseState
from parleyd.pattern import FILL_FIRST, LEAST_LOADED, LOCALITY, ROUND_ROBIN, next_generation
from parleyd.pool import BoardView
from parleyd.receive import Need
from parleyd.verdict import Grant

NOW_S = 1_795_357_275.9
PCMU, G722 = ("PCMU", 8000), ("G722", 8000)


def board(name="b1", legs=16, slots=4, codecs=(PCMU,), srtp_legs=0, host=None, site=""):
    host = host or f"127.0.1.{name[1:]}"
    return BoardView(name, host, 5060, name.encode() * 16, frozenset(codecs), legs, slots, srtp_legs, site)


def record(slot, state=LeaseState.OFFERED, board_id="b1", highest=5, **fields):
    given = {"size": 8, "expires_s": int(NOW_S) + 60, "since_s": 0, **fields}
    return Lease(board_id, slot, highest, highest, state=state, **given)


def books(*records):
    leases = {}
    for entry in records:
        leases.setdefault(entry.board_id, {})[entry.slot] = entry
    return leases


def allocate(boards, leases=None, now_s=NOW_S, pattern=ROUND_ROBIN, spared=0.0, **need):
    unit = AllocationUnit(60, spared)
    return unit.allocate(Books.of(boards, leases or {}, pattern), Need(**need), now_s)


def choose_slot(board, records, now_s):
    book = BoardBook()
    for entry in records.values():
        book.put(entry)
    return book.next_slot(board.slots)


def test_the_address_carries_what_was_allocated():
    grant = allocate([board()], size=6, asked_by="sip:alice@here")
    uri = parse_uri(grant.uri)
    token = read_token(board().key, uri.user)
    assert (uri.host, uri.port, uri.param("transport")) == ("127.0.1.1", 5060, "udp")
    assert (token.slot, token.generation, token.size) == (0, int(NOW_S), 6)
    assert token.expires_s == grant.lease.expires_s == int(NOW_S) + 60
    assert (grant.lease.state, grant.lease.asked_by) == (LeaseState.OFFERED, "sip:alice@here")


def test_the_same_question_has_the_same_answer():
    boards, leases = [board("b1"), board("b2")], books(record(0), record(1, board_id="b2"))
    assert allocate(boards, leases) == allocate(list(reversed(boards)), leases)


def test_boards_take_turns_by_their_last_grant():
    leases = books(
        record(0, serial=7, size=2), record(1, serial=3, size=2), record(0, board_id="b2", serial=5)
    )
    boards, order = [board("b1"), board("b2"), board("b3")], []
    for _ in range(3):
        lease = allocate(boards, leases, size=2).lease
        order.append(lease.board_id)
        leases.setdefault(lease.board_id, {})[lease.slot] = lease
    assert order == ["b3", "b2", "b1"]


LOADED = [record(0, size=10, serial=1), record(0, board_id="b2", size=4, serial=2)]  # 6, 12 and 16 legs free


@pytest.mark.parametrize(
    ("pattern", "size", "board_id"),
    [
        (ROUND_ROBIN, 6, "b3"),
        (LEAST_LOADED, 6, "b3"),
        (FILL_FIRST, 6, "b1"),
        (FILL_FIRST, 7, "b2"),
        (FILL_FIRST, 13, "b3"),
        (LOCALITY, 6, "b3"),
    ],
)
def test_each_pattern_has_its_own_order(pattern, size, board_id):
    boards = [board("b1"), board("b2"), board("b3")]
    assert allocate(boards, books(*LOADED), pattern=pattern, size=size).lease.board_id == board_id


def test_boards_of_the_wanted_site_come_first_and_others_help_out():
    boards = [board("b1", site="north"), board("b2", site="south"), board("b3")]
    assert allocate(boards, site="south").lease.board_id == "b2"
    full = books(record(0, board_id="b2", size=16))
    assert allocate(boards, full, site="south").lease.board_id in ("b1", "b3")


def test_a_wideband_offer_goes_to_a_wideband_board_while_there_is_room():
    boards = [board("b1"), board("b2", codecs=(PCMU, G722))]
    offer = (G722, PCMU)
    assert [allocate(boards, size=8, codecs=offer).lease.board_id for _ in range(3)] == ["b2"] * 3
    assert allocate(boards, books(record(0, board_id="b2", size=16)), codecs=offer).lease.board_id == "b1"


def test_a_phone_with_ipv6_only_gets_a_board_with_ipv6():
    boards = [board("b1"), board("b2", host="2001:db8::2")]
    assert allocate(boards, ipv6=True).lease.board_id == "b2"
    refusal = allocate(boards[:1], ipv6=True)
    assert (refusal.status, refusal.warn_code) == (488, 301)


def test_a_phone_with_ipv4_only_gets_a_board_with_ipv4():
    boards = [board("b1", host="2001:db8::1"), board("b2")]
    assert allocate(boards, ipv4=True).lease.board_id == "b2"
    assert allocate(boards).lease.board_id == "b1", "it has both"
    refusal = allocate(boards[:1], ipv4=True)
    assert (refusal.status, refusal.warn_code) == (488, 301)


def test_what_is_spared_is_for_calls_with_priority():
    leases = books(record(0, size=10))
    assert allocate([board()], leases, spared=0.25, size=3).status == 503
    assert isinstance(allocate([board()], leases, spared=0.25, size=2), Grant)
    assert isinstance(allocate([board()], leases, spared=0.25, size=6, priority=True), Grant)


def test_a_quota_counts_what_a_caller_holds():
    leases = books(
        record(0, size=2, asked_by="sip:a@h"), record(1, LeaseState.QUARANTINED, asked_by="sip:a@h")
    )
    assert isinstance(allocate([board()], leases, size=2, asked_by="sip:a@h", quota=2), Grant)
    refusal = allocate([board()], leases, size=2, asked_by="sip:a@h", quota=1)
    assert (refusal.status, refusal.retry_after_s) == (480, 10)
    assert isinstance(allocate([board()], leases, size=2, asked_by="sip:b@h", quota=1), Grant)


def test_the_serial_grows_over_all_boards():
    grant = allocate([board("b2")], books(record(0, serial=41)))
    assert grant.lease.serial == 42


def test_a_board_without_room_is_passed_over():
    leases = books(record(0, size=12), record(0, board_id="b2", serial=9, size=4))
    assert allocate([board("b1"), board("b2")], leases).lease.board_id == "b2"


def test_slots_never_used_come_first_then_those_longest_out_of_use():
    free = LeaseState.FREE
    records = books(record(0, free, since_s=30), record(1, free, since_s=10), record(3, free, since_s=20))[
        "b1"
    ]
    assert choose_slot(board(), records, NOW_S) == 2
    records[2] = record(2, LeaseState.ACTIVE)
    assert choose_slot(board(), records, NOW_S) == 1


@pytest.mark.parametrize("state", [state for state in LeaseState if state is not LeaseState.FREE])
def test_only_a_free_slot_is_given_out(state):
    assert choose_slot(board(slots=1), {0: record(0, state)}, NOW_S) is None


def test_slots_the_board_has_no_more_are_not_given_out():
    assert choose_slot(board(slots=1), {0: record(0), 1: record(1, LeaseState.FREE)}, NOW_S) is None


def test_generations_grow_whatever_the_clock_says():
    assert next_generation(None, NOW_S) == int(NOW_S)
    assert next_generation(record(0, highest=9), NOW_S) == int(NOW_S)
    assert next_generation(record(0, highest=2**31), NOW_S) == 2**31 + 1


def test_a_slot_whose_generations_are_used_up_is_out_of_use():
    assert choose_slot(board(slots=1), {0: record(0, LeaseState.FREE, highest=MAX_GENERATION)}, NOW_S) is None


@pytest.mark.parametrize("state", [LeaseState.OFFERED, LeaseState.ACTIVE, LeaseState.LAPSED])
def test_held_legs_are_not_sold_twice(state):
    leases = books(record(0, state, size=12))
    assert allocate([board(legs=16)], leases, size=5).status == 503
    assert isinstance(allocate([board(legs=16)], leases, size=4), Grant)


@pytest.mark.parametrize("state", [LeaseState.QUARANTINED, LeaseState.FREE])
def test_legs_of_ended_conferences_are_free(state):
    assert isinstance(allocate([board(legs=16)], books(record(0, state, size=16)), size=16), Grant)


@pytest.mark.parametrize(
    ("need", "status"),
    [
        ({"codecs": (("G729", 8000),)}, 488),
        ({"codecs": (("PCMU", 16000),)}, 488),  # a name alone is no codec
        ({"size": 17}, 606),
        ({"srtp": "required"}, 606),
        ({"codecs": (G722,), "size": 16}, 606),  # each alone is possible, both together on no board
        ({"srtp": "optional"}, None),
        ({"codecs": (("G729", 8000), PCMU)}, None),
    ],
)
def test_what_no_board_can_do(need, status):
    verdict = allocate([board("b1", 16), board("b2", 8, codecs=(PCMU, G722))], **need)
    assert (None if isinstance(verdict, Grant) else verdict.status) == status
    if status:
        assert verdict.retry_after_s is None and verdict.warn_code and verdict.reason


def test_encryption_goes_to_the_board_that_has_it():
    grant = allocate([board("b1"), board("b2", srtp_legs=8)], srtp="required")
    assert grant.lease.board_id == "b2"


@pytest.mark.parametrize(("size", "served"), [(8, True), (9, False)])
def test_encryption_for_no_more_legs_than_a_board_has_it_for(size, served):
    verdict = allocate([board("b1", 16, srtp_legs=8)], srtp="required", size=size)
    assert isinstance(verdict, Grant) is served
    assert served or (verdict.status, "can 8" in verdict.reason) == (606, True)
    assert isinstance(allocate([board("b1", 16, srtp_legs=8)], srtp="optional", size=16), Grant)


def test_nobody_registered():
    refusal = allocate([])
    assert (refusal.status, refusal.retry_after_s) == (503, 5)


@pytest.mark.parametrize(
    ("states", "expected_s"),
    [
        ([(LeaseState.ACTIVE, 0)], 10),  # nobody knows when people hang up
        ([(LeaseState.LAPSED, int(NOW_S) + 20), (LeaseState.ACTIVE, 0)], 20),
        ([(LeaseState.OFFERED, 0)], 62),
        ([(LeaseState.LAPSED, int(NOW_S) - 5)], 2),  # due, its board has not refreshed yet
        ([(LeaseState.LAPSED, int(NOW_S) + 4000)], 120),
    ],
)
def test_retry_after_is_when_the_first_hold_ends(states, expected_s):
    leases = books(*(record(slot, state, until_s=until_s) for slot, (state, until_s) in enumerate(states)))
    refusal = allocate([board(legs=8, slots=1)], leases)
    assert refusal.status == 503
    assert abs(refusal.retry_after_s - expected_s) <= 1
