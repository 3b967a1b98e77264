"""G.722 in calls: offered and answered, mixed with narrowband, as many legs as there are places for."""

import json
import unittest

from app_bench import Bench, media_of, rtp_packet

from parley.media.bridge import can_widen
from parley.wire.sdp import parse_sdp

BOTH = (("G722", 8000), ("PCMU", 8000))
WIDE_ONLY = (("G722", 8000),)
G722 = 9


def numbers_of(body):
    """Payload types of the first stream."""
    return parse_sdp(body).media[0].formats


@unittest.skipUnless(can_widen(), "wideband is in the native kernels only")
class WidebandTest(unittest.TestCase):
    def setUp(self):
        self.bench = Bench(wide_legs=2)
        self.phones = [self.bench.phone(number) for number in (1, 2, 3)]
        self.uri = self.bench.address(size=4)

    def call(self, number, codecs=BOTH):
        return self.phones[number].call(self.uri, self.phones[number].offer(codecs, port=4000 + 2 * number))

    def codecs(self):
        return [one.codec for one in self.bench.media.everybody()]

    def test_who_offers_it_first_gets_it(self):
        self.call(0)
        self.assertEqual(media_of(self.phones[0].last("answered")).formats[0], "9")
        self.call(1, (("PCMU", 8000), ("G722", 8000)))
        self.assertEqual(self.codecs(), ["G722", "PCMU"])

    def test_without_a_place_the_next_codec_is_taken(self):
        for number in range(3):
            self.call(number)
        self.assertEqual(self.codecs(), ["G722", "G722", "PCMU"])
        self.assertEqual(self.bench.media.places.wide_count(), 2)

    def test_who_knows_nothing_else_is_refused_then(self):
        for number in range(3):
            self.call(number, WIDE_ONLY)
        self.assertEqual((self.codecs(), self.phones[2].refusal), (["G722", "G722"], 488))

    def test_a_place_is_free_again_when_somebody_leaves(self):
        calls = [self.call(number) for number in range(2)]
        self.phones[0].hang_up(calls[0])
        self.call(2)
        self.assertEqual(self.codecs().count("G722"), 2)

    def test_a_call_changes_from_one_to_the_other_and_back(self):
        call = self.call(0)
        for codecs, expected in (((("PCMA", 8000),), "PCMA"), (WIDE_ONLY, "G722")):
            self.phones[0].reinvite(call, self.phones[0].offer(codecs))
            self.assertEqual(self.codecs(), [expected])

    def test_our_offer_has_it_first_while_there_is_a_place(self):
        self.phones[0].call(self.uri, b"")
        offered = numbers_of(self.phones[0].last("answered").body)
        self.assertEqual(offered[:3], ["9", "0", "8"])

    def test_both_rates_hear_each_other(self):
        self.call(0)
        self.call(1, (("PCMU", 8000),))
        wide, narrow = self.bench.rtp[0], self.bench.rtp[1]
        for number in range(40):
            wide.inbox.append(rtp_packet(number, 0x35 + number % 90, G722))
            narrow.inbox.append(rtp_packet(number, 0x90 ^ (number % 2) << 7))
            self.bench.media.tick()
        to_wide, to_narrow = wide.outbox[-1], narrow.outbox[-1]
        self.assertEqual((to_wide[1] & 0x7F, to_narrow[1] & 0x7F), (G722, 0))
        self.assertEqual((len(to_wide), len(to_narrow)), (172, 172))
        self.assertTrue(len(set(to_narrow[12:])) > 10)
        self.assertTrue(len(set(to_wide[12:])) > 3)

    def test_the_server_is_told_when_every_leg_may_have_it(self):
        def told(bench):
            return json.loads(bench.body(bench.config).decode())["codecs"]

        self.assertEqual(told(self.bench), ["PCMU", "PCMA"])
        self.assertEqual(told(Bench(wide_legs=6)), ["G722", "PCMU", "PCMA"])
