"""What real phones do at a board that no RFC would make one expect; which ones is in docs/interop.md."""

import unittest

from app_bench import BOARD, Bench, media_of


class PhonesTest(unittest.TestCase):
    def setUp(self):
        self.bench = Bench()
        self.uri = self.bench.address()
        self.alice = self.bench.phone(1)

    def answered(self, uri, **options):
        body = options.pop("body", self.alice.offer())
        call = self.alice.endpoint.invite(uri, body, self.bench.now_ms(), peer=BOARD, **options)
        self.bench.run()
        self.assertEqual(call.state, "established", uri)
        return self.alice.last("answered")

    def test_a_transport_twice_in_the_request_uri(self):  # baresip 1.0.0
        self.answered(self.uri + ";transport=udp")

    def test_parameters_nobody_knows_and_none_at_all(
        self,
    ):  # REFER with ;method=INVITE kept, `?X-Conf=1` kept
        self.answered(self.uri + ";method=INVITE;foo=bar")
        self.answered(self.uri.partition(";")[0])

    def test_a_redirected_invite_with_a_new_call_id_and_the_same_cseq(self):  # liblinphone
        first = self.answered(self.uri)
        second = self.answered(self.uri)
        self.assertTrue(first.call_id() != second.call_id())
        self.assertEqual(first.cseq(), second.cseq())
        self.assertEqual(self.bench.slots.live()[0].count, 2)

    def test_credentials_for_somebody_else(self):  # PJSUA and baresip send on what the server asked for
        value = 'Digest username="a", realm="parley", nonce="n", uri="sip:x", response="%s"' % ("0" * 32)
        self.answered(self.uri, headers=(("Authorization", value),))

    def test_no_require_for_whoever_supports_nothing(self):  # baresip knows neither 100rel nor timer
        self.alice.endpoint._core.supported = "replaces"
        self.assertEqual(self.answered(self.uri).get("Require"), None)

    def test_telephone_event_keeps_the_number_of_the_offer(self):  # 120 PJSUA, 101 baresip, 96 Linphone
        for number in (120, 101, 96):
            offer = self.alice.offer().replace(b"RTP/AVP 0 101", b"RTP/AVP 0 %d" % number)
            offer = offer.replace(b":101 ", b":%d " % number)
            formats = media_of(self.answered(self.uri, body=offer)).formats
            self.assertEqual(formats, ["0", str(number)])

    def test_talking_on_without_a_word_about_the_direction(self):  # Linphone's unhold has no direction
        call = self.alice.call(self.uri)
        self.alice.reinvite(call, self.alice.offer(direction="sendonly"))
        self.assertEqual(media_of(self.alice.last("renegotiated")).direction(), "recvonly")
        self.alice.reinvite(call, self.alice.offer().replace(b"a=sendrecv\r\n", b""))
        self.assertEqual(media_of(self.alice.last("renegotiated")).direction(), "sendrecv")

    def test_an_offer_of_many_codecs_is_answered_with_one(self):
        offer = self.alice.offer([("speex", 16000), ("iLBC", 8000), ("PCMU", 8000), ("PCMA", 8000)])
        audio = [one for one in media_of(self.answered(self.uri, body=offer)).formats if int(one) < 96]
        self.assertEqual(len(audio), 1)


if __name__ == "__main__":
    unittest.main()
