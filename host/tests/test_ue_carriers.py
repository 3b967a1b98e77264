"""Message 3 by its three carriers, against phones that obey, refuse, stay silent or hang up."""

import pytest

from parley.wire.sip import Request
from parleyue import outcome
from parleyue.carriers import REFER_LIMIT_MS
from parleyue.equipment import CallPlan
from parleyue.listen import first_sip_uri

from .ue_bench import UserEquipment
from .ue_peers import (
    ADDRESS,
    ALICE,
    BOARD,
    BOB,
    BOB_URI,
    CAROL,
    CAROL_URI,
    SERVER_URI,
    Node,
    Obeyer,
    Refuser,
    Ringer,
    World,
    board,
    server,
)


def invite(carrier="call", invitees=(BOB_URI,), patience_ms=5000, duration_ms=1000, world=None):
    """Alice calls; returns world, alice, flow (not yet run)."""
    world = world or World()
    server(world)
    board(world)
    alice = UserEquipment(world)
    plan = CallPlan(SERVER_URI, list(invitees), carrier, duration_ms, patience_ms)
    return world, alice, alice.call(plan)


def dialogue(world, one, other):
    """Methods and statuses between two addresses, in order."""
    return [
        message.method if isinstance(message, Request) else message.status
        for _, source, destination, message in world.log
        if {source, destination} == {one, other}
    ]


def test_call_invites_refers_watches_and_hangs_up():
    world, _, flow = invite()
    bob = Obeyer(world, BOB, "bob")
    world.run()
    said = [what for what in dialogue(world, ALICE, BOB) if what != 100]
    assert said[:4] == ["INVITE", 200, "ACK", "REFER"]
    assert said[-2:] == ["BYE", 200]
    assert sorted(map(str, said[4:-2])) == ["200", "200", "202", "NOTIFY", "NOTIFY"]
    request = bob.refers[0]
    assert request.get("Refer-To") == f"<{ADDRESS}>"
    assert request.get("Referred-By") == "<sip:alice@127.0.0.1:5070>"
    assert flow.outcome == outcome.Outcome(outcome.OK, "everybody is in the conference")
    result = flow.carriers[0].result
    assert (result.status, result.notified, result.text) == (200, True, "in the conference")


def test_the_short_call_ends_before_we_do():
    world, _, _ = invite(duration_ms=30_000)
    Obeyer(world, BOB, "bob")
    world.run()
    notified_ms = [t_ms for t_ms, _, _ in world.sent("NOTIFY", BOB, ALICE)][-1]
    assert world.sent("BYE", ALICE, BOB)[0][0] <= notified_ms + 2
    assert len(world.sent("BYE")) == 2  # the other one is for the board


def test_the_short_call_has_its_own_silent_audio_that_ends_with_it():
    world, alice, _ = invite()
    Obeyer(world, BOB, "bob")
    world.run()
    assert [port.purpose for port in alice.ports] == ["conference", "message"]
    assert [port.stopped for port in alice.ports] == [True, True]
    assert len(alice.ports[1].started) == 1


def test_the_notifications_are_told_in_order():
    world, alice, _ = invite()
    Obeyer(world, BOB, "bob")
    world.run()
    assert alice.report.events("M7") == ["NOTIFY 100 received"]
    assert alice.report.events("M8") == ["NOTIFY 200 received"]
    messages = [step.message for step in alice.report.steps if step.message in ("M6", "M7", "M8")]
    assert messages == sorted(messages)


def test_a_notify_that_overtakes_the_202_counts():
    world, _, flow = invite()
    Obeyer(world, BOB, "bob")
    world.lose = lambda message, source, _: (
        source == BOB and message.start_line().startswith("SIP/2.0 202") and world.now_ms < 400
    )
    world.run()
    assert flow.outcome.code == outcome.OK


def test_a_busy_invitee_fails_and_the_others_talk_on():
    world, _, flow = invite(invitees=(BOB_URI, CAROL_URI))
    Refuser(world, BOB, "bob", 486)
    Obeyer(world, CAROL, "carol")
    world.run(until_ms=500)
    assert flow.state == "talking"
    world.run()
    assert flow.outcome.code == outcome.INVITEE_FAILED
    assert flow.outcome.text == "bob: did not take the call: 486 Busy Here"
    assert [carrier.result.notified for carrier in flow.carriers] == [False, True]


def test_when_nobody_comes_we_leave():
    world, _, flow = invite(invitees=(BOB_URI, CAROL_URI), duration_ms=None)
    Refuser(world, BOB, "bob", 603)
    Refuser(world, CAROL, "carol", 486)
    world.run()
    assert flow.finished
    assert flow.outcome.code == outcome.INVITEE_FAILED
    assert len(world.sent("BYE", ALICE, BOARD)) == 1


def test_an_invitee_that_never_answers_is_cancelled_after_the_patience():
    world, _, flow = invite(patience_ms=5000)
    Ringer(world, BOB, "bob")
    world.run()
    assert flow.carriers[0].result.text == "bob's phone did not answer"
    cancel_ms = world.sent("CANCEL", ALICE, BOB)[0][0]
    assert 5000 < cancel_ms < 5100


def test_an_invitee_that_is_switched_off():
    world, _, flow = invite(patience_ms=5000)
    world.run()
    assert flow.carriers[0].result.text == "bob's phone did not answer"
    assert flow.outcome.code == outcome.INVITEE_FAILED


def test_an_invitee_whose_port_is_closed_is_known_at_once():
    world = World()
    world.nobody.add(BOB)
    world, _, flow = invite(world=world)
    world.run(until_ms=200)
    assert flow.finished
    assert flow.outcome.code == outcome.INVITEE_FAILED


