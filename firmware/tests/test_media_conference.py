import struct
import unittest

from parley.media import kernels
from parley.media.codecs import CODECS, FRAME_SAMPLES, PACKET_BYTES, RTP_HEADER_BYTES, law_of, preference
from parley.media.conference import Conference
from parley.media.leg import DEPTH_FRAMES, Leg
from parley.wire.errors import LocalError

# PCMU codes of constant frames, one for each talker, so that every sum of eight tells who is in it.
VOICES = (0xD0, 0x4C, 0xCF, 0x3E, 0xB9, 0x35, 0xAC, 0x28)


def packet_of(leg, number, code):
    """An RTP packet of 160 equal codes as this leg's peer would send it."""
    header = struct.pack(">BBHII", 0x80, leg.payload_type, number, 160 * number, 0x01020304)
    return header + bytes([code]) * FRAME_SAMPLES


def decoded(codec, code):
    """The sample a code stands for."""
    pcm = bytearray(2)
    kernels.g711_decode(law_of(codec), bytes([code]), pcm)
    return struct.unpack("<h", pcm)[0]


def encoded(codec, sample):
    """The code a sample is sent as."""
    codes = bytearray(1)
    kernels.g711_encode(law_of(codec), struct.pack("<h", sample), codes)
    return codes[0]


class Room:
    """A conference with its talkers, fed and heard by hand."""

    def __init__(self, talkers, codecs=("PCMU",)):
        self.conference = Conference(1, 7, max(2, talkers))
        self.legs = []
        self.sent = 0
        for i in range(talkers):
            leg = Leg(codecs[i % len(codecs)], law_of(codecs[i % len(codecs)]), None, i, 100 * i, 1000 * i)
            self.legs.append(leg)
            self.conference.add(leg)

    def speak(self, codes):
        """Everybody sends a frame; None sends nothing."""
        for leg, code in zip(self.legs, codes):
            if code is not None:
                packet = packet_of(leg, self.sent, code)
                leg.receive(packet, len(packet))
        self.sent += 1

    def mix_after(self, codes):
        """Prefills the jitter buffers with constant voices, then mixes once."""
        for _ in range(DEPTH_FRAMES):
            self.speak(codes)
        self.conference.mix()

    def heard_by(self, i):
        """The code that fills the packet made for talker i; None when it is not one code throughout."""
        payload = bytes(self.legs[i].packet[RTP_HEADER_BYTES:])
        return payload[0] if payload == payload[:1] * FRAME_SAMPLES else None


class MixTest(unittest.TestCase):
    def check(self, talkers, codecs=("PCMU",)):
        """Everybody hears exactly the sum of the others."""
        codes = VOICES[:talkers]
        room = Room(talkers, codecs)
        room.mix_after(codes)
        for i in range(talkers):
            total = 0
            for j in range(talkers):
                if j != i:
                    total += decoded(room.legs[j].codec, codes[j])
            self.assertTrue(-24576 <= total <= 24576)  # else the limiter would change it
            self.assertEqual(room.heard_by(i), encoded(room.legs[i].codec, total))

    def test_one_hears_silence(self):
        room = Room(1)
        room.mix_after(VOICES[:1])
        self.assertTrue(room.legs[0].heard)
        self.assertEqual(room.heard_by(0), encoded("PCMU", 0))

    def test_two_hear_each_other(self):
        self.check(2)

    def test_three_hear_the_two_others(self):
        self.check(3)

    def test_eight_hear_the_seven_others(self):
        self.check(8)

    def test_codecs_may_differ(self):
        self.check(3, ("PCMU", "PCMA"))

    def test_two_hear_the_other_bit_exactly(self):
        for codec in ("PCMU", "PCMA"):
            for code in range(256):
                if decoded(codec, code) == 0 or abs(decoded(codec, code)) > 24576:
                    continue  # two codes for zero; and what the limiter touches
                room = Room(2, (codec,))
                room.mix_after((code, None))
                self.assertEqual(room.heard_by(1), code)

    def test_full_scale_is_limited_not_wrapped(self):
        room = Room(4)
        room.mix_after((0x80, 0x80, 0x80, 0x80))  # the loudest positive code
        self.assertTrue(decoded("PCMU", room.heard_by(0)) > 24576)

    def test_sum_beyond_sixteen_bits_subtracts_exactly(self):
        loudest, loudest_negative = 0x80, 0x00
        room = Room(3)
        room.mix_after((loudest, loudest, loudest_negative))
        self.assertEqual(room.heard_by(2), encoded("PCMU", 31366))  # 24576 + 8191 - 8191**2 / (39672 + 8191)
        self.assertEqual(room.heard_by(0), encoded("PCMU", 0))  # + and - cancel

    def test_silent_participant_hears_and_adds_nothing(self):
        room = Room(3)
        room.mix_after((VOICES[0], VOICES[1], None))
        self.assertFalse(room.legs[2].heard)
        self.assertEqual(room.heard_by(0), VOICES[1])
        self.assertEqual(
            room.heard_by(2), encoded("PCMU", decoded("PCMU", VOICES[0]) + decoded("PCMU", VOICES[1]))
        )

    def test_nobody_hears_a_frame_twice(self):
        room = Room(2)
        room.mix_after(VOICES[:2])
        for _ in range(5):  # what is missing is concealed for 60 ms
            room.conference.mix()
        self.assertEqual(room.heard_by(0), encoded("PCMU", 0))


