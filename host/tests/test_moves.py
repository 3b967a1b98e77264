"""Conferences leave a board: drained, they are moved; with a board that dies they are lost, and meet again."""

import pytest

from parley.wire.address import make_token
from parleyd.lease import LeaseState
from parleyd.live_conference import LiveConference
from parleyd.receive import Need
from parleyd.reunions import Reunions

from .server_world import START_S, World

REUNION_S = 120


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path / "leases.sqlite", boards=3, reunion_s=REUNION_S, reunion_trust="host")
    made.register_all()
    return made


def begin(world, *names):
    """A conference in which these people are, names here or URIs; returns (board, its allocation)."""
    board, allocation, _ = world.granted()
    people = [name if "@" in name else f"sip:{name}@127.0.0.1" for name in names]
    numbers = list(range(1, len(names) + 1))
    board.report["live"] = [
        [allocation.slot, allocation.generation, allocation.size, people, numbers, [], False]
    ]
    board.register(world.clock.now_ms())
    world.settle()
    return board, allocation


def move(world, board):
    outcomes = []
    world.server.pool.draining.add(board.board_id)
    world.server.pool.look_again(board.board_id)
    count = world.server.moves.board(board.board_id, outcomes.append)
    world.settle()
    return count, [outcome.status for outcome in outcomes]


def test_each_conference_of_a_drained_board_gets_an_address_on_another(world):
    board, allocation = begin(world, "alice", "bob")
    assert move(world, board) == (1, [200])
    (order,) = board.orders
    slot, generation, uri = order["move"]
    assert (slot, generation) == (allocation.slot, allocation.generation)
    new = next(one for one in world.boards if one.host in uri)
    assert new is not board and uri.endswith(";transport=udp")
    assert new.allocation(f"<{uri}>").size == allocation.size
    offered = [lease for lease in world.server.running() if lease.state is LeaseState.OFFERED]
    assert [lease.board_id for lease in offered] == [new.board_id]


def test_what_was_only_offered_stays(world):
    board, _, _ = world.granted()
    assert move(world, board) == (0, [])
    assert board.orders == []


def test_without_room_elsewhere_it_stays_where_it_is(world):
    board, _ = begin(world, "alice")
    for other in world.boards:
        if other is not board:
            world.server.pool.drop(other.board_id)
    assert move(world, board) == (1, [503])
    assert board.orders == []


def lose(world, board):
    world.lost.add(board.address)
    world.wait(10)
    assert world.server.pool.registration(board.board_id) is None


def ask_as(world, name, uri="sip:conference@127.0.0.1:5060;size=2", host="127.0.0.1"):
    """Where this phone is sent; a status when nowhere."""
    world.phone.user = name
    body = (
        b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 6000 RTP/AVP 0\r\n"
    )
    world.phone_events.clear()
    world.phone.invite(
        uri,
        body,
        world.clock.now_ms(),
        peer=("127.0.0.1", 5060),
        from_uri=f"sip:{name}@{host}:5070",
    )
    world.settle()
    (final,) = [event for event in world.phone_events if event.kind in ("redirected", "rejected")]
    return final.message.get("Contact") or final.status


def test_those_whose_board_has_died_meet_in_one_new_conference(world):
    board, allocation = begin(world, "alice", "bob")
    lose(world, board)
    first = ask_as(world, "bob")
    assert board.host not in first
    assert ask_as(world, "alice") == first
    assert ask_as(world, "bob") == first
    assert ask_as(world, "carol") != first  # was not in it
    new = next(one for one in world.boards if one.host in first)
    assert new.allocation(first).size == allocation.size  # as much room as there was, not as one asks for


def test_both_who_ask_at_once_are_answered_when_it_is_durable(world):
    board, _ = begin(world, "alice", "bob")
    lose(world, board)
    verdicts = []
    for name in ("alice", "bob"):
        need = Need(size=2, asked_by=f"sip:{name}@127.0.0.1", source="127.0.0.1")
        world.server.allocate(need, verdicts.append)
    assert verdicts == []
    world.server.transmits()
    assert len(verdicts) == 2 and verdicts[0].uri == verdicts[1].uri


def test_two_minutes_later_everybody_is_for_himself_again(world):
    board, _ = begin(world, "alice", "bob")
    lose(world, board)
    world.wait(REUNION_S + 1)
    assert ask_as(world, "alice") != ask_as(world, "bob")


def test_a_board_that_was_only_out_of_reach_has_lost_nothing(world):
    board, _ = begin(world, "alice", "bob")
    lose(world, board)
    world.lost.clear()
    board.register(world.clock.now_ms())
    world.settle()
    assert ask_as(world, "alice") != ask_as(world, "bob")


def test_a_board_that_is_back_before_it_was_missed_has_lost_its_conferences_all_the_same(world):
    board, _ = begin(world, "alice", "bob")
    board.report |= {"boot": "b2", "live": []}
    board.register(world.clock.now_ms())
    world.settle()
    assert ask_as(world, "alice") == ask_as(world, "bob")


