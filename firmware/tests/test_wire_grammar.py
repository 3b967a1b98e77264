import unittest

from parley.wire.errors import LocalError, RemoteError
from parley.wire.grammar import (
    format_host_port,
    format_params,
    is_token,
    is_word,
    parse_decimal,
    parse_host_port,
    parse_params,
    quote,
    split_outside,
    unquote,
)


class TokenTest(unittest.TestCase):
    def test_tokens(self):
        for text in ("INVITE", "a", "-.!%*_+`'~", "z9hG4bK", "100rel"):
            self.assertTrue(is_token(text), text)
        for text in ("", "a b", "a;b", '"a"', "a@b", "a/b", "é", "a\x00", "a\n"):
            self.assertFalse(is_token(text), text)

    def test_words_allow_more_than_tokens(self):
        self.assertTrue(is_word('a()<>:\\"/[]?{}'))
        self.assertFalse(is_word("a@b"))
        self.assertFalse(is_word(""))

    def test_decimal(self):
        self.assertEqual(parse_decimal("0", 9), 0)
        self.assertEqual(parse_decimal("0009", 9), 9)
        self.assertEqual(parse_decimal("18446744073709551615", 2**64), 2**64 - 1)
        for text in ("", "10", "-1", "+1", " 1", "1 ", "1_0", "1.0", "0x1", "٣", "²", "0" * 21):
            with self.assertRaises(RemoteError) as caught:
                parse_decimal(text, 9)
            self.assertEqual(caught.exception.status, 400)


class QuoteTest(unittest.TestCase):
    def test_there_and_back(self):
        for text in ("", "plain", 'a "b" c', "back\\slash", '\\"', "é", "\\"):
            self.assertEqual(unquote(quote(text)), text)

    def test_quoted_form(self):
        self.assertEqual(quote('a"b\\'), '"a\\"b\\\\"')

    def test_unquoted_text_stays(self):
        for text in ("abc", '"abc', 'abc"', '"', ""):
            self.assertEqual(unquote(text), text)

    def test_line_end_is_our_mistake(self):
        self.assertRaises(LocalError, quote, "a\r\nb")


class SplitTest(unittest.TestCase):
    def test_plain(self):
        self.assertEqual(split_outside("a, b ,c", ","), ["a", "b", "c"])
        self.assertEqual(split_outside("", ","), [""])
        self.assertEqual(split_outside("a,,b,", ","), ["a", "", "b", ""])

    def test_separators_inside_do_not_count(self):
        self.assertEqual(split_outside('"a, b" <sip:x>, c', ","), ['"a, b" <sip:x>', "c"])
        self.assertEqual(split_outside("<sip:a,b@c>;x, <sip:d>", ","), ["<sip:a,b@c>;x", "<sip:d>"])
        self.assertEqual(split_outside('"a\\", b", c', ","), ['"a\\", b"', "c"])
        self.assertEqual(split_outside('"a\\\\", b', ","), ['"a\\\\"', "b"])
        self.assertEqual(split_outside('"<", b, ">"', ","), ['"<"', "b", '">"'])

    def test_open_ends_are_refused(self):
        for text in ('"a, b', "<sip:a, b", 'x "a\\"'):
            with self.assertRaises(RemoteError) as caught:
                split_outside(text, ",")
            self.assertEqual(caught.exception.status, 400, text)


class ParamsTest(unittest.TestCase):
    def test_order_flags_and_blanks(self):
        self.assertEqual(parse_params(";a=1;lr ; b = 2 "), [("a", "1"), ("lr", None), ("b", "2")])
        self.assertEqual(parse_params("a=1"), [("a", "1")])
        self.assertEqual(parse_params(""), [])
        self.assertEqual(parse_params(" "), [])

    def test_quoted_values_keep_their_quotes(self):
        self.assertEqual(parse_params(';x="a;b=c";y'), [("x", '"a;b=c"'), ("y", None)])

    def test_written_as_read(self):
        text = ';tag=1;lr;x="a;b";e='
        self.assertEqual(format_params(parse_params(text)), text)

    def test_empty_names_are_refused(self):
        for text in (";;", ";a=1;;b", ";=1", ";a;", ';"a"=1', ";a b=1"):
            self.assertRaises(RemoteError, parse_params, text)


class HostPortTest(unittest.TestCase):
    def test_forms(self):
        self.assertEqual(parse_host_port("192.0.2.1"), ("192.0.2.1", None))
        self.assertEqual(parse_host_port("a-b.example.com : 5060"), ("a-b.example.com", 5060))
        self.assertEqual(parse_host_port("[2001:db8::1]"), ("2001:db8::1", None))
        self.assertEqual(parse_host_port("[::ffff:192.0.2.1]:65535"), ("::ffff:192.0.2.1", 65535))
        self.assertEqual(parse_host_port("h:0005060"), ("h", 5060))

    def test_refused(self):
        for text in (
            "",
            ":5060",
            "h:",
            "h:0",
            "h:65536",
            "h:x",
            "2001:db8::1",
            "[::1",
            "[]",
            "[h]",
            "[::1]x",
        ):
            with self.assertRaises(RemoteError) as caught:
                parse_host_port(text)
            self.assertEqual(caught.exception.status, 400, text)

    def test_written(self):
        self.assertEqual(format_host_port("::1", 5060), "[::1]:5060")
        self.assertEqual(format_host_port("h", None), "h")


class ErrorTest(unittest.TestCase):
    def test_remote_error_tells_what_to_answer(self):
        error = RemoteError(400, "Bad CSeq")
        self.assertEqual((error.status, error.reason, str(error)), (400, "Bad CSeq", "400 Bad CSeq"))
        self.assertIsNone(error.message)


if __name__ == "__main__":
    unittest.main()
