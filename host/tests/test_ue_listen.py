"""The auto-answering phone: calls, REFER in and out of dialog, 302, MESSAGE, endings."""

import pytest

from parley.call.negotiate import make_offer
from parley.wire.sip import Request
from parleyue.equipment import LEAVE_LIMIT_MS
from parleyue.listen import ListenPlan, first_sip_uri

from .ue_bench import UserEquipment
from .ue_peers import (
    ADDRESS,
    ALICE,
    BOARD,
    BOB,
    BOB_URI,
    CODECS,
    SERVER_URI,
    Answerer,
    Refuser,
    Ringer,
    World,
    board,
    server,
)

OFFER = make_offer(CODECS, ALICE[0], 20_000, 7, 1).to_bytes()


class Caller(Answerer):
    """Alice by hand: keeps what became of her calls and REFERs."""

    def __init__(self, world):
        super().__init__(world, ALICE, "alice")
        self.progress, self.rejected, self.answered, self.responses = [], [], [], []

    def on_refer_progress(self, event, now_ms):
        self.progress.append(event)

    def on_rejected(self, event, now_ms):
        self.rejected.append(event.message)

    def on_answered(self, event, now_ms):
        self.answered.append(event.subject)

    def on_response(self, event, now_ms):
        self.responses.append(event.message)

    def invite(self, body=OFFER):
        call = self.endpoint.invite(BOB_URI, body, self.world.now_ms)
        self.drain()
        return call

    def refer(self, call, target, headers=()):
        self.endpoint.refer(call, target, self.world.now_ms, headers=headers)
        self.drain()

    def refer_outside(self, target):
        self.endpoint.refer_outside(BOB_URI, target, self.world.now_ms)
        self.drain()

    def message(self, body, kind="text/plain"):
        self.endpoint.request(
            "MESSAGE", BOB_URI, self.world.now_ms, headers=[("Content-Type", kind)], body=body
        )
        self.drain()

    def notified(self):
        """First lines of the sipfrags received."""
        return [
            message.body.decode().split("\r\n")[0]
            for _, source, _, message in self.world.log
            if source == BOB and isinstance(message, Request) and message.method == "NOTIFY"
        ]


def listening(messages=False, **plan):
    world = World()
    bob = UserEquipment(world, BOB, "bob", methods=("MESSAGE",) if messages else ())
    bob.listen(ListenPlan(join_messages=messages, **plan))
    return world, bob, Caller(world)


def test_a_call_is_answered_with_audio():
    world, bob, alice = listening(calls=1)
    call = alice.invite()
    world.run(until_ms=100)
    assert call.state == "established"
    assert bob.ports[0].started[0].remote == (ALICE[0], 20_000)
    alice.hang_up(call)
    world.run()
    assert bob.flow.finished
    assert bob.ports[0].stopped
    assert bob.flow.answered == 1


def test_a_call_without_offer_gets_ours_and_the_answer_comes_with_the_ack():
    world, bob, alice = listening()
    answer = make_offer([("PCMA", 8000)], ALICE[0], 20_000, 7, 1).to_bytes()

    def give_the_ack_its_answer(message, source, destination):
        if message.start_line().startswith("ACK"):
            message.set("Content-Type", "application/sdp")
            message.body = answer
            bob.receive(message.to_bytes(), source)
            return True
        return False

    world.lose = give_the_ack_its_answer
    alice.invite(b"")
    world.run(until_ms=100)
    assert alice.answered[0].offer == b"" or b"m=audio 30000" in alice.answered[0].offer
    assert bob.ports[0].started[0].codec == "PCMA"
    assert bob.ports[0].started[0].remote == (ALICE[0], 20_000)


def test_a_call_without_offer_and_without_answer_is_hung_up():
    world, bob, alice = listening(calls=1)
    alice.invite(b"")
    world.run()
    assert alice.ended == ["bye"]
    assert bob.flow.finished
    assert bob.ports[0].started == []


def test_a_call_with_a_foreign_codec_is_refused():
    world, bob, alice = listening()
    alice.invite(OFFER.replace(b"RTP/AVP 0 8 101", b"RTP/AVP 18"))
    world.run()
    assert [message.status for message in alice.rejected] == [488]
    assert bob.ports[0].stopped


def test_more_calls_than_lines_are_busy():
    world, _, alice = listening(lines=1)
    alice.invite()
    world.run(until_ms=100)
    alice.invite()
    world.run(until_ms=200)
    assert [message.status for message in alice.rejected] == [486]


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


def test_the_duration_ends_everything_politely():
    world, bob, alice = listening(duration_ms=3000)
    resource = board(world)
    alice.invite()
    alice.refer_outside(f"<{ADDRESS}>")
    world.run(until_ms=10_000)
    assert bob.flow.finished
    assert len(world.sent("BYE", BOB)) == 2
    assert resource.ended == ["bye"]
    assert alice.ended == ["bye"]


def test_ctrl_c_while_the_target_rings():
    world, bob, alice = listening()
    Ringer(world, BOARD, "token")
    alice.refer_outside(f"<{ADDRESS}>")
    world.run(until_ms=500)
    bob.hang_up()
    world.run(stop=lambda: bob.flow.finished)
    assert alice.notified()[-1] == "SIP/2.0 487 Request Terminated"
    assert len(world.sent("CANCEL", BOB, BOARD)) == 1
    assert world.now_ms < 500 + LEAVE_LIMIT_MS


def test_ctrl_c_with_nobody_on_the_line_ends_at_once_and_twice_does_not_wait():
    world, bob, alice = listening()
    bob.hang_up()
    assert bob.flow.finished
    world, bob, alice = listening()
    alice.invite()
    world.run(until_ms=100)
    del world.nodes[ALICE]
    bob.hang_up()
    assert not bob.flow.finished
    bob.hang_up()
    assert bob.flow.finished


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