def test_a_conference_that_follows_and_ends_is_followed_by_another(world):
    board, _ = begin(world, "alice", "bob")
    lose(world, board)
    first = ask_as(world, "alice")
    new = next(one for one in world.boards if one.host in first)
    allocation = new.allocation(first)
    new.report["ended"] = [[allocation.slot, allocation.generation]]
    new.register(world.clock.now_ms())
    world.settle()
    again = ask_as(world, "alice")
    assert again != first and ask_as(world, "bob") == again
    assert world.clock.now_s() > START_S


def test_nobody_is_brought_together_unless_that_is_wanted(tmp_path):
    world = World(tmp_path / "leases.sqlite", boards=3, reunion_s=0)
    world.register_all()
    board, allocation = begin(world, "alice", "bob")
    lose(world, board)
    assert ask_as(world, "alice") != ask_as(world, "bob")
    assert ask_as(world, "alice", old_address(board, allocation)) == 404


def old_address(board, allocation):
    """The lost conference's address, called at the server."""
    fields = (allocation.slot, allocation.generation, allocation.size, allocation.expires_s)
    return f"sip:{make_token(board.key, *fields)}@127.0.0.1:5060"


def test_who_has_the_old_address_comes_back_whatever_his_name(world):
    board, allocation = begin(world, "alice", "bob")
    assert ask_as(world, "carol", old_address(board, allocation)) == 404  # it lives: call it there
    lose(world, board)
    new = ask_as(world, "carol", old_address(board, allocation))
    assert ask_as(world, "alice") == new and board.host not in new
    other = next(one for one in world.boards if one is not board)
    assert ask_as(world, "carol", old_address(other, allocation)) == 404  # under another board's key
    world.wait(REUNION_S + 1)
    assert ask_as(world, "carol", old_address(board, allocation)) == 404


def test_a_locked_conference_takes_back_those_who_were_in_it_alone(world):
    board, allocation = begin(world, "alice", "bob")
    board.report["live"][0][-1] = True
    board.register(world.clock.now_ms())
    world.settle()
    lose(world, board)
    assert ask_as(world, "carol", old_address(board, allocation)) == 404
    assert ask_as(world, "alice") == ask_as(world, "bob")


def test_a_name_alone_is_no_proof(world):
    board, allocation = begin(world, "sip:alice@example.org", "sip:bob@127.0.0.9")
    lose(world, board)
    there = ask_as(world, "dave", old_address(board, allocation))
    # a domain says nothing of where she calls from
    assert ask_as(world, "alice", host="example.org") != there
    assert ask_as(world, "bob", host="127.0.0.9") != there  # he calls from elsewhere than he says


def test_where_nobody_can_lie_a_name_is_enough(tmp_path):
    world = World(tmp_path / "leases.sqlite", boards=3, reunion_trust="from")
    world.register_all()
    lose(world, begin(world, "sip:alice@example.org", "sip:bob@example.org")[0])
    assert ask_as(world, "alice", host="example.org") == ask_as(world, "bob", host="example.org")


def test_a_password_is_proof_of_a_name():
    reunions = Reunions(32, 60, "proof", lambda board, conference: False, lambda board: b"k")
    live = [LiveConference(0, 5, 4, ["sip:alice@example.org", "sip:bob@example.org"])]
    assert reunions.lose("b1", live, 0) == 1
    asked = Need(asked_by="sip:alice@example.org", source="10.0.0.1")
    assert reunions.of(asked, 1) is None and reunions.of(asked._replace(user="bob"), 1) is None
    assert reunions.of(asked._replace(user="alice"), 1).conference_id == "b1/0/5"
    assert reunions.of(asked._replace(user="alice"), 60_000) is None


@pytest.mark.parametrize(("trust", "meets"), [("proof", False), ("host", True)])
def test_calling_from_the_host_of_ones_name_is_proof_only_when_told_so(trust, meets):
    """A gateway has one From for all its phones: the next of them is a stranger."""
    reunions = Reunions(32, 60, trust, lambda board, conference: False, lambda board: b"k")
    reunions.lose("b1", [LiveConference(0, 5, 4, ["sip:gateway@10.0.0.1"])], 0)
    asked = Need(asked_by="sip:gateway@10.0.0.1", source="10.0.0.1")
    assert (reunions.of(asked, 1) is not None) == meets


def test_a_name_that_is_in_two_conferences_is_nobodys(world):
    board, first = begin(world, "gateway", "bob")
    people = ["sip:gateway@127.0.0.1", "sip:carol@127.0.0.1"]
    board.report["live"].append([first.slot + 1, 7, 4, people, [1, 2], [], False])
    board.register(world.clock.now_ms())
    world.settle()
    lose(world, board)
    assert ask_as(world, "gateway") not in (ask_as(world, "bob"), ask_as(world, "carol"))


def test_who_hides_his_name_is_nobody_in_particular(world):
    board, _ = begin(world, "anonymous", "bob")
    lose(world, board)
    assert ask_as(world, "anonymous") != ask_as(world, "bob")
