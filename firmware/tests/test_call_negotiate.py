"""Offer and answer (RFC 3264): what phones offer, what we answer, what we refuse."""

import unittest

from parley.call.negotiate import answer_offer, make_offer, read_answer
from parley.wire.errors import RemoteError
from parley.wire.sdp import parse_sdp

CODECS = [("PCMU", 8000), ("PCMA", 8000)]
SESSION = ["v=0", "o=- 7 1 IN IP4 127.0.0.9", "s=-", "c=IN IP4 127.0.0.9", "t=0 0"]


def offer(*lines, session=SESSION):
    return parse_sdp("\r\n".join(list(session) + list(lines)).encode() + b"\r\n")


def answer(*lines, codecs=CODECS, session=SESSION, packs=False):
    return answer_offer(offer(*lines, session=session), codecs, "127.0.1.1", 10000, 99, 3, packs=packs)


def written(negotiated):
    return negotiated.answer.to_bytes().decode().split("\r\n")[:-1]


class AnswerTest(unittest.TestCase):
    def test_plain(self):
        result = answer("m=audio 4000 RTP/AVP 0")
        self.assertEqual((result.codec, result.payload_type, result.event_payload_type), ("PCMU", 0, None))
        self.assertEqual(
            (result.remote, result.direction, result.ptime_ms), (("127.0.0.9", 4000), "sendrecv", 20)
        )
        self.assertEqual(
            written(result),
            [
                "v=0",
                "o=- 99 3 IN IP4 127.0.1.1",
                "s=-",
                "c=IN IP4 127.0.1.1",
                "t=0 0",
                "m=audio 10000 RTP/AVP 0",
                "a=rtpmap:0 PCMU/8000",
                "a=ptime:20",
                "a=sendrecv",
            ],
        )

    def test_pjsua(self):
        result = answer(
            "m=audio 4000 RTP/AVP 9 8 0 120",
            "c=IN IP4 127.0.0.8",
            "a=rtpmap:9 G722/8000",
            "a=rtpmap:120 telephone-event/8000",
            "a=fmtp:120 0-16",
        )
        self.assertEqual((result.codec, result.payload_type, result.event_payload_type), ("PCMA", 8, 120))
        self.assertEqual(result.remote, ("127.0.0.8", 4000))  # the section's own c= wins
        lines = written(result)
        self.assertTrue("m=audio 10000 RTP/AVP 8 120" in lines)
        self.assertTrue("a=rtpmap:120 telephone-event/8000" in lines)
        self.assertTrue("a=fmtp:120 0-15" in lines)

    def test_the_offers_order_counts(self):
        codecs = [("G722", 8000), ("PCMA", 8000), ("PCMU", 8000)]
        for numbers, codec in (("0 8 9", "PCMU"), ("18 8 0", "PCMA"), ("9 0", "G722")):
            self.assertEqual(answer("m=audio 4000 RTP/AVP " + numbers, codecs=codecs).codec, codec)

    def test_the_clock_of_g722_is_8000(self):
        """RFC 3551 4.5.2."""
        codecs = [("G722", 8000)]
        result = answer("m=audio 4000 RTP/AVP 9 101", "a=rtpmap:101 telephone-event/8000", codecs=codecs)
        self.assertEqual((result.codec, result.payload_type, result.event_payload_type), ("G722", 9, 101))
        self.assertTrue("a=rtpmap:9 G722/8000" in written(result))
        self.assertEqual(
            answer("m=audio 4000 RTP/AVP 97", "a=rtpmap:97 G722/8000", codecs=codecs).payload_type, 97
        )
        with self.assertRaises(RemoteError):
            answer("m=audio 4000 RTP/AVP 97", "a=rtpmap:97 G722/16000", codecs=codecs)

    def test_names_without_regard_to_case_and_dynamic_numbers(self):
        result = answer("m=audio 4000 RTP/AVP 97", "a=rtpmap:97 pcma/8000")
        self.assertEqual((result.codec, result.payload_type), ("PCMA", 97))
        self.assertTrue("a=rtpmap:97 PCMA/8000" in written(result))

    def test_numbers_may_be_redefined(self):
        with self.assertRaises(RemoteError):
            answer("m=audio 4000 RTP/AVP 0", "a=rtpmap:0 L16/8000")

    def test_rate_and_channels_must_agree(self):
        for rtpmap in ("PCMU/16000", "PCMU/8000/2"):
            with self.assertRaises(RemoteError) as raised:
                answer("m=audio 4000 RTP/AVP 97", "a=rtpmap:97 " + rtpmap)
            self.assertEqual(raised.exception.status, 488)

    def test_events_of_another_clock_rate_are_not_taken(self):
        result = answer("m=audio 4000 RTP/AVP 0 101", "a=rtpmap:101 telephone-event/16000")
        self.assertEqual(result.event_payload_type, None)

    def test_the_right_events_of_two(self):
        events = ("a=rtpmap:101 telephone-event/48000", "a=rtpmap:102 Telephone-Event/8000")
        self.assertEqual(answer("m=audio 4000 RTP/AVP 0 101 102", *events).event_payload_type, 102)

    def test_number_and_order_of_media_stay(self):
        result = answer(
            "m=video 4002 RTP/AVP 31",
            "m=audio 4010 RTP/SAVP 0",
            "m=audio 4000 RTP/AVP 0",
            "m=audio 4004 RTP/AVP 8",
            "m=application 5000 udp wb",
        )
        media = [line for line in written(result) if line.startswith("m=")]
        expected = [
            "m=video 0 RTP/AVP 31",
            "m=audio 0 RTP/SAVP 0",
            "m=audio 10000 RTP/AVP 0",
            "m=audio 0 RTP/AVP 8",
            "m=application 0 udp wb",
        ]
        self.assertEqual((media, result.remote), (expected, ("127.0.0.9", 4000)))

    def test_refused_offers(self):
        for lines in (
            (),
            ("m=audio 4000 RTP/AVP 18 3",),
            ("m=audio 4000 RTP/SAVP 0", "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x"),
            ("m=audio 4000 UDP/TLS/RTP/SAVPF 0",),
            ("m=audio 0 RTP/AVP 0",),
            ("m=video 4000 RTP/AVP 0",),
            ("m=audio 4000 RTP/AVP 101", "a=rtpmap:101 telephone-event/8000"),
        ):
            with self.assertRaises(RemoteError) as raised:
                answer(*lines)
            self.assertEqual(raised.exception.status, 488)

    def test_offer_without_an_address(self):
        with self.assertRaises(RemoteError) as raised:
            answer("m=audio 4000 RTP/AVP 0", session=SESSION[:3] + SESSION[4:])
        self.assertEqual(raised.exception.status, 400)

    def test_directions(self):
        for theirs, ours in (
            ("sendrecv", "sendrecv"),
            ("sendonly", "recvonly"),
            ("recvonly", "sendonly"),
            ("inactive", "inactive"),
        ):
            for result in (
                answer("m=audio 4000 RTP/AVP 0", "a=" + theirs),
                answer("m=audio 4000 RTP/AVP 0", session=SESSION + ["a=" + theirs]),
            ):
                self.assertEqual(result.direction, ours)
                self.assertEqual(written(result)[-1], "a=" + ours)

    def test_hold_by_address(self):
        for direction, ours in (("sendrecv", "recvonly"), ("sendonly", "recvonly"), ("inactive", "inactive")):
            session = SESSION[:3] + ["c=IN IP4 0.0.0.0", "t=0 0"]
            result = answer("m=audio 4000 RTP/AVP 0", "a=" + direction, session=session)
            self.assertEqual((result.direction, result.remote), (ours, ("0.0.0.0", 4000)))
        self.assertEqual(
            answer("m=audio 4000 RTP/AVP 0", "c=IN IP4 0.0.0.0", "a=recvonly").direction, "inactive"
        )

    def test_ptime(self):
        for text, expected in (
            ("10", 10),
            ("30", 30),
            ("60", 60),
            ("15", 20),
            ("120", 20),
            ("0", 20),
            ("x", 20),
        ):
            result = answer("m=audio 4000 RTP/AVP 0", "a=ptime:" + text, packs=True)
            self.assertEqual((result.ptime_ms, f"a=ptime:{expected}" in written(result)), (expected, True))
            alone = answer("m=audio 4000 RTP/AVP 0", "a=ptime:" + text)
            self.assertEqual((alone.ptime_ms, "a=ptime:20" in written(alone)), (expected, True))

    def test_maxptime(self):
        for ptime, most, expected in (
            ("40", "30", 30),
            ("40", "39", 30),
            ("20", "150", 20),
            ("60", "60", 60),
            ("60", "5", 10),
            ("60", "0", 60),
            ("", "10", 10),
            ("200", "15", 10),
        ):
            result = answer("m=audio 4000 RTP/AVP 0", "a=ptime:" + ptime, "a=maxptime:" + most, packs=True)
            self.assertEqual((result.ptime_ms, f"a=ptime:{expected}" in written(result)), (expected, True))


