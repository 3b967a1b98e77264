"""Where RTCP goes, as offer and answer say it (RFC 5761, RFC 3605)."""

import unittest

from parley.call.negotiate import answer_offer, make_offer, read_answer
from parley.wire.sdp import parse_sdp

CODECS = (("PCMU", 8000),)


def described(*attributes):
    text = (
        "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"
    )
    return parse_sdp((text + "".join(["a=%s\r\n" % one for one in attributes])).encode())


def answered(*attributes, report_port=5001):
    return answer_offer(described(*attributes), CODECS, "192.0.2.9", 5000, 1, 1, None, report_port)


class Answer(unittest.TestCase):
    def test_the_port_above(self):
        agreed = answered()
        self.assertEqual((agreed.rtcp_mux, agreed.report_address), (False, ("192.0.2.1", 4001)))
        self.assertEqual(agreed.answer.media[0].attribute("rtcp"), "5001")
        self.assertIsNone(agreed.answer.media[0].attribute("rtcp-mux"))
        self.assertIsNone(answered(report_port=None).answer.media[0].attribute("rtcp"))

    def test_on_the_port_of_rtp(self):
        agreed = answered("rtcp-mux", "rtcp:4001")
        self.assertEqual((agreed.rtcp_mux, agreed.report_address), (True, ("192.0.2.1", 4000)))
        self.assertEqual(agreed.answer.media[0].attribute("rtcp-mux"), "")
        self.assertIsNone(agreed.answer.media[0].attribute("rtcp"))

    def test_elsewhere(self):
        self.assertEqual(answered("rtcp:53020").report_address, ("192.0.2.1", 53020))
        self.assertEqual(answered("rtcp:53020 IN IP4 192.0.2.7").report_address, ("192.0.2.7", 53020))

    def test_nonsense_is_the_port_above(self):
        for value in ("", "x", "0", "65536", "99999999999", "-1"):
            self.assertEqual(answered("rtcp:" + value).report_address, ("192.0.2.1", 4001), value)


class Offer(unittest.TestCase):
    def test_both_ways_are_offered(self):
        media = make_offer(CODECS, "192.0.2.9", 5000, 1, 1, report_port=5001).media[0]
        self.assertEqual((media.attribute("rtcp-mux"), media.attribute("rtcp")), ("", "5001"))
        self.assertIsNone(make_offer(CODECS, "192.0.2.9", 5000, 1, 1).media[0].attribute("rtcp-mux"))

    def test_the_answer_chooses(self):
        offer = make_offer(CODECS, "192.0.2.9", 5000, 1, 1, report_port=5001)
        self.assertEqual(read_answer(offer, described("rtcp-mux")).report_address, ("192.0.2.1", 4000))
        self.assertEqual(read_answer(offer, described()).report_address, ("192.0.2.1", 4001))

    def test_what_was_not_offered_is_not_chosen(self):
        agreed = read_answer(make_offer(CODECS, "192.0.2.9", 5000, 1, 1), described("rtcp-mux"))
        self.assertFalse(agreed.rtcp_mux)


if __name__ == "__main__":
    unittest.main()
