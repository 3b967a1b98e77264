"""Encrypted participants of a board: who is, with which keys, how many; and what they say and hear."""

import json
import unittest

from app_bench import Bench, Randomness, media_of, rtp_packet

from parley.call.negotiate import make_offer, read_answer
from parley.call.secure import Security
from parley.media.bridge import can_encrypt
from parley.media.codecs import FRAME_SAMPLES, PACKET_BYTES
from parley.media.srtp import Protection
from parley.wire.sdes import cryptos_of
from parley.wire.sdp import parse_sdp

CODECS = (("PCMU", 8000),)
GROWTH = {"AES_CM_128_HMAC_SHA1_80": 10, "AES_CM_128_HMAC_SHA1_32": 4, "AEAD_AES_128_GCM": 16}


def secure_offer(phone, policy="required", seed=7, suite=None, port=4000):
    """An offer with keys, of one suite or of all."""
    security = Security(policy, Randomness(seed))
    offer = make_offer(CODECS, phone.address[0], port, 1, 1, security=security)
    if suite is not None:
        media = offer.media[0]
        media.attributes = [
            pair for pair in media.attributes if pair[0] != "crypto" or suite in (pair[1] or "")
        ]
    return offer


def protection(phone, offer):
    """The phone's SRTP, by the last answer it got."""
    keys = read_answer(offer, parse_sdp(phone.last("answered").body)).keys
    assert keys is not None
    return Protection(keys)


class Case(unittest.TestCase):
    def begin(self, **changes):
        self.bench = Bench(**changes)
        self.alice, self.bob = self.bench.phone(1), self.bench.phone(2)
        self.uri = self.bench.address(size=6)

    def call(self, phone, **terms):
        """(Call, offer) of a phone that offers keys."""
        offer = secure_offer(phone, **terms)
        return phone.call(self.uri, offer.to_bytes()), offer

    def stats(self, number):
        return self.bench.media.stats(self.bench.media.participants[number])


@unittest.skipUnless(can_encrypt(), "plain Python kernels do not encrypt")
class EncryptedTest(Case):
    def setUp(self):
        self.begin()

    def check_talk(self, srtp, first=0):
        """Alice, encrypted, and bob, in the clear, hear each other."""
        for number in range(first, first + 3):
            self.bench.rtp[0].inbox.append(srtp.protect(rtp_packet(number, 0x90)))
            self.bench.rtp[1].inbox.append(rtp_packet(number, 0xA0))
            self.bench.media.tick()
        self.assertEqual(self.stats(0)["forged"], 0)
        self.assertEqual(self.bench.rtp[1].outbox[-1][12:], b"\x90" * FRAME_SAMPLES)
        heard = [srtp.unprotect(packet) for packet in self.bench.rtp[0].outbox[-3:]]
        self.assertEqual([len(packet) for packet in heard], [PACKET_BYTES] * 3)
        self.assertEqual(heard[-1][12:], b"\xa0" * FRAME_SAMPLES)

    def test_each_suite_with_somebody_in_the_clear(self):
        for suite in GROWTH:
            self.begin()
            _call, offer = self.call(self.alice, suite=suite)
            media = media_of(self.alice.last("answered"))
            self.assertEqual((media.protocol, cryptos_of(media)[0].suite), ("RTP/SAVP", suite))
            self.bob.call(self.uri)
            self.assertEqual(media_of(self.bob.last("answered")).protocol, "RTP/AVP")
            self.check_talk(protection(self.alice, offer))
            self.assertEqual(len(self.bench.rtp[0].outbox[-1]), PACKET_BYTES + GROWTH[suite])

    def test_best_effort_is_taken_as_the_wish_it_is(self):
        _call, offer = self.call(self.alice, policy="optional")
        media = media_of(self.alice.last("answered"))
        self.assertEqual((media.protocol, len(cryptos_of(media))), ("RTP/AVP", 1))
        self.bob.call(self.uri)
        self.check_talk(protection(self.alice, offer))

    def test_what_is_not_under_the_key_is_not_heard(self):
        self.call(self.alice)
        self.bob.call(self.uri)
        self.bench.rtp[0].inbox.append(rtp_packet(0, 0x90))
        self.bench.media.tick()
        self.assertEqual((self.stats(0)["forged"], self.stats(0)["received"]), (1, 0))

    def test_hold_keeps_the_keys_and_new_ones_are_taken(self):
        call, offer = self.call(self.alice)
        self.bob.call(self.uri)
        srtp = protection(self.alice, offer)
        keys = self.bench.media.participants[0].keys
        self.alice.reinvite(call, offer.to_bytes().replace(b"a=sendrecv", b"a=sendonly"))
        self.alice.reinvite(call, offer.to_bytes())
        self.assertTrue(self.bench.media.participants[0].keys.same_as(keys))
        self.check_talk(srtp)
        newer = secure_offer(self.alice, seed=9)
        self.alice.reinvite(call, newer.to_bytes())
        self.assertFalse(self.bench.media.participants[0].keys.same_as(keys))
        answer = self.alice.last("renegotiated")
        self.check_talk(Protection(read_answer(newer, parse_sdp(answer.body)).keys), 3)

    def test_our_offer_has_keys_which_the_answer_may_take(self):
        self.alice.endpoint.invite(self.uri, b"", 0, peer=("127.0.1.1", 5060))
        self.bench.run()
        media = media_of(self.alice.last("answered"))
        self.assertEqual(media.protocol, "RTP/AVP")
        self.assertEqual(sorted(one.suite for one in cryptos_of(media)), sorted(GROWTH))

    def test_no_more_than_the_board_bears(self):
        self.begin(srtp_legs=1)
        call, _offer = self.call(self.alice)
        self.call(self.bob)
        self.assertEqual(self.bob.refusal, 488)
        self.call(self.bob, policy="optional")
        self.assertEqual(cryptos_of(media_of(self.bob.last("answered"))), [])
        self.alice.hang_up(call)
        self.assertEqual(self.bench.media.keys.count, 0)
        carol = self.bench.phone(3)
        self.call(carol)
        self.assertEqual(media_of(carol.last("answered")).protocol, "RTP/SAVP")

    def test_required(self):
        self.begin(srtp="required", srtp_legs=1)
        self.alice.call(self.uri)
        self.assertEqual(self.alice.refusal, 488)
        self.call(self.alice, policy="optional")
        self.assertEqual(self.bench.media.keys.count, 1)
        self.call(self.bob)
        self.assertEqual(self.bob.refusal, 486)

    def test_the_server_hears_of_it(self):
        body = json.loads(Bench(srtp_legs=2).body(self.bench.config))
        self.assertEqual((body["srtp"], body["srtp_legs"]), (True, 2))


class PlainTest(Case):
    def test_where_encryption_is_off(self):
        self.begin(srtp="off")
        self.call(self.alice)
        self.assertEqual(self.alice.refusal, 488)
        self.call(self.alice, policy="optional")
        self.assertEqual(cryptos_of(media_of(self.alice.last("answered"))), [])
        self.assertFalse(json.loads(self.bench.body(self.bench.config))["srtp"])

    @unittest.skipIf(can_encrypt(), "native kernels encrypt")
    def test_a_degraded_board(self):
        self.begin(srtp="required")
        self.alice.call(self.uri)
        self.assertEqual(self.alice.refusal, 488)
        self.begin()
        self.call(self.alice)
        self.assertEqual(self.alice.refusal, 488)
        self.bob.call(self.uri)
        self.assertEqual(cryptos_of(media_of(self.bob.last("answered"))), [])


if __name__ == "__main__":
    unittest.main()