class OfferTest(unittest.TestCase):
    def test_offer(self):
        lines = make_offer(CODECS, "127.0.0.1", 4000, 5, 1).to_bytes().decode().split("\r\n")
        self.assertTrue("m=audio 4000 RTP/AVP 0 8 101" in lines)
        self.assertTrue("a=rtpmap:8 PCMA/8000" in lines)
        self.assertTrue("a=sendrecv" in lines)

    def test_dynamic_codecs_and_hold(self):
        text = (
            make_offer([("L16", 16000), ("X", 16000), ("PCMU", 8000)], "h", 1, 5, 2, "sendonly")
            .to_bytes()
            .decode()
        )
        self.assertTrue("m=audio 1 RTP/AVP 96 97 0 101 102\r\na=rtpmap:96 L16/16000" in text)
        self.assertTrue("a=rtpmap:101 telephone-event/16000" in text)
        self.assertTrue("a=sendonly" in text)

    def test_our_own_answer_is_read_back(self):
        sent = make_offer(CODECS, "127.0.0.1", 4000, 5, 1)
        replied = answer_offer(parse_sdp(sent.to_bytes()), [("PCMA", 8000)], "127.0.1.1", 10000, 9, 1)
        result = read_answer(sent, parse_sdp(replied.answer.to_bytes()))
        self.assertEqual((result.codec, result.payload_type, result.event_payload_type), ("PCMA", 8, 101))
        self.assertEqual(
            (result.remote, result.direction, result.ptime_ms), (("127.0.1.1", 10000), "sendrecv", 20)
        )

    def test_held_answer(self):
        sent = make_offer(CODECS, "h", 4000, 5, 1, "sendonly")
        self.assertEqual(read_answer(sent, offer("m=audio 5 RTP/AVP 0", "a=recvonly")).direction, "sendonly")

    def test_the_answers_first_codec_counts(self):
        result = read_answer(make_offer(CODECS, "h", 4000, 5, 1), offer("m=audio 5 RTP/AVP 101 8 0"))
        self.assertEqual((result.codec, result.event_payload_type), ("PCMA", None))

    def test_answers_that_took_nothing(self):
        sent = make_offer(CODECS, "h", 4000, 5, 1)
        for lines in (
            ("m=audio 0 RTP/AVP 0",),
            ("m=audio 5 RTP/AVP 18",),
            ("m=video 5 RTP/AVP 0",),
            (),
            ("m=audio 5 RTP/AVP 0", "m=audio 7 RTP/AVP 0"),
        ):
            with self.assertRaises(RemoteError) as raised:
                read_answer(sent, offer(*lines))
            self.assertEqual(raised.exception.status, 488)


if __name__ == "__main__":
    unittest.main()
