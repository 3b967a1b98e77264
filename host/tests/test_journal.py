"""Ladders and levels of conferences, and the event log."""

import json

import pytest

from parley.wire.errors import RemoteError
from parleyd.events import KEPT, EventLog
from parleyd.journal import KEPT_CONFERENCES, KEPT_MESSAGES, Journal
from parleyd.report import parse_report

from .server_world import SilentLog, World

REPORT = {"firmware": "1", "boot": "a", "board": "v", "codecs": ["PCMU"], "legs": 4, "slots": 2}


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


def report(*trail, boot="a"):
    return parse_report(json.dumps({**REPORT, "boot": boot, "trail": list(trail)}).encode())


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def journal(clock):
    return Journal(clock)


def test_what_a_board_tells_again_stands_once(journal):
    first, second = [1, 300, 0, 7, ">", "INVITE", "sip:a"], [2, 200, 0, 7, "<", "200 OK", "sip:a"]
    journal.refreshed("b1", report(first), [])
    journal.refreshed("b1", report(first, second), [])
    rows = [message.row() for message in journal.ladder("b1/0/7")]
    assert [(row["from"], row["to"], row["text"]) for row in rows] == [
        ("sip:a", "b1", "INVITE"),
        ("b1", "sip:a", "200 OK"),
    ]
    assert [row["time"] for row in rows] == [999.7, 999.8]
    assert {row["told_by"] for row in rows} == {"b1"}
    journal.refreshed("b1", report(first, boot="b"), [])  # counted anew after a restart
    assert len(journal.ladder("b1/0/7")) == 3


def test_ladders_are_bounded(journal):
    for number in range(1, KEPT_MESSAGES + 50):
        journal.refreshed("b1", report([number, 0, 0, 7, ">", str(number), "sip:a"]), [])
    texts = [message.text for message in journal.ladder("b1/0/7")]
    assert len(texts) == KEPT_MESSAGES
    assert (texts[0], texts[-1]) == ("1", str(KEPT_MESSAGES + 49))
    for generation in range(1, KEPT_CONFERENCES + 10):
        journal.refreshed("b2", report([generation, 0, 0, generation, ">", "INVITE", "sip:a"]), [])
    assert len(journal.conferences()) == KEPT_CONFERENCES


def test_figures_of_a_leg_stay_until_it_leaves(journal):
    def refreshed(numbers, *rows):
        live = [[0, 7, 3, [f"sip:{number}" for number in numbers], numbers]]
        told = {**REPORT, "live": live, "quality": list(rows)}
        journal.refreshed("b1", parse_report(json.dumps(told).encode()), [])
        return {row.number: row.jitter_ms for row in journal.quality("b1")}

    assert refreshed([1, 2], [0, 7, 1, 0, 5, None, 20]) == {1: 5}
    assert refreshed([1, 2], [0, 7, 2, 10, 6, 40, 20]) == {1: 5, 2: 6}
    assert refreshed([1, 2], [0, 7, 1, 0, 9, 3, 20]) == {1: 9, 2: 6}
    assert refreshed([2]) == {2: 6}
    assert journal.quality("b2") == []


def test_levels_live_for_a_moment(journal, clock):
    seen = []
    journal.on_levels = seen.append
    journal.told("b1", b'{"levels": [[0, 7, [1, 20, 2, 300]]]}')
    assert seen == [{"b1/0/7": {1: 20, 2: 127}}]
    assert journal.levels("b1/0/7") == {1: 20, 2: 127}
    clock.now += 3
    assert journal.levels("b1/0/7") == {}


@pytest.mark.parametrize("body", [b"", b"{}", b'{"levels": 1}', b'{"levels": [[0, 7, ["x"]]]}', b"\xff"])
def test_what_is_no_report_of_levels_is_400(journal, body):
    with pytest.raises(RemoteError) as caught:
        journal.told("b1", body)
    assert caught.value.status == 400


def test_events_are_kept_and_passed_on(clock):
    log, heard = EventLog(SilentLog(), clock), []
    log.listeners.append(heard.append)
    log.info("offered", conference="b1/0/7")
    log.warning("board lost", board="b1")
    assert [one.row() for one in log.since(1)] == [
        {"number": 2, "time": 1000.0, "level": "warning", "event": "board lost", "board": "b1"}
    ]
    assert [one.event for one in heard] == ["offered", "board lost"]
    for _ in range(KEPT + 5):
        log.info("again")
    assert len(log.since(0)) == KEPT


def test_a_whole_story_of_orders(tmp_path):
    world = World(tmp_path / "leases.sqlite", boards=1)
    world.register_all()
    board, allocation, _ = world.granted()
    conference = f"b1/{allocation.slot}/{allocation.generation}"
    board.report["live"] = [[allocation.slot, allocation.generation, 8, ["sip:a@h"], [1], [], False]]
    board.register(0)
    world.settle()
    outcomes = []
    world.server.orders.conference(conference, "mute", (1, 1), outcomes.append)
    world.server.orders.conference("b1/9/9", "mute", (1, 1), outcomes.append)
    world.settle()
    assert [outcome.status for outcome in outcomes] == [404, 200]
    assert board.orders == [{"mute": [allocation.slot, allocation.generation, 1, 1]}]
    texts = [message.text for message in world.server.journal.ladder(conference)]
    assert texts[0] == "INVITE" and texts[1].startswith("302 ")
    assert texts[2:] == ["REGISTER (active)", "MESSAGE mute", "200 OK"]
    assert "ordered" in [one.event for one in world.server.events.since(0)]


def test_a_board_tells_levels_with_its_own_name_only(tmp_path):
    world = World(tmp_path / "leases.sqlite", boards=1)
    board = world.boards[0]
    for password, status in (("0" * 64, 403), (board.password, 200)):
        board.endpoint.request(
            "MESSAGE",
            "sip:127.0.0.1:5060",
            0,
            headers=[("Content-Type", "application/json")],
            body=b'{"levels": [[0, 7, [1, 20]]]}',
            credentials=("b1", password),
        )
        world.settle()
        assert board.answers[-1].status == status
    assert world.server.journal.levels("b1/0/7") == {1: 20}


def test_a_draining_board_gets_nothing_new(tmp_path):
    world = World(tmp_path / "leases.sqlite")
    world.register_all()
    world.server.pool.draining.add("b1")
    world.server.pool.look_again("b1")
    ask = {"uri": "sip:conference@127.0.0.1;size=2"}
    assert {world.granted(**ask)[0].board_id for _ in range(3)} == {"b2"}
    world.server.pool.draining.add("b2")
    world.server.pool.look_again("b2")
    assert world.ask(**ask).status == 503
    world.server.pool.draining.clear()
    world.server.pool.look_again("b1")
    assert world.ask(**ask).status == 302
