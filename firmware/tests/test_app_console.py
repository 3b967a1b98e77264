import unittest

from parley.app.console import SILENCE_MS, Console
from parley.app.log import RING_LINES, Log


class LogTest(unittest.TestCase):
    def setUp(self):
        self.written = []
        self.journal = Log(self.written.append, lambda: 12345)

    def test_line(self):
        self.journal.info("sip", "text")
        self.assertEqual(self.written, [b"12.345 info sip: text\r\n"])

    def test_level(self):
        self.journal.debug("sip", "text")
        self.assertEqual(self.written, [])
        self.journal.level = "error"
        self.journal.warning("sip", "text")
        self.journal.error("sip", "text")
        self.assertEqual(self.written, [b"12.345 error sip: text\r\n"])

    def test_held_lines_come_later_in_order(self):
        self.journal.hold()
        self.journal.info("a", "1")
        self.journal.info("a", "2")
        self.assertEqual(self.written, [])
        self.journal.release()
        self.journal.info("a", "3")
        self.assertEqual([line[-3:-2] for line in self.written], [b"1", b"2", b"3"])

    def test_only_the_last_are_kept_and_that_is_said(self):
        self.journal.hold()
        for number in range(RING_LINES + 3):
            self.journal.info("a", "line %d" % number)
        self.journal.release()
        self.assertEqual(len(self.written), RING_LINES + 1)
        self.assertIn(b"line 3", self.written[0])
        self.assertIn(b"3 lines dropped", self.written[-1])


class FakePort:
    def __init__(self):
        self.raw = None
        self.input = b""
        self.output = b""

    def read(self):
        data, self.input = self.input, b""
        return data

    def write(self, data):
        self.output += data


class ConsoleTest(unittest.TestCase):
    def setUp(self):
        self.port = FakePort()
        self.journal = Log(self.port.write, lambda: 0)
        self.resets = []
        self.console = Console(self.port, repr, self.journal, self.resets.append)

    def type(self, data, now_ms=0):
        self.port.input = data
        self.port.output = b""
        return self.console.readable(now_ms)

    def test_log_is_held_back_during_a_raw_session(self):
        self.type(b"\x01")
        self.journal.info("a", "b")
        self.assertFalse(b"info" in self.port.output)
        self.type(b"\x02")
        self.assertTrue(self.port.output.endswith(b"0.000 info a: b\r\n"))

    def test_session_left_open_does_not_hold_it_back_for_ever(self):
        self.type(b"\x01", 1000)
        self.journal.info("a", "b")
        self.console.tick(1000 + SILENCE_MS - 1)
        self.assertFalse(b"info" in self.port.output)
        self.console.tick(1000 + SILENCE_MS)
        self.assertTrue(b"info" in self.port.output)

    def test_names_live_on_until_a_soft_reset(self):
        self.type(b"\x01a = 6\x04")
        self.type(b"b = a * 7\x04")
        self.assertEqual(self.console.namespace["b"], 42)
        self.type(b"\x04")
        self.assertEqual(self.console.namespace, {"__name__": "__main__"})
        self.assertEqual(self.resets, [True])

    def test_errors_are_shown_and_exits_are_not_caught(self):
        self.type(b"\x01no_such_name\x04")
        self.assertIn(b"NameError", self.port.output)
        self.port.input = b"raise KeyboardInterrupt\x04"
        self.assertTrue(self.console.readable(0))
        self.port.input = b"raise SystemExit(0)\x04"
        self.assertRaises(SystemExit, self.console.readable, 0)

    def test_end_of_the_line(self):
        self.assertTrue(self.type(b"x"))
        self.assertFalse(self.type(b""))


if __name__ == "__main__":
    unittest.main()
