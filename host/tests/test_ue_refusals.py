"""The initiator when the server or the allocated address refuses, redirects astray or stays silent."""

import pytest

from parleyue import outcome
from parleyue.equipment import LEAVE_LIMIT_MS, CallPlan

from .ue_bench import UserEquipment
from .ue_peers import (
    ALICE,
    BOARD,
    BOB,
    BOB_URI,
    SERVER,
    SERVER_URI,
    Refuser,
    Ringer,
    World,
    board,
    server,
)


def test_an_unknown_host_is_said():
    world = World()
    flow = UserEquipment(world).call(CallPlan("sip:conference@nowhere.example"))
    assert flow.finished
    assert flow.outcome == outcome.Outcome(outcome.FAILED_HERE, "no such host: nowhere.example")


REFUSALS = [
    (503, [("Retry-After", "5 (all legs in use)")], "No resource free", outcome.REFUSED, 5),
    (488, [("Warning", '305 127.0.0.1:5060 "no board speaks opus"')], None, outcome.REFUSED, None),
    (404, [], None, outcome.REFUSED, None),
    (606, [], "No board is that big", outcome.REFUSED, None),
]


@pytest.mark.parametrize(("status", "headers", "reason", "code", "delay_s"), REFUSALS)
def test_a_refusal_of_the_server_is_told_with_its_reason(status, headers, reason, code, delay_s):
    world = World()
    Refuser(world, SERVER, "conference", status, headers, reason)
    flow = UserEquipment(world).call(CallPlan(SERVER_URI, [BOB_URI]))
    world.run()
    assert flow.finished
    assert (flow.outcome.code, flow.outcome.status, flow.outcome.retry_after_s) == (code, status, delay_s)
    assert flow.outcome.text.startswith(f"the server refused: {status} {reason or ''}".rstrip())
    if status == 488:
        assert "no board speaks opus" in flow.outcome.text
    if status == 503:
        assert "try again in 5 s" in flow.outcome.text
    assert world.sent(destination=BOB) == []


def test_a_refusal_of_the_allocated_address_is_another_code():
    world = World()
    server(world)
    Refuser(world, BOARD, "token", 410)
    flow = UserEquipment(world).call(CallPlan(SERVER_URI, [BOB_URI]))
    world.run()
    assert flow.outcome.code == outcome.ADDRESS_REFUSED
    assert flow.outcome.text == "the allocated address refused: 410 Gone"
    assert world.sent(destination=BOB) == []


def test_no_answer_ends_after_the_patience():
    world = World()
    flow = UserEquipment(world).call(CallPlan(SERVER_URI, patience_ms=3000))
    world.run(stop=lambda: flow.finished)
    assert flow.outcome.code == outcome.NO_ANSWER
    assert world.now_ms <= 3000 + LEAVE_LIMIT_MS


def test_no_answer_ends_by_timer_b_when_the_patience_is_longer():
    world = World()
    flow = UserEquipment(world).call(CallPlan(SERVER_URI, patience_ms=60_000))
    world.run()
    assert flow.outcome == outcome.Outcome(outcome.NO_ANSWER, f"no answer from {SERVER_URI}")
    assert world.now_ms == 32_000


def test_a_port_where_nobody_listens_is_known_at_once():
    world = World()
    world.nobody.add(SERVER)
    flow = UserEquipment(world).call(CallPlan(SERVER_URI))
    world.run(until_ms=100)
    assert flow.finished
    assert flow.outcome.code == outcome.NO_ANSWER
    assert "nobody listens" in flow.outcome.text


def test_a_server_that_only_rings_is_cancelled():
    world = World()
    Ringer(world, SERVER, "conference")
    flow = UserEquipment(world).call(CallPlan(SERVER_URI, patience_ms=3000))
    world.run(stop=lambda: flow.finished)
    assert flow.outcome.code == outcome.NO_ANSWER
    assert len(world.sent("CANCEL", ALICE, SERVER)) == 1
    assert world.now_ms < 3100


@pytest.mark.parametrize(
    ("contact", "sentence"),
    [
        (f"<{SERVER_URI}>", "circle"),
        ("<sip:CONFERENCE@127.0.0.1:5060>", None),  # another user: not a circle
        ("<tel:+4930123>", "cannot be called"),
        ("<sip:token@127.0.1.1;transport=sctp>", "sctp"),
    ],
)
def test_a_redirect_that_leads_nowhere_is_refused(contact, sentence):
    world = World()
    server(world, contact=contact)
    flow = UserEquipment(world).call(CallPlan(SERVER_URI))
    world.run()
    assert flow.finished
    assert flow.outcome.code == outcome.ADDRESS_REFUSED
    assert (sentence or "circle") in flow.outcome.text
    assert len(world.sent("INVITE", ALICE)) == (1 if sentence else 2)


def test_a_redirect_without_contact_names_no_address():
    world = World()
    Refuser(world, SERVER, "conference", 302)
    flow = UserEquipment(world).call(CallPlan(SERVER_URI))
    world.run()
    assert flow.outcome == outcome.Outcome(outcome.ADDRESS_REFUSED, "the redirect names no address")


def test_redirects_are_followed_a_few_times_only():
    world = World()
    for number in range(9):
        contact = f"<sip:conference@127.0.0.1:{5061 + 2 * number}>"
        server(world, contact, ("127.0.0.1", 5060 if number == 0 else 5059 + 2 * number))
    flow = UserEquipment(world).call(CallPlan(SERVER_URI))
    world.run()
    assert flow.outcome.code == outcome.ADDRESS_REFUSED
    assert "more than 5 times" in flow.outcome.text
    assert len(world.sent("INVITE", ALICE)) == 6


def test_an_answer_with_unusable_sdp_is_hung_up():
    world = World()
    server(world)
    resource = board(world, body=b"v=0\r\no=- 1 1 IN IP4 127.0.1.1\r\ns=-\r\nt=0 0\r\n")
    flow = UserEquipment(world).call(CallPlan(SERVER_URI, [BOB_URI]))
    world.run()
    assert flow.outcome.code == outcome.ADDRESS_REFUSED
    assert "SDP" in flow.outcome.text
    assert resource.ended == ["bye"]
    assert world.sent(destination=BOB) == []
