"""Boards at the server: registration, leases reconciled with what boards say, ends of conferences."""

import json

import pytest

from parleyd.lease import reserved_legs
from parleyd.status import board_row

from .server_world import START_S, World, date_of


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path / "leases.sqlite")
    made.register_all()
    return made


def live(allocation, *participants):
    return [allocation.slot, allocation.generation, allocation.size, list(participants)]


def states(world):
    return {lease.conference_id: lease.state.value for lease in world.server.running()}


def test_registration_is_challenged_then_answered_with_the_date(world):
    (answer,) = world.boards[0].answers
    assert answer.status == 200
    assert date_of(answer) == START_S
    assert "expires=9" in answer.get("Contact")
    assert world.server.counters["register 401"] == 2


def test_wrong_key_and_strangers_are_403(world):
    board = world.boards[0]
    world.server.pool.drop(board.board_id)
    board.password = "0" * 64
    board.register(0)
    world.settle()
    assert board.answers[-1].status in (401, 403)
    assert world.server.pool.registration(board.board_id) is None


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b'{"firmware": 1}', b"\xff\xfe", json.dumps({"firmware": "0", "boot": "b"}).encode()],
)
def test_bad_reports_are_400(world, body):
    board = world.boards[0]
    board.register(0, body=body)
    world.settle()
    assert board.answers[-1].status == 400


def test_a_board_with_two_conferences_on_one_slot_is_not_believed(world):
    board, allocation, _ = world.granted()
    board.report["live"] = [live(allocation), live(allocation)]
    board.register(0)
    world.settle()
    assert board.answers[-1].status == 400


def test_a_silent_board_leaves_the_pool_within_its_registration(world):
    dead, alive = world.boards
    world.lost.add(dead.address)
    world.wait(10)
    assert world.server.pool.registration(dead.board_id) is None
    hosts = {world.granted(uri="sip:conference@127.0.0.1;size=2")[0].host for _ in range(4)}
    assert hosts == {alive.host}


@pytest.mark.parametrize(
    ("states_time", "state", "legs_held"), [(True, "quarantined", 0), (False, "lapsed", 8)]
)
def test_an_unused_offer_is_over_after_32_s_and_its_slot_rests_before_it_returns(
    world, states_time, state, legs_held
):
    for one in world.boards:
        one.states_time = states_time
    board, allocation, _ = world.granted()
    world.wait(31)
    assert len(states(world)) == 1
    world.wait(7)
    assert states(world) == {}
    records = world.server.ledger.leases[board.board_id]
    assert records[allocation.slot].state.value == state
    assert reserved_legs(records.values()) == legs_held  # the board's own word frees them at once
    world.wait(38)
    assert records[allocation.slot].state.value == "free"


def test_two_boards_with_one_identity(world):
    board = world.boards[0]
    for boot in ("a1", "b2", "a1"):
        board.report["boot"] = boot
        board.register(world.clock.now_ms())
        world.settle()
    assert (board.answers[-1].status, "identity" in board.answers[-1].reason) == (403, True)
    row = board_row(world.server, None, world.server.pool.board(board.board_id))
    assert row["state"] == "degraded" and "boot a1" in row["reason"] and "provision" in row["reason"]
    world.start_server()
    board.register(world.clock.now_ms())
    world.settle()
    assert board.answers[-1].status == 403  # also by the next daemon
    board.report["boot"] = "b2"  # the other one goes on
    world.wait(59)
    assert board.answers[-1].status == 200
    world.wait(3)
    assert board_row(world.server, None, world.server.pool.board(board.board_id))["state"] == "ready"


