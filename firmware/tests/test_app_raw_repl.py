import unittest

from parley.app.raw_repl import FRIENDLY_BANNER, MAX_SOURCE_BYTES, PROMPT, RAW_BANNER, RawRepl


class RawReplTest(unittest.TestCase):
    def setUp(self):
        self.wire = b""
        self.ran = []
        self.resets = []
        self.traceback = ""
        self.repl = RawRepl(self.execute, self.write, self.resets.append)

    def execute(self, source):
        self.ran.append(source)
        self.write(b"<output>")
        return self.traceback

    def write(self, data):
        self.wire += data

    def feed(self, data):
        """What one piece of input is answered with."""
        self.wire = b""
        self.repl.feed(data)
        return self.wire

    def enter_raw(self):
        self.feed(b"\r\x03")
        return self.feed(b"\r\x01")

    def test_host_enters_raw_mode(self):
        self.assertFalse(self.repl.raw)
        self.assertTrue(self.enter_raw().endswith(b"raw REPL; CTRL-B to exit\r\n>"))
        self.assertTrue(self.repl.raw)

    def test_raw_paste_is_declined(self):
        self.enter_raw()
        self.assertEqual(self.feed(b"\x05A\x01"), b"R\x00")

    def test_source_runs_at_ctrl_d(self):
        self.enter_raw()
        self.assertEqual(self.feed(b"print(1)\n"), b"")
        self.assertEqual(self.feed(b"\x04"), b"OK<output>\x04\x04>")
        self.assertEqual(self.ran, ["print(1)\n"])

    def test_source_may_come_byte_by_byte_and_twice(self):
        self.enter_raw()
        for byte in b"a=1\x04b=2\x04":
            self.repl.feed(bytes([byte]))
        self.assertEqual(self.ran, ["a=1", "b=2"])

    def test_traceback_follows_output(self):
        self.enter_raw()
        self.traceback = "Traceback\r\nValueError: x\r\n"
        self.assertEqual(self.feed(b"f()\x04"), b"OK<output>\x04Traceback\r\nValueError: x\r\n\x04>")

    def test_ctrl_c_forgets_what_was_sent(self):
        self.enter_raw()
        self.feed(b"half a li\x03x=1\x04")
        self.assertEqual(self.ran, ["x=1"])

    def test_ctrl_a_in_raw_mode_shows_the_banner_again(self):
        self.enter_raw()
        self.assertEqual(self.feed(b"junk\r\x01"), RAW_BANNER)
        self.feed(b"x=1\x04")
        self.assertEqual(self.ran, ["x=1"])

    def test_ctrl_b_leaves_raw_mode(self):
        self.enter_raw()
        self.assertEqual(self.feed(b"\r\x02"), FRIENDLY_BANNER)
        self.assertFalse(self.repl.raw)

    def test_empty_ctrl_d_is_a_soft_reset_that_stays_raw(self):
        self.enter_raw()
        answer = self.feed(b"\x04")
        self.assertTrue(answer.startswith(b"OK\r\nMPY: soft reboot\r\n"))
        self.assertTrue(answer.endswith(RAW_BANNER))
        self.assertEqual(self.resets, [True])
        self.assertTrue(self.repl.raw)

    def test_ctrl_d_in_friendly_mode_resets_for_good(self):
        self.assertTrue(self.feed(b"\x04").endswith(b"soft reboot\r\n"))
        self.assertEqual(self.resets, [False])

    def test_system_exit_goes_through(self):
        def leave(source):
            raise SystemExit(0)

        repl = RawRepl(leave, self.write, self.resets.append)
        repl.feed(b"\x01")
        self.assertRaises(SystemExit, repl.feed, b"machine.reset()\x04")

    def test_source_in_utf_8(self):
        self.enter_raw()
        self.feed("s='\u00e9'\x04".encode())
        self.assertEqual(self.ran, ["s='\u00e9'"])

    def test_source_that_is_no_text_is_refused(self):
        self.enter_raw()
        answer = self.feed(b"\xff\xfe\x04")
        self.assertEqual(self.ran, [])
        self.assertTrue(answer.startswith(b"OK\x04UnicodeError"))
        self.assertTrue(answer.endswith(b"\x04>"))

    def test_source_too_long_is_refused_and_forgotten(self):
        self.enter_raw()
        self.feed(b"#" * (MAX_SOURCE_BYTES + 1))
        self.assertTrue(self.feed(b"\x04").startswith(b"OK\x04MemoryError"))
        self.feed(b"x=1\x04")
        self.assertEqual(self.ran, ["x=1"])

    def test_friendly_line_runs_and_echoes(self):
        self.assertEqual(self.feed(b"ab\x7fc\r"), b"ab\b \bc\r\n<output>" + PROMPT)
        self.assertEqual(self.ran, ["ac"])

    def test_friendly_ctrl_c_gives_a_new_prompt(self):
        self.assertEqual(self.feed(b"abc\x03"), b"abc\r\n" + PROMPT)
        self.feed(b"d\r")
        self.assertEqual(self.ran, ["d"])

    def test_lone_returns_are_nothing(self):
        self.assertEqual(self.feed(b"\r\n\r"), b"")
        self.assertEqual(self.ran, [])


if __name__ == "__main__":
    unittest.main()
