"""The initiator against a scripted server and board in virtual time: order, talking, leaving."""

import pytest

from parley.wire.errors import RemoteError
from parleyue import outcome
from parleyue.equipment import LEAVE_LIMIT_MS, CallPlan

from .ue_bench import UserEquipment, conference
from .ue_peers import (
    ADDRESS,
    ALICE,
    BOARD,
    BOB,
    BOB_URI,
    CAROL,
    CAROL_URI,
    SERVER,
    SERVER_URI,
    Answerer,
    Obeyer,
    Ringer,
    World,
    board,
    server,
)


def test_alone_it_asks_is_redirected_joins_talks_and_leaves():
    world, alice, flow = conference()
    world.run()
    assert flow.finished
    assert flow.outcome == outcome.Outcome(outcome.OK, "the conference came up")
    assert flow.conference == ADDRESS
    lines = [message.start_line() for _, source, _, message in world.log if source == ALICE]
    assert lines == [
        f"INVITE {SERVER_URI} SIP/2.0",
        f"ACK {SERVER_URI} SIP/2.0",
        f"INVITE {ADDRESS} SIP/2.0",
        f"ACK {world.nodes[BOARD].calls[0].contact.strip('<>').split('>')[0]} SIP/2.0",
        f"BYE {world.nodes[BOARD].calls[0].contact.strip('<>').split('>')[0]} SIP/2.0",
    ]
    assert world.nodes[BOARD].ended == ["bye"]
    assert [port.stopped for port in alice.ports] == [True]
    assert alice.ports[0].started[0].remote == (BOARD[0], 40_000)


def test_both_requests_carry_the_same_offer():
    world, _, _ = conference()
    world.run()
    asked, joined = [request.body for _, _, request in world.sent("INVITE", ALICE)]
    assert asked == joined


def test_after_a_redirect_call_id_and_from_stay_and_the_number_goes_up():  # RFC 3261 8.1.3.4
    world, _, _ = conference()
    world.run()
    asked, joined = [request for _, _, request in world.sent("INVITE", ALICE)]
    assert asked.call_id() == joined.call_id()
    assert asked.get("From") == joined.get("From")
    assert (asked.cseq()[0], joined.cseq()[0]) == (1, 2)


def test_the_offer_names_both_codecs_and_telephone_events():
    world, _, _ = conference()
    world.run()
    asked = world.sent("INVITE", ALICE)[0][2].body
    assert b"m=audio 30000 RTP/AVP 0 8 101" in asked


def test_one_codec_when_the_user_wants_one():
    world = World()
    server(world)
    board(world)
    alice = UserEquipment(world, codecs=[("PCMA", 8000)])
    alice.call(CallPlan(SERVER_URI, duration_ms=100))
    world.run()
    assert b"m=audio 30000 RTP/AVP 8 101" in world.sent("INVITE", ALICE, BOARD)[0][2].body
    assert alice.ports[0].started[0].codec == "PCMA"


def test_m2_m4_m5_m6_come_in_this_order_on_the_wire():
    world, alice, flow = conference([BOB_URI, CAROL_URI])
    Obeyer(world, BOB, "bob")
    Obeyer(world, CAROL, "carol")
    world.run()
    assert flow.outcome.code == outcome.OK
    order = [
        world.first("INVITE", ALICE, SERVER),  # M2
        world.first("SIP/2.0 302", SERVER, ALICE),  # M4
        world.first("INVITE", ALICE, BOARD),  # M5
        world.first("SIP/2.0 200", BOARD, ALICE),
        world.first("ACK", ALICE, BOARD),
        world.first("INVITE", ALICE, BOB),  # M6 begins
        world.first("REFER", ALICE, BOB),  # M6
        world.first("INVITE", BOB, BOARD),  # M7
        world.first("SIP/2.0 200", BOARD, BOB),
    ]
    assert order == sorted(order)
    times = alice.report.times_ms
    assert times["M2"] < times["M3"] == times["M4"] < times["M5"] < times["M6"] < times["M7"] < times["M8"]
    assert sorted(times) == ["M2", "M3", "M4", "M5", "M6", "M7", "M8"]