@pytest.mark.parametrize(
    ("firmware", "state"),
    [
        ("0.0.9", "degraded"),
        ("0.1", "degraded"),
        ("mine", "degraded"),
        ("0.1.0", "ready"),
        ("0.10.0", "ready"),
    ],
)
def test_a_board_of_an_older_release_is_degraded(world, firmware, state):
    board = world.boards[0]
    board.report["firmware"] = firmware
    board.register(world.clock.now_ms())
    world.settle()
    row = board_row(world.server, None, world.server.pool.board(board.board_id))
    assert row["state"] == state
    assert state == "ready" or (f"firmware {firmware}," in row["reason"] and "upgrade" in row["reason"])


def test_a_board_is_told_since_when_its_boot_is_known_also_by_the_next_daemon(world):
    board = world.boards[0]
    first = board.answers[-1].get("Boot-Heard")
    assert int(first) == START_S
    world.wait(10)
    world.start_server()
    world.register_all()
    assert board.answers[-1].get("Boot-Heard") == first
    board.report["boot"] = "b2"
    world.register_all()
    assert int(board.answers[-1].get("Boot-Heard")) == START_S + 10


def test_a_conference_lives_as_long_as_its_board_lists_it(world):
    board, allocation, _ = world.granted()
    board.report["live"] = [live(allocation, "sip:a@127.0.0.1")]
    world.wait(300)
    assert list(states(world).values()) == ["active"]
    board.report["live"] = []
    board.report["ended"] = [[allocation.slot, allocation.generation]]
    world.wait(4)
    assert states(world) == {}


def test_a_restarted_server_knows_what_it_gave_out(world):
    board, allocation, contact = world.granted()
    board.report["live"] = [live(allocation, "sip:a@127.0.0.1")]
    world.wait(4)
    world.start_server()
    assert world.ask().status == 503  # no board has registered with it yet
    world.wait(4)
    assert list(states(world).values()) == ["active"]
    more = {world.granted(uri="sip:conference@127.0.0.1;size=2")[2] for _ in range(12)}
    assert contact not in more
    slots = [(b.board_id, b.allocation(c).slot) for c in more for b in world.boards if b.host + ":" in c]
    assert (board.board_id, allocation.slot) not in slots


def test_a_rebooted_board_has_no_conferences_left(world):
    board, allocation, _ = world.granted()
    board.report["live"] = [live(allocation, "sip:a@127.0.0.1")]
    world.wait(4)
    board.report |= {"boot": "b2", "live": []}
    world.wait(4)
    assert states(world) == {}


def test_a_lost_board_keeps_its_leases_until_it_returns(world):
    board, allocation, _ = world.granted()
    board.report["live"] = [live(allocation, "sip:a@127.0.0.1")]
    world.wait(4)
    world.lost.add(board.address)
    world.wait(200)
    assert list(states(world).values()) == ["active"]
    world.lost.clear()
    world.wait(4)
    assert list(states(world).values()) == ["active"]


def test_ending_a_conference_is_an_order_to_its_board(world):
    board, allocation, _ = world.granted()
    board.report["live"] = [live(allocation, "sip:a@127.0.0.1")]
    world.wait(4)
    outcomes = []
    (conference_id,) = states(world)
    world.server.orders.conference(conference_id, "end", (), outcomes.append)
    world.settle()
    assert board.orders == [{"end": [allocation.slot, allocation.generation]}]
    assert [outcome.done for outcome in outcomes] == [True]


def test_ending_nothing_is_404_and_a_dead_board_408(world):
    outcomes = []
    world.server.orders.conference("b1/0/1", "end", (), outcomes.append)
    board, allocation, _ = world.granted()
    world.lost.add(board.address)
    conference_id = f"{board.board_id}/{allocation.slot}/{allocation.generation}"
    world.server.orders.conference(conference_id, "end", (), outcomes.append)
    world.wait(40)
    assert [outcome.status for outcome in outcomes] == [404, 408]


def test_unregistering_takes_a_board_out(world):
    board = world.boards[0]
    board.register(0, expires_s=0)
    world.settle()
    assert board.answers[-1].status == 200
    assert world.server.pool.registration(board.board_id) is None
