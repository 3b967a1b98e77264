"""After a board's death those whose phones know Replaces are called by another board, on the dead one's word alone."""

import pytest

from parley.wire.address import read_token
from parley.wire.dialog_id import dialog_mac
from parley.wire.uri import parse_uri
from parleyd.report import parse_report
from parleyd.store.face import ConflictError

from .server_world import World
from .test_moves import ask_as, begin, lose, old_address

NAME = "call-%d@phone;to-tag=a;from-tag=b"


def tell(world, board, allocation, numbers=(1,), key=None):
    """The board tells of these participants' dialogs."""
    rows = []
    for number in numbers:
        contact = f"sip:phone{number}@127.0.0.1:{5070 + number}"
        row = [allocation.slot, allocation.generation, number, contact, NAME % number]
        rows.append([*row, dialog_mac(key or board.key, board.report["boot"], row)])
    board.report["dialogs"] = rows
    board.register(world.clock.now_ms())
    world.settle()


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path / "leases.sqlite", boards=2, reunion_trust="proof")
    made.register_all()
    return made


def fetched(world):
    """(board, lost address, new address, contact, dialog, URI) of each order to fetch somebody."""
    found = []
    for board in world.boards:
        for order in board.orders:
            slot, generation, text = order.get("fetch", (0, 0, ""))
            if text:
                words = text.split(" ", 4)
                allocation = read_token(board.key, parse_uri(words[1]).user)
                assert (allocation.slot, allocation.generation) == (slot, generation)
                found.append((board, *words))
    return found


def test_another_board_fetches_whom_the_dead_one_has_told_of(world):
    board, allocation = begin(world, "alice", "bob", "carol")
    tell(world, board, allocation, (1, 3))
    lose(world, board)
    first, second = fetched(world)
    (other,) = (one for one in world.boards if one is not board)
    assert first[0] is second[0] is other and first[2] == second[2]
    old = read_token(board.key, parse_uri(first[1]).user)
    assert (old.slot, old.generation) == (allocation.slot, allocation.generation)
    assert first[3:] == ("sip:phone1@127.0.0.1:5071", NAME % 1, "sip:alice@127.0.0.1")
    assert second[3:] == ("sip:phone3@127.0.0.1:5073", NAME % 3, "sip:carol@127.0.0.1")
    # who is not fetched finds the others by the old address
    assert parse_uri(ask_as(world, "bob", old_address(board, allocation)).split(">")[0][1:]).user in first[2]
    world.wait(30)
    assert len(fetched(world)) == 2  # once is enough


def test_a_forged_word_fetches_nobody(world):
    board, allocation = begin(world, "alice")
    (other,) = (one for one in world.boards if one is not board)
    tell(world, board, allocation, key=other.key)
    lose(world, board)
    assert fetched(world) == []


def test_nor_does_the_word_of_another_start_or_of_whom_the_board_did_not_name(world):
    board, allocation = begin(world, "alice")
    tell(world, board, allocation, (1, 2))
    board.report["dialogs"][0][-1] = dialog_mac(board.key, "a0", board.report["dialogs"][0])
    board.register(world.clock.now_ms())
    world.settle()
    lose(world, board)
    assert fetched(world) == []


def test_a_board_that_is_started_anew_fetches_them_itself(tmp_path):
    world = World(tmp_path / "leases.sqlite", boards=1)
    world.register_all()
    board, allocation = begin(world, "alice")
    tell(world, board, allocation)
    board.report |= {"boot": "b2", "live": [], "dialogs": []}
    board.register(world.clock.now_ms())
    world.settle()
    ((by, *_, who),) = fetched(world)
    assert (by, who) == (board, "sip:alice@127.0.0.1")


@pytest.mark.parametrize(("returns_as", "count"), [("a1", 0), ("b2", 1)])
def test_without_room_they_wait_for_the_next_board_to_come(tmp_path, returns_as, count):
    """It is the same one: as it was, with its conference alive, or after a start."""
    world = World(tmp_path / "leases.sqlite", boards=1)
    world.register_all()
    board, allocation = begin(world, "alice")
    tell(world, board, allocation)
    lose(world, board)
    assert fetched(world) == []
    world.lost.clear()
    board.report["boot"] = returns_as
    if returns_as == "b2":
        board.report |= {"live": [], "dialogs": []}
    world.wait(6)
    assert len(fetched(world)) == count


def test_nobody_is_fetched_where_nobody_is_to_come_back(tmp_path):
    world = World(tmp_path / "leases.sqlite", boards=2, reunion_s=0)
    world.register_all()
    board, allocation = begin(world, "alice")
    tell(world, board, allocation)
    lose(world, board)
    assert fetched(world) == []


def report(number, dialogs, live):
    text = b'{"firmware": "1", "boot": "%s", "board": "b", "codecs": ["PCMU"], "legs": 9, "slots": 9, '
    rows = ", ".join(f'[0, 5, {one}, "sip:a", "n", "{"0" * 32}"]' for one in dialogs)
    body = text % number.encode() + f'"live": {live}, "dialogs": [{rows}]}}'.encode()
    return parse_report(body)


def test_of_many_each_report_tells_some():
    live = '[[0, 5, 8, ["sip:a", "sip:b", "sip:c"], [1, 2, 3]]]'
    first, second = report("a1", [1, 2], live), report("a1", [3], live)
    assert [one.number for one in second.with_dialogs_of(first).dialogs] == [1, 2, 3]
    gone = report("a1", [3], '[[0, 5, 8, ["sip:b", "sip:c"], [2, 3]]]').with_dialogs_of(first)
    assert [one.number for one in gone.dialogs] == [2, 3]
    assert [one.number for one in report("b2", [3], live).with_dialogs_of(first).dialogs] == [3]
    assert report("a1", [], '[[0, 6, 8, ["sip:a"], [1]]]').with_dialogs_of(first).dialogs == []


def test_what_another_server_has_taken_care_of_is_left_to_it(world):
    board, allocation = begin(world, "alice")
    tell(world, board, allocation)
    ledger = world.server.ledger
    store, lease = ledger._store, ledger.leases[board.board_id][allocation.slot]
    write = store.submit

    def overtaken(groups, answer):
        store.submit = write
        theirs = lease._replace(asked_by=f"those of {lease.conference_id}")
        ledger.learn([theirs])
        answer([ConflictError("another server was faster")] * len(groups))

    store.submit = overtaken
    lose(world, board)
    assert store.submit == write
    assert fetched(world) == []
