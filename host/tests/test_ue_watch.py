"""The user equipment as a watcher and at the keyboard: the conference package, keys, the focus as a carrier."""

import struct

import pytest

from parley.app.roster import Cursor
from parley.app.roster import Roster as BoardRoster
from parley.wire.dtmf import parse_event
from parley.wire.errors import RemoteError
from parleyue.dialler import Dialler
from parleyue.keys import Key, parse_key
from parleyue.roster import Roster

from .ue_bench import conference
from .ue_peers import ADDRESS, ALICE, BOARD, BOB, BOB_URI, CAROL_URI, Obeyer


class Focus:
    """Makes the world's board a focus that is watched and takes REFER."""

    def __init__(self, world):
        self.node = world.nodes[BOARD]
        self.roster = BoardRoster(ADDRESS, 8)
        self.roster.put(1, "sip:alice@127.0.0.1:5070", "sip:alice@127.0.0.1:5070", "connected", "dialed-in")
        self.node.endpoint._core.packages = {"conference": "application/conference-info+xml"}
        self.node.endpoint._core.methods += ("SUBSCRIBE",)
        self.watchers, self.referred = [], []
        inner = self.node.react

        def react(event):
            if event.kind == "subscribe":
                cursor = Cursor()
                self.watchers.append(
                    self.node.endpoint.accept_subscribe(
                        event.subject,
                        lambda _, full, limit: self.roster.document(cursor, full, limit),
                        world.now_ms,
                    )
                )
            elif event.kind == "referred":
                self.referred.append(self.node.endpoint.accept_refer(event.subject, world.now_ms))
            else:
                inner(event)

        self.node.react = react
        self.world = world

    def put(self, number, uri, status):
        self.roster.put(number, uri, uri, status, "dialed-out")
        for watcher in self.watchers:
            self.node.endpoint.publish(watcher, self.world.now_ms)
        self.node.drain()

    def take_out(self, number, uri):
        self.roster.take_out(number, uri)
        for watcher in self.watchers:
            self.node.endpoint.publish(watcher, self.world.now_ms)
        self.node.drain()

    def notify(self, status):
        self.node.endpoint.notify_refer(self.referred[-1], status, None, self.world.now_ms)
        self.node.drain()


def started(invitees=(), **options):
    options.setdefault("duration_ms", 60_000)
    world, alice, flow = conference(invitees, watch=True, **options)
    focus = Focus(world)
    world.run(2000)
    return world, alice, flow, focus


def seen(alice):
    known = ("is in", "has left", "dialing-out", "alerting", "on-hold", "connected")
    return [(step.event, step.fields["to"]) for step in alice.report.steps if step.event in known]


def test_who_comes_and_goes_is_shown():
    world, alice, flow, focus = started()
    assert seen(alice) == [("is in", "sip:alice@127.0.0.1:5070")]
    focus.put(2, BOB_URI, "alerting")
    world.run(8000)
    focus.put(2, BOB_URI, "connected")
    world.run(14000)
    focus.take_out(2, BOB_URI)
    world.run(20000)
    assert seen(alice)[1:] == [("alerting", BOB_URI), ("is in", BOB_URI), ("has left", BOB_URI)]
    alice.hang_up()
    world.run(30000)
    assert flow.finished and flow.desk.done
    assert focus.watchers[0].state == "terminated"


def test_a_focus_that_serves_no_events_is_no_problem():
    world, _alice, flow = conference(watch=True)
    world.run(30000)
    assert flow.finished and flow.outcome.ok


def test_a_message_is_as_good_as_notified_when_the_focus_sees_the_invitee():
    world, alice, flow = conference((BOB_URI,), watch=True, carrier="message", duration_ms=20_000)
    focus = Focus(world)
    Obeyer(world, BOB, "bob")
    world.run(3000)
    focus.put(2, BOB_URI + ";transport=udp", "connected")
    world.run(60_000)
    assert (flow.carriers[0].result.notified, flow.outcome.code) == (True, 0)
    assert "M8" in alice.report.times_ms


def test_the_focus_calls_the_invitee():
    world, alice, flow, focus = started((BOB_URI,), carrier="focus")
    ((_, to, refer),) = world.sent("REFER")
    assert (to, refer.uri, refer.get("Refer-To")) == (BOARD, ADDRESS, f"<{BOB_URI}>")
    focus.notify(200)
    world.run(4000)
    assert flow.state == "talking"
    assert flow.carriers[0].result.notified
    assert {"M6", "M8"} <= set(alice.report.times_ms)


