import unittest

from parley.wire.errors import RemoteError
from parley.wire.uri import NameAddr, SipUri, Via, parse_name_addr, parse_uri, parse_via, unescape


def status_of(function, text):
    try:
        function(text)
    except RemoteError as error:
        return error.status
    return None


class UriTest(unittest.TestCase):
    def test_parts(self):
        uri = parse_uri("sip:alice:pw@example.com:5070;transport=udp;lr?Subject=hi&To=a%40b")
        self.assertEqual((uri.scheme, uri.user, uri.password), ("sip", "alice", "pw"))
        self.assertEqual((uri.host, uri.port), ("example.com", 5070))
        self.assertEqual(uri.params, [("transport", "udp"), ("lr", None)])
        self.assertEqual(uri.headers, "Subject=hi&To=a%40b")
        self.assertEqual(uri.header_list(), [("Subject", "hi"), ("To", "a@b")])

    def test_written_as_read(self):
        for text in (
            "sip:example.com",
            "sips:bob@example.com",
            "sip:conference@127.0.0.1:5060;size=12;transport=udp",
            "sip:user;par=u%40example.net@example.com",
            "sip:[2001:db8::9:1]:6050;maddr=[::1];x?a=b",
            "sip:+4989123;phone-context=x@gw;user=phone",
            "sip:alice@h;transport=tcp;transport=tcp",
        ):
            self.assertEqual(str(parse_uri(text)), text)

    def test_scheme_is_case_insensitive(self):
        self.assertEqual(parse_uri("SIP:a@b").scheme, "sip")

    def test_params(self):
        uri = parse_uri("sip:a@h;Transport=UDP;lr;x=")
        self.assertEqual(uri.param("transport"), "UDP")
        self.assertEqual(uri.param("lr"), "")
        self.assertEqual(uri.param("x"), "")
        self.assertIsNone(uri.param("size"))
        uri.set_param("transport", "tcp")
        uri.set_param("isfocus", None)
        uri.remove_param("lr")
        self.assertEqual(str(uri), "sip:a@h;Transport=tcp;x=;isfocus")

    def test_names_compare_without_case(self):
        uri = parse_uri("sip:a@h;LR;Lr;x")
        uri.remove_param("lr")
        self.assertEqual(uri.params, [("x", None)])
        uri = parse_uri("sip:alice:secret@h")
        self.assertEqual(str(uri), "sip:alice:secret@h")

    def test_doubled_transport_gives_the_first(self):
        self.assertEqual(parse_uri("sip:a@h;transport=udp;transport=tcp").param("transport"), "udp")

    def test_address(self):
        self.assertEqual(parse_uri("sip:a@h").address(), ("h", 5060))
        self.assertEqual(parse_uri("sips:a@h").address(), ("h", 5061))
        self.assertEqual(parse_uri("sip:a@h;transport=TLS").address(), ("h", 5061))
        self.assertEqual(parse_uri("sip:a@[::1]:5070").address(), ("::1", 5070))
        self.assertEqual(parse_uri("sip:a@h:5070;maddr=192.0.2.9").address(), ("192.0.2.9", 5070))
        self.assertEqual(parse_uri("sip:a@h;maddr=[::2]").address(), ("::2", 5060))

    def test_refused(self):
        for text in (
            "", "sip", "sip:", "sip:@h", "sip:a@", "sip:a@h:x", "sip:a@h:65536", "sip:a b@h",
            "sip:a@h;;lr", "sip:a@h;=x", "<sip:a@h>", "sip:a@2001:db8::1", "sip:a@b@c",
            'sip:"a"@h', "sip:a@h\x00",
            "sip:a@h\r\nX: y",
        ):  # fmt: skip
            self.assertEqual(status_of(parse_uri, text), 400, text)

    def test_other_schemes_are_416(self):
        for text in ("tel:+49891234", "http://example.com", "unknownscheme:x", "mailto:a@b"):
            self.assertEqual(status_of(parse_uri, text), 416, text)

    def test_unescape(self):
        self.assertEqual(unescape("sips%3Auser%40example.com"), "sips:user@example.com")
        self.assertEqual(unescape("%C3%A9"), "é")
        self.assertEqual(unescape("%ff"), "\xff")
        self.assertEqual(unescape("null-%00-null"), "null-\x00-null")
        self.assertEqual(unescape("100%"), "100%")
        self.assertEqual(unescape("%zz%4"), "%zz%4")


