import unittest

from parley.wire.errors import RemoteError
from parley.wire.parser import MAX_HEADERS, MAX_LINE, MAX_MESSAGE_BYTES
from parley.wire.sip import Request, Response, parse_message, response_to

HEADERS = (
    b"Via: SIP/2.0/UDP 192.0.2.7:5062;branch=z9hG4bK1\r\n"
    b"From: <sip:alice@h>;tag=a1\r\nTo: <sip:b@h>\r\nCall-ID: 1@h\r\n"
)  # fmt: skip


def options(extra=b"", body=b"", start=b"OPTIONS sip:b@h SIP/2.0", cseq=b"CSeq: 1 OPTIONS\r\n"):
    return start + b"\r\n" + HEADERS + cseq + extra + b"\r\n" + body


def response(start=b"SIP/2.0 200 OK", extra=b""):
    return start + b"\r\n" + HEADERS + b"CSeq: 1 OPTIONS\r\n" + extra + b"\r\n"


class ParserTest(unittest.TestCase):
    def refused(self, data, status=400):
        with self.assertRaises(RemoteError) as caught:
            parse_message(data)
        self.assertEqual(caught.exception.status, status, data[:80])
        return caught.exception


class StartLineTest(ParserTest):
    def test_request(self):
        request = parse_message(options())
        self.assertIsInstance(request, Request)
        self.assertEqual((request.method, request.uri), ("OPTIONS", "sip:b@h"))

    def test_response(self):
        answer = parse_message(response(b"SIP/2.0 183 Session Progress"))
        self.assertIsInstance(answer, Response)
        self.assertEqual((answer.status, answer.reason), (183, "Session Progress"))

    def test_reason_may_be_empty_or_foreign(self):
        self.assertEqual(parse_message(response(b"SIP/2.0 100 ")).reason, "")
        self.assertEqual(parse_message(response(b"SIP/2.0 100")).reason, "")
        self.assertEqual(parse_message(response("SIP/2.0 200 = 2**3 * бог".encode())).reason, "= 2**3 * бог")

    def test_methods_are_case_sensitive(self):
        self.assertEqual(
            parse_message(options(start=b"Invite sip:b@h SIP/2.0", cseq=b"CSeq: 1 Invite\r\n")).method,
            "Invite",
        )
        self.refused(options(start=b"invite sip:b@h SIP/2.0", cseq=b"CSeq: 1 INVITE\r\n"))

    def test_version_is_case_insensitive(self):
        self.assertEqual(parse_message(options(start=b"OPTIONS sip:b@h sip/2.0")).uri, "sip:b@h")
        self.assertEqual(parse_message(response(b"Sip/2.0 200 OK")).status, 200)

    def test_other_version_is_505(self):
        error = self.refused(options(start=b"OPTIONS sip:b@h SIP/7.0"), 505)
        self.assertEqual(response_to(error.message, 505).call_id(), "1@h")
        self.refused(response(b"SIP/7.0 200 OK"), 0)

    def test_blanks_out_of_place(self):
        for start in (
            b"OPTIONS  sip:b@h SIP/2.0", b"OPTIONS sip:b@h  SIP/2.0", b"OPTIONS sip:b@h SIP/2.0 ",
            b"OPTIONS sip:b@h; lr SIP/2.0", b"OPTIONS sip:b@h\t SIP/2.0", b"OPTIONS <sip:b@h> SIP/2.0",
        ):  # fmt: skip
            error = self.refused(options(start=start))
            self.assertEqual(error.message.method, "OPTIONS")

    def test_status_codes_out_of_range_are_dropped(self):
        for start in (
            b"SIP/2.0 099 x",
            b"SIP/2.0 700 x",
            b"SIP/2.0 4294967301 x",
            b"SIP/2.0 2x0 x",
            b"SIP/2.0 20 x",
        ):
            self.refused(response(start), 0)

    def test_noise_is_dropped(self):
        for data in (
            b"", b"\r\n", b"\r\n\r\n", b"\x00", b"\x00\x00\x00\x00", b"  ", b"hello",
            b"GET / HTTP/1.1\r\n\r\n",
            b"\x00\x01\x00\x00\x21\x12\xa4\x42" + bytes(12), b"\x80\x00" + bytes(170),
            b"(@) sip:b@h SIP/2.0\r\n\r\n",
            b"SIP/2.0\r\n\r\n", b"OPTIONS SIP/2.0\r\n\r\n", b"\xff\xfe\xfd",
        ):  # fmt: skip
            self.refused(data, 0)


