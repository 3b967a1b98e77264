"""Dialog names of Replaces and Join (RFC 3891 6.1, RFC 3911 7.1)."""

import unittest

from parley.wire.dialog_id import DialogId, parse_dialog_id
from parley.wire.errors import RemoteError


class DialogIdTest(unittest.TestCase):
    def test_read(self):
        name = parse_dialog_id("98732@sip.example.com ; From-Tag=r33th4x0r;to-tag=ff87ff")  # RFC 3891 6.1
        self.assertEqual(
            (name.call_id, name.to_tag, name.from_tag), ("98732@sip.example.com", "ff87ff", "r33th4x0r")
        )
        self.assertFalse(name.early_only)
        name = parse_dialog_id("12adf2f34456gs5;to-tag=12345;from-tag=54321;early-only;x=y")
        self.assertTrue(name.early_only)

    def test_no_tag_is_zero(self):
        name = parse_dialog_id("87134@171.161.34.23;to-tag=24796;from-tag=0")
        self.assertEqual((name.to_tag, name.from_tag), ("24796", ""))
        self.assertEqual(str(name), "87134@171.161.34.23;to-tag=24796;from-tag=0")

    def test_written_as_read(self):
        for name in (DialogId("a@b", "1", "2"), DialogId("a", "1", "", True)):
            again = parse_dialog_id(str(name))
            self.assertEqual(
                (again.call_id, again.to_tag, again.from_tag, again.early_only),
                (name.call_id, name.to_tag, name.from_tag, name.early_only),
            )

    def test_refused(self):
        for value in (
            "",
            "c",
            "c;to-tag=1",
            "c;from-tag=1",
            ";to-tag=1;from-tag=2",
            "c;to-tag=1;to-tag=2;from-tag=3",
            "c;to-tag=1;from-tag=2;from-tag=2",
            "c;to-tag;from-tag=2",
            "c;to-tag=;from-tag=2",
            'c;to-tag="1";from-tag=2',
            "c d;to-tag=1;from-tag=2",
            "c@;to-tag=1;from-tag=2",
            "c;to-tag=1;from-tag=2;=x",
            "c;to-tag=1;;from-tag=2",
        ):
            with self.assertRaises(RemoteError) as caught:
                parse_dialog_id(value)
            self.assertEqual(caught.exception.status, 400, value)


if __name__ == "__main__":
    unittest.main()