class DirectionTest(unittest.TestCase):
    def test_who_is_on_hold_neither_hears_nor_is_heard(self):
        room = Room(3)
        room.legs[1].set_direction("inactive")
        before = bytes(room.legs[1].packet)
        room.mix_after(VOICES[:3])
        self.assertEqual(room.heard_by(0), VOICES[2])
        self.assertEqual(bytes(room.legs[1].packet), before)

    def test_our_sendonly_hears_but_is_not_heard(self):
        room = Room(2)
        room.legs[0].set_direction("sendonly")
        room.mix_after(VOICES[:2])
        self.assertEqual(room.heard_by(0), VOICES[1])
        self.assertEqual(room.heard_by(1), encoded("PCMU", 0))

    def test_our_recvonly_is_heard_but_hears_nothing(self):
        room = Room(2)
        room.legs[0].set_direction("recvonly")
        before = bytes(room.legs[0].packet)
        room.mix_after(VOICES[:2])
        self.assertEqual(room.heard_by(1), VOICES[0])
        self.assertEqual(bytes(room.legs[0].packet), before)

    def test_rtp_clock_goes_on_while_nothing_is_sent(self):
        room = Room(2)
        leg = room.legs[0]
        room.conference.mix()
        first = struct.unpack_from(">HI", leg.packet, 2)
        leg.set_direction("inactive")
        room.conference.mix()
        room.conference.mix()
        leg.set_direction("sendrecv")
        room.conference.mix()
        later = struct.unpack_from(">HI", leg.packet, 2)
        self.assertEqual(later[0] - first[0], 1)  # sequence: packets made
        self.assertEqual(later[1] - first[1], 3 * FRAME_SAMPLES)  # timestamp: time passed

    def test_who_held_his_tongue_is_subtracted_no_more(self):
        room = Room(2)
        room.mix_after(VOICES[:2])
        room.legs[0].set_direction("sendonly")
        room.speak(VOICES[:2])
        room.conference.mix()
        self.assertEqual(room.heard_by(0), VOICES[1])


class MembersTest(unittest.TestCase):
    def test_size_is_kept(self):
        room = Room(2)
        self.assertTrue(room.conference.full)
        self.assertRaises(LocalError, room.conference.add, Leg("PCMU", 0, None, 1, 1, 1))
        self.assertEqual(room.conference.count, 2)

    def test_nobody_is_in_twice(self):
        conference = Conference(0, 1, 4)
        leg = Leg("PCMU", 0, None, 1, 1, 1)
        conference.add(leg)
        self.assertRaises(LocalError, conference.add, leg)

    def test_who_leaves_is_out_of_the_mix_and_the_rest_keep_their_order(self):
        room = Room(4)
        first, second, third, fourth = room.legs
        room.conference.remove(second)
        self.assertEqual(room.conference.legs, [first, third, fourth, None])
        self.assertEqual(room.conference.count, 3)
        self.assertRaises(LocalError, room.conference.remove, second)
        room.mix_after(VOICES[:4])
        expected = decoded("PCMU", VOICES[2]) + decoded("PCMU", VOICES[3])
        self.assertEqual(room.heard_by(0), encoded("PCMU", expected))

    def test_packets_are_rtp_with_the_leg_s_own_numbers(self):
        leg = Leg("PCMA", 8, 101, 0xDEADBEEF, 65535, 0xFFFFFFFF)
        conference = Conference(0, 1, 2)
        conference.add(leg)
        conference.mix()
        self.assertEqual(len(leg.packet), PACKET_BYTES)
        flags, payload_type, sequence, timestamp, ssrc = struct.unpack_from(">BBHII", leg.packet)
        self.assertEqual((flags, payload_type & 0x7F, ssrc), (0x80, 8, 0xDEADBEEF))
        conference.mix()
        later = struct.unpack_from(">BBHII", leg.packet)
        self.assertEqual((later[2] - sequence) & 0xFFFF, 1)
        self.assertEqual((later[3] - timestamp) & 0xFFFFFFFF, FRAME_SAMPLES)


class LegTest(unittest.TestCase):
    def test_codec_names_regardless_of_case(self):
        self.assertEqual(law_of("pcma"), 8)
        self.assertRaises(ValueError, law_of, "opus")
        self.assertEqual(preference(), [(name, rate) for name, rate, _law in CODECS])

    def test_statistics_by_name(self):
        room = Room(2)
        room.mix_after(VOICES[:2])
        stats = room.legs[0].stats()
        self.assertEqual(stats["received"], DEPTH_FRAMES)
        self.assertEqual(stats["played"], 1)
        self.assertEqual(stats["sent"], 1)
        self.assertEqual(stats["level_in"], room.legs[0].level)

    def test_level_is_in_minus_dbov(self):
        room = Room(2)
        room.mix_after((0x80, None))
        self.assertTrue(room.legs[0].level <= 3)
        self.assertEqual(room.legs[1].level, 127)

    def test_other_payload_types_are_not_played(self):
        leg = Leg("PCMU", 0, 101, 1, 2, 3)
        packet = bytearray(packet_of(leg, 0, 0x80))
        packet[1] = 8
        self.assertTrue(leg.receive(packet, len(packet)) < 0)


if __name__ == "__main__":
    unittest.main()
