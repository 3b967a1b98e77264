import struct
import unittest

from parley.media import kernel_numbers, kernels
from parley.media.bridge import DEPTH_FRAMES, NO_ADDRESS, Bridge, pack_address
from parley.media.codecs import CODECS, FRAME_SAMPLES, PACKET_BYTES, RTP_HEADER_BYTES, law_of, preference
from parley.wire.errors import LocalError

# PCMU codes of constant frames, one for each talker, so that every sum of eight tells who is in it.
VOICES = (0xD0, 0x4C, 0xCF, 0x3E, 0xB9, 0x35, 0xAC, 0x28)


def decoded(codec, code):
    pcm = bytearray(2)
    kernels.g711_decode(law_of(codec), bytes([code]), pcm)
    return struct.unpack("<h", pcm)[0]


def encoded(codec, sample):
    codes = bytearray(1)
    kernels.g711_encode(law_of(codec), struct.pack("<h", sample), codes)
    return codes[0]


def peer(leg):
    return pack_address("10.0.0.1", 4000 + 2 * leg)


class Hall:
    """A bridge with its talkers, fed and heard by hand. heard: {leg: code of all of its packet, or None}."""

    def __init__(self, sizes, codecs=("PCMU",), loudest=0):
        self.bridge = Bridge(sum(sizes), len(sizes), loudest)
        self.codecs = []
        self.sent = 0
        self.heard = {}
        self.packets = [self.bridge.packet(place) for place in range(sum(sizes))]
        for conference in range(len(sizes)):
            for _ in range(sizes[conference]):
                self.join(conference, codecs[len(self.codecs) % len(codecs)])

    def join(self, conference, codec, direction="sendrecv"):
        number = len(self.codecs)
        leg = self.bridge.add(
            conference,
            codec,
            law_of(codec),
            101,
            direction,
            peer(number),
            (number, 100 * number, 1000 * number),
        )
        self.codecs.append(codec)
        return leg

    def speak(self, codes):
        """Everybody sends a frame of one code; None sends nothing."""
        for leg in range(len(codes)):
            if codes[leg] is not None:
                law = law_of(self.codecs[leg])
                header = struct.pack(">BBHII", 0x80, law, self.sent, 160 * self.sent, 0x01020304)
                packet = header + bytes([codes[leg]]) * FRAME_SAMPLES
                self.bridge.receive(packet, len(packet), peer(leg))
        self.sent += 1

    def mix(self, most=64, phase=0, phases=1):
        """One tick; returns how many packets were made."""
        self.heard = {}
        total = 0
        self.bridge.begin(phase, phases)
        made = self.bridge.mix(most)
        while made:
            total += made
            for place in range(made):
                payload = bytes(self.packets[place][RTP_HEADER_BYTES:])
                same = payload == payload[:1] * FRAME_SAMPLES
                self.heard[self.bridge.packet_leg(place)] = payload[0] if same else None
            made = self.bridge.mix(most)
        return total

    def mix_after(self, codes):
        """Prefills the jitter buffers with constant voices, then mixes once."""
        for _ in range(DEPTH_FRAMES):
            self.speak(codes)
        return self.mix()