class HeaderLineTest(ParserTest):
    def test_empty_lines_before_the_message(self):
        self.assertEqual(parse_message(b"\r\n\r\n" + options()).call_id(), "1@h")

    def test_folded_lines(self):
        request = parse_message(options(b"Subject: I know\r\n you're\r\n\t  there \r\nX-Last: 1\r\n"))
        self.assertEqual(request.get("Subject"), "I know you're there")
        self.assertEqual(request.get("X-Last"), "1")
        self.assertIn(b"Subject: I know you're there\r\n", request.to_bytes())

    def test_the_start_line_is_not_folded(self):
        self.refused(options().replace(b"\r\nVia", b"\r\n X: 1\r\nVia"))

    def test_value_on_the_folded_line_only(self):
        self.assertEqual(parse_message(options(b"Subject:\r\n late\r\n")).get("Subject"), "late")

    def test_blanks_around_the_colon(self):
        request = parse_message(options(b"SUBJECT \t:\t  x  \r\n"))
        self.assertEqual(request.get("Subject"), "x")

    def test_compact_and_unknown_names(self):
        request = parse_message(options(b"k: timer\r\nM: <sip:c@h>\r\nnewfangled: new\r\n"))
        self.assertEqual(
            request.headers[-3:], [("Supported", "timer"), ("Contact", "<sip:c@h>"), ("Newfangled", "new")]
        )

    def test_bare_line_feeds(self):
        request = parse_message(
            options(b"Content-Length: 4\r\n", b"a\r\nb")
            .replace(b"\r\nb", b"~")
            .replace(b"\r\n", b"\n")
            .replace(b"~", b"\r\nb")
        )
        self.assertEqual(request.body, b"a\r\nb")
        self.assertEqual(request.call_id(), "1@h")

    def test_one_bare_line_feed_among_others(self):
        request = parse_message(options(b"RAck: 1 61730 INVITE\nContent-Length: 0\r\n"))
        self.assertEqual(request.get("RAck"), "1 61730 INVITE")
        self.assertEqual(request.get("Content-Length"), "0")
        request = parse_message(options(b"Subject: x\n", b"body\n\nmore"))
        self.assertEqual((request.body, request.get("Subject")), (b"body\n\nmore", "x"))

    def test_bare_carriage_return(self):
        self.refused(options(b"Subject: a\rTo: b\r\n"))

    def test_bad_lines_are_told_with_the_rest_read(self):
        for line in (
            b"no colon here\r\n",
            b": no name\r\n",
            b"b@d: x\r\n",
            b"two words: x\r\n",
            b"\x00: x\r\n",
        ):
            error = self.refused(options(line + b"X-After: 1\r\n"))
            self.assertEqual(error.message.get("X-After"), "1")

    def test_not_closed(self):
        self.assertEqual(self.refused(options()[:-2]).message.call_id(), "1@h")

    def test_bytes_that_are_no_utf8(self):
        request = parse_message(options(b"Subject: J\xfcrgen\r\n", b"\xff\xfe"))
        self.assertEqual((request.get("Subject"), request.body), ("J\xfcrgen", b"\xff\xfe"))
        data = options("Subject: Jürgen\r\nContent-Length: 0\r\n".encode())
        self.assertEqual(parse_message(data).get("Subject"), "Jürgen")
        self.assertEqual(parse_message(data).to_bytes(), data)


