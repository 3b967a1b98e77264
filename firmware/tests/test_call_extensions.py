"""RTP header extensions in offer and answer (RFC 8285): audio levels of RFC 6464 and RFC 6465."""

import unittest

from parley.call.extensions import LEVEL_IN, LEVEL_OUT
from parley.call.negotiate import answer_offer, make_offer, read_answer
from parley.call.secure import Security
from parley.wire.sdp import parse_sdp

CODECS = [("PCMU", 8000)]
SESSION = ["v=0", "o=- 7 1 IN IP4 127.0.0.9", "s=-", "c=IN IP4 127.0.0.9", "t=0 0"]
STREAM = "m=audio 4000 RTP/AVP 0"
CRYPTO = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" + 40 * "A"


def described(*lines, session=()):
    text = "\r\n".join(SESSION + list(session) + [STREAM] + list(lines))
    return parse_sdp(text.encode() + b"\r\n")


def extmap(mapping, uri, rest=""):
    return "a=extmap:" + mapping + " " + uri + rest


def answered(*lines, session=(), security=None, levels=True):
    offer = described(*lines, session=session)
    return answer_offer(offer, CODECS, "127.0.1.1", 10000, 9, 1, security, levels=levels)


def lines_of(description):
    return [value for name, value in description.media[0].attributes if name == "extmap"]


def ids_of(agreed):
    return None if agreed.extensions is None else (agreed.extensions.level_in, agreed.extensions.level_out)


def security(policy):
    return Security(policy, lambda count: b"k" * count)


class AnswerTest(unittest.TestCase):
    def test_both_are_taken_each_in_its_direction(self):
        agreed = answered(extmap("3", LEVEL_IN, " vad=on"), extmap("7/recvonly", LEVEL_OUT))
        self.assertEqual(ids_of(agreed), (3, 7))
        self.assertEqual(
            lines_of(agreed.answer), ["3/recvonly " + LEVEL_IN + " vad=on", "7/sendonly " + LEVEL_OUT]
        )

    def test_what_the_phone_will_not_send_or_take_is_left_out(self):
        agreed = answered(
            extmap("1/recvonly", LEVEL_IN), extmap("2/sendonly", LEVEL_OUT), extmap("3/inactive", LEVEL_OUT)
        )
        self.assertEqual((ids_of(agreed), lines_of(agreed.answer)), ((0, 0), []))

    def test_others_are_left_out(self):
        agreed = answered(extmap("1", "urn:ietf:params:rtp-hdrext:toffset"), extmap("2", LEVEL_OUT))
        self.assertEqual((ids_of(agreed), len(lines_of(agreed.answer))), ((0, 2), 1))

    def test_of_two_the_first_counts(self):
        self.assertEqual(ids_of(answered(extmap("4", LEVEL_OUT), extmap("5", LEVEL_OUT))), (0, 4))

    def test_the_sessions_are_every_streams(self):
        agreed = answered(session=[extmap("6", LEVEL_IN)])
        self.assertEqual((ids_of(agreed), lines_of(agreed.answer)), ((6, 0), ["6/recvonly " + LEVEL_IN]))

    def test_ids_that_are_none(self):
        for mapping in ("0", "256", "4096", "99999", "x", "", "-1", "/sendonly"):
            self.assertEqual(ids_of(answered(extmap(mapping, LEVEL_OUT))), (0, 0), mapping)
        for line in ("a=extmap:1", "a=extmap", "a=extmap: ", "a=extmap:1 "):
            self.assertEqual(ids_of(answered(line)), (0, 0), line)

    def test_ids_of_the_two_byte_form(self):
        self.assertEqual(ids_of(answered(extmap("15", LEVEL_IN), extmap("255", LEVEL_OUT))), (15, 255))

    def test_an_encrypted_stream_has_none(self):
        agreed = answered(CRYPTO, extmap("3", LEVEL_IN), security=security("optional"))
        self.assertTrue(agreed.keys is not None)
        self.assertEqual((ids_of(agreed), lines_of(agreed.answer)), (None, []))

    def test_none_where_they_are_not_wanted(self):
        agreed = answered(extmap("3", LEVEL_IN), levels=False)
        self.assertEqual((ids_of(agreed), lines_of(agreed.answer)), (None, []))


class OfferTest(unittest.TestCase):
    def offer(self, policy="off", levels=True):
        return make_offer(CODECS, "127.0.1.1", 10000, 9, 1, security=security(policy), levels=levels)

    def test_an_offer_names_both(self):
        self.assertEqual(lines_of(self.offer()), ["1/recvonly " + LEVEL_IN, "2/sendonly " + LEVEL_OUT])

    def test_not_where_the_answer_may_be_encrypted_or_nobody_wants_them(self):
        for offer in (self.offer("optional"), self.offer("required"), self.offer(levels=False)):
            self.assertEqual(lines_of(offer), [])

    def test_the_answer_takes_what_it_likes(self):
        both = (extmap("1/sendonly", LEVEL_IN), extmap("2/recvonly", LEVEL_OUT))
        for lines, ids in ((both, (1, 2)), (both[:1], (1, 0)), (both[1:], (0, 2)), ((), (0, 0))):
            self.assertEqual(ids_of(read_answer(self.offer(), described(*lines))), ids)

    def test_by_the_ids_that_were_offered_and_in_their_directions(self):
        for line in (
            extmap("2/sendonly", LEVEL_IN),
            extmap("1/recvonly", LEVEL_IN),
            extmap("2/sendonly", LEVEL_OUT),
            extmap("3", LEVEL_OUT),
        ):
            self.assertEqual(ids_of(read_answer(self.offer(), described(line))), (0, 0), line)

    def test_what_was_not_offered_is_not_taken(self):
        agreed = read_answer(self.offer(levels=False), described(extmap("2", LEVEL_OUT)))
        self.assertEqual(ids_of(agreed), (0, 0))


if __name__ == "__main__":
    unittest.main()
