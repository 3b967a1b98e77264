import unittest

from parley.wire.errors import LocalError, RemoteError
from parley.wire.sdp import MAX_MEDIA, MAX_SDP_BYTES, Media, SessionDescription, parse_sdp

OFFER = (
    b"v=0\r\no=- 3973234234 3973234235 IN IP4 127.0.0.1\r\ns=pjmedia\r\nb=AS:84\r\nt=0 0\r\na=X-nat:0\r\n"
    b"m=audio 4000 RTP/AVP 8 0 9 101\r\nc=IN IP4 127.0.0.2\r\nb=TIAS:64000\r\n"
    b"a=rtcp:4001 IN IP4 127.0.0.1\r\na=sendonly\r\na=rtpmap:0 PCMU/8000\r\n"
    b"a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:20\r\n"
)
HEAD = b"v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\n"


class ReadTest(unittest.TestCase):
    def test_session(self):
        session = parse_sdp(OFFER)
        self.assertEqual((session.origin_user, session.session_id), ("-", 3973234234))
        self.assertEqual(session.session_version, 3973234235)
        self.assertEqual((session.origin_host, session.session_name), ("127.0.0.1", "pjmedia"))
        self.assertIsNone(session.connection)
        self.assertEqual(session.attributes, [("X-nat", "0")])
        self.assertEqual((session.attribute("X-nat"), session.attribute("group")), ("0", None))
        self.assertEqual(len(session.media), 1)

    def test_media(self):
        media = parse_sdp(OFFER).media[0]
        self.assertEqual((media.kind, media.port, media.protocol), ("audio", 4000, "RTP/AVP"))
        self.assertEqual(media.formats, ["8", "0", "9", "101"])
        self.assertEqual(
            (media.connection, media.direction(), media.ptime_ms()), ("127.0.0.2", "sendonly", 20)
        )
        self.assertEqual(media.attribute("rtcp"), "4001 IN IP4 127.0.0.1")
        self.assertEqual((media.attribute("sendonly"), media.attribute("mid")), ("", None))

    def test_rtpmaps_in_offered_order_static_ones_known(self):
        self.assertEqual(
            parse_sdp(OFFER).media[0].rtpmaps(),
            [
                (8, "PCMA", 8000, 1),
                (0, "PCMU", 8000, 1),
                (9, "G722", 8000, 1),
                (101, "telephone-event", 8000, 1),
            ],
        )

    def test_rtpmap_forms(self):
        media = parse_sdp(
            HEAD
            + b"m=audio 9 RTP/AVP 96 97 98 0 11\r\na=rtpmap:96 opus/48000/2\r\na=rtpmap:98  L16/16000 \r\n"
            b"a=rtpmap:0 PCMU/16000\r\na=rtpmap:120 unused/8000\r\n"
        ).media[0]
        self.assertEqual(
            media.rtpmaps(),
            [(96, "opus", 48000, 2), (98, "L16", 16000, 1), (0, "PCMU", 16000, 1), (11, "L16", 44100, 1)],
        )

    def test_bad_rtpmaps(self):
        for value in (
            b"",
            b"0",
            b"0 PCMU",
            b"x PCMU/8000",
            b"128 PCMU/8000",
            b"0 PCMU/x",
            b"0 /8000",
            b"0 P/8/1/2",
        ):
            media = parse_sdp(HEAD + b"m=audio 9 RTP/AVP 0\r\na=rtpmap:" + value + b"\r\n").media[0]
            with self.assertRaises(RemoteError) as caught:
                media.rtpmaps()
            self.assertEqual(caught.exception.status, 400, value)

    def test_static_payload_types(self):  # RFC 3551 6
        formats = "0 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 1 2 19 95 96 127 128 0000 x"
        known = parse_sdp(HEAD + b"m=audio 9 RTP/AVP " + formats.encode() + b"\r\n").media[0].rtpmaps()
        self.assertEqual(
            known,
            [
                (0, "PCMU", 8000, 1), (3, "GSM", 8000, 1), (4, "G723", 8000, 1), (5, "DVI4", 8000, 1),
                (6, "DVI4", 16000, 1), (7, "LPC", 8000, 1), (8, "PCMA", 8000, 1), (9, "G722", 8000, 1),
                (10, "L16", 44100, 2), (11, "L16", 44100, 1), (12, "QCELP", 8000, 1), (13, "CN", 8000, 1),
                (14, "MPA", 90000, 1), (15, "G728", 8000, 1), (16, "DVI4", 11025, 1), (17, "DVI4", 22050, 1),
                (18, "G729", 8000, 1),
            ],
        )  # fmt: skip

    def test_largest_payload_type(self):
        media = Media("audio", 9, "RTP/AVP", ["127", "128"], None, [("rtpmap", "127 a/8000/255")])
        self.assertEqual(media.rtpmaps(), [(127, "a", 8000, 255)])

    def test_fmtp(self):
        media = parse_sdp(OFFER).media[0]
        self.assertEqual(media.fmtp(101), "0-16")
        self.assertIsNone(media.fmtp(10))

    def test_ptime(self):
        for value, expected in (
            ("30", 30),
            ("20.0", 20),
            (" 40 ", 40),
            ("1", 1),
            ("1000", 1000),
            ("1001", None),
            ("0", None),
            ("x", None),
            ("", None),
            ("99999", None),
        ):
            self.assertEqual(
                Media("audio", 1, "RTP/AVP", ["0"], None, [("ptime", value)]).ptime_ms(), expected
            )
        self.assertIsNone(Media("audio", 1, "RTP/AVP", ["0"]).ptime_ms())

    def test_connection_of_session_and_media(self):
        session = parse_sdp(
            HEAD + b"c=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 10 RTP/AVP 0\r\n"
            b"m=audio 12 RTP/AVP 0\r\nc=IN IP6 2001:db8::1\r\n"
        )
        self.assertEqual(session.address_of(session.media[0]), ("192.0.2.1", 10))
        self.assertEqual(session.address_of(session.media[1]), ("2001:db8::1", 12))
        bare = parse_sdp(HEAD + b"m=audio 10 RTP/AVP 0\r\n")
        self.assertRaises(RemoteError, bare.address_of, bare.media[0])

    def test_multicast_connection(self):
        session = parse_sdp(
            HEAD + b"c=IN IP4 224.2.1.1/127/3\r\nc=IN IP4 224.2.1.9\r\nm=audio 10/2 RTP/AVP 0\r\n"
        )
        self.assertEqual(session.address_of(session.media[0]), ("224.2.1.1", 10))

    def test_direction_at_session_level(self):
        session = parse_sdp(
            HEAD + b"a=inactive\r\nm=audio 10 RTP/AVP 0\r\nm=audio 12 RTP/AVP 0\r\na=recvonly \r\n"
        )
        self.assertEqual([session.direction_of(media) for media in session.media], ["inactive", "recvonly"])
        self.assertEqual(session.media[0].direction(), "sendrecv")
        self.assertEqual(session.media[0].direction("recvonly"), "recvonly")

    def test_refused_stream_and_other_protocols(self):
        session = parse_sdp(
            HEAD + b"c=IN IP4 h\r\nm=audio 0 RTP/AVP 0\r\nm=audio 5 RTP/SAVP 0\r\n"
            b"m=video 7 UDP/TLS/RTP/SAVPF 96\r\n"
            b"m=message 2855 TCP/MSRP *\r\nm=image 9 udptl t38\r\n"
        )
        self.assertEqual([media.port for media in session.media], [0, 5, 7, 2855, 9])
        self.assertEqual(session.media[1].protocol, "RTP/SAVP")
        self.assertEqual([media.rtpmaps() for media in session.media[2:]], [[], [], []])

    def test_line_ends(self):
        expected = parse_sdp(OFFER).to_bytes()
        self.assertEqual(parse_sdp(OFFER.replace(b"\r\n", b"\n")).to_bytes(), expected)
        self.assertEqual(parse_sdp(OFFER[:-2]).to_bytes(), expected)
        self.assertEqual(parse_sdp(OFFER + b"\r\n\r\n").to_bytes(), expected)

    def test_bytes_that_are_no_utf8(self):
        self.assertEqual(parse_sdp(HEAD.replace(b"s=-", b"s=J\xfcrgen")).session_name, "J\xfcrgen")


