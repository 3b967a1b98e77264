import struct
import unittest

from parley.media.burst import BURST_BYTES, Burst
from parley.media.codecs import PACKET_BYTES

SSRC = 0x1A2B3C4D


class Ear:
    """Takes the place of a leg."""

    def __init__(self):
        self.packets = []

    def receive(self, buffer, length):
        self.packets.append(bytes(buffer[:length]))
        return 0


def rtp(sequence, payload, ssrc=SSRC, payload_type=0):
    return struct.pack(">BBHII", 0x80, payload_type, sequence & 0xFFFF, 160 * sequence, ssrc) + payload


class BurstTest(unittest.TestCase):
    def check(self, packets, expected=None):
        """These datagrams, read end to end, come out one by one."""
        burst = Burst()
        ear = Ear()
        data = b"".join(packets)
        burst.buffer[: len(data)] = data
        count = burst.deliver(len(data), ear)
        self.assertEqual(ear.packets, packets if expected is None else expected)
        self.assertEqual(count, len(ear.packets))
        self.assertEqual(len(burst.buffer), BURST_BYTES)

    def test_one_packet(self):
        self.check([rtp(1, b"x" * 160)])

    def test_as_many_as_fit(self):
        self.check([rtp(i, bytes([i]) * 160) for i in range(BURST_BYTES // PACKET_BYTES)])

    def test_events_among_audio(self):
        self.check(
            [rtp(1, b"a" * 160), rtp(2, b"ev00", payload_type=101), rtp(3, b"b" * 160), rtp(4, b"c" * 160)]
        )

    def test_long_and_short_packet_times(self):
        self.check([rtp(1, b"a" * 240), rtp(2, b"b" * 80), rtp(3, b"c" * 480)])

    def test_sequence_numbers_wrap_and_change_places(self):
        self.check([rtp(65535, b"a" * 160), rtp(0, b"b" * 160), rtp(65534, b"c" * 160)])

    def test_payload_that_holds_the_ssrc_is_not_cut(self):
        self.check([rtp(1, b"z" * 50 + struct.pack(">I", SSRC) + b"z" * 106), rtp(2, b"b" * 160)])

    def test_payload_that_holds_a_far_header_is_not_cut(self):
        self.check([rtp(1, b"z" * 40 + rtp(9000, b"") + b"z" * 108)])

    def test_zero_ssrc_and_silence(self):
        self.check([rtp(1, b"\x00" * 160, ssrc=0), rtp(2, b"\x00" * 160, ssrc=0)])
        self.check([rtp(1, b"\xff" * 160, ssrc=0xFFFFFFFF), rtp(2, b"\xff" * 160, ssrc=0xFFFFFFFF)])

    def test_scraps_are_handed_on_whole(self):
        self.check([b"\x80"])
        self.check([b"\x00\x01" * 10])
        self.check([rtp(1, b"")])
        self.check([b""], [])

    def test_another_source_stays_glued(self):
        first, second = rtp(1, b"a" * 160), rtp(77, b"b" * 160, ssrc=5)
        self.check([first, second], [first + second])  # one frame lost when a talker changes: the price

    def test_what_was_read_before_is_out_of_reach(self):
        burst = Burst()
        ear = Ear()
        old = rtp(1, b"o" * 160) + rtp(2, b"o" * 160)
        burst.buffer[: len(old)] = old
        new = rtp(1, b"n" * 160)
        burst.buffer[: len(new)] = new
        burst.deliver(len(new), ear)
        self.assertEqual(ear.packets, [new])


if __name__ == "__main__":
    unittest.main()
