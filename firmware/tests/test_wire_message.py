import unittest

from parley.wire.errors import LocalError, RemoteError
from parley.wire.headers import CANONICAL, LIST_HEADERS, canonical_name
from parley.wire.sip import REASONS, Request, Response, note_source, parse_message, response_to

INVITE = (
    b"INVITE sip:conference@127.0.0.1 SIP/2.0\r\n"
    b"Via: SIP/2.0/UDP 192.0.2.7:5062;branch=z9hG4bKtop;rport, SIP/2.0/UDP second;branch=z9hG4bK2\r\n"
    b"Via: SIP/2.0/UDP third;branch=z9hG4bK3\r\n"
    b"From: \"A, B\" <sip:alice@h>;tag=a1\r\n"
    b"To: <sip:conference@127.0.0.1>\r\n"
    b"Call-ID: 1@h\r\nCSeq: 7 INVITE\r\nTimestamp: 54\r\nContent-Length: 0\r\n\r\n"
)  # fmt: skip


class NameTest(unittest.TestCase):
    def test_compact_forms(self):
        for short, long in (
            ("i", "Call-ID"), ("m", "Contact"), ("e", "Content-Encoding"), ("l", "Content-Length"),
            ("c", "Content-Type"), ("f", "From"), ("s", "Subject"), ("k", "Supported"), ("t", "To"),
            ("v", "Via"), ("r", "Refer-To"), ("b", "Referred-By"), ("o", "Event"), ("u", "Allow-Events"),
            ("x", "Session-Expires"),
        ):  # fmt: skip
            self.assertEqual(canonical_name(short), long)
            self.assertEqual(canonical_name(short.upper()), long)

    def test_any_case(self):
        for name in ("CSEQ", "cseq", "cSeQ", "CSeq "):
            self.assertEqual(canonical_name(name), "CSeq")
        self.assertEqual(canonical_name("wWw-AUTHENTICATE"), "WWW-Authenticate")
        self.assertEqual(canonical_name("x-conf-ID"), "X-Conf-Id")

    def test_tables_agree(self):
        for name in LIST_HEADERS:
            self.assertEqual(CANONICAL[name.lower()], name)
        for spelling in CANONICAL:
            self.assertEqual(CANONICAL[CANONICAL[spelling].lower()], CANONICAL[spelling])


class HeaderAccessTest(unittest.TestCase):
    def setUp(self):
        self.message = Request("OPTIONS", "sip:a@h", [("v", "one"), ("Subject", "x"), ("via", "two")])

    def test_names_become_canonical(self):
        self.assertEqual(self.message.headers, [("Via", "one"), ("Subject", "x"), ("Via", "two")])

    def test_get(self):
        self.assertEqual(self.message.get("Via"), "one")
        self.assertEqual(self.message.get("S"), "x")
        self.assertIsNone(self.message.get("To"))
        self.assertIsNone(self.message.get("no such name"))

    def test_set_replaces_all_in_the_first_place(self):
        self.message.set("Via", "three")
        self.assertEqual(self.message.headers, [("Via", "three"), ("Subject", "x")])
        self.message.set("To", "t")
        self.assertEqual(self.message.headers[-1], ("To", "t"))

    def test_add_insert_remove(self):
        self.message.add("m", "c")
        self.message.insert_first("route", "r")
        self.message.remove("VIA")
        self.assertEqual(self.message.headers, [("Route", "r"), ("Subject", "x"), ("Contact", "c")])
        self.message.insert_first("Via", "top")
        self.assertEqual(self.message.headers[0], ("Via", "top"))

    def test_list_elements(self):
        self.message.add("Contact", '"a, b" <sip:x,y@h>;q=1, <sip:z@h>')
        self.message.add("Contact", "sip:last@h")
        self.assertEqual(self.message.get_all("m"), ['"a, b" <sip:x,y@h>;q=1', "<sip:z@h>", "sip:last@h"])
        self.message.add("Allow", "INVITE, ACK,BYE")
        self.assertEqual(self.message.get_all("Allow"), ["INVITE", "ACK", "BYE"])

    def test_empty_list_and_empty_element(self):
        self.message.add("Supported", "")
        self.assertEqual(self.message.get_all("Supported"), [])
        self.message.set("Supported", "100rel,,timer")
        with self.assertRaises(RemoteError) as caught:
            self.message.get_all("Supported")
        self.assertEqual(caught.exception.status, 400)

    def test_commas_of_other_headers_split_nothing(self):
        for name in ("Subject", "WWW-Authenticate", "Authorization", "Date"):
            self.message.set(name, "Digest a=1, b=2")
            self.assertEqual(self.message.get_all(name), ["Digest a=1, b=2"])

    def test_header_injection_is_our_mistake(self):
        for change in (self.message.add, self.message.set, self.message.insert_first):
            self.assertRaises(LocalError, change, "Subject", "a\r\nTo: b")
            self.assertRaises(LocalError, change, "Subject", "a\nTo: b")
            self.assertRaises(LocalError, change, "Sub:ject", "a")
        self.assertRaises(LocalError, Request, "OPTIONS", "sip:a@h", [("", "x")])
        self.assertEqual(len(self.message.headers), 3)