class MandatoryTest(ParserTest):
    def test_each_is_missed(self):
        for name in (b"From", b"To", b"Call-ID", b"CSeq"):
            error = self.refused(options().replace(b"\r\n" + name + b":", b"\r\nX-Gone:"))
            self.assertEqual(error.reason, "Missing " + name.decode())
            self.assertEqual(response_to(error.message, 400).top_via().branch, "z9hG4bK1")

    def test_without_via_there_is_no_way_back(self):
        self.refused(options().replace(b"Via:", b"X-Gone:"), 0)

    def test_doubles(self):
        for line in (b"From: <sip:x@h>", b"t: <sip:x@h>", b"i: 2@h", b"CSeq: 2 OPTIONS", b"Max-Forwards: 1"):
            self.refused(options(b"Max-Forwards: 70\r\n" + line + b"\r\n"))
        self.refused(options(b"Content-Length: 0\r\nl: 0\r\n"))

    def test_cseq_must_name_the_method(self):
        self.refused(options(cseq=b"CSeq: 1 INVITE\r\n"))
        self.refused(options(cseq=b"CSeq: 36893488147419103232 OPTIONS\r\n"))
        self.refused(options(cseq=b"CSeq: OPTIONS\r\n"))
        self.assertEqual(parse_message(options(cseq=b"CSeq: 0009\r\n  OPTIONS\r\n")).cseq(), (9, "OPTIONS"))

    def test_max_forwards(self):
        self.assertEqual(parse_message(options(b"Max-Forwards: 0\r\n")).get("Max-Forwards"), "0")
        for value in (b"256", b"-1", b"x", b""):
            self.refused(options(b"Max-Forwards: " + value + b"\r\n"))

    def test_bad_ack_is_never_answered(self):
        self.refused(options(start=b"ACK sip:b@h SIP/2.0"), 0)

    def test_bad_responses_are_dropped(self):
        self.refused(response(extra=b"garbage\r\n"), 0)
        self.refused(response(extra=b"Content-Length: 5\r\n"), 0)
        self.refused(response().replace(b"CSeq:", b"X-Gone:"), 0)


class BodyTest(ParserTest):
    def test_all_without_content_length(self):
        self.assertEqual(parse_message(options(body=b"\x00\xffabc\r\n\r\n")).body, b"\x00\xffabc\r\n\r\n")

    def test_exact_longer_shorter(self):
        self.assertEqual(parse_message(options(b"Content-Length: 3\r\n", b"abc")).body, b"abc")
        self.assertEqual(parse_message(options(b"l: 003\r\n", b"abcINVITE sip:x SIP/2.0\r\n")).body, b"abc")
        self.refused(options(b"Content-Length: 4\r\n", b"abc"))

    def test_bad_lengths(self):
        for value in (b"-999", b"+3", b"3 3", b"x", b"", b"99999999999999999999999999", b"0x3"):
            self.refused(options(b"Content-Length: " + value + b"\r\n", b"abc"))

    def test_there_and_back(self):
        data = options(b"Content-Type: text/plain\r\nContent-Length: 7\r\n", b"\r\n\r\n\x00\xff\r")
        self.assertEqual(parse_message(data).to_bytes(), data)


class LimitTest(ParserTest):
    def test_message(self):
        data = options(b"Content-Length: 3\r\n", b"abc")
        self.assertEqual(parse_message(data + bytes(MAX_MESSAGE_BYTES - len(data))).body, b"abc")
        self.refused(data + bytes(MAX_MESSAGE_BYTES + 1 - len(data)), 0)

    def test_headers(self):
        self.assertEqual(len(parse_message(options(b"X: 1\r\n" * (MAX_HEADERS - 5))).headers), MAX_HEADERS)
        error = self.refused(options(b"X: 1\r\n" * (MAX_HEADERS - 4)))
        self.assertEqual(len(error.message.headers), MAX_HEADERS)

    def test_line(self):
        longest = b"X-Long: " + b"a" * (MAX_LINE - 8)
        self.assertEqual(len(parse_message(options(longest + b"\r\n")).get("X-Long")), MAX_LINE - 8)
        self.refused(options(longest + b"a\r\n"))
        self.refused(options(b"X-Long: a\r\n" + (b" " + b"a" * 1023 + b"\r\n") * 9))
        for length, fits in ((MAX_LINE - 22, True), (MAX_LINE - 21, False)):
            data = options(start=b"OPTIONS sip:" + b"a" * length + b"@h SIP/2.0")
            if fits:
                self.assertEqual(len(parse_message(data).uri), length + 6)
            else:
                self.refused(data)

    def test_values(self):
        self.assertEqual((MAX_MESSAGE_BYTES, MAX_HEADERS, MAX_LINE), (65535, 128, 8192))


if __name__ == "__main__":
    unittest.main()