def test_nothing_reaches_an_invitee_before_the_resource_has_its_ack():
    world, _, _ = conference([BOB_URI])
    Obeyer(world, BOB, "bob")
    world.lose = lambda message, source, destination: (
        message.start_line().startswith("INVITE") and (destination == BOARD and world.now_ms < 1600)
    )
    world.run()
    assert world.first("INVITE", ALICE, BOB) > world.first("ACK", ALICE, BOARD)
    assert min(t_ms for t_ms, _, _ in world.sent(destination=BOB)) > 1600


def test_all_invitees_are_told_at_the_same_time():
    world, _, flow = conference([BOB_URI, CAROL_URI])
    Obeyer(world, BOB, "bob")
    Obeyer(world, CAROL, "carol")
    world.run()
    assert len({t_ms for t_ms, _, _ in world.sent("INVITE", ALICE)[2:]}) == 1
    assert [carrier.result.notified for carrier in flow.carriers] == [True, True]


def test_the_duration_counts_from_when_everybody_was_told():
    world, alice, _ = conference([BOB_URI], duration_ms=5000)
    Obeyer(world, BOB, "bob")
    world.run()
    bye_ms = world.sent("BYE", ALICE, BOARD)[0][0]
    assert bye_ms == alice.report.times_ms["M8"] + 5000


def test_a_server_that_answers_itself_names_the_conference_in_its_contact():
    world = World()
    Answerer(world, SERVER, "conference", contact=f"<{ADDRESS}>;isfocus")
    board(world)
    bob = Obeyer(world, BOB, "bob")
    alice = UserEquipment(world)
    flow = alice.call(CallPlan(SERVER_URI, [BOB_URI], duration_ms=100))
    world.run(stop=lambda: bool(bob.refers))
    assert flow.conference == ADDRESS
    assert bob.refers[0].get("Refer-To") == f"<{ADDRESS}>"


def test_an_answer_without_focus_means_the_dialled_address_is_the_room():
    world = World()
    Answerer(world, SERVER, "room")
    alice = UserEquipment(world)
    flow = alice.call(CallPlan("sip:room@127.0.0.1:5060", duration_ms=100))
    world.run()
    assert flow.conference == "sip:room@127.0.0.1:5060"
    assert flow.outcome.code == outcome.OK


def test_names_are_looked_up_before_each_request():
    world = World()
    server(world, contact="<sip:token@board.example;transport=udp>;isfocus")
    Answerer(world, BOARD, "token", contact_params=";isfocus")
    alice = UserEquipment(world, names={"parley.example": "127.0.0.1", "board.example": "127.0.1.1"})
    flow = alice.call(CallPlan("sip:conference@parley.example", duration_ms=100))
    world.run()
    assert flow.outcome.code == outcome.OK
    assert world.sent("INVITE", ALICE)[1][1] == BOARD


def test_the_conference_may_hang_up_while_we_talk():
    world, alice, flow = conference(duration_ms=None)
    world.run(until_ms=500)
    assert flow.state == "talking"
    resource = world.nodes[BOARD]
    resource.hang_up(resource.calls[0])
    world.run()
    assert flow.outcome.code == outcome.OK
    assert world.sent("BYE", ALICE) == []
    assert alice.ports[0].stopped


def test_the_conference_ending_before_all_were_told_is_a_loss():
    world, _, flow = conference([BOB_URI], duration_ms=None)
    Ringer(world, BOB, "bob")
    world.run(until_ms=500)
    assert flow.state == "telling"
    resource = world.nodes[BOARD]
    resource.hang_up(resource.calls[0])
    world.run()
    assert flow.outcome.code == outcome.LOST
    assert len(world.sent("CANCEL", ALICE, BOB)) == 1