class TypedAccessTest(unittest.TestCase):
    def setUp(self):
        self.message = parse_message(INVITE)

    def test_values(self):
        self.assertEqual(self.message.cseq(), (7, "INVITE"))
        self.assertEqual(self.message.call_id(), "1@h")
        self.assertEqual(self.message.from_tag(), "a1")
        self.assertIsNone(self.message.to_tag())
        self.assertEqual(self.message.top_via().branch, "z9hG4bKtop")
        self.assertEqual(
            [v.partition(" ")[2][:3] for v in self.message.get_all("Via")], ["192", "sec", "thi"]
        )

    def test_bad_values_are_400(self):
        for name, value, read in (
            ("CSeq", "7", self.message.cseq),
            ("CSeq", "x INVITE", self.message.cseq),
            ("CSeq", "2147483648 INVITE", self.message.cseq),
            ("From", '"A <sip:a@h>', self.message.from_tag),
            ("To", "<sip:a@h", self.message.to_tag),
            ("Via", "SIP/2.0/UDP", self.message.top_via),
            ("Call-ID", "", self.message.call_id),
        ):
            self.message.set(name, value)
            with self.assertRaises(RemoteError) as caught:
                read()
            self.assertEqual(caught.exception.status, 400, name)

    def test_missing_values_are_400(self):
        empty = Request("OPTIONS", "sip:a@h")
        for read in (empty.cseq, empty.call_id, empty.from_tag, empty.to_tag, empty.top_via):
            self.assertRaises(RemoteError, read)

    def test_largest_cseq(self):
        self.message.set("CSeq", "2147483647\tINVITE")
        self.assertEqual(self.message.cseq(), (2147483647, "INVITE"))


class SerialiseTest(unittest.TestCase):
    def test_request(self):
        request = Request("MESSAGE", "sip:b@h", [("To", "<sip:b@h>"), ("l", "999")], b"\x00hi")
        self.assertEqual(
            request.to_bytes(), b"MESSAGE sip:b@h SIP/2.0\r\nTo: <sip:b@h>\r\nContent-Length: 3\r\n\r\n\x00hi"
        )

    def test_response(self):
        self.assertEqual(Response(200).to_bytes(), b"SIP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n")
        self.assertEqual(Response(404, "Gone fishing").start_line(), "SIP/2.0 404 Gone fishing")
        self.assertEqual(Response(299).start_line(), "SIP/2.0 299 ")

    def test_text_is_utf8(self):
        self.assertIn("Subject: é\r\n".encode(), Request("A", "sip:h", [("Subject", "é")]).to_bytes())

    def test_reasons_in_use(self):
        for status, reason in (
            (100, "Trying"), (180, "Ringing"), (200, "OK"), (202, "Accepted"), (302, "Moved Temporarily"),
            (400, "Bad Request"), (401, "Unauthorized"), (403, "Forbidden"), (404, "Not Found"),
            (405, "Method Not Allowed"), (408, "Request Timeout"), (410, "Gone"),
            (415, "Unsupported Media Type"),
            (416, "Unsupported URI Scheme"), (480, "Temporarily Unavailable"),
            (481, "Call/Transaction Does Not Exist"), (486, "Busy Here"), (487, "Request Terminated"),
            (488, "Not Acceptable Here"), (489, "Bad Event"), (491, "Request Pending"),
            (500, "Server Internal Error"), (503, "Service Unavailable"), (505, "Version Not Supported"),
            (603, "Decline"), (606, "Not Acceptable"),
        ):  # fmt: skip
            self.assertEqual(Response(status).reason, reason)

    def test_every_reason_is_one_line(self):
        for status in REASONS:
            self.assertTrue(100 <= status <= 699 and REASONS[status].strip() == REASONS[status] != "")