class RefuseTest(unittest.TestCase):
    def refused(self, body, status=400):
        with self.assertRaises(RemoteError) as caught:
            parse_sdp(body)
        self.assertEqual(caught.exception.status, status, body[:100])

    def test_garbage(self):
        for body in (
            b"",
            b"\r\n",
            b"hello",
            b"\x00" * 50,
            b"v=0",
            b"o=- 1 2 IN IP4 h\r\nv=0\r\n",
            b"v=1\r\n" + HEAD[5:],
        ):
            self.refused(body)

    def test_bad_lines(self):
        for line in (
            b"x=1", b"V=0", b"m", b"m =audio 1 RTP/AVP 0", b" m=audio", b"", b"v=0",
            b"o=- 1 2 IN IP4 h", b"s=\rx", b"s=\x00",
            b"m=", b"m=audio", b"m=audio 1 RTP/AVP", b"m=audio x RTP/AVP 0", b"m=audio 65536 RTP/AVP 0",
            b"m=audio -1 RTP/AVP 0", b"m=au@dio 1 RTP/AVP 0", b"m=audio 1 RTP//AVP 0", b"c=",
            b"c=IN IP4", b"c=IN IP4 a b",
            b"c=IN IP4 h@st", b"c=IN IP6 ::zz", b"c=IN IP4 /127", b"a=", b"a=:x", b"a=sp ace:x",
        ):  # fmt: skip
            self.refused(HEAD + line + b"\r\nt=0 0\r\n")

    def test_bad_origin(self):
        for origin in (
            b"",
            b"-",
            b"- 1 2 IN IP4",
            b"- x 2 IN IP4 h",
            b"- 1 -2 IN IP4 h",
            b"- 1 2 IN IP4 h h",
            b"- 1 2 IN IP4 @",
        ):
            self.refused(b"v=0\r\no=" + origin + b"\r\ns=-\r\n")

    def test_other_networks_are_488(self):
        self.refused(HEAD + b"c=ATM NSAP 47.0091\r\n", 488)
        self.refused(HEAD + b"c=IN IP5 1.2.3.4\r\n", 488)

    def test_limits(self):
        media = b"m=audio 1 RTP/AVP 0\r\n"
        self.assertEqual(len(parse_sdp(HEAD + media * MAX_MEDIA).media), MAX_MEDIA)
        self.refused(HEAD + media * (MAX_MEDIA + 1))
        self.refused(HEAD + b"m=audio 1 RTP/AVP" + b" 0" * 129 + b"\r\n")
        self.refused(HEAD + b"a=x\r\n" * 513)
        self.refused(HEAD + b"i=" + b"x" * MAX_SDP_BYTES)


