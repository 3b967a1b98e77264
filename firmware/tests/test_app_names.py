"""Names and levels of who is heard, from a call's offer to the packets that its phone gets."""

import struct
import unittest

from app_bench import Bench, media_of, rtp_packet

from parley.call.extensions import LEVEL_IN, LEVEL_OUT
from parley.media.bridge import can_widen
from parley.wire.sdp import parse_sdp

PCMU = (("PCMU", 8000),)
TALKER_SSRC = 9  # of rtp_packet
HEARD = 0x20  # a code that is loud


class NamesTest(unittest.TestCase):
    def begin(self, **changes):
        self.bench = Bench(**changes)
        self.said = 0
        self.phones = [self.bench.phone(number) for number in (1, 2, 3)]
        self.uri = self.bench.address(size=4)

    def offer(self, number, extmaps=(), ptime_ms=20):
        description = parse_sdp(self.phones[number].offer(PCMU, port=4000 + 2 * number))
        attributes = description.media[0].attributes
        attributes[:] = [("ptime", str(ptime_ms)) if pair[0] == "ptime" else pair for pair in attributes]
        attributes.extend([("extmap", line) for line in extmaps])
        return description.to_bytes()

    def call(self, number, extmaps=(), ptime_ms=20):
        return self.phones[number].call(self.uri, self.offer(number, extmaps, ptime_ms))

    def talk(self, ticks=6):
        """Phone 0 talks; returns the packets that 1 and 2 got last."""
        for _ in range(ticks):
            self.bench.rtp[0].inbox.append(rtp_packet(self.said, HEARD))
            self.said += 1
            self.bench.media.tick()
        return [bytes(self.bench.rtp[number].outbox[-1]) for number in (1, 2)]

    def test_by_default_nobody_is_named(self):
        self.begin()
        for number in range(3):
            self.call(number)
        for packet in self.talk():
            self.assertEqual((packet[0], len(packet)), (0x80, 172))

    def test_the_configuration_has_everybody_told(self):
        self.begin(csrc=3)
        for number in range(3):
            self.call(number)
        for packet in self.talk():
            self.assertEqual((packet[0], len(packet)), (0x81, 176))
            self.assertEqual(struct.unpack(">I", packet[12:16])[0], TALKER_SSRC)

    def test_who_asks_for_levels_gets_them_and_names(self):
        self.begin()
        self.call(0)
        self.call(1, ["7/recvonly " + LEVEL_OUT])
        self.call(2)
        told, plain = self.talk()
        level = self.bench.media.level(self.bench.media.participants[0])
        self.assertEqual(
            media_of(self.phones[1].last("answered")).attribute("extmap"), "7/sendonly " + LEVEL_OUT
        )
        self.assertEqual(told[:1] + told[12:24], b"\x91\0\0\0\x09\xbe\xde\0\1\x70" + bytes([level]) + b"\0\0")
        self.assertEqual((told[24:], plain[:1]), (plain[12:], b"\x80"))

    def test_a_phones_own_level_is_noted(self):
        self.begin()
        self.call(0, ["2 " + LEVEL_IN + " vad=on"])
        packet = rtp_packet(0, HEARD)
        self.bench.rtp[0].inbox.append(b"\x90" + packet[1:12] + b"\xbe\xde\0\1\x20\x8c\0\0" + packet[12:])
        self.bench.media.tick()
        self.assertEqual(self.bench.media.stats(self.bench.media.participants[0])["level_told"], 0x8C)
        self.assertEqual(self.bench.rtp[0].outbox[-1][0], 0x80)

    def test_another_offer_takes_them_back(self):
        self.begin()
        self.call(0)
        call = self.call(1, ["7 " + LEVEL_OUT])
        self.call(2)
        self.phones[1].reinvite(call, self.offer(1))
        self.assertEqual(self.talk()[0][0], 0x80)
        self.phones[1].reinvite(call, self.offer(1, ["200 " + LEVEL_OUT]))
        self.assertEqual(self.talk()[0][16:22], b"\x10\0\0\1\xc8\1")

    def test_not_where_the_board_is_told_not_to(self):
        self.begin(levels=0)
        self.call(0)
        self.call(1, ["7 " + LEVEL_OUT])
        self.call(2)
        self.assertEqual(self.talk()[0][0], 0x80)
        self.assertEqual(media_of(self.phones[1].last("answered")).attribute("extmap"), None)

    @unittest.skipUnless(can_widen(), "packet times are in the native kernels only")
    def test_packets_of_other_times(self):
        self.begin(csrc=2, ptime_legs=2)
        self.call(0)
        self.call(1, ["3 " + LEVEL_OUT], ptime_ms=40)
        self.call(2, ptime_ms=10)
        told, named = self.talk(8)
        self.assertEqual((told[0], len(told), named[0], len(named)), (0x91, 12 + 12 + 320, 0x81, 12 + 4 + 80))


if __name__ == "__main__":
    unittest.main()
