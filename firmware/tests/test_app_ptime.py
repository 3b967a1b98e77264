"""Packet times that phones ask for: answered, kept in sound and SRTP, as many legs as there are places for."""

import unittest

from app_bench import Bench, media_of, rtp_packet

from parley.media.bridge import can_widen
from parley.wire.sdp import parse_sdp

PCMU = (("PCMU", 8000),)


@unittest.skipUnless(can_widen(), "packet times are in the native kernels only")
class PtimeTest(unittest.TestCase):
    def setUp(self):
        self.bench = Bench(ptime_legs=2)
        self.phones = [self.bench.phone(number) for number in (1, 2, 3)]
        self.uri = self.bench.address(size=4)

    def offer(self, number, ptime_ms, most_ms=None):
        description = parse_sdp(self.phones[number].offer(PCMU, port=4000 + 2 * number))
        media = description.media[0]
        media.attributes = [pair for pair in media.attributes if pair[0] != "ptime"]
        media.attributes.append(("ptime", str(ptime_ms)))
        if most_ms is not None:
            media.attributes.append(("maxptime", str(most_ms)))
        return description.to_bytes()

    def call(self, number, ptime_ms, most_ms=None):
        return self.phones[number].call(self.uri, self.offer(number, ptime_ms, most_ms))

    def answered(self, number):
        return media_of(self.phones[number].last("answered")).ptime_ms()

    def lengths(self, number, ticks=6):
        """Octets of payload that a phone is sent in so many ticks."""
        wire = self.bench.rtp[number]
        before = len(wire.outbox)
        for _ in range(ticks):
            self.bench.media.tick()
        return [len(packet) - 12 for packet in wire.outbox[before:]]

    def test_who_asks_for_another_gets_it_and_is_told_so(self):
        self.call(0, 40)
        self.call(1, 20)
        self.assertEqual((self.answered(0), self.answered(1)), (40, 20))
        self.assertEqual(self.lengths(0), [320] * 3)
        self.assertEqual(self.lengths(1), [160] * 6)

    def test_ten_milliseconds_are_two_packets_a_tick(self):
        self.call(0, 10)
        self.assertEqual(self.lengths(0, 3), [80] * 6)

    def test_no_more_than_he_can_take(self):
        self.call(0, 60, most_ms=30)
        self.assertEqual(self.answered(0), 30)
        self.assertEqual(self.lengths(0), [240] * 4)

    def test_without_a_place_it_is_twenty_and_counted(self):
        for number in range(3):
            self.call(number, 30)
        self.assertEqual([self.answered(number) for number in range(3)], [30, 30, 20])
        self.assertEqual(self.lengths(2), [160] * 6)
        self.assertEqual(self.bench.media.totals()["short"]["ptime"], 1)

    def test_a_place_is_free_again_when_somebody_leaves(self):
        calls = [self.call(number, 60) for number in range(2)]
        self.phones[0].hang_up(calls[0])
        self.call(2, 60)
        self.assertEqual(self.answered(2), 60)

    def test_a_call_changes_it(self):
        call = self.call(0, 40)
        for ptime_ms, lengths in ((10, [80] * 12), (20, [160] * 6), (60, [480] * 2)):
            self.phones[0].reinvite(call, self.offer(0, ptime_ms))
            self.assertEqual(self.lengths(0), lengths)

    def test_reports_count_what_was_sent(self):
        self.call(0, 30)
        octets = sum(self.lengths(0, 9))
        figures = self.bench.media.side.figures(self.bench.media.participants[0].leg)
        self.assertEqual((figures.packets_out, figures.octets_out), (6, octets))

    def test_others_hear_what_they_would(self):
        self.call(0, 30)
        self.call(1, 20)
        for number in range(12):
            self.bench.rtp[1].inbox.append(rtp_packet(number, 0x10 + number))
            self.bench.media.tick()
        sound = b"".join([bytes(packet[12:]) for packet in self.bench.rtp[0].outbox])
        told = b"".join([bytes([0x10 + number]) * 160 for number in range(8)])
        self.assertTrue(told in sound)
