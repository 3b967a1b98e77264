"""SDES in offer and answer (RFC 4568): who encrypts, with which keys, and what stays."""

import unittest

from parley.call.negotiate import answer_offer, make_offer, read_answer
from parley.call.secure import Keys, Security
from parley.wire.errors import RemoteError
from parley.wire.sdes import new_crypto, parse_crypto
from parley.wire.sdp import parse_sdp

CODECS = (("PCMU", 8000), ("PCMA", 8000))
KEY = "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz"
OTHER = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNk"
LINE = "a=crypto:%d %s inline:%s\r\n"
CM_80, CM_32, GCM = "AES_CM_128_HMAC_SHA1_80", "AES_CM_128_HMAC_SHA1_32", "AEAD_AES_128_GCM"


class Dice:
    """Random octets that can be foreseen."""

    def __init__(self):
        self.number = 0

    def __call__(self, count):
        self.number += 1
        return bytes([self.number] * count)


def security(policy="optional", current=None):
    return Security(policy, Dice(), current)


def offer_of(*sections):
    text = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
    for protocol, lines in sections:
        text += "m=audio 4000 %s 0\r\n%s" % (protocol, lines)
    return parse_sdp(text.encode())


def answer(offer, stand):
    return answer_offer(offer, CODECS, "192.0.2.9", 5000, 1, 1, stand)


class Answer(unittest.TestCase):
    def refused(self, offer, stand):
        with self.assertRaises(RemoteError) as caught:
            answer(offer, stand)
        self.assertEqual(caught.exception.status, 488)

    def test_encryption_demanded(self):
        for protocol in ("RTP/SAVP", "RTP/SAVPF", "rtp/savp"):
            offer = offer_of((protocol, LINE % (1, CM_80, KEY)))
            for policy in ("optional", "required"):
                agreed = answer(offer, security(policy))
                media = agreed.answer.media[0]
                self.assertEqual((media.protocol, media.port), (protocol, 5000))
                ours = parse_crypto(media.attribute("crypto"))
                self.assertEqual((ours.tag, ours.suite, ours.master), ("1", CM_80, bytes([1] * 30)))
                self.assertEqual(agreed.keys.theirs.master[:4], b"YS__")
            self.refused(offer, security("off"))
            self.refused(offer, None)

    def test_the_wish_of_a_plain_profile(self):
        offer = offer_of(("RTP/AVP", LINE % (7, CM_32, KEY)))
        agreed = answer(offer, security("optional"))
        self.assertEqual(agreed.answer.media[0].protocol, "RTP/AVP")
        self.assertEqual(agreed.keys.ours.suite, CM_32)
        self.assertIsNotNone(answer(offer, security("required")).keys)
        agreed = answer(offer, security("off"))
        self.assertIsNone(agreed.keys)
        self.assertIsNone(agreed.answer.media[0].attribute("crypto"))

    def test_plain_stays_plain(self):
        offer = offer_of(("RTP/AVP", ""))
        for stand in (security("optional"), security("off"), None):
            self.assertIsNone(answer(offer, stand).keys)
        self.refused(offer, security("required"))

    def test_the_encrypted_one_of_two_streams(self):
        offer = offer_of(("RTP/AVP", ""), ("RTP/SAVP", LINE % (1, CM_80, KEY)))
        agreed = answer(offer, security())
        self.assertEqual([media.port for media in agreed.answer.media], [0, 5000])
        self.assertEqual([media.port for media in answer(offer, security("off")).answer.media], [5000, 0])

    def test_no_cipher_in_common(self):
        self.refused(offer_of(("RTP/SAVP", LINE % (1, "AES_256_CM_HMAC_SHA1_80", KEY))), security())
        self.refused(offer_of(("RTP/SAVP", "")), security())
        self.refused(offer_of(("UDP/TLS/RTP/SAVP", LINE % (1, CM_80, KEY))), security())
        mixed = LINE % (1, "AES_256_CM_HMAC_SHA1_80", KEY) + LINE % (2, CM_32, KEY)
        self.assertEqual(answer(offer_of(("RTP/SAVP", mixed)), security()).keys.ours.tag, "2")

    def test_the_peer_chooses_the_cipher(self):
        lines = LINE % (1, CM_32, KEY) + LINE % (2, CM_80, KEY)
        self.assertEqual(answer(offer_of(("RTP/SAVP", lines)), security()).keys.ours.suite, CM_32)

    def test_hold_changes_no_key(self):
        offer = offer_of(("RTP/SAVP", LINE % (1, CM_80, KEY)))
        first = answer(offer, security()).keys
        again = answer(offer, security(current=first)).keys
        self.assertTrue(again.same_as(first))
        renumbered = answer(offer_of(("RTP/SAVP", LINE % (5, CM_80, KEY))), security(current=first))
        self.assertTrue(renumbered.keys.same_as(first))
        self.assertEqual(renumbered.answer.media[0].attribute("crypto")[:2], "5 ")

    def test_another_key_of_theirs_is_answered_with_another_of_ours(self):
        dice = Dice()
        first = answer(offer_of(("RTP/SAVP", LINE % (1, CM_80, KEY))), Security("optional", dice)).keys
        second = answer(
            offer_of(("RTP/SAVP", LINE % (1, CM_80, OTHER))), Security("optional", dice, first)
        ).keys
        self.assertFalse(second.ours.same_as(first.ours))
        self.assertFalse(second.same_as(first))
        self.assertFalse(first.same_as(None))

    def test_no_key_in_what_is_printed(self):
        agreed = answer(offer_of(("RTP/SAVP", LINE % (1, CM_80, KEY))), security())
        for thing in (agreed.keys, agreed.keys.ours, agreed):
            self.assertFalse(KEY in repr(thing))


