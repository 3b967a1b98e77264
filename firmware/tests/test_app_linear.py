"""L16 in calls: offered and answered at its clock rates, mixed with G.711, as many legs as there are places for."""

import json
import struct
import unittest

from app_bench import Bench, media_of

from parley.media.bridge import can_widen
from parley.media.codecs import packet_bytes
from parley.wire.sdp import parse_sdp

WIDE, NARROW, PCMU = ("L16", 16000), ("L16", 8000), ("PCMU", 8000)


def stream(number, octets, payload_type, ticks):
    return struct.pack(">BBHII", 0x80, payload_type, number, ticks * number, 77) + bytes([0x21, 0x43]) * (
        octets // 2
    )


@unittest.skipUnless(can_widen(), "L16 is in the native kernels only")
class LinearTest(unittest.TestCase):
    def setUp(self):
        self.bench = Bench(wide_legs=6, ptime_legs=6, linear_legs=2)
        self.phones = [self.bench.phone(number) for number in (1, 2, 3)]
        self.uri = self.bench.address(size=4)

    def call(self, number, codecs, ptime_ms=20):
        text = self.phones[number].offer(codecs, port=4000 + 2 * number)
        return self.phones[number].call(self.uri, text.replace(b"ptime:20", b"ptime:%d" % ptime_ms))

    def codecs(self):
        return [one.codec for one in self.bench.media.everybody()]

    def test_the_offers_first_codec_is_taken_at_its_clock_rate(self):
        self.call(0, (WIDE, PCMU))
        self.call(1, (NARROW, WIDE))
        self.call(2, (PCMU, WIDE))
        self.assertEqual(self.codecs(), ["L16/16000", "L16", "PCMU"])
        media = media_of(self.phones[0].last("answered"))
        self.assertEqual(next(one[1:3] for one in media.rtpmaps()), WIDE)

    def test_telephone_events_run_at_the_codecs_rate(self):
        self.call(0, (WIDE, PCMU))
        media = media_of(self.phones[0].last("answered"))
        self.assertEqual([one[1:3] for one in media.rtpmaps()], [WIDE, ("telephone-event", 16000)])
        self.assertEqual(self.bench.media.participants[0].event_payload_type, 101)

    def test_without_a_place_the_next_codec_is_taken_and_counted(self):
        for number in range(3):
            self.call(number, (WIDE, PCMU))
        self.assertEqual(self.codecs(), ["L16/16000", "L16/16000", "PCMU"])
        self.assertEqual(self.bench.media.totals()["short"]["codec"], 1)

    def test_who_knows_nothing_else_is_refused_then(self):
        for number in range(3):
            self.call(number, (NARROW,))
        self.assertEqual((self.codecs(), self.phones[2].refusal), (["L16", "L16"], 488))

    def test_a_place_is_free_again_when_somebody_leaves_or_changes(self):
        calls = [self.call(number, (WIDE,)) for number in range(2)]
        self.phones[0].reinvite(calls[0], self.phones[0].offer((PCMU,)))
        self.call(2, (NARROW,))
        self.assertEqual(self.codecs(), ["PCMU", "L16/16000", "L16"])
        self.phones[1].hang_up(calls[1])
        self.phones[0].reinvite(calls[0], self.phones[0].offer((WIDE,)))
        self.assertEqual(self.codecs(), ["L16/16000", "L16"])

    def test_a_rate_is_changed_in_a_call(self):
        call = self.call(0, (WIDE,))
        self.phones[0].reinvite(call, self.phones[0].offer((NARROW,)))
        self.assertEqual(self.codecs(), ["L16"])

    def test_no_packet_is_longer_than_an_ethernet_frame(self):
        self.call(0, (WIDE,), ptime_ms=60)
        self.call(1, (NARROW,), ptime_ms=60)
        asked = [media_of(phone.last("answered")).ptime_ms() for phone in self.phones[:2]]
        self.assertEqual(asked, [40, 60])
        for _ in range(6):
            self.bench.media.tick()
        sent = [{len(packet) for packet in wire.outbox} for wire in self.bench.rtp[:2]]
        self.assertEqual(sent, [{1292}, {972}])
        self.assertEqual((packet_bytes("L16/16000", 40), packet_bytes("L16", 60)), (1292, 972))

    def test_both_rates_hear_each_other(self):
        self.call(0, (WIDE,))
        self.call(1, (NARROW,))
        self.call(2, (PCMU,))
        for number in range(20):
            self.bench.rtp[0].inbox.append(
                stream(number, 640, self.bench.media.participants[0].payload_type, 320)
            )
            self.bench.media.tick()
        last = [wire.outbox[-1] for wire in self.bench.rtp[:3]]
        self.assertEqual([len(packet) for packet in last], [652, 332, 172])
        self.assertEqual(set(last[0][12:]), {0})  # who speaks hears nobody
        self.assertTrue(len(set(last[1][12:])) > 1 and set(last[2][12:]) != {0xFF})

    def test_we_do_not_offer_it_to_whom_has_it_not(self):
        self.phones[0].call(self.uri, b"")
        maps = parse_sdp(self.phones[0].last("answered").body).media[0].rtpmaps()
        expected = [("G722", 8000), PCMU, ("PCMA", 8000), ("telephone-event", 8000)]
        self.assertEqual([one[1:3] for one in maps], expected)

    def test_who_has_it_is_offered_it_last(self):
        self.call(0, (WIDE,))
        media = self.bench.media
        offered = media.places.offered(media.participants[0])
        self.assertEqual(offered, [("G722", 8000), PCMU, ("PCMA", 8000), WIDE, NARROW])

    def test_the_server_is_told_when_every_leg_may_have_it(self):
        def told(**limits):
            bench = Bench(**limits)
            return json.loads(bench.body(bench.config).decode())["codecs"]

        self.assertEqual(told(wide_legs=6, ptime_legs=6, linear_legs=5), ["G722", "PCMU", "PCMA"])
        self.assertEqual(told(wide_legs=6, ptime_legs=5, linear_legs=6), ["G722", "PCMU", "PCMA"])
        every = ["G722", "PCMU", "PCMA", "L16/16000", "L16"]
        self.assertEqual(told(wide_legs=6, ptime_legs=6, linear_legs=6), every)