def test_an_invitee_with_an_unknown_host():
    world, _, flow = invite(invitees=("sip:bob@nowhere.example",))
    world.run()
    assert flow.outcome.text == "bob: no such host: nowhere.example"


def test_forwarded_calls_are_followed():
    world, _, flow = invite()
    Refuser(world, BOB, "bob", 302, [("Contact", f"<{CAROL_URI}>")])
    Obeyer(world, CAROL, "carol")
    world.run()
    assert flow.outcome.code == outcome.OK


@pytest.mark.parametrize("contact", [BOB_URI, "tel:110"])
def test_calls_forwarded_in_a_circle_or_to_a_telephone_number_are_not(contact):
    world, _, flow = invite()
    Refuser(world, BOB, "bob", 302, [("Contact", f"<{contact}>")])
    world.run()
    assert flow.outcome.code == outcome.INVITEE_FAILED
    assert "302" in flow.outcome.text


def test_a_phone_that_refuses_refer_inside_the_call():
    world, _, flow = invite()
    Obeyer(world, BOB, "bob", refer_status=603)
    world.run()
    assert flow.outcome.text == "bob: refused REFER: 603 Decline"
    assert len(world.sent("BYE", ALICE, BOB)) == 1


def test_a_phone_that_ignores_refer_inside_the_call():
    world, _, flow = invite(patience_ms=4000)
    Obeyer(world, BOB, "bob", refer_status=0)
    world.run()
    assert flow.outcome.text == "bob: bob's phone did not answer REFER"
    assert len(world.sent("BYE", ALICE, BOB)) == 1


def test_an_invitee_that_the_conference_refuses():
    world, _, flow = invite()
    Obeyer(world, BOB, "bob", final=(486, "Busy Here"))
    world.run()
    assert flow.carriers[0].result.status == 486
    assert flow.outcome.text.startswith("bob: could not join: 486")


def test_a_phone_that_takes_the_refer_and_never_notifies():
    world, _, flow = invite(patience_ms=5000)
    Obeyer(world, BOB, "bob", never_final=True)
    world.run()
    assert flow.outcome.code == outcome.INVITEE_FAILED
    assert "never said" in flow.outcome.text
    assert len(world.sent("BYE", ALICE, BOB)) == 1


def test_a_phone_that_hangs_up_first_may_still_notify():
    world, _, flow = invite()
    Obeyer(world, BOB, "bob", hangs_up=True)
    world.run()
    assert flow.outcome.code == outcome.OK
    assert world.sent("BYE", ALICE, BOB) == []


def test_ctrl_c_during_the_short_call_ends_it():
    world, alice, flow = invite(duration_ms=None)
    Obeyer(world, BOB, "bob", never_final=True)
    world.run(until_ms=500)
    alice.hang_up()
    world.run(stop=lambda: flow.finished)
    assert flow.outcome.code == outcome.INTERRUPTED
    assert len(world.sent("BYE", ALICE, BOB)) == 1
    assert len(world.sent("BYE", ALICE, BOARD)) == 1


def test_refer_outside_a_call():
    world, _, flow = invite("refer")
    bob = Obeyer(world, BOB, "bob")
    world.run()
    assert flow.outcome.code == outcome.OK
    assert world.sent("INVITE", ALICE, BOB) == []
    assert bob.refers[0].get("Refer-To") == f"<{ADDRESS}>"
    assert bob.refers[0].get("Referred-By") == "<sip:alice@127.0.0.1:5070>"


@pytest.mark.parametrize("present", [True, False])
def test_refer_outside_a_call_gives_up_after_two_seconds_with_advice(present):
    world, _, flow = invite("refer", invitees=(CAROL_URI,), duration_ms=None)
    if present:
        Obeyer(world, CAROL, "carol", refer_status=0)
    world.run(stop=lambda: flow.finished)
    assert flow.outcome.text == "carol: carol's phone did not answer REFER; try --carrier call"
    sent_ms = world.sent("REFER", ALICE, CAROL)[0][0]
    assert sent_ms + REFER_LIMIT_MS <= world.now_ms <= sent_ms + REFER_LIMIT_MS + 100


@pytest.mark.parametrize("status", [501, 603])
def test_refer_outside_a_call_refused(status):
    world, _, flow = invite("refer")
    Obeyer(world, BOB, "bob", refer_status=status)
    world.run()
    assert flow.outcome.text.startswith(f"bob: bob's phone refused REFER: {status}")
    assert flow.outcome.text.endswith("try --carrier call")


def test_message_tells_a_person_and_says_that_no_notification_can_follow():
    world, _, flow = invite("message")
    bob = Obeyer(world, BOB, "bob")
    world.run()
    text = bob.messages[0].body.decode()
    assert ADDRESS in text.split()
    assert "sip:alice@127.0.0.1:5070 invites you" in text
    assert str(first_sip_uri(bob.messages[0].body)) == ADDRESS  # what our own listener would call
    assert bob.messages[0].get("Content-Type") == "text/plain;charset=utf-8"
    assert flow.outcome.code == outcome.NOT_NOTIFIED
    assert "no notification can follow" in flow.carriers[0].result.text
    assert world.sent("BYE", ALICE, BOARD)[0][0] >= 1000  # told, so we talk


def test_message_refused():
    world, _, flow = invite("message")
    Node(world, BOB, "bob", methods=())  # 405
    world.run()
    assert flow.outcome.code == outcome.INVITEE_FAILED
    assert "405" in flow.outcome.text


def test_message_unanswered():
    world, _, flow = invite("message", patience_ms=3000)
    world.run()
    assert flow.outcome.text == "bob: bob's phone did not answer"
