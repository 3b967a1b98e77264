"""The auto-answering phone is told where to call: REFER in and out of dialog, 302, MESSAGE."""

import pytest

from parleyue.listen import first_sip_uri

from .listen_bench import listening
from .ue_peers import (
    ADDRESS,
    ALICE,
    BOARD,
    BOB,
    SERVER_URI,
    Refuser,
    Ringer,
    board,
    server,
)


def test_refer_in_the_call_is_obeyed_and_notified():
    world, bob, alice = listening(calls=1)
    resource = board(world)
    call = alice.invite()
    world.run(until_ms=100)
    alice.refer(call, f"<{ADDRESS};method=INVITE?Subject=hello>")
    world.run(until_ms=200)
    assert alice.notified() == ["SIP/2.0 100 Trying", "SIP/2.0 200 OK"]
    invite = world.sent("INVITE", BOB, BOARD)[0][2]
    assert invite.uri == ADDRESS
    assert invite.get("Subject") is None
    alice.hang_up(call)
    world.run(until_ms=5000)
    assert not bob.flow.finished  # the conference goes on
    resource.hang_up(resource.calls[0])
    world.run()
    assert bob.flow.finished
    assert (bob.flow.answered, bob.flow.joined) == (1, 1)
    assert all(port.stopped for port in bob.ports)


def test_refer_outside_a_call_is_obeyed():
    world, bob, alice = listening()
    board(world)
    alice.refer_outside(f"<{ADDRESS}>")
    world.run(until_ms=200)
    assert alice.notified() == ["SIP/2.0 100 Trying", "SIP/2.0 200 OK"]
    assert bob.report.times_ms.keys() == {"M6", "M7", "M8"}


def test_a_redirect_on_the_way_is_followed():
    world, _, alice = listening()
    server(world)
    board(world)
    alice.refer_outside(f"<{SERVER_URI}>")
    world.run(until_ms=200)
    assert alice.notified()[-1] == "SIP/2.0 200 OK"
    assert len(world.sent("INVITE", BOB, BOARD)) == 1


def test_a_redirect_in_a_circle_is_reported_as_it_is():
    world, _, alice = listening()
    server(world, contact=f"<{SERVER_URI}>")
    alice.refer_outside(f"<{SERVER_URI}>")
    world.run(until_ms=200)
    assert alice.notified()[-1] == "SIP/2.0 302 Moved Temporarily"


def test_a_refused_call_is_notified_with_its_status():
    world, bob, alice = listening(calls=1)
    Refuser(world, BOARD, "token", 410)
    alice.refer_outside(f"<{ADDRESS}>")
    world.run()
    assert alice.notified() == ["SIP/2.0 100 Trying", "SIP/2.0 410 Gone"]
    assert bob.flow.finished


def test_an_unanswered_call_is_notified_408_and_cancelled():
    world, _, alice = listening(patience_ms=10_000)
    Ringer(world, BOARD, "token")
    alice.refer_outside(f"<{ADDRESS}>")
    world.run(until_ms=20_000)
    assert alice.notified()[-1] == "SIP/2.0 408 Request Timeout"
    assert len(world.sent("CANCEL", BOB, BOARD)) == 1


def test_an_unknown_host_is_notified_404():
    world, _, alice = listening()
    alice.refer_outside("<sip:room@nowhere.example>")
    world.run(until_ms=100)
    assert alice.notified()[-1] == "SIP/2.0 404 Not Found"


def test_an_answer_without_common_codec_is_hung_up_and_notified_488():
    world, _, alice = listening()
    resource = board(world, body=b"v=0\r\no=- 1 1 IN IP4 127.0.1.1\r\ns=-\r\nt=0 0\r\n")
    alice.refer_outside(f"<{ADDRESS}>")
    world.run(until_ms=1000)
    assert alice.notified()[-1] == "SIP/2.0 488 Not Acceptable Here"
    assert resource.ended == ["bye"]


@pytest.mark.parametrize(
    ("target", "status"),
    [("<tel:110>", 416), ("<sip:room@127.0.1.1;transport=sctp>", 416), (f"<{ADDRESS};method=BYE>", 501)],
)
def test_a_refer_that_cannot_be_obeyed_is_refused(target, status):
    world, _, alice = listening()
    alice.refer_outside(target)
    world.run(until_ms=100)
    assert world.first(f"SIP/2.0 {status}", BOB, ALICE)
    assert world.sent("INVITE", BOB) == []


def test_a_message_is_obeyed_only_when_the_user_said_so():
    world, _, alice = listening(messages=False)
    board(world)
    alice.message(b"join " + ADDRESS.encode())
    world.run(until_ms=100)
    assert [message.status for message in alice.responses] == [405]
    assert world.sent("INVITE", BOB) == []


def test_a_message_with_an_address_is_joined():
    world, bob, alice = listening(messages=True)
    resource = board(world)
    alice.message(f"alice invites you. To join, call\r\n{ADDRESS}\r\n".encode())
    world.run(until_ms=100)
    assert [message.status for message in alice.responses] == [200]
    assert len(resource.calls) == 1
    assert bob.report.times_ms.keys() == {"M6", "M7"}


def test_a_message_without_address_or_of_another_type():
    world, _, alice = listening(messages=True)
    alice.message(b"hello")
    alice.message(b"\x00", "image/png")
    world.run(until_ms=100)
    assert sorted(message.status for message in alice.responses) == [200, 415]
    assert world.sent("INVITE", BOB) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("call sip:a@127.0.0.1:5060;transport=udp.", "sip:a@127.0.0.1:5060;transport=udp"),
        ("<sip:a@h> or sip:b@h", "sip:a@h"),
        ("SIP:a@h", "sip:a@h"),
        ("sips:a@h, sip:b@h", "sip:b@h"),
        ("gossip: sip:b@h!", "sip:b@h"),
        ("nothing", None),
        ("sip:", None),
        ("\xff sip:\x00@h", None),
    ],
)
def test_the_address_in_a_sentence(text, found):
    uri = first_sip_uri(text.encode("latin-1"))
    assert (None if uri is None else str(uri)) == found
