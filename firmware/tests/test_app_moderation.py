import json
import unittest

from app_bench import Bench, rtp_packet

from parley.app.hearing import channels_of
from parley.wire.address import Allocation
from parley.wire.errors import RemoteError
from parley.wire.sip import response_to

FRAMES = 6  # more than the jitter buffer's prefill


class ModeratedBench(Bench):
    """A board with alice (participant 1) and bob (2) in conference 1/50, and a server that gives orders."""

    def __init__(self):
        Bench.__init__(self)
        self.server = self.phone(9)
        self.alice, self.bob = self.phone(1), self.phone(2)
        self.uri = self.address(slot=1, generation=50)
        self.alice_call = self.alice.call(self.uri)
        self.bob_call = self.bob.call(self.uri)

    def order(self, **order):
        """Sends an order; returns the status of its answer."""
        return self.server.order(json.dumps(order).encode())

    def speak(self, frames=FRAMES):
        """Alice says something for a while; what bob is sent."""
        self.rtp[1].outbox.clear()
        self.said = getattr(self, "said", 0)
        for _ in range(frames):
            self.rtp[0].inbox.append(rtp_packet(self.said, 0x90))
            self.said += 1
            self.media.tick()
        return b"".join([packet[12:] for packet in self.rtp[1].outbox])

    def reported(self):
        return json.loads(self.body(self.config).decode())["live"]


class MuteTest(unittest.TestCase):
    def setUp(self):
        self.bench = ModeratedBench()

    def test_muted_is_not_heard_but_hears(self):
        self.assertIn(b"\x90" * 160, self.bench.speak())
        self.assertEqual(self.bench.order(mute=[1, 50, 1, 1]), 200)
        self.assertNotIn(b"\x90", self.bench.speak())
        self.assertEqual(self.bench.reported()[0][5], [1])
        self.assertEqual(self.bench.does(0), (True, False))
        self.assertEqual(self.bench.order(mute=[1, 50, 1, 0]), 200)
        self.assertIn(b"\x90" * 160, self.bench.speak(60))
        self.assertEqual(self.bench.reported()[0][5], [])

    def test_a_new_offer_does_not_unmute(self):
        self.bench.order(mute=[1, 50, 1, 1])
        self.bench.alice.reinvite(self.bench.alice_call, self.bench.alice.offer(direction="sendonly"))
        self.assertEqual(self.bench.does(0), (False, False))
        self.bench.order(mute=[1, 50, 1, 0])
        self.assertEqual(self.bench.does(0), (False, True))  # still on hold, as alice asked

    def test_another_codec_does_not_unmute(self):
        self.bench.order(mute=[1, 50, 1, 1])
        self.bench.alice.reinvite(self.bench.alice_call, self.bench.alice.offer([("PCMA", 8000)]))
        self.assertEqual(self.bench.does(0), (True, False))

    def test_nobody_of_that_number(self):
        for order in ([1, 50, 3, 1], [1, 49, 1, 1], [2, 50, 1, 1], [99, 50, 1, 1]):
            self.assertEqual(self.bench.order(mute=order), 404)


class GainTest(unittest.TestCase):
    def setUp(self):
        self.bench = ModeratedBench()

    def test_softer_and_as_before(self):
        self.assertEqual(self.bench.order(gain=[1, 50, 1, 128]), 200)
        self.assertIn(
            b"\xa0" * 160, self.bench.speak()
        )  # a segment of mu-law less: half, as nearly as it can be
        self.assertNotIn(b"\x90" * 160, self.bench.speak())
        self.assertEqual(self.bench.reported()[0][7:], [[], [], [[1, 128]], []])
        self.assertEqual(self.bench.order(gain=[1, 50, 1, 256]), 200)
        self.assertIn(b"\x90" * 160, self.bench.speak())
        self.assertEqual(len(self.bench.reported()[0]), 7)

    def test_automatic(self):
        self.assertEqual(self.bench.order(gain=[1, 50, 1, 65535]), 200)
        self.assertEqual(self.bench.reported()[0][7:], [[], [], [[1, 65535, 256]], []])
        self.assertNotEqual(self.bench.speak(30)[-160:], b"\x90" * 160)
        ((_, _, now),) = self.bench.reported()[0][9]
        self.assertTrue(64 <= now < 128, now)  # 0x90 is 16 dB too loud: by 12 softer in the end

    def test_too_loud_and_nobody(self):
        self.assertEqual(self.bench.order(gain=[1, 50, 1, 4097]), 400)
        self.assertEqual(self.bench.order(gain=[1, 50, 3, 256]), 404)