class MixTest(unittest.TestCase):
    def check(self, sizes, codecs=("PCMU",), most=64):
        """Everybody hears exactly the sum of the others in his conference."""
        talkers = sum(sizes)
        hall = Hall(sizes, codecs)
        for _ in range(DEPTH_FRAMES):
            hall.speak(VOICES[:talkers])
        self.assertEqual(hall.mix(most), talkers)
        first = 0
        for size in sizes:
            members = range(first, first + size)
            for i in members:
                total = sum([decoded(hall.codecs[j], VOICES[j]) for j in members if j != i])
                self.assertTrue(-24576 <= total <= 24576)  # else the limiter would change it
                self.assertEqual(hall.heard[i], encoded(hall.codecs[i], total))
            first += size

    def test_conferences_of_one_to_eight(self):
        for sizes in ((1,), (2,), (3,), (8,), (1, 2, 3), (2, 2, 2, 2)):
            self.check(sizes)

    def test_codecs_may_differ(self):
        for size in (2, 3, 4):
            self.check((size,), ("PCMU", "PCMA"))

    def test_packets_are_made_in_parts(self):
        for most in (1, 2, 3):
            self.check((3, 4), ("PCMU", "PCMA"), most)

    def test_one_voice_is_heard_bit_exactly(self):
        for codec in ("PCMU", "PCMA"):
            for code in range(256):
                hall = Hall((3,), (codec,))
                hall.mix_after((code, None, None))
                expected = 0xFF if (codec, code) == ("PCMU", 0x7F) else code  # two codes for zero
                self.assertEqual((hall.heard[1], hall.heard[2]), (expected, expected))
                self.assertEqual(hall.heard[0], encoded(codec, 0))

    def test_voices_of_two_are_copied_others_get_the_sum(self):
        hall = Hall((4,), ("PCMU", "PCMU", "PCMU", "PCMA"))
        hall.mix_after((VOICES[0], VOICES[1], None, None))
        total = decoded("PCMU", VOICES[0]) + decoded("PCMU", VOICES[1])
        self.assertEqual([hall.heard[i] for i in range(2)], [VOICES[1], VOICES[0]])
        self.assertEqual([hall.heard[2], hall.heard[3]], [encoded("PCMU", total), encoded("PCMA", total)])
        totals = hall.bridge.totals()
        self.assertEqual((totals["copied"], totals["shared"], totals["encoded"]), (2, 2, 0))

    def test_silence_costs_no_mixing(self):
        hall = Hall((5,))
        hall.mix_after((VOICES[0], 0xFF, 0x7F, None, 0xFF))
        totals = hall.bridge.totals()
        self.assertEqual((totals["voices"], totals["copied"], totals["silence"]), (1, 4, 1))
        self.assertEqual((totals["shared"], totals["encoded"]), (0, 0))

    def test_full_scale_is_limited_not_wrapped(self):
        hall = Hall((4,))
        hall.mix_after((0x80, 0x80, 0x80, 0x80))
        self.assertTrue(decoded("PCMU", hall.heard[0]) > 24576)

    def test_phases_take_turns(self):
        hall = Hall((2, 3, 2))
        self.assertEqual((hall.mix(phase=0, phases=2), sorted(hall.heard)), (4, [0, 1, 5, 6]))
        self.assertEqual((hall.mix(phase=1, phases=2), sorted(hall.heard)), (3, [2, 3, 4]))
        self.assertRaises(ValueError, hall.bridge.begin, 2, 2)


class LoudestTest(unittest.TestCase):
    LOUD, MIDDLE, SOFT = 0x90, 0xA0, 0xC0

    def test_only_the_loudest_are_mixed(self):
        hall = Hall((4,), loudest=1)
        hall.mix_after((self.SOFT, self.LOUD, self.MIDDLE, self.SOFT))
        self.assertEqual([hall.heard[i] for i in range(4)], [self.LOUD, 0xFF, self.LOUD, self.LOUD])

    def test_a_little_louder_does_not_take_the_place(self):
        hall = Hall((3,), loudest=1)
        hall.mix_after((self.SOFT, self.SOFT - 2, None))
        self.assertEqual(hall.heard[2], self.SOFT - 2)
        for _ in range(3):
            hall.speak((self.SOFT - 3, self.SOFT - 2, None))
            hall.mix()
        self.assertEqual(hall.heard[2], self.SOFT - 2)

    def test_much_louder_does_at_once(self):
        hall = Hall((3,), loudest=1)
        hall.mix_after((self.SOFT, self.MIDDLE, None))
        for _ in range(2):
            hall.speak((self.LOUD, self.MIDDLE, None))
            hall.mix()
        self.assertEqual(hall.heard[2], self.LOUD)

    def test_who_falls_silent_gives_way(self):
        hall = Hall((3,), loudest=1)
        hall.mix_after((self.LOUD, self.SOFT, None))
        heard = []
        for _ in range(60):
            hall.speak((0xFF, self.SOFT, None))
            hall.mix()
            heard.append(hall.heard[2])
        self.assertEqual(heard[-1], self.SOFT)


