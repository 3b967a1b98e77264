"""Conference calling at the focus (RFC 4579): REFER to bring in and to put out, dial-out, Replaces and Join."""

import json
import unittest

from app_bench import BOARD, Bench, RtpWire, media_of

from parley.call.negotiate import answer_offer
from parley.wire.sdp import parse_sdp


class World:
    """A conference of alice's, and phones that answer, refuse or ring when the board calls them."""

    def __init__(self, size=4, **changes):
        self.bench = Bench(**changes)
        self.uri = self.bench.address(size=size)
        self.alice = self.bench.phone(1)
        self.call = self.alice.call(self.uri)

    def refer(self, target, phone=None, call=None, headers=()):
        phone = phone or self.alice
        subscription = phone.endpoint.refer(call or self.call, target, self.bench.now_ms(), headers=headers)
        self.bench.run()
        return subscription

    def statuses(self, phone=None):
        return [event.status for event in (phone or self.alice).events if event.kind == "refer_progress"]

    def pick_up(self, phone, body=None):
        """The phone answers the board's call; returns its Call."""
        call = [event.subject for event in phone.events if event.kind == "incoming"][-1]
        if body is None:
            offer = parse_sdp(call.offer)
            body = answer_offer(offer, [("PCMU", 8000)], phone.address[0], 4000, 7, 1).answer.to_bytes()
        phone.endpoint.answer(call, body, self.bench.now_ms())
        self.bench.run()
        return call

    def refuse(self, phone, status, headers=()):
        call = [event.subject for event in phone.events if event.kind == "incoming"][-1]
        phone.endpoint.reject(call, status, self.bench.now_ms(), headers=headers)
        self.bench.run()

    def names(self):
        return [one.uri for live in self.bench.slots.live() for one in self.bench.media.members(live)]

    def live(self):
        return [(one.slot, one.generation) for one in self.bench.slots.live()]