class Offer(unittest.TestCase):
    def offered(self, policy, current=None):
        return make_offer(CODECS, "192.0.2.9", 5000, 1, 1, security=security(policy, current))

    def test_profiles(self):
        for policy, protocol, lines in (
            ("off", "RTP/AVP", 0),
            ("optional", "RTP/AVP", 3),
            ("required", "RTP/SAVP", 3),
        ):
            media = parse_sdp(self.offered(policy).to_bytes()).media[0]
            found = [value for name, value in media.attributes if name == "crypto"]
            self.assertEqual((media.protocol, len(found)), (protocol, lines))
        self.assertEqual(len({line.partition("inline:")[2] for line in found}), 3)

    def test_a_later_offer_keeps_the_key(self):
        keys = Keys(new_crypto("2", CM_32, bytes(30)), new_crypto("2", CM_32, bytes([9] * 30)))
        media = self.offered("optional", keys).media[0]
        self.assertEqual(media.attribute("crypto"), keys.ours.value())

    def answered(self, policy, protocol, lines):
        return read_answer(self.offered(policy), offer_of((protocol, lines)))

    def test_answers(self):
        agreed = self.answered("required", "RTP/SAVP", LINE % (2, CM_32, KEY))
        self.assertEqual((agreed.keys.ours.suite, agreed.keys.ours.master), (CM_32, bytes([2] * 30)))
        self.assertEqual(agreed.keys.theirs.master[:4], b"YS__")
        self.assertIsNotNone(self.answered("optional", "RTP/AVP", LINE % (1, CM_80, KEY)).keys)
        self.assertIsNone(self.answered("optional", "RTP/AVP", "").keys)

    def test_answers_that_fit_no_line(self):
        for policy, protocol, lines in (
            ("required", "RTP/SAVP", ""),
            ("required", "RTP/SAVP", LINE % (9, CM_80, KEY)),
            ("required", "RTP/SAVP", LINE % (1, CM_32, KEY)),  # the tag of another suite
            ("required", "RTP/AVP", ""),
            ("optional", "RTP/SAVP", ""),
        ):
            with self.assertRaises(RemoteError) as caught:
                self.answered(policy, protocol, lines)
            self.assertEqual(caught.exception.status, 488)


if __name__ == "__main__":
    unittest.main()
