"""parley.wire.rtcp: compounds in and out, and what must not pass."""

import struct
import unittest

from parley.wire.errors import LocalError, RemoteError
from parley.wire.rtcp import (
    MAX_COMPOUND_BYTES,
    ReportBlock,
    SenderInfo,
    is_rtcp,
    make_bye,
    make_report,
    parse_compound,
)

SENDER = SenderInfo(0xE0000000, 0x80000000, 1600, 50, 8000)
BLOCK = ReportBlock(7, 64, -3, 0x1FFFF, 12, 0x12345678, 65536)


class InAndOut(unittest.TestCase):
    def test_sender_report(self):
        packet = make_report(5, SENDER, [BLOCK], "board@parley")
        self.assertEqual(len(packet) % 4, 0)
        self.assertTrue(is_rtcp(packet))
        read = parse_compound(packet)
        self.assertEqual(read.ssrc, 5)
        self.assertEqual((read.sender.ntp_seconds, read.sender.octets), (0xE0000000, 8000))
        (block,) = read.blocks
        for name in ("ssrc", "fraction_lost", "lost", "highest_sequence", "jitter", "last_report", "delay"):
            self.assertEqual(getattr(block, name), getattr(BLOCK, name), name)
        self.assertEqual(read.cnames, {5: "board@parley"})

    def test_receiver_report_and_bye(self):
        read = parse_compound(make_bye(9, "x"))
        self.assertIsNone(read.sender)
        self.assertEqual((read.blocks, read.left, read.cnames), ([], [9], {9: "x"}))

    def test_every_length_of_a_name(self):
        for count in range(9):
            name = "abcdefgh"[:count]
            self.assertEqual(parse_compound(make_report(1, None, [], name)).cnames, {1: name})

    def test_losses_are_cut_to_24_bits(self):
        for lost, told in ((0x800000, 0x7FFFFF), (-0x900000, -0x800000), (0, 0), (-1, -1)):
            block = ReportBlock(1, 0, lost, 0, 0, 0, 0)
            self.assertEqual(parse_compound(make_report(2, None, [block], "n")).blocks[0].lost, told)

    def test_too_many_blocks(self):
        self.assertRaises(LocalError, make_report, 1, None, [BLOCK] * 32, "n")
        self.assertEqual(len(parse_compound(make_report(1, None, [BLOCK] * 31, "n")).blocks), 31)

    def test_padding_app_and_what_we_do_not_know_are_passed_over(self):
        app = struct.pack(">BBHI4s", 0x80, 204, 2, 1, b"test")
        feedback = struct.pack(">BBHII", 0x81, 205, 2, 1, 2)
        padded = struct.pack(">BBHIBBBB", 0xA1, 203, 2, 7, 0, 0, 0, 4)
        read = parse_compound(make_report(1, None, [], "n") + app + feedback + padded)
        self.assertEqual(read.left, [7])

    def test_profile_extension_behind_the_blocks(self):
        packet = struct.pack(">BBHII", 0x80, 201, 2, 1, 0xDEADBEEF)
        self.assertEqual(parse_compound(packet).blocks, [])


class Refused(unittest.TestCase):
    def refuse(self, packet):
        try:
            parse_compound(packet)
        except RemoteError as error:
            self.assertEqual(error.status, 0)
            return
        self.fail("taken: " + packet.hex())

    def test_short_long_and_odd(self):
        good = make_report(5, SENDER, [BLOCK], "n")
        for length in range(len(good)):
            if length != 52:  # there the report ends and the description begins
                self.refuse(good[:length])
        self.refuse(b"\x80\xc9\0\0")  # four octets
        self.refuse(good + bytes(4 * MAX_COMPOUND_BYTES))

    def test_not_rtcp(self):
        good = make_report(5, SENDER, [], "n")
        for first, second in ((0x00, 200), (0x40, 200), (0xC0, 200), (0xA0, 200), (0x80, 202), (0x80, 0)):
            self.refuse(bytes([first, second]) + good[2:])

    def test_more_than_is_there(self):
        self.refuse(struct.pack(">BBHI", 0x81, 201, 1, 5))  # a block is announced
        self.refuse(struct.pack(">BBHI", 0x80, 201, 2, 5))
        report = struct.pack(">BBHI", 0x80, 201, 1, 5)
        self.refuse(report + struct.pack(">BBH", 0x82, 203, 1) + bytes(4))  # a BYE of two
        self.refuse(report + struct.pack(">BBHIBB", 0x81, 202, 2, 5, 1, 9) + b"xx")  # a name of 9 octets
        self.refuse(report + struct.pack(">BBHIBB", 0x81, 202, 2, 5, 1, 2) + b"xx")  # nothing ends it
        self.refuse(report + struct.pack(">BBH", 0x82, 202, 1) + bytes(4))
        self.refuse(report + struct.pack(">BBHBBBB", 0xA0, 203, 1, 0, 0, 0, 0))  # padding of none
        self.refuse(report + struct.pack(">BBHBBBB", 0xA0, 203, 1, 0, 0, 0, 8))  # more than there is

    def test_noise_never_raises_anything_else(self):
        state = 1
        for _ in range(300):
            packet = bytearray(make_report(5, SENDER, [BLOCK], "name") + make_bye(5, "n"))
            for _ in range(4):
                state = (state * 1103515245 + 12345) & 0x7FFFFFFF
                packet[(state >> 8) % len(packet)] = state >> 16 & 255
            try:
                parse_compound(packet)
            except RemoteError:
                pass


if __name__ == "__main__":
    unittest.main()
