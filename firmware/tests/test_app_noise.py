"""Comfort noise (RFC 3389) for phones that offer it, where the board is told to: from the offer to the packets."""

import unittest

from app_bench import Bench, media_of, rtp_packet

from parley.wire.sdp import parse_sdp

PCMU, HEARD = (("PCMU", 8000),), 0x20


class NoiseTest(unittest.TestCase):
    def begin(self, **changes):
        self.bench = Bench(**changes)
        self.phones = [self.bench.phone(number) for number in (1, 2)]
        self.uri = self.bench.address(size=2)

    def call(self, number, offers=True):
        description = parse_sdp(self.phones[number].offer(PCMU, port=4000 + 2 * number))
        if offers:
            description.media[0].formats.append("13")
        self.phones[number].call(self.uri, description.to_bytes())
        return media_of(self.phones[number].last("answered"))

    def lengths(self, number, ticks):
        before = len(self.bench.rtp[number].outbox)
        for _ in range(ticks):
            self.bench.media.tick()
        return [len(packet) for packet in self.bench.rtp[number].outbox[before:]]

    def test_who_offers_it_gets_it_instead_of_silence(self):
        self.begin(comfort_noise=65)
        self.assertEqual(self.call(0).formats, ["0", "101", "13"])
        self.assertEqual(self.call(1, offers=False).formats, ["0", "101"])
        self.assertEqual(self.lengths(0, 36), [172] * 10 + [13] * 2)
        self.assertEqual(self.lengths(1, 36), [172] * 36)
        self.assertEqual(bytes(self.bench.rtp[0].outbox[-1])[12:], b"\x41")
        for number in range(4):
            self.bench.rtp[1].inbox.append(rtp_packet(number, HEARD))
            self.bench.media.tick()
        self.assertEqual(bytes(self.bench.rtp[0].outbox[-1])[12:], bytes([HEARD]) * 160)

    def test_by_default_nobody_does(self):
        self.begin()
        self.assertEqual(self.call(0).formats, ["0", "101"])
        self.assertEqual(self.lengths(0, 36), [172] * 36)

    def test_not_beside_a_codec_of_another_clock(self):
        self.begin(comfort_noise=65, wide_legs=2, ptime_legs=2, linear_legs=2)
        description = parse_sdp(self.phones[0].offer((("L16", 16000), ("PCMU", 8000))))
        description.media[0].formats.append("13")
        self.phones[0].call(self.uri, description.to_bytes())
        media = media_of(self.phones[0].last("answered"))
        self.assertEqual("13" in media.formats, media.rtpmaps()[0][1] == "PCMU")


if __name__ == "__main__":
    unittest.main()