class HearTest(unittest.TestCase):
    def setUp(self):
        self.bench = ModeratedBench()

    def test_one_does_not_hear_another(self):
        self.assertEqual(self.bench.order(hear=[1, 50, 2, 1, 0]), 200)
        self.assertNotIn(b"\x90", self.bench.speak())
        self.assertEqual(self.bench.reported()[0][7:], [[], [], [], [[2, 1]]])
        self.assertEqual(self.bench.order(hear=[1, 50, 2, 1, 1]), 200)
        self.assertIn(b"\x90" * 160, self.bench.speak())
        self.assertEqual(len(self.bench.reported()[0]), 7)

    def test_a_new_offer_and_a_newcomer_change_nothing(self):
        self.bench.order(hear=[1, 50, 2, 1, 0])
        self.bench.bob.reinvite(self.bench.bob_call, self.bench.bob.offer())
        self.bench.phone(3).call(self.bench.uri)
        self.assertNotIn(b"\x90", self.bench.speak())
        self.assertIn(b"\x90" * 160, self.bench.rtp[2].outbox[-1])

    def test_nobody_and_oneself(self):
        self.assertEqual(self.bench.order(hear=[1, 50, 2, 2, 0]), 400)
        self.assertEqual(self.bench.order(hear=[1, 50, 2, 7, 0]), 404)
        self.assertEqual(self.bench.order(hear=[1, 50, 7, 2, 0]), 404)

    def test_channels_are_enough_for_thirty_rows(self):
        class One:
            def __init__(self, number, unheard):
                self.number, self.unheard = number, unheard

        many = [One(number, [number % 40 + 1]) for number in range(1, 30)]
        found = channels_of(many)
        for one in many:
            for other in many:
                hears = found[one.number][1] & found[other.number][0] != 0
                self.assertEqual(hears, other.number not in one.unheard)
        with self.assertRaises(RemoteError):
            channels_of([One(number, [number % 40 + 1]) for number in range(1, 41)])


class KickAndLockTest(unittest.TestCase):
    def setUp(self):
        self.bench = ModeratedBench()

    def test_kicked_is_hung_up_on_and_may_return(self):
        self.assertEqual(self.bench.order(kick=[1, 50, 1]), 200)
        self.assertEqual((self.bench.alice_call.state, self.bench.bob_call.state), ("ended", "established"))
        self.assertEqual(self.bench.reported(), [[1, 50, 3, [self.bench.bob.uri], [2], [], False]])
        self.bench.alice.call(self.bench.uri)
        self.assertEqual(self.bench.reported()[0][4], [2, 3])  # a number is never used again
        self.assertEqual(self.bench.order(kick=[1, 50, 1]), 404)

    def test_the_last_one_kicked_ends_the_conference(self):
        self.bench.order(kick=[1, 50, 1])
        self.bench.order(kick=[1, 50, 2])
        self.assertEqual(self.bench.slots.ended, [(1, 50)])

    def test_locked_lets_nobody_in(self):
        self.assertEqual(self.bench.order(lock=[1, 50, 1]), 200)
        self.assertEqual(self.bench.reported()[0][6], True)
        carol = self.bench.phone(3)
        carol.call(self.bench.uri)
        self.assertEqual(carol.refusal, 403)
        self.assertEqual(self.bench.order(lock=[1, 50, 0]), 200)
        self.assertEqual(carol.call(self.bench.uri).state, "established")
        self.assertEqual(self.bench.order(lock=[3, 50, 1]), 404)


