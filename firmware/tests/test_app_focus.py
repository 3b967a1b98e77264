import unittest

from app_bench import BOARD, NOW_S, TTL_S, Bench, RtpWire, media_of, rtp_packet

from parley.media.codecs import FRAME_SAMPLES
from parley.wire.sdp import parse_sdp


class JoinTest(unittest.TestCase):
    def setUp(self):
        self.bench = Bench()
        self.alice = self.bench.phone(1)
        self.bob = self.bench.phone(2)

    def test_first_caller_starts_the_conference(self):
        uri = self.bench.address(slot=2, generation=100, size=3)
        call = self.alice.call(uri)
        self.assertEqual(call.state, "established")
        self.assertEqual(
            [(one.slot, one.generation, one.count) for one in self.bench.slots.live()], [(2, 100, 1)]
        )
        self.assertTrue(call.is_focus)
        self.assertEqual(str(call.remote_contact), uri)

    def test_others_join_it(self):
        uri = self.bench.address()
        self.alice.call(uri)
        self.bob.call(uri)
        self.assertEqual(len(self.bench.slots.live()), 1)
        members = self.bench.media.members(self.bench.slots.live()[0])
        self.assertEqual([one.uri for one in members], [self.alice.uri, self.bob.uri])

    def test_two_conferences_do_not_mix(self):
        self.alice.call(self.bench.address(slot=0))
        self.bob.call(self.bench.address(slot=1))
        for number in range(2):
            self.bench.rtp[0].inbox.append(rtp_packet(number, 0x90))
        self.bench.media.tick()
        self.assertEqual(self.bench.bridge.totals()["voices"], 1)
        self.assertEqual(self.bench.rtp[1].outbox[0][12:], b"\xff" * FRAME_SAMPLES)

    def test_what_one_says_the_other_hears(self):
        uri = self.bench.address()
        self.alice.call(uri)
        self.bob.call(uri)
        for number in range(2):
            self.bench.rtp[0].inbox.append(rtp_packet(number, 0x90))
        self.bench.media.tick()
        self.bench.media.tick()
        self.assertEqual(self.bench.rtp[1].outbox[0][12:], b"\x90" * FRAME_SAMPLES)
        self.assertEqual(self.bench.rtp[0].outbox[0][12:], b"\xff" * FRAME_SAMPLES)
        self.assertEqual(len(self.bench.rtp[0].outbox), 2)

    def test_answer_names_an_even_port_of_ours_and_media_goes_where_the_offer_said(self):
        self.alice.call(self.bench.address(), self.alice.offer(host="10.9.9.9", port=40000))
        answer = self.alice.last("answered")
        self.assertEqual(parse_sdp(answer.body).address_of(media_of(answer)), (BOARD[0], 10000))
        self.assertEqual(self.bench.rtp[0].peer, ("10.9.9.9", 40000))

    def test_common_codec_is_chosen(self):
        self.alice.call(self.bench.address(), self.alice.offer([("G722", 8000), ("PCMA", 8000)]))
        self.assertEqual(media_of(self.alice.last("answered")).formats[0], "8")
        self.assertEqual(self.bench.media.participants[0].codec, "PCMA")

    def test_ack_that_owes_us_an_answer_ends_the_call(self):
        call = self.alice.endpoint.invite(self.bench.address(), b"", 0, peer=BOARD)
        self.bench.run()  # this phone acknowledges without SDP
        self.assertEqual(media_of(self.alice.last("answered")).formats[:2], ["0", "8"])
        self.assertEqual(call.state, "ended")
        self.assertEqual(self.bench.media.count, 0)

    def test_credentials_nobody_asked_for_are_ignored(self):
        headers = (
            ("Authorization", 'Digest username="x", realm="y", nonce="z", uri="sip:a", response="00"'),
        )
        call = self.alice.endpoint.invite(
            self.bench.address(), self.alice.offer(), 0, peer=BOARD, headers=headers
        )
        self.bench.run()
        self.assertEqual(call.state, "established")


