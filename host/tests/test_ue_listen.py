"""The auto-answering phone: calls and endings."""

from parley.call.negotiate import make_offer
from parleyue.equipment import LEAVE_LIMIT_MS

from .listen_bench import OFFER, listening
from .ue_peers import (
    ADDRESS,
    ALICE,
    BOARD,
    BOB,
    Ringer,
    board,
)


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


def test_a_call_that_replaces_one_goes_on_for_it_though_no_line_is_free():
    """RFC 3891: what a board does for another one that has died."""
    world, bob, alice = listening(calls=1, lines=1)
    lost = alice.invite()
    world.run(until_ms=100)
    call = alice.invite(headers=[("Replaces", lost.dialog_name), ("Require", "replaces")])
    world.run(until_ms=200)
    assert (lost.state, call.state) == ("ended", "established")
    assert [port.stopped for port in bob.ports] == [True, False]
    assert not bob.flow.finished
    alice.invite(headers=[("Replaces", lost.dialog_name), ("Require", "replaces")])
    world.run(until_ms=300)
    assert alice.rejected[-1].status in (481, 603)
    alice.hang_up(call)
    world.run()
    assert bob.flow.finished