class DialOutTest(unittest.TestCase):
    def setUp(self):
        self.world = World()
        self.bench = self.world.bench
        self.bob = self.bench.phone(2)

    def test_a_participant_has_somebody_called(self):
        self.world.refer(self.bob.uri, headers=(("Referred-By", "<sip:phone1@10.0.0.1:5060>"),))
        invite = self.bob.last("incoming")
        self.assertEqual(invite.get("Contact"), "<%s>;isfocus" % self.world.uri)
        self.assertEqual(invite.get("Referred-By"), "<sip:phone1@10.0.0.1:5060>")
        self.assertEqual(invite.get("Allow-Events"), "refer, conference")
        self.assertEqual(media_of(invite).formats[:2], ["0", "8"])
        self.assertEqual(self.world.statuses(), [202, 100])
        line = self.bench.media.participants[1].line
        self.assertEqual(line.peer, (BOARD[0], line.port))  # while it rings nobody is heard there
        self.world.pick_up(self.bob)
        self.assertEqual(self.world.statuses(), [202, 100, 200])
        self.assertTrue(self.alice_heard_the_end())
        self.assertEqual(self.world.names(), [self.world.alice.uri, self.bob.uri])
        participant = self.bench.media.participants[1]
        self.assertEqual((participant.direction, participant.line.peer), ("sendrecv", ("10.0.0.2", 4000)))
        self.assertEqual(participant.origin, "10.0.0.2")  # where his 200 came from

    def alice_heard_the_end(self):
        return [event for event in self.world.alice.events if event.kind == "refer_progress"][-1].final

    def test_who_rings_has_a_place_but_is_not_reported(self):
        self.world.refer(self.bob.uri)
        self.assertEqual(self.bench.slots.live()[0].count, 2)
        self.assertEqual(self.reported(), [self.world.alice.uri])
        self.world.pick_up(self.bob)
        self.assertEqual(self.reported(), [self.world.alice.uri, self.bob.uri])

    def reported(self):
        return json.loads(self.bench.body(self.bench.config).decode())["live"][0][3]

    def test_ringing_is_told(self):
        self.world.refer(self.bob.uri)
        call = self.bob.events[-1].subject
        self.bob.endpoint.provisional(call, 180, self.bench.now_ms())
        self.bench.run()
        self.assertEqual(self.world.statuses(), [202, 100, 180])
        self.world.pick_up(self.bob)
        self.assertEqual(self.world.statuses()[-1], 200)

    def test_he_rings_longer_than_the_referrer_waits(self):
        self.world.refer(self.bob.uri)
        call = self.bob.events[-1].subject
        for _ in range(5):
            self.bob.endpoint.provisional(call, 180, self.bench.now_ms())
            call.timers.stop("expire")  # this phone rings for ever
            self.bench.pass_ms(50000)
        self.assertEqual(self.world.statuses()[-1], 180)  # REFER's own limit, three minutes, has come
        self.bob.endpoint.hangup(call, self.bench.now_ms())
        self.bench.pass_ms(1000)
        self.assertEqual(self.world.names(), [self.world.alice.uri])

    def test_a_refusal_is_told_and_the_place_is_free_again(self):
        self.world.refer(self.bob.uri)
        self.world.refuse(self.bob, 486)
        self.assertEqual(self.world.statuses(), [202, 100, 486])
        self.assertEqual(self.world.names(), [self.world.alice.uri])
        self.assertEqual(len(RtpWire.open_ports), 1)

    def test_nobody_answers(self):
        self.world.refer("sip:ghost@10.9.9.9")
        self.bench.pass_ms(33000)
        self.assertEqual(self.world.statuses()[-1], 408)
        self.assertEqual(self.world.names(), [self.world.alice.uri])

    def test_an_unusable_answer(self):
        self.world.refer(self.bob.uri)
        call = self.world.pick_up(self.bob, b"nonsense")
        self.assertEqual(self.world.statuses()[-1], 400)
        self.assertEqual((call.state, self.world.names()), ("ended", [self.world.alice.uri]))

    def test_a_redirect_is_followed(self):
        carol = self.bench.phone(3)
        self.world.refer(self.bob.uri)
        self.world.refuse(self.bob, 302, (("Contact", "<%s>" % carol.uri),))
        self.world.pick_up(carol)
        self.assertEqual(self.world.statuses(), [202, 100, 200])
        self.assertEqual(len(self.world.names()), 2)

    def test_a_redirect_in_a_circle_is_not(self):
        self.world.refer(self.bob.uri)
        self.world.refuse(self.bob, 302, (("Contact", "<%s>" % self.bob.uri),))
        self.assertEqual(self.world.statuses()[-1], 302)
        self.assertEqual(self.world.names(), [self.world.alice.uri])

    def test_nobody_is_called_into_an_empty_conference(self):
        self.world.refer(self.bob.uri)
        self.bench.pass_ms(500)
        self.world.alice.hang_up(self.world.call)
        self.assertEqual((self.world.live(), self.bench.media.count), ([], 0))
        self.assertEqual(self.bob.events[-1].kind, "ended")
        self.assertEqual(self.world.statuses()[-1], 487)
        self.assertEqual(RtpWire.open_ports, [])

    def test_it_goes_on_when_the_referrer_leaves_after_the_answer(self):
        self.world.refer(self.bob.uri)
        self.world.pick_up(self.bob)
        self.world.alice.hang_up(self.world.call)
        self.assertEqual(self.world.names(), [self.bob.uri])
        self.assertEqual(len(self.world.live()), 1)

    def test_the_server_ends_it_while_somebody_rings(self):
        self.world.refer(self.bob.uri)
        self.bench.pass_ms(500)
        self.bench.sip.hang_up(self.bench.now_ms())
        self.bench.run()
        self.assertEqual((self.world.live(), self.bench.media.count), ([], 0))
        self.assertEqual(self.bob.events[-1].kind, "ended")
        self.assertEqual(self.world.call.state, "ended")

    def test_a_full_conference(self):
        world = World(size=2)
        bob = world.bench.phone(2)
        bob.call(world.uri)
        world.refer("sip:carol@10.0.0.3")
        self.assertEqual(world.statuses(), [486])

    def test_a_full_board(self):
        world = World(legs=2)
        world.bench.phone(2).call(world.uri)
        world.refer("sip:carol@10.0.0.3")
        self.assertEqual(world.statuses(), [486])

    def test_a_locked_conference(self):
        self.bench.slots.live()[0].locked = True
        self.world.refer(self.bob.uri)
        self.assertEqual(self.world.statuses(), [403])

    def test_without_subscription(self):
        subscription = self.world.refer(self.bob.uri, headers=(("Refer-Sub", "false"),))
        self.world.pick_up(self.bob)
        self.assertEqual(self.world.statuses(), [202])
        self.assertTrue(subscription.final)
        self.assertEqual(len(self.world.names()), 2)

    def test_dialled_participants_hold_and_leave_like_others(self):
        self.world.refer(self.bob.uri)
        call = self.world.pick_up(self.bob)
        self.bob.reinvite(call, self.bob.offer(direction="sendonly"))
        self.assertEqual(self.bench.media.participants[1].direction, "recvonly")
        self.bob.hang_up(call)
        self.assertEqual(self.world.names(), [self.world.alice.uri])


