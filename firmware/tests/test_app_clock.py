import unittest

from parley.app.clock import Clock, parse_date
from parley.wire.errors import RemoteError


class ClockTest(unittest.TestCase):
    def setUp(self):
        self.ticks = 1000
        # ticks of 10 bits, as a board's are of 30
        self.clock = Clock(lambda: self.ticks & 1023, lambda end, start: ((end - start + 512) & 1023) - 512)

    def test_counts_from_zero_over_wraps(self):
        self.assertEqual(self.clock.now_ms(), 0)
        for _ in range(10):
            self.ticks += 300
            self.clock.now_ms()
        self.assertEqual(self.clock.now_ms(), 3000)

    def test_never_goes_back(self):
        self.ticks += 100
        self.clock.now_ms()
        self.ticks -= 50
        self.assertEqual(self.clock.now_ms(), 100)

    def test_unix_time_is_unknown_until_told(self):
        self.assertFalse(self.clock.known)
        self.assertIsNone(self.clock.unix_s())
        self.assertIsNone(self.clock.started_s)
        self.ticks += 500
        self.clock.now_ms()
        self.ticks += 500
        self.clock.now_ms()
        self.clock.set_unix_s(5000)
        self.ticks += 500
        self.clock.now_ms()
        self.ticks += 500
        self.assertEqual(self.clock.unix_s(), 5001)
        self.assertEqual(self.clock.started_s, 4999)

    def test_a_second_of_difference_is_rounding_two_are_not(self):
        self.clock.set_unix_s(5000)
        self.clock.set_unix_s(5001)
        self.assertEqual(self.clock.started_s, 5000)
        self.clock.set_unix_s(4998)
        self.assertEqual(self.clock.unix_s(), 4998)

    def test_a_step_back_does_not_make_the_boot_older(self):
        self.clock.set_unix_s(5000)
        self.clock.set_unix_s(4000)
        self.assertEqual(self.clock.started_s, 5000)
        self.clock.set_unix_s(6000)
        self.assertEqual(self.clock.started_s, 6000)

    def test_the_boot_is_no_older_than_when_the_server_first_heard_of_it(self):
        self.clock.set_unix_s(5000, heard_s=4990)
        self.assertEqual(self.clock.started_s, 5000)
        self.clock.set_unix_s(5000, heard_s=5010)
        self.assertEqual((self.clock.started_s, self.clock.unix_s()), (5010, 5000))

    def test_what_was_over_by_a_report_stays_over(self):
        self.assertIsNone(self.clock.state_s())
        self.assertIsNone(self.clock.expiry_s())
        self.clock.set_unix_s(5000)
        self.assertEqual(self.clock.state_s(), 5000)
        self.clock.set_unix_s(4970)  # an answer that was long under way
        self.assertEqual((self.clock.unix_s(), self.clock.expiry_s()), (4970, 5000))
        self.assertEqual(self.clock.state_s(), 4970)  # the truth, as far as it is known
        self.clock.set_unix_s(6000)
        self.assertEqual(self.clock.expiry_s(), 6000)

    def test_a_server_with_another_clock_begins_anew(self):
        self.clock.set_unix_s(5000)
        self.clock.state_s()
        self.clock.set_unix_s(4900)
        self.assertEqual(self.clock.expiry_s(), 4900)


class DateTest(unittest.TestCase):
    def test_dates(self):
        for text, expected in (
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("Sun, 22 Nov 2026 14:40:00 GMT", 1795358400),
            ("Tue, 29 Feb 2000 23:59:59 GMT", 951868799),
            ("Wed, 01 Mar 2000 00:00:00 GMT", 951868800),
            ("Mon, 01 Mar 2100 00:00:00 GMT", 4107542400),
            ("Sat, 13 Nov 2010 23:29:00 GMT", 1289690940),
        ):
            self.assertEqual(parse_date(text), expected)

    def test_nonsense(self):
        for text in (
            "",
            "x",
            "Sun, 22 Nov 2026 14:40:00 CET",
            "Sun, 22 Foo 2026 14:40:00 GMT",
            "Sun, 22 anF 2026 1:2:3 GMT",
        ):
            self.assertRaises(RemoteError, parse_date, text)
        for text in (
            "Sun, 22 Nov 2026 14:40 GMT",
            "Sun, x Nov 2026 14:40:00 GMT",
            "Sun, 22 No 2026 14:40:00 GMT",
        ):
            self.assertRaises(RemoteError, parse_date, text)


if __name__ == "__main__":
    unittest.main()