class LegsTest(unittest.TestCase):
    def test_direction(self):
        hall = Hall((3,))
        for direction, speaks, hears in (
            ("sendrecv", True, True),
            ("sendonly", False, True),
            ("recvonly", True, False),
            ("inactive", False, False),
        ):
            hall.bridge.change(1, "PCMU", 0, 101, direction, peer(1))
            for _ in range(8):
                hall.speak((None, VOICES[1], None))
                hall.mix()
            self.assertEqual(hall.heard[0], VOICES[1] if speaks else 0xFF)
            self.assertEqual(1 in hall.heard, hears)
        self.assertEqual(hall.bridge.stats(1)["unwanted"], 16)

    def test_another_codec_in_the_call(self):
        hall = Hall((2,))
        hall.mix_after((VOICES[0], None))
        hall.bridge.change(0, "PCMA", 8, None, "sendrecv", peer(0))
        hall.codecs[0] = "PCMA"
        self.assertEqual(hall.bridge.stats(0)["depth"], 0)
        hall.mix_after((0x90, 0xB0))
        self.assertEqual(hall.heard[1], encoded("PCMU", decoded("PCMA", 0x90)))
        self.assertEqual(hall.heard[0], encoded("PCMA", decoded("PCMU", 0xB0)))

    def test_strangers_are_counted_and_dropped(self):
        hall = Hall((2,))
        packet = bytes(172)
        stranger = pack_address("10.0.0.2", 4000)
        self.assertEqual(hall.bridge.receive(packet, 172, stranger), kernel_numbers.BRIDGE_UNKNOWN)
        self.assertEqual(hall.bridge.totals()["unknown"], 1)
        self.assertEqual(hall.bridge.totals()["received"], 0)

    def test_a_peer_that_moves(self):
        hall = Hall((2,))
        moved = pack_address("10.9.9.9", 9)
        hall.bridge.change(0, "PCMU", 0, 101, "sendrecv", moved)
        self.assertEqual(hall.bridge.receive(bytes(3), 3, peer(0)), kernel_numbers.BRIDGE_UNKNOWN)
        self.assertEqual(hall.bridge.receive(bytes(3), 3, moved), kernel_numbers.LEG_BAD)

    def test_two_legs_cannot_have_one_peer(self):
        hall = Hall((2,))
        self.assertRaises(LocalError, hall.bridge.change, 0, "PCMU", 0, None, "sendrecv", peer(1))
        hall.bridge.remove(0)
        self.assertRaises(LocalError, hall.bridge.add, 0, "PCMU", 0, None, "sendrecv", peer(1), (1, 1, 1))
        self.assertEqual(hall.bridge.count, 1)
        self.assertEqual(hall.bridge.add(0, "PCMU", 0, None, "sendrecv", NO_ADDRESS, (1, 1, 1)), 0)

    def test_full_and_empty(self):
        hall = Hall((2, 1))
        bridge = hall.bridge
        self.assertTrue(bridge.full)
        self.assertRaises(LocalError, bridge.add, 0, "PCMU", 0, None, "sendrecv", NO_ADDRESS, (1, 1, 1))
        for leg in range(3):
            bridge.remove(leg)
        self.assertRaises(ValueError, bridge.remove, 0)
        self.assertRaises(ValueError, bridge.stats, 0)
        self.assertEqual((bridge.count, bridge.totals()["conferences"], hall.mix()), (0, 0, 0))

    def test_codec_names_regardless_of_case(self):
        self.assertEqual(law_of("pcma"), 8)
        self.assertRaises(ValueError, law_of, "opus")
        self.assertEqual(preference(True, True), [(name, rate) for name, rate, _law, _octets in CODECS])
        self.assertEqual(preference(True), [("G722", 8000), ("PCMU", 8000), ("PCMA", 8000)])
        self.assertEqual((law_of("l16"), law_of("L16/16000")), (128, 129))
        self.assertEqual(preference(), [("PCMU", 8000), ("PCMA", 8000)])

    def test_a_codec_we_do_not_speak_takes_no_leg(self):
        bridge = Bridge(1, 1)
        self.assertRaises(ValueError, bridge.add, 0, "opus", 96, None, "sendrecv", NO_ADDRESS, (1, 1, 1))
        self.assertRaises(ValueError, bridge.add, 1, "PCMU", 0, None, "sendrecv", NO_ADDRESS, (1, 1, 1))
        self.assertEqual(bridge.count, 0)

    def test_rtp_clock_goes_on(self):
        hall = Hall((1,))
        hall.mix()
        first = struct.unpack_from(">HI", hall.packets[0], 2)
        hall.bridge.skip(5)
        hall.mix()
        later = struct.unpack_from(">BBHI", hall.packets[0])
        self.assertEqual((later[1], later[2] - first[0], later[3] - first[1]), (0x80, 1, 6 * FRAME_SAMPLES))

    def test_packets_are_for_their_peers(self):
        hall = Hall((2,), ("PCMA",))
        hall.mix()
        for place in range(2):
            leg = hall.bridge.packet_leg(place)
            flags, second, sequence, timestamp, ssrc = struct.unpack_from(">BBHII", hall.packets[place])
            self.assertEqual((flags, second, sequence, timestamp), (0x80, 0x88, 100 * leg, 1000 * leg))
            self.assertEqual((ssrc, len(hall.packets[place])), (leg, PACKET_BYTES))
            start = kernels.bridge_packet(hall.bridge.memory, place)
            port_and_host = bytes(hall.bridge.memory[start - 14 : start - 8])
            self.assertEqual(port_and_host[2:] + port_and_host[:2], peer(leg))

    def test_what_the_network_refuses_is_counted(self):
        hall = Hall((2,))
        hall.mix()
        hall.bridge.refused(1)
        self.assertEqual(hall.bridge.stats(1)["refused"], 1)
        self.assertEqual(hall.bridge.totals()["refused"], 1)

    def test_addresses(self):
        self.assertEqual(pack_address("1.2.3.254", 258), b"\x01\x02\x03\xfe\x01\x02")
        for host, port in (("a.b.c.d", 1), ("1.2.3", 1), ("1.2.3.256", 1), ("1.2.3.-4", 1), ("1.2.3.4", 0)):
            self.assertRaises(LocalError, pack_address, host, port)


if __name__ == "__main__":
    unittest.main()