class PolicyTest(unittest.TestCase):
    def setUp(self):
        self.world = World()
        self.bench = self.world.bench
        self.bob = self.bench.phone(2)

    def outside(self, phone, target, uri=None):
        phone.endpoint.refer_outside(uri or self.world.uri, target, self.bench.now_ms(), peer=BOARD)
        self.bench.run()
        return self.world.statuses(phone)

    def test_a_participant_outside_his_call(self):
        self.assertEqual(self.outside(self.world.alice, self.bob.uri), [202, 100])
        self.world.pick_up(self.bob)
        self.assertEqual(self.world.statuses()[-1], 200)

    def test_the_answer_says_isfocus(self):
        subscription = self.world.alice.endpoint.refer_outside(
            self.world.uri, self.bob.uri, self.bench.now_ms(), peer=BOARD
        )
        self.bench.run()
        self.assertEqual(subscription.dialog.remote_target, self.world.uri)
        self.assertTrue("isfocus" in self.world.alice.last("refer_progress").get("Contact"))

    def test_a_stranger_who_knows_the_address(self):
        self.assertEqual(self.outside(self.bob, "sip:x@10.0.0.9"), [403])

    def test_a_stranger_in_a_participant_s_name(self):
        mallory = self.bench.phone(9)
        mallory.endpoint._core.uri = self.world.alice.endpoint._core.uri
        self.assertEqual(self.outside(mallory, "sip:x@10.0.0.9"), [403])

    def test_no_such_conference(self):
        self.assertEqual(self.outside(self.bob, "sip:x@10.0.0.9", self.bench.address(slot=1)), [404])
        self.assertEqual(self.outside(self.bob, "sip:x@10.0.0.9", "sip:conference@127.0.1.1")[-1], 404)

    def test_other_methods(self):
        self.world.refer("sip:x@10.0.0.9;method=MESSAGE")
        self.assertEqual(self.world.statuses(), [501])

    def test_the_conference_itself(self):
        self.world.refer(self.world.uri)
        self.assertEqual(self.world.statuses(), [403])

    def test_who_only_rings_may_not_refer(self):
        self.world.refer(self.bob.uri)
        self.assertEqual(self.outside(self.bob, "sip:x@10.0.0.9"), [403])


class PutOutTest(unittest.TestCase):
    def setUp(self):
        self.world = World()
        self.bench = self.world.bench
        self.bob = self.bench.phone(2)
        self.theirs = self.bob.call(self.world.uri)

    def test_by_his_uri(self):
        self.world.refer(self.bob.uri + ";method=BYE")
        self.assertEqual(self.theirs.state, "ended")
        self.assertEqual(self.world.statuses(), [202, 100, 200])
        self.assertEqual(self.world.names(), [self.world.alice.uri])

    def test_by_his_phone_s(self):
        contact = "sip:phone2@10.0.0.2:5060;transport=udp"
        self.world.refer(contact + ";method=BYE")
        self.assertEqual(self.theirs.state, "ended")

    def test_the_notify_waits_for_his_answer(self):
        self.bench.phones.remove(self.bob)
        self.world.refer(self.bob.uri + ";method=BYE")
        self.assertEqual(self.world.statuses(), [202, 100])
        self.assertEqual(self.world.names(), [self.world.alice.uri])
        self.bench.pass_ms(33000)
        self.assertEqual(self.world.statuses()[-1], 200)

    def test_nobody_of_that_name(self):
        self.world.refer("sip:nobody@10.0.0.9;method=BYE")
        self.assertEqual(self.world.statuses(), [404])

    def test_who_is_being_called(self):
        carol = self.bench.phone(3)
        self.world.refer(carol.uri)
        self.bench.pass_ms(500)
        self.world.refer(carol.uri + ";method=BYE")
        self.assertEqual(carol.events[-1].kind, "ended")
        self.assertEqual(sorted(self.world.statuses()[2:]), [100, 200, 202, 487])

    def test_oneself(self):
        self.world.refer(self.world.alice.uri + ";method=BYE")
        self.assertEqual(self.world.names(), [self.bob.uri])


if __name__ == "__main__":
    unittest.main()