class WriteTest(unittest.TestCase):
    def test_octets(self):
        media = Media("audio", 10002, "RTP/AVP", ["0", "101"])
        media.attributes = [
            ("rtpmap", "0 PCMU/8000"),
            ("rtpmap", "101 telephone-event/8000"),
            ("sendrecv", None),
        ]
        session = SessionDescription("parley", 7, 8, "127.0.1.1", connection="127.0.1.1", media=[media])
        self.assertEqual(
            session.to_bytes(),
            b"v=0\r\no=parley 7 8 IN IP4 127.0.1.1\r\ns=-\r\nc=IN IP4 127.0.1.1\r\nt=0 0\r\n"
            b"m=audio 10002 RTP/AVP 0 101\r\na=rtpmap:0 PCMU/8000\r\n"
            b"a=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\n",
        )

    def test_there_and_back(self):
        session = SessionDescription(
            "-", 2**64, 1, "::1", "é x", "2001:db8::1", attributes=[("group", "BUNDLE a")]
        )
        session.media.append(Media("audio", 0, "RTP/AVP", ["0"], "192.0.2.1", [("inactive", None)]))
        back = parse_sdp(session.to_bytes())
        self.assertEqual(back.to_bytes(), session.to_bytes())
        self.assertEqual((back.connection, back.session_name, back.session_id), ("2001:db8::1", "é x", 2**64))
        self.assertEqual(back.media[0].connection, "192.0.2.1")

    def test_no_shared_lists(self):
        first, second = SessionDescription("-", 1, 1, "h"), SessionDescription("-", 1, 1, "h")
        first.media.append(Media("audio", 1, "RTP/AVP", ["0"]))
        first.media[0].attributes.append(("x", None))
        self.assertEqual(second.media, [])
        self.assertEqual(Media("audio", 1, "RTP/AVP", ["0"]).attributes, [])

    def test_line_end_is_our_mistake(self):
        for name in ("x\r\na=evil", "x\na=evil", "x\ra=evil"):
            session = SessionDescription("-", 1, 1, "h", name)
            self.assertRaises(LocalError, session.to_bytes)


if __name__ == "__main__":
    unittest.main()