class WatchTest(unittest.TestCase):
    def setUp(self):
        self.bench = ModeratedBench()
        self.bench.pass_ms(500)
        self.bench.answer_register()
        self.bench.registers.clear()

    def told(self):
        return [request for request in self.bench.registers if request.method == "MESSAGE"]

    def test_levels_come_several_times_a_second_while_asked_for(self):
        self.bench.speak()
        self.assertEqual(self.bench.order(watch=[2]), 200)
        for _ in range(40):
            self.bench.pass_ms(100)
            if self.bench.registers and self.bench.registers[-1].method == "MESSAGE":
                self.bench.answer_register()
        count = len(self.told())
        self.assertTrue(6 <= count <= 8, count)
        ((slot, generation, levels),) = json.loads(self.told()[0].body.decode())["levels"]
        self.assertEqual((slot, generation), (1, 50))
        self.assertEqual((levels[0], levels[2], levels[3]), (1, 2, 127))
        self.assertTrue(levels[1] < 60)
        self.bench.pass_ms(2000)
        self.assertEqual(len(self.told()), count)

    def test_one_is_under_way_at_most(self):
        self.bench.order(watch=[10])
        self.bench.pass_ms(3000)  # nobody answers
        self.assertEqual(len(set(request.call_id() for request in self.told())), 1)
        self.assertEqual(len(set(request.cseq()[0] for request in self.told())), 1)

    def test_a_challenge_is_answered(self):
        self.bench.order(watch=[1])
        self.bench.pass_ms(100)
        challenge = 'Digest realm="parley", nonce="n", algorithm=SHA-256, qop="auth"'
        self.bench.from_server(response_to(self.told()[-1], 401, headers=[("WWW-Authenticate", challenge)]))
        self.assertIn('username="virtual-1"', self.told()[-1].get("Authorization"))

    def test_muted_is_silent(self):
        self.bench.order(mute=[1, 50, 1, 1])
        self.bench.speak()
        self.bench.order(watch=[1])
        self.bench.pass_ms(100)
        ((_, _, levels),) = json.loads(self.told()[0].body.decode())["levels"]
        self.assertEqual(levels, [1, 127, 2, 127])


class TrailTest(unittest.TestCase):
    def setUp(self):
        self.bench = ModeratedBench()

    def trail(self):
        return [
            (entry[2], entry[3], entry[4], entry[5], entry[6])
            for entry in self.bench.sip.trail.offer(self.bench.now_ms())
        ]

    def test_calls_are_told_until_the_server_has_them(self):
        alice, bob = self.bench.alice.uri, self.bench.bob.uri
        joined = [(1, 50, ">", "INVITE", alice), (1, 50, "<", "200 OK", alice), (1, 50, ">", "ACK", alice)]
        self.assertEqual(self.trail()[:3], joined)
        self.bench.pass_ms(500)
        body = json.loads(self.bench.registers[-1].body.decode())
        self.assertEqual([entry[0] for entry in body["trail"]], [1, 2, 3, 4, 5, 6])
        self.assertEqual(body["trail"][3][6], bob)
        self.bench.answer_register(status=500)
        self.assertEqual(len(self.trail()), 6)
        self.bench.pass_ms(2000)
        self.bench.answer_register()
        self.assertEqual(self.trail(), [])

    def test_ends_and_refusals_are_told(self):
        self.bench.sip.trail.offer(0)
        self.bench.sip.trail.accepted()
        alice, bob = self.bench.alice.uri, self.bench.bob.uri
        self.bench.alice.hang_up(self.bench.alice_call)
        self.bench.order(kick=[1, 50, 2])
        self.bench.alice.call(self.bench.uri)
        self.assertEqual(
            self.trail(),
            [
                (1, 50, ">", "BYE", alice),
                (1, 50, "<", "BYE", bob),
                (1, 50, ">", "INVITE", alice),
                (1, 50, "<", "410 Conference is over", alice),
            ],
        )

    def test_it_is_bounded(self):
        for _ in range(60):
            self.bench.alice.call(self.bench.address(slot=1, generation=49))
        trail = self.bench.sip.trail
        kept, more = [], True
        while more:
            entries = trail.offer(self.bench.now_ms())
            self.assertTrue(1 <= len(json.dumps(entries)) <= 700)
            kept += entries
            more = trail.accepted()
        self.assertEqual(
            [entry[0] for entry in kept], list(range(79, 127))
        )  # each call makes two; the last 48

    def test_at_least_one_goes_at_once(self):
        trail = self.bench.sip.trail
        trail.offer(0)
        while trail.accepted():
            trail.offer(0)
        trail.note(0, Allocation(1, 50, 3, 0), "<", "410 " + "x" * 800, "sip:a@b")
        self.assertEqual(len(trail.offer(0)), 1)
        self.assertFalse(trail.accepted())


class OrderTest(unittest.TestCase):
    def test_nonsense(self):
        bench = ModeratedBench()
        for order in ({"dance": [1]}, {"mute": [1, 50, 1]}, {"watch": [True]}, {"watch": [-1]}, {"lock": {}}):
            self.assertEqual(bench.order(**order), 400)
        self.assertEqual(bench.order(watch=[1], lock=[1, 50, 1]), 400)
        self.assertFalse(bench.slots.live()[0].locked)


if __name__ == "__main__":
    unittest.main()