def test_the_focus_says_why_not():
    world, _alice, flow, focus = started((BOB_URI,), carrier="focus")
    focus.notify(486)
    world.run(20_000)
    assert flow.outcome.code == 6
    assert "Busy Here" in flow.carriers[0].result.text


def press(alice, world, line, until_ms):
    alice.flow.key(parse_key(line), world.now_ms)
    alice.drain()
    world.run(until_ms)


def test_hold_and_unhold():
    world, alice, _flow, _focus = started()
    offers = [message.body for _, _, message in world.sent("INVITE", ALICE)]
    press(alice, world, "hold", 3000)
    press(alice, world, "unhold", 4000)
    bodies = [message.body for _, _, message in world.sent("INVITE", ALICE)][len(offers) :]
    assert [b"a=inactive" in body for body in bodies] == [True, False]
    assert [negotiated.direction for negotiated in alice.ports[0].started] == [
        "sendrecv",
        "inactive",
        "sendrecv",
    ]
    versions = [body.split(b"o=- ")[1].split()[1] for body in (offers[-1], *bodies)]
    assert [int(version) for version in versions] == sorted({int(version) for version in versions})


def test_keys_are_pressed_and_people_brought_in_and_put_out():
    world, alice, flow, focus = started()
    press(alice, world, "dtmf 12#", 3000)
    assert alice.ports[0].pressed == "12#"
    press(alice, world, f"bring {BOB_URI}", 4000)
    focus.notify(200)
    press(alice, world, f"out {CAROL_URI}", 5000)
    focus.notify(200)
    world.run(6000)
    targets = [message.get("Refer-To") for _, _, message in world.sent("REFER")]
    assert targets == [f"<{BOB_URI}>", f"<{CAROL_URI};method=BYE>"]
    assert [one.result.text for one in flow.desk.requests] == ["in the conference", "put out"]
    press(alice, world, "quit", 20_000)
    assert flow.finished and flow.outcome.ok


def test_a_key_out_of_place():
    _world, alice, flow = conference()
    flow.key(Key("hold"), 0)
    assert alice.report.steps[-1].fields["problem"] == "not in a conference"


@pytest.mark.parametrize("line", ["", "sing", "dtmf", "dtmf 1x", "bring", "bring tel:1", "hold now"])
def test_lines_that_are_no_command(line):
    with pytest.raises(RemoteError):
        parse_key(line)


def test_a_key_is_six_packets_and_three_ends_in_one_press():
    dialler = Dialler()
    dialler.press("7")
    sent = []
    for number in range(20):
        packet = struct.pack(">BBHII", 0x80, 0, 100 + number, 1600 + 160 * number, 9) + bytes(160)
        sent.append(dialler.replace(packet, 101))
    events = [packet for packet in sent if packet[1] & 0x7F == 101]
    assert len(events) == 5 + 3
    assert [packet[1] >> 7 for packet in events] == [1] + 7 * [0]
    assert {packet[4:8] for packet in events} == {(1600).to_bytes(4, "big")}
    assert [int.from_bytes(packet[2:4], "big") for packet in events] == list(range(100, 108))
    ends = [parse_event(packet[12:]) for packet in events if parse_event(packet[12:]).end]
    assert [(end.digit, end.duration) for end in ends] == [("7", 960)] * 3
    assert sent[-1][1] == 0


def test_documents_that_are_none():
    for body in (b"", b"<a/>", b'<!DOCTYPE x [<!ENTITY y "z">]><a/>', b"<conference-info>", b"x" * 70000):
        with pytest.raises(RemoteError):
            Roster().take(body)


def test_a_missed_document_is_noticed_and_an_old_one_ignored():
    theirs, cursor, mine = BoardRoster("sip:c@b", 4), Cursor(), Roster()
    theirs.put(1, "sip:a@h", "sip:a@h", "connected", "dialed-in")
    first, _ = theirs.document(cursor, True, 8000)
    assert [change.came for change in mine.take(first)] == [True]
    theirs.put(2, "sip:b@h", "sip:b@h", "connected", "dialed-in")
    theirs.document(cursor, False, 8000)  # lost
    theirs.put(3, "sip:c@h", "sip:c@h", "connected", "dialed-in")
    third, _ = theirs.document(cursor, False, 8000)
    mine.take(third)
    assert mine.stale
    assert mine.take(third) == []
    full, _ = theirs.document(cursor, True, 8000)
    mine.take(full)
    assert not mine.stale and len(mine.users) == 3
