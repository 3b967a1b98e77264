"""The media kernels as the firmware sees them: the same tests for the chosen ones and for plain Python."""

import struct
import unittest

from parley.media import kernel_numbers, kernels, kernels_slow

SILENCE = bytes(320)


def pcm(*samples):
    return bytearray(struct.pack("<%dh" % len(samples), *samples))


def samples_of(buffer):
    return struct.unpack("<%dh" % (len(buffer) // 2), buffer)


class Cases:
    """What holds for every implementation; `k` is the one under test."""

    k = kernels

    def test_g711_keeps_every_code_but_the_negative_zero(self):
        codes = bytes(range(256))
        linear, back = bytearray(512), bytearray(256)
        for law in (kernel_numbers.LAW_PCMU, kernel_numbers.LAW_PCMA):
            self.assertEqual(self.k.g711_decode(law, codes, linear), 256)
            self.assertEqual(self.k.g711_encode(law, linear, back), 256)
            changed = [code for code in range(256) if back[code] != code]
            self.assertEqual(changed, [0x7F] if law == kernel_numbers.LAW_PCMU else [])

    def test_g711_values_of_the_recommendation(self):
        linear = bytearray(8)
        self.k.g711_decode(
            kernel_numbers.LAW_PCMU, b"\x80\x00\xff\xfe", linear
        )  # Tables 2a and 2b: 8031, -8031, 0, 2
        self.assertEqual(samples_of(linear), (32124, -32124, 0, 8))
        self.k.g711_decode(
            kernel_numbers.LAW_PCMA, b"\xaa\x2a\xd5\x55", linear
        )  # Tables 1a and 1b: 4032, -4032, 1, -1
        self.assertEqual(samples_of(linear), (32256, -32256, 8, -8))

    def test_everybody_hears_the_others(self):
        total, out = bytearray(8), bytearray(4)
        voices = [pcm(100, -100), pcm(20, 30), pcm(-3, 4)]
        for voice in voices:
            self.k.mix_add(total, voice)
        self.k.mix_minus(total, voices[0], out, 32768)
        self.assertEqual(samples_of(out), (17, 34))
        self.k.mix_minus(total, None, out, 32768)
        self.assertEqual(samples_of(out), (117, -66))
        self.k.mix_clear(total)
        self.assertEqual(total, bytearray(8))

    def test_limiter_softens_a_block_that_overflows_and_no_other(self):
        total, out = bytearray(12), bytearray(6)
        loud = pcm(30000, -32768, 1000)
        self.k.mix_add(total, loud)
        self.k.mix_minus(total, None, out, 32768)
        self.assertEqual(out, loud)
        self.k.mix_add(total, loud)
        gain = self.k.mix_minus(total, None, out, 32768)
        self.assertEqual(samples_of(out), (32764, -32764, 1872))  # in the very first block it is cut off
        self.assertEqual(gain, 29694)  # from 32766, twice what fits, 3 of 16 parts of the way down
        self.k.mix_minus(total, None, out, 16384)
        self.assertEqual(samples_of(out)[2], 996)  # at 16383, in steps of 4

    def test_level(self):
        for samples, level in (((0, 0), 127), ((32767, -32767), 0), ((8031, -8031), 12), ((1, 1), 90)):
            self.assertEqual(self.k.level_dbov(pcm(*samples)), level)

    def test_rtp_header_there_and_back(self):
        fields = bytearray(struct.pack("<8I", 8, 1, 65535, 0xFEDCBA98, 0x89ABCDEF, 0, 0, 0))
        packet, found = bytearray(20), bytearray(32)
        self.assertEqual(self.k.rtp_write(packet, fields), 12)
        self.assertEqual(self.k.rtp_read(packet, 20, found), 12)
        self.assertEqual(struct.unpack("<8I", found), (8, 1, 65535, 0xFEDCBA98, 0x89ABCDEF, 0, 20, 0))
        self.assertEqual(self.k.rtp_read(packet, 11, found), kernel_numbers.RTP_SHORT)

    def make_leg(self, law):
        leg = bytearray(self.k.leg_size())
        self.k.leg_init(
            leg,
            law,
            law,
            -1,
            kernel_numbers.LEG_DEPTH_FRAMES,
            struct.pack("<3I", 0xFFFFFFFF, 65535, 0xFFFFFFF0),
        )
        return leg

    def test_two_legs_mouth_to_ear(self):
        for law in (kernel_numbers.LAW_PCMU, kernel_numbers.LAW_PCMA):
            mouth, ear = self.make_leg(law), self.make_leg(law)
            packet, heard, expected = bytearray(172), bytearray(320), bytearray(320)
            voice = pcm(*[(sample * 331) % 20000 - 10000 for sample in range(160)])
            for _ in range(5):
                self.assertEqual(self.k.leg_packetise(mouth, voice, packet), 172)
                self.assertEqual(self.k.leg_receive(ear, packet, 172), kernel_numbers.LEG_TAKEN)
                self.assertEqual(self.k.leg_playout(ear, heard), 1)
            self.k.g711_decode(law, memoryview(packet)[12:], expected)
            self.assertEqual(heard, expected)
            self.assertEqual(self.stat(ear, "received"), 5)
            self.assertEqual(self.stat(ear, "level_in"), self.k.level_dbov(expected))

    def stat(self, leg, name):
        return self.k.leg_stat(leg, kernel_numbers.LEG_STATS.index(name))

    def test_silence_when_nothing_came(self):
        leg, heard = self.make_leg(0), bytearray(b"\x55" * 320)
        self.assertEqual(self.k.leg_playout(leg, heard), 0)
        self.assertEqual(heard, SILENCE)
        self.assertEqual(
            (self.stat(leg, "silent"), self.stat(leg, "level_in")), (1, kernel_numbers.LEVEL_SILENCE)
        )

    def test_our_mistakes_are_value_errors(self):
        leg = self.make_leg(0)
        for call in (
            lambda: self.k.g711_decode(1, b"", bytearray()),
            lambda: self.k.g711_decode(0, b"123", bytearray(4)),
            lambda: self.k.mix_add(bytearray(4), SILENCE),
            lambda: self.k.leg_receive(leg, b"123", 4),
            lambda: self.k.leg_playout(leg, bytearray(100)),
            lambda: self.k.leg_playout(bytearray(len(leg)), bytearray(320)),
            lambda: self.k.leg_stat(leg, len(kernel_numbers.LEG_STATS)),
        ):
            self.assertRaises(ValueError, call)


class TestChosenKernels(Cases, unittest.TestCase):
    """Whatever kernels.py chose here."""

    def test_choice_is_told(self):
        self.assertTrue(kernels.KERNELS in ("native", "slow"))
        self.assertEqual(kernels.KERNELS_FAULT == "", kernels.KERNELS == "native")


class TestSlowKernels(Cases, unittest.TestCase):
    """The plain-Python ones."""

    k = kernels_slow


if __name__ == "__main__":
    unittest.main()