def test_hanging_up_while_talking_is_the_normal_end():
    world, alice, flow = conference([BOB_URI], duration_ms=None)
    Obeyer(world, BOB, "bob")
    world.run(until_ms=2000)
    alice.hang_up()
    world.run()
    assert flow.finished
    assert flow.outcome.code == outcome.OK
    assert len(world.sent("BYE", ALICE, BOARD)) == 1


@pytest.mark.parametrize("state", ["asking", "telling"])
def test_hanging_up_earlier_is_an_interruption_and_leaves_nothing_behind(state):
    world = World()
    if state == "asking":
        Ringer(world, SERVER, "conference")
    else:
        server(world)
        board(world)
    Ringer(world, BOB, "bob")
    alice = UserEquipment(world)
    flow = alice.call(CallPlan(SERVER_URI, [BOB_URI]))
    world.run(until_ms=500)
    assert flow.state == state
    alice.hang_up()
    world.run()
    assert flow.finished
    assert flow.outcome.code == outcome.INTERRUPTED
    expected = {"asking": ["CANCEL"], "telling": ["BYE", "CANCEL"]}[state]
    assert (
        sorted(m.method for _, _, m in world.sent(source=ALICE) if m.method in ("BYE", "CANCEL")) == expected
    )


def test_a_board_that_died_does_not_keep_us_from_leaving():
    world, alice, flow = conference(duration_ms=None)
    world.run(until_ms=100)
    del world.nodes[BOARD]
    alice.hang_up()
    world.run(stop=lambda: flow.finished)
    assert world.now_ms <= 100 + LEAVE_LIMIT_MS


def test_the_second_ctrl_c_does_not_wait():
    world, alice, flow = conference(duration_ms=None)
    world.run(until_ms=100)
    del world.nodes[BOARD]
    alice.hang_up()
    assert not flow.finished
    alice.hang_up()
    assert flow.finished


def test_a_reoffer_of_the_board_is_answered_and_the_audio_follows():
    world, alice, flow = conference(duration_ms=None)
    world.run(until_ms=100)
    resource = world.nodes[BOARD]
    hold = b"\r\n".join(
        [
            b"v=0",
            b"o=- 1 2 IN IP4 127.0.1.1",
            b"s=-",
            b"c=IN IP4 127.0.1.1",
            b"t=0 0",
            b"m=audio 41000 RTP/AVP 0",
            b"a=sendonly",
            b"",
        ]
    )
    resource.endpoint.reinvite(resource.calls[0], hold, world.now_ms)
    resource.drain()
    world.run(until_ms=200)
    assert alice.ports[0].started[-1].remote == ("127.0.1.1", 41_000)
    assert alice.ports[0].started[-1].direction == "recvonly"
    bad = hold.replace(b"RTP/AVP 0", b"RTP/AVP 18")
    resource.endpoint.reinvite(resource.calls[0], bad, world.now_ms)
    resource.drain()
    world.run(until_ms=300)
    assert world.first("SIP/2.0 488", ALICE, BOARD)
    assert flow.state == "talking"


def test_strangers_are_busy_tone_and_declined():
    world, _, flow = conference(duration_ms=10_000)
    bob = Answerer(world, BOB, "bob")
    world.run(until_ms=100)
    bob.endpoint.invite(f"sip:alice@{ALICE[0]}:{ALICE[1]}", b"", world.now_ms)
    bob.endpoint.refer_outside(f"sip:alice@{ALICE[0]}:{ALICE[1]}", f"<{CAROL_URI}>", world.now_ms)
    bob.drain()
    world.run(until_ms=200)
    assert world.first("SIP/2.0 486", ALICE, BOB)
    assert world.first("SIP/2.0 603", ALICE, BOB)
    assert flow.state == "talking"


def test_a_server_address_that_is_no_uri_is_our_own_mistake():
    with pytest.raises(RemoteError):
        UserEquipment(World()).call(CallPlan("mailto:conference@example.org"))