class ResponseToTest(unittest.TestCase):
    def setUp(self):
        self.request = parse_message(INVITE)

    def test_copied_headers_keep_their_order(self):
        response = response_to(self.request, 486)
        self.assertEqual(
            [name for name, _ in response.headers], ["Via", "Via", "From", "To", "Call-ID", "CSeq"]
        )
        self.assertEqual((response.status, response.reason), (486, "Busy Here"))
        self.assertEqual(response.get_all("Via"), self.request.get_all("Via"))

    def test_to_tag_is_added_once(self):
        response = response_to(self.request, 200, to_tag="mine")
        self.assertEqual(response.get("To"), "<sip:conference@127.0.0.1>;tag=mine")
        self.assertEqual(response.to_tag(), "mine")
        self.request.set("To", "<sip:conference@127.0.0.1>;tag=theirs")
        self.assertEqual(response_to(self.request, 200, to_tag="mine").to_tag(), "theirs")

    def test_uri_parameters_named_tag_do_not_count(self):
        self.request.set("To", "<sip:c@h;tag=no>")
        self.assertEqual(response_to(self.request, 200, to_tag="yes").to_tag(), "yes")

    def test_timestamp_goes_into_100_only(self):
        self.assertEqual(response_to(self.request, 100).get("Timestamp"), "54")
        self.assertIsNone(response_to(self.request, 200).get("Timestamp"))

    def test_further_headers_and_reason(self):
        response = response_to(self.request, 302, "Go there", headers=[("m", "<sip:t@b>;isfocus")])
        self.assertEqual((response.reason, response.get("Contact")), ("Go there", "<sip:t@b>;isfocus"))

    def test_a_broken_request_can_be_answered(self):
        self.request.set("To", '"open <sip:a@h>')
        self.request.remove("Call-ID")
        response = response_to(self.request, 400, to_tag="x")
        self.assertEqual(response.get("To"), '"open <sip:a@h>')
        self.assertIsNone(response.get("Call-ID"))

    def test_bytes_that_are_no_utf8_come_back_as_they_were(self):
        request = parse_message(INVITE.replace(b"A, B", b"J\xfcrgen"))
        self.assertEqual(request.get("From"), '"J\xfcrgen" <sip:alice@h>;tag=a1')
        self.assertIn(b'From: "J\xfcrgen" <sip', response_to(request, 200, to_tag="t").to_bytes())
        self.assertIn(b'From: "J\xfcrgen" <sip', request.to_bytes())
        request.add("Subject", "\u20ac")
        self.assertIn("Subject: \u20ac".encode(), request.to_bytes())


class NoteSourceTest(unittest.TestCase):
    def noted(self, via, peer):
        request = parse_message(INVITE)
        request.set("Via", via)
        note_source(request, peer)
        return request.get("Via")

    def test_same_host_needs_nothing(self):
        self.assertEqual(self.noted("SIP/2.0/UDP  h;branch=1", ("h", 9)), "SIP/2.0/UDP  h;branch=1")

    def test_received(self):
        via = self.noted("SIP/2.0/UDP client.example.com:5062;branch=1", ("10.0.0.1", 9))
        self.assertEqual(via, "SIP/2.0/UDP client.example.com:5062;branch=1;received=10.0.0.1")

    def test_rport(self):
        via = self.noted("SIP/2.0/UDP 10.0.0.1:5062;rport;branch=1", ("10.0.0.1", 9))
        self.assertEqual(via, "SIP/2.0/UDP 10.0.0.1:5062;rport=9;branch=1;received=10.0.0.1")

    def test_made_up_values_are_overwritten(self):
        via = self.noted("SIP/2.0/UDP 10.0.0.1;received=192.0.2.66;rport=53;branch=1", ("10.0.0.1", 9))
        self.assertEqual(via, "SIP/2.0/UDP 10.0.0.1;received=10.0.0.1;rport=9;branch=1")
        via = self.noted("SIP/2.0/UDP 10.0.0.1;received=192.0.2.66", ("10.0.0.1", 9))
        self.assertEqual(via, "SIP/2.0/UDP 10.0.0.1;received=10.0.0.1")

    def test_only_the_topmost_changes(self):
        request = parse_message(INVITE)
        note_source(request, ("10.0.0.1", 9))
        values = request.get_all("Via")
        self.assertEqual(request.top_via().reply_address(), ("10.0.0.1", 9))
        self.assertEqual(len(values), 3)
        self.assertEqual(values[1:], parse_message(INVITE).get_all("Via")[1:])
        self.assertEqual(values, response_to(request, 200).get_all("Via"))

    def test_ipv6(self):
        via = self.noted("SIP/2.0/UDP [2001:DB8::1]:5062;branch=1", ("2001:db8::1", 9))
        self.assertEqual(via, "SIP/2.0/UDP [2001:DB8::1]:5062;branch=1")
        via = self.noted("SIP/2.0/UDP [2001:db8::1];branch=1", ("2001:DB8::1", 9))
        self.assertEqual(via, "SIP/2.0/UDP [2001:db8::1];branch=1")

    def test_unreadable_via(self):
        with self.assertRaises(RemoteError) as caught:
            self.noted("SIP/2.0/UDP ;;,", ("h", 1))
        self.assertEqual(caught.exception.status, 400)


if __name__ == "__main__":
    unittest.main()
