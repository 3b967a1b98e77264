import unittest

from parley.wire.errors import LocalError, RemoteError
from parley.wire.rtp import RtpHeader, read_header, write_header

PLAIN = bytes([0x80, 0x80, 0x12, 0x34, 0xFF, 0xFF, 0xFF, 0xFE, 0x89, 0xAB, 0xCD, 0xEF])


class ReadTest(unittest.TestCase):
    def refused(self, packet):
        with self.assertRaises(RemoteError) as caught:
            read_header(packet)
        self.assertEqual(caught.exception.status, 0)

    def test_fixed_header(self):
        header, start, end = read_header(PLAIN + bytes(160))
        self.assertEqual((header.payload_type, header.marker, header.sequence), (0, True, 0x1234))
        self.assertEqual((header.timestamp, header.ssrc, header.csrcs), (0xFFFFFFFE, 0x89ABCDEF, ()))
        self.assertEqual((start, end), (12, 172))

    def test_any_buffer(self):
        for packet in (bytearray(PLAIN), memoryview(PLAIN)):
            self.assertEqual(read_header(packet)[1:], (12, 12))

    def test_csrcs(self):
        packet = bytes([0x82, 8]) + PLAIN[2:] + bytes([0, 0, 0, 1, 0x80, 0, 0, 0, 7])
        header, start, end = read_header(packet)
        self.assertEqual((header.csrcs, header.marker, header.payload_type), ((1, 0x80000000), False, 8))
        self.assertEqual((start, end), (20, 21))
        self.refused(packet[:19])

    def test_extension(self):
        packet = bytes([0x90, 0]) + PLAIN[2:] + bytes([0xBE, 0xDE, 0, 1]) + b"extn" + b"payload"
        _, start, end = read_header(packet)
        self.assertEqual(packet[start:end], b"payload")
        for length in range(12, 20):
            self.refused(packet[:length])
        self.refused(packet[:14] + b"\xff\xff" + packet[16:])

    def test_padding(self):
        packet = bytes([0xA0, 0]) + PLAIN[2:] + b"abc" + bytes([0, 0, 0, 4])
        _, start, end = read_header(packet)
        self.assertEqual(packet[start:end], b"abc")
        for padding in (0, 8, 255):
            self.refused(packet[:-1] + bytes([padding]))

    def test_not_rtp(self):
        for length in range(12):
            self.refused(PLAIN[:length])
        for first in (0x00, 0x40, 0xC0):
            self.refused(bytes([first]) + PLAIN[1:])
        for rtcp in (192, 200, 201, 223):  # RFC 5761 4
            self.refused(bytes([0x80, rtcp]) + PLAIN[2:])
        for rtp in (191, 224):
            self.assertEqual(read_header(bytes([0x80, rtp]) + PLAIN[2:])[0].payload_type, rtp - 128)


class WriteTest(unittest.TestCase):
    def test_there_and_back(self):
        for csrcs in ((), (1,), tuple(range(15))):
            packet = bytearray(80)
            header = RtpHeader(101, True, 65535, 0xFFFFFFFF, 0x80000001, csrcs)
            length = write_header(packet, header)
            self.assertEqual(length, 12 + 4 * len(csrcs))
            back, start, end = read_header(packet)
            self.assertEqual((start, end), (length, 80))
            self.assertEqual((back.payload_type, back.marker, back.sequence), (101, True, 65535))
            self.assertEqual((back.timestamp, back.ssrc, back.csrcs), (0xFFFFFFFF, 0x80000001, csrcs))

    def test_octets(self):
        packet = bytearray(12)
        write_header(packet, RtpHeader(0, True, 0x1234, 0xFFFFFFFE, 0x89ABCDEF))
        self.assertEqual(bytes(packet), PLAIN)

    def test_all_zero(self):
        packet = bytearray(b"\xff" * 12)
        write_header(packet, RtpHeader(0, False, 0, 0, 0))
        self.assertEqual(bytes(packet), b"\x80" + bytes(11))

    def test_out_of_range(self):
        for fields in (
            (128, False, 0, 0, 0), (-1, False, 0, 0, 0), (0, False, 65536, 0, 0), (0, False, -1, 0, 0),
            (0, False, 0, 1 << 32, 0), (0, False, 0, -1, 0), (0, False, 0, 0, 1 << 32),
            (0, False, 0, 0, 0, (1 << 32,)), (0, False, 0, 0, 0, (0,) * 16),
        ):  # fmt: skip
            packet = bytearray(100)
            self.assertRaises(LocalError, write_header, packet, RtpHeader(*fields))
            self.assertEqual(packet, bytearray(100))
        self.assertRaises(LocalError, write_header, bytearray(11), RtpHeader(0, False, 0, 0, 0))


if __name__ == "__main__":
    unittest.main()
