"""parley.media.rtcp_session: when reports go and what they say."""

import unittest

from parley.media.rtcp_session import REPORT_BYTES_MOST, Figures, RtcpSession, interval_ms, ntp_of
from parley.wire.rtcp import ReportBlock, SenderInfo, make_bye, make_report, parse_compound

MIDDLE = 0x8000  # a random number that spreads nothing


def random_middle(count):
    return MIDDLE.to_bytes(count, "big")


def figures_of(**values):
    figures = Figures()
    figures.ssrc_out = 1
    for name, value in values.items():
        setattr(figures, name, value)
    return figures


def session(now_ms=0):
    return RtcpSession("board", now_ms, random_middle)


def take(one, packet, figures, now_ms, unix_ms=0):
    one.receive(parse_compound(packet), len(packet), figures, now_ms, ntp_of(unix_ms))


class Interval(unittest.TestCase):
    """RFC 3550 6.3.1, A.7."""

    def test_two_on_a_phone_line_report_every_five_seconds(self):
        self.assertEqual(interval_ms(2, 2, True, 112, 1000, False, MIDDLE), 5000 * 1000 // 1218)
        self.assertEqual(interval_ms(2, 2, True, 112, 1000, True, MIDDLE), 2500 * 1000 // 1218)

    def test_half_to_one_and_a_half(self):
        lowest = interval_ms(2, 2, True, 112, 1000, False, 0)
        highest = interval_ms(2, 2, True, 112, 1000, False, 65535)
        self.assertEqual((lowest, highest), (2500 * 1000 // 1218, 7499 * 1000 // 1218))

    def test_many_members_share_the_bandwidth(self):
        self.assertEqual(
            interval_ms(1000, 0, False, 100, 750, False, MIDDLE), 1000 * 1000 * 100 // 562 * 1000 // 1218
        )
        few = interval_ms(1000, 10, True, 100, 750, False, MIDDLE)
        self.assertEqual(few, 5347 * 1000 // 1218)  # ten senders share a quarter: 187 bytes/s
        self.assertTrue(interval_ms(1000, 500, True, 100, 750, False, MIDDLE) > 20 * few)

    def test_no_bandwidth_is_no_division_by_zero(self):
        self.assertTrue(interval_ms(2, 2, True, 100, 0, False, MIDDLE) > 100000)


class Reports(unittest.TestCase):
    def reported(self, one, figures, now_ms, unix_ms=0):
        room = bytearray(REPORT_BYTES_MOST)
        length = one.report(figures, now_ms, ntp_of(unix_ms), room)
        return parse_compound(bytes(room[:length])) if length else None

    def test_nothing_before_it_is_due(self):
        one = session()
        self.assertIsNone(self.reported(one, figures_of(), one.due_ms - 1))
        self.assertIsNotNone(self.reported(one, figures_of(), one.due_ms))
        self.assertIsNone(self.reported(one, figures_of(), one.due_ms - 1))

    def test_who_sent_reports_as_a_sender(self):
        one = session()
        read = self.reported(
            one, figures_of(packets_out=9, octets_out=1440, timestamp_out=77), one.due_ms, 1500
        )
        self.assertEqual((read.ssrc, read.sender.packets, read.sender.octets), (1, 9, 1440))
        self.assertEqual((read.sender.ntp_seconds, read.sender.ntp_fraction >> 16), (2208988801, 0x8000))
        self.assertEqual((read.blocks, read.cnames), ([], {1: "board"}))
        silent = self.reported(one, figures_of(packets_out=9), one.due_ms)
        self.assertIsNone(silent.sender)

    def test_losses_since_the_last_report_and_in_all(self):
        one = session()
        heard = figures_of(
            heard=True, ssrc_in=5, first_sequence=100, highest_sequence=199, packets_in=90, jitter=8
        )
        (block,) = self.reported(one, heard, one.due_ms).blocks
        self.assertEqual((block.ssrc, block.lost, block.fraction_lost), (5, 10, 25))
        self.assertEqual((block.highest_sequence, block.jitter), (199, 8))
        heard.highest_sequence, heard.packets_in = 299, 190
        (block,) = self.reported(one, heard, one.due_ms).blocks
        self.assertEqual((block.lost, block.fraction_lost), (10, 0))
        heard.highest_sequence, heard.packets_in = 309, 205  # duplicates
        (block,) = self.reported(one, heard, one.due_ms).blocks
        self.assertEqual((block.lost, block.fraction_lost), (5, 0))
        heard.highest_sequence = 409  # everything lost
        (block,) = self.reported(one, heard, one.due_ms).blocks
        self.assertEqual((block.lost, block.fraction_lost), (105, 255))

    def test_another_stream_begins_anew(self):
        one = session()
        heard = figures_of(heard=True, ssrc_in=5, first_sequence=0, highest_sequence=99, packets_in=50)
        self.reported(one, heard, one.due_ms)
        heard = figures_of(heard=True, ssrc_in=6, first_sequence=10, highest_sequence=19, packets_in=10)
        (block,) = self.reported(one, heard, one.due_ms).blocks
        self.assertEqual((block.ssrc, block.lost, block.fraction_lost), (6, 0, 0))

    def test_round_trip(self):
        """RFC 3550 6.4.1: last SR and the delay since."""
        one, figures = session(), figures_of(packets_out=1, heard=True, ssrc_in=5)
        take(one, make_report(5, SenderInfo(0x11112222, 0x33334444, 0, 1, 1), [], "p"), figures, 1000)
        one.due_ms = 3000
        (block,) = self.reported(one, figures, 3000 + one.due_ms).blocks
        self.assertEqual((block.last_report, block.delay), (0x22223333, (2000 + 3000) * 65536 // 1000))
        seconds, fraction = ntp_of(10000)
        sent = (seconds & 0xFFFF) << 16 | fraction >> 16
        theirs = ReportBlock(1, 3, 7, 0, 40, sent, 65536)  # kept for a second
        take(one, make_report(5, None, [theirs], "p"), figures, 9000, unix_ms=11250)
        self.assertEqual((one.round_trip_ms, one.remote_lost, one.remote_fraction_lost), (250, 7, 3))
        self.assertEqual((one.remote_jitter, one.remote_cname, one.reports_in), (40, "p", 2))

    def test_a_block_about_somebody_else_says_nothing(self):
        one = session()
        take(one, make_report(5, None, [ReportBlock(9, 255, 99, 0, 0, 1, 1)], "p"), figures_of(), 0)
        self.assertIsNone(one.remote_lost)
        self.assertIsNone(one.round_trip_ms)

    def test_bye(self):
        one = session()
        take(one, make_report(5, None, [], "p"), figures_of(), 0)
        self.assertFalse(one.peer_left)
        take(one, make_bye(5, "p"), figures_of(), 0)
        self.assertTrue(one.peer_left)
        self.assertEqual(parse_compound(one.bye(figures_of())).left, [1])


if __name__ == "__main__":
    unittest.main()
