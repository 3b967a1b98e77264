"""parley.wire.dtmf: telephone events of RFC 4733."""

import unittest

from parley.wire.dtmf import DigitCollector, make_event, parse_event
from parley.wire.errors import LocalError, RemoteError


class Payload(unittest.TestCase):
    def test_both_ways(self):
        for number, digit in enumerate("0123456789*#ABCD"):
            event = parse_event(make_event(digit, number % 2 == 1, 160 * number, volume=number))
            self.assertEqual((event.event, event.digit), (number, digit))
            self.assertEqual(
                (event.end, event.volume, event.duration), (number % 2 == 1, number, 160 * number)
            )

    def test_the_rfc_example(self):  # RFC 4733 2.5.2.2: key 9 ends, volume 7, 1600 ticks
        event = parse_event(b"\x09\x87\x06\x40")
        self.assertEqual((event.digit, event.end, event.volume, event.duration), ("9", True, 7, 1600))

    def test_reserved_bit_is_ignored(self):
        self.assertEqual(parse_event(b"\x01\x4a\0\xa0").volume, 10)

    def test_no_key(self):
        self.assertIsNone(parse_event(b"\x10\0\0\0").digit)

    def test_short(self):
        for length in range(4):
            self.assertRaises(RemoteError, parse_event, bytes(length))

    def test_wrong_digit(self):
        for digit in ("", "E", "12", " "):
            self.assertRaises(LocalError, make_event, digit, False, 0)

    def test_long_press_stops_counting(self):
        self.assertEqual(parse_event(make_event("1", False, 70000)).duration, 65535)


class Collector(unittest.TestCase):
    def test_a_press_of_many_packets_counts_once(self):
        keys = DigitCollector()
        self.assertEqual([keys.take(1, 8000, 5) for _ in range(9)], ["5"] + [None] * 8)

    def test_the_same_key_again_is_another_press(self):
        keys = DigitCollector()
        self.assertEqual(
            [keys.take(1, at, 5) for at in (0, 0, 1600, 1600, 3200)], ["5", None, "5", None, "5"]
        )

    def test_only_the_last_packet_came(self):
        self.assertEqual(DigitCollector().take(1, 8000, 11), "#")

    def test_late_repeats_do_not_count(self):
        keys = DigitCollector()
        self.assertEqual(
            [keys.take(1, at, event) for at, event in ((800, 1), (2400, 2), (800, 1))], ["1", "2", None]
        )

    def test_recordings_whose_time_goes_back(self):
        keys = DigitCollector()
        taken = [keys.take(1, at, event) for at, event in ((85760, 10), (85760, 10), (23200, 2), (23200, 2))]
        self.assertEqual(taken, ["*", None, "2", None])

    def test_timestamps_wrap(self):
        keys = DigitCollector()
        self.assertEqual([keys.take(1, at, 3) for at in (0xFFFFFF00, 100, 100)], ["3", "3", None])

    def test_another_stream_begins_anew(self):
        keys = DigitCollector()
        self.assertEqual([keys.take(ssrc, 800, 3) for ssrc in (1, 1, 2, 2)], ["3", None, "3", None])

    def test_events_that_are_no_keys(self):
        keys = DigitCollector()
        self.assertIsNone(keys.take(1, 800, 16))  # flash
        self.assertIsNone(keys.take(1, 800, 5))


if __name__ == "__main__":
    unittest.main()