class EquivalenceTest(unittest.TestCase):
    # The examples of RFC 3261 19.1.4.
    SAME = (
        ("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
        ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;newparam=5"),
        ("sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
         "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com"),
        ("sip:h?Subject=x", "sip:h?subject=x"),
        ("sip:alice@atlanta.com?subject=project%20x&priority=urgent",
         "sip:alice@atlanta.com?priority=urgent&subject=project%20x"),
    )  # fmt: skip
    DIFFERENT = (
        ("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting"),
        ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off"),
        ("sip:alice@h", "sip:h"),
        ("sip:a@h", "sip:b@h"),
        ("sip:a:x@h", "sip:a:y@h"),
        ("sip:a:@h", "sip:a@h"),
        ("sip:h;TTL=1", "sip:h"),
        ("sip:h;MAddr=a", "sip:h;maddr=b"),
        ("sip:alice@h", "sips:alice@h"),
        ("sip:alice:pw@h", "sip:alice@h"),
    )

    def test_same(self):
        for left, right in self.SAME:
            self.assertTrue(parse_uri(left).same_as(parse_uri(right)), left)
            self.assertTrue(parse_uri(right).same_as(parse_uri(left)), left)

    def test_different(self):
        for left, right in self.DIFFERENT:
            self.assertFalse(parse_uri(left).same_as(parse_uri(right)), left)
            self.assertFalse(parse_uri(right).same_as(parse_uri(left)), left)


class NameAddrTest(unittest.TestCase):
    def test_display_with_commas_and_quotes(self):
        address = parse_name_addr('"Bell, \\"Alex\\" G." <sip:bell@example.com;lr>;tag=43;q=0.7')
        self.assertEqual(address.display, 'Bell, "Alex" G.')
        self.assertEqual(str(address.uri), "sip:bell@example.com;lr")
        self.assertEqual((address.tag, address.param("q")), ("43", "0.7"))
        self.assertEqual(str(address), '"Bell, \\"Alex\\" G." <sip:bell@example.com;lr>;tag=43;q=0.7')

    def test_tokens_as_display(self):
        address = parse_name_addr("Mr Watson <sip:watson@example.com>")
        self.assertEqual((address.display, address.uri_text), ("Mr Watson", "sip:watson@example.com"))
        self.assertEqual(parse_name_addr("caller<sip:c@h>;tag=1").display, "caller")

    def test_angle_brackets_within_quotes(self):
        self.assertEqual(parse_name_addr('"<sip:evil@h>" <sip:good@h>').uri.user, "good")

    def test_params_without_brackets_belong_to_the_header(self):
        address = parse_name_addr("sip:a@h:5060;tag=1;transport=udp")
        self.assertEqual(address.uri.params, [])
        self.assertEqual((address.tag, address.param("transport")), ("1", "udp"))
        self.assertEqual(parse_name_addr("sip:vivekg@h ;   tag    = 19").tag, "19")

    def test_contact_of_a_focus(self):
        contact = parse_name_addr("<sip:0a1b@127.0.1.1:5060;transport=udp>;isfocus;expires=60")
        self.assertEqual(contact.param("isfocus"), "")
        self.assertIsNone(contact.uri.param("isfocus"))
        self.assertEqual(contact.uri.address(), ("127.0.1.1", 5060))
        inside = parse_name_addr("<sip:0a1b@127.0.1.1;isfocus>")
        self.assertIsNone(inside.param("isfocus"))
        self.assertEqual(inside.uri.param("isfocus"), "")

    def test_refer_to_with_headers(self):
        text = "<sip:conf@h;method=INVITE?Replaces=1%40x%3Bto-tag%3D2&Subject=hi%20there>"
        uri = parse_name_addr(text).uri
        self.assertEqual(uri.param("method"), "INVITE")
        self.assertEqual(uri.header_list(), [("Replaces", "1@x;to-tag=2"), ("Subject", "hi there")])
        self.assertEqual(str(parse_name_addr(text)), text)

    def test_no_tag(self):
        self.assertIsNone(parse_name_addr("<sip:a@h>").tag)
        self.assertIsNone(parse_name_addr("<sip:a@h;tag=1>").tag)

    def test_other_schemes_are_read_but_have_no_sip_uri(self):
        address = parse_name_addr('"PSTN" <tel:+4989123;isub=1>;tag=7')
        self.assertEqual((address.uri_text, address.tag), ("tel:+4989123;isub=1", "7"))
        self.assertEqual(status_of(lambda parsed: parsed.uri, address), 416)

    def test_written(self):
        address = NameAddr(SipUri("sip", "a", "h"), 'a "b"', [("tag", "x"), ("isfocus", None)])
        self.assertEqual(str(address), '"a \\"b\\"" <sip:a@h>;tag=x;isfocus')
        self.assertEqual(str(NameAddr("sip:a@h")), "<sip:a@h>")

    def test_refused(self):
        for text in (
            "", "*", "<>", "<sip:a@h", '"a <sip:a@h>', '"a" sip:a@h', '"a"', "<sip:a@h> x", "a\"b <sip:a@h>",
            "<sip:a@h>;;tag=1", "<sip:a@h>;tag=1;",
            "sip:a@h;", "<sip:a@h>;=x", "sip:a@h?Route=x", "sip:a b@h", "<no-colon>",
        ):  # fmt: skip
            self.assertEqual(status_of(parse_name_addr, text), 400, text)


class ViaTest(unittest.TestCase):
    def test_parts(self):
        via = parse_via("SIP/2.0/UDP pc33.atlanta.com:5066;branch=z9hG4bK776;rport;ttl=1")
        self.assertEqual((via.transport, via.host, via.port), ("UDP", "pc33.atlanta.com", 5066))
        self.assertEqual((via.branch, via.param("rport"), via.param("ttl")), ("z9hG4bK776", "", "1"))

    def test_blanks_where_they_may_stand(self):
        via = parse_via("SIP  / 2.0  / TCP     spindle.example.com : 5062  ;  branch  =   z9hG4bK9")
        self.assertEqual((via.transport, via.host, via.port), ("TCP", "spindle.example.com", 5062))
        self.assertEqual(via.branch, "z9hG4bK9")

    def test_case(self):
        via = parse_via("sip/2.0/udp H;BRANCH=z9hG4bKa")
        self.assertEqual((via.transport, via.branch), ("UDP", "z9hG4bKa"))
        self.assertEqual(str(via), "SIP/2.0/UDP H;BRANCH=z9hG4bKa")

    def test_written(self):
        for text in (
            "SIP/2.0/UDP h",
            "SIP/2.0/UDP [2001:db8::9]:5060;branch=1;rport=7;received=10.0.0.1",
            "SIP/2.0/UDP h;branch=1;rport",
        ):
            self.assertEqual(str(parse_via(text)), text)
        via = Via("UDP", "::1", 5070, [("branch", "x"), ("rport", None)])
        self.assertEqual(str(via), "SIP/2.0/UDP [::1]:5070;branch=x;rport")

    def test_no_branch_from_an_old_peer(self):
        self.assertEqual(parse_via("SIP/2.0/UDP h").branch, "")

    def test_reply_address(self):
        for params, expected in (
            ("", ("192.0.2.1", 5070)),
            (";received=10.0.0.1", ("10.0.0.1", 5070)),  # RFC 3261 18.2.2
            (";received=10.0.0.1;rport=9", ("10.0.0.1", 9)),  # RFC 3581 4
            (";rport", ("192.0.2.1", 5070)),
            (";maddr=224.2.0.1;received=10.0.0.1;rport=9", ("224.2.0.1", 5070)),
            (";received=[2001:db8::9]", ("2001:db8::9", 5070)),
            (";received=2001:db8::9", ("2001:db8::9", 5070)),
        ):
            self.assertEqual(parse_via("SIP/2.0/UDP 192.0.2.1:5070" + params).reply_address(), expected)
        self.assertEqual(parse_via("SIP/2.0/UDP h").reply_address(), ("h", 5060))

    def test_bad_rport(self):
        via = parse_via("SIP/2.0/UDP h;rport=99999")
        self.assertRaises(RemoteError, via.reply_address)

    def test_refused(self):
        for text in (
            "", "SIP/2.0/UDP", "SIP/2.0 h", "SIP/3.0/UDP h", "HTTP/2.0/UDP h", "SIP/2.0/U@P h",
            "SIP/2.0/UDP h:0", "SIP/2.0/UDP h;", "SIP/2.0/UDP h;;branch=1",
            "SIP/2.0/UDP h;branch=1;", "SIP/2.0/UDP h i",
            "SIP/2.0/UDP 2001:db8::1",
        ):  # fmt: skip
            self.assertEqual(status_of(parse_via, text), 400, text)


if __name__ == "__main__":
    unittest.main()