class RefusalTest(unittest.TestCase):
    def setUp(self):
        self.bench = Bench()
        self.alice = self.bench.phone(1)

    def check(self, status, uri, body=None, phone=None):
        phone = phone or self.alice
        before = self.bench.media.count
        phone.call(uri, body)
        self.assertEqual(phone.refusal, status)
        self.assertEqual(self.bench.media.count, before)
        self.assertEqual(len(RtpWire.open_ports), before)

    def test_unknown_users(self):
        self.check(404, "sip:conference@127.0.1.1")
        self.check(404, "sip:127.0.1.1")
        self.check(404, "sip:" + "ab" * 23 + "@127.0.1.1")

    def test_address_of_another_board(self):
        self.check(404, self.bench.address(key=b"x" * 32))

    def test_slot_that_this_board_has_not(self):
        self.check(404, self.bench.address(slot=4))

    def test_expired_before_it_was_started(self):
        self.check(410, self.bench.address(expires_s=NOW_S - 1))

    def test_expiry_counts_on_the_board_s_clock(self):
        self.bench.pass_ms(2000 * TTL_S)
        uri = self.bench.address(expires_s=self.bench.clock.unix_s() + 2)
        self.bench.pass_ms(3000)
        self.check(410, uri)
        self.assertEqual(self.alice.last("rejected").reason, "Address has expired")
        self.alice.call(self.bench.address(expires_s=self.bench.clock.unix_s()))
        self.assertIsNotNone(self.alice.last("answered"))

    def test_from_before_this_boot(self):
        started_s = self.bench.clock.started_s
        self.check(410, self.bench.address(expires_s=started_s + TTL_S - 1))
        self.alice.call(self.bench.address(expires_s=started_s + TTL_S))
        self.assertIsNotNone(self.alice.last("answered"))

    def test_ended_conference(self):
        uri = self.bench.address(generation=100)
        call = self.alice.call(uri)
        self.alice.hang_up(call)
        self.check(410, uri)
        self.check(410, self.bench.address(generation=99))
        self.alice.call(self.bench.address(generation=101))
        self.assertEqual(self.bench.media.count, 1)

    def test_other_generation_of_a_live_slot(self):
        self.alice.call(self.bench.address(generation=100))
        bob = self.bench.phone(2)
        self.check(410, self.bench.address(generation=99), phone=bob)
        self.check(410, self.bench.address(generation=101), phone=bob)

    def test_full_conference(self):
        uri = self.bench.address(size=2)
        self.alice.call(uri)
        self.bench.phone(2).call(uri)
        self.check(486, uri, phone=self.bench.phone(3))

    def test_full_board(self):
        bench = self.bench = Bench(legs=2)
        uri = bench.address(size=4)
        bench.phone(1).call(uri)
        bench.phone(2).call(uri)
        self.check(486, uri, phone=bench.phone(3))

    def test_no_common_codec(self):
        self.check(488, self.bench.address(), self.alice.offer([("G729", 8000)]))
        self.assertEqual(self.bench.slots.live(), [])

    def test_nonsense_for_an_offer(self):
        self.check(400, self.bench.address(), b"hello")

    def test_media_address_out_of_reach(self):
        self.check(488, self.bench.address(), self.alice.offer(host="192.0.2.255"))

    def test_no_port_left(self):
        RtpWire.open_ports = [10000 + 2 * i for i in range(6)]  # taken by somebody else
        self.alice.call(self.bench.address())
        self.assertEqual(self.alice.refusal, 503)
        self.assertEqual(self.bench.media.count, 0)

    def test_time_unknown(self):
        self.bench = Bench(registered=False)
        self.alice = self.bench.phone(1)
        self.check(503, self.bench.address())
        self.assertEqual(self.alice.last("rejected").get("Retry-After"), "2")
        self.bench.answer_register()
        self.alice.call(self.bench.address())
        self.assertIsNotNone(self.alice.last("answered"))


if __name__ == "__main__":
    unittest.main()
