import json
import unittest

from app_bench import BOARD, TTL_S, Bench, RtpWire, media_of, rtp_packet

from parley.wire.sdp import parse_sdp
from parley.wire.sip import parse_message


class LiveTest(unittest.TestCase):
    def setUp(self):
        self.bench = Bench()
        self.alice = self.bench.phone(1)
        self.bob = self.bench.phone(2)
        self.uri = self.bench.address(slot=1, generation=100, size=3)
        self.alice_call = self.alice.call(self.uri)
        self.bob_call = self.bob.call(self.uri)

    def test_conference_survives_its_first_caller(self):
        self.alice.hang_up(self.alice_call)
        self.assertEqual(self.bench.slots.live()[0].count, 1)
        self.assertEqual(self.bench.media.count, 1)
        self.assertEqual([one.uri for one in self.bench.media.everybody()], [self.bob.uri])
        self.assertEqual(len(RtpWire.open_ports), 1)

    def test_it_ends_with_its_last_leg(self):
        self.alice.hang_up(self.alice_call)
        self.bob.hang_up(self.bob_call)
        self.assertEqual(self.bench.slots.live(), [])
        self.assertEqual(self.bench.slots.ended, [(1, 100)])
        self.assertFalse(self.bench.media.active)
        self.assertEqual(self.bench.bridge.totals()["conferences"], 0)
        self.assertEqual(RtpWire.open_ports, [])

    def test_its_address_stays_good_while_it_lives(self):
        self.bench.pass_ms(2000 * TTL_S)
        carol = self.bench.phone(3)
        carol.call(self.uri)
        self.assertEqual(self.bench.media.count, 3)

    def test_hold_and_resume(self):
        self.alice.reinvite(self.alice_call, self.alice.offer(direction="sendonly"))
        self.assertEqual(self.bench.does(0), (False, True))
        self.assertEqual(media_of(self.alice.last("renegotiated")).direction(), "recvonly")
        self.alice.reinvite(self.alice_call, self.alice.offer())
        self.assertEqual(self.bench.does(0), (True, True))

    def test_who_is_on_hold_is_sent_nothing(self):
        self.alice.reinvite(self.alice_call, self.alice.offer(direction="inactive"))
        self.bench.rtp[0].inbox.append(rtp_packet(0, 0x90))
        self.bench.media.tick()
        self.assertEqual(self.bench.rtp[0].inbox, [])  # read and forgotten
        self.assertEqual(self.bench.media.stats(self.bench.media.participants[0])["received"], 0)
        self.assertEqual(self.bench.rtp[0].outbox, [])
        self.assertEqual(len(self.bench.rtp[1].outbox), 1)

    def test_hold_as_of_rfc_2543(self):
        self.alice.reinvite(self.alice_call, self.alice.offer(host="0.0.0.0"))
        self.assertEqual(self.bench.does(0), (False, True))
        self.assertEqual(self.bench.rtp[0].peer, (self.alice.address[0], 4000))

    def test_new_media_address(self):
        self.alice.reinvite(self.alice_call, self.alice.offer(host="10.9.9.9", port=5000))
        self.assertEqual(self.bench.rtp[0].peer, ("10.9.9.9", 5000))

    def test_new_codec(self):
        offer = self.alice.offer([("PCMA", 8000)])
        self.alice.reinvite(self.alice_call, offer)
        self.bench.media.tick()
        self.assertEqual([packet[1] & 0x7F for packet in self.bench.rtp[0].outbox], [8])
        self.assertEqual([packet[1] & 0x7F for packet in self.bench.rtp[1].outbox], [0])
        self.assertEqual(self.bench.slots.live()[0].count, 2)

    def test_description_versions_count_up(self):
        first = parse_sdp(self.alice.last("answered").body)
        self.alice.reinvite(self.alice_call, self.alice.offer())
        second = parse_sdp(self.alice.last("renegotiated").body)
        self.assertEqual(second.session_id, first.session_id)
        self.assertEqual(second.session_version, first.session_version + 1)

    def test_offer_that_cannot_be_met_changes_nothing(self):
        for offer in (self.alice.offer([("G729", 8000)]), self.alice.offer(host="192.0.2.255")):
            self.alice.reinvite(self.alice_call, offer)
            self.assertEqual(self.alice.last("reoffer_refused").status, 488)
        self.assertEqual(self.bench.does(0), (True, True))
        self.assertEqual(self.bench.rtp[0].outbox[0][1] & 0x7F, 0)
        self.assertEqual(self.alice_call.state, "established")

    def test_caller_whose_ack_never_comes_is_dropped(self):
        carol = self.bench.phone(3)
        carol.endpoint.invite(self.uri, carol.offer(), self.bench.now_ms(), peer=BOARD)
        carol.flush()
        self.bench.phones.remove(carol)  # from here on nothing reaches or leaves her
        self.bench.run()
        self.assertEqual(self.bench.media.count, 3)
        self.bench.pass_ms(40000)
        self.assertEqual(self.bench.media.count, 2)

    def test_ports_are_taken_in_turn(self):
        self.alice.hang_up(self.alice_call)
        carol = self.bench.phone(3)
        carol.call(self.uri)
        self.assertEqual(media_of(carol.last("answered")).port, 10004)

    def test_report_lists_everybody(self):
        live = json.loads(self.bench.body(self.bench.config).decode())["live"]
        self.assertEqual(live, [[1, 100, 3, [self.alice.uri, self.bob.uri], [1, 2], [], False]])

    def test_everybody_is_hung_up_on_when_the_board_stops(self):
        self.bench.sip.hang_up(self.bench.now_ms())
        self.bench.run()
        self.assertEqual([self.alice_call.state, self.bob_call.state], ["ended", "ended"])
        self.assertEqual(self.bench.slots.live(), [])


SDP = b"v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\ns=-\r\nc=IN IP4 10.0.0.1\r\nt=0 0\r\nm=audio %d RTP/AVP 8\r\n"


class AnswerInAckTest(unittest.TestCase):
    def invite_without_offer(self, answer):
        """A call whose answer to the board's offer comes with the ACK, as RFC 3261 13.2.1 has it. By hand."""
        bench = Bench()
        phone = bench.phone(1)
        branch = ";branch=z9hG4bKx"
        head = "SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.1:5060%s%s\r\nFrom: <%s>;tag=a\r\nTo: <%s>%s\r\n"
        tail = "Call-ID: c\r\nCSeq: 1 %s\r\nContact: <sip:x@10.0.0.1:5060>\r\nContent-Length: %d\r\n\r\n"
        uri = bench.address()
        seen = []
        bench.deliver = lambda data, peer: seen.append(parse_message(data))
        invite = ("INVITE %s " + head + tail) % (uri, branch, "1", phone.uri, uri, "", "INVITE", 0)
        bench.wire.inbox.append((invite.encode(), phone.address))
        bench.run()
        self.assertEqual(media_of(seen[-1]).formats[:2], ["0", "8"])
        self.assertEqual(bench.does(0), (False, False))  # nobody knows yet where to
        tag = ";tag=" + seen[-1].to_tag()
        content = "Content-Type: application/sdp\r\n"
        ack = ("ACK %s " + head + content + tail) % (
            uri,
            branch,
            "2",
            phone.uri,
            uri,
            tag,
            "ACK",
            len(answer),
        )
        bench.wire.inbox.append((ack.encode() + answer, phone.address))
        bench.run()
        return bench, seen

    def test_answer_settles_the_media(self):
        bench, _seen = self.invite_without_offer(SDP % 4444)
        participant = bench.media.participants[0]
        self.assertEqual((participant.line.peer, participant.codec), (("10.0.0.1", 4444), "PCMA"))
        self.assertEqual(bench.does(0), (True, True))
        self.assertEqual(bench.media.members(participant.conference), [participant])

    def test_answer_that_takes_nothing_ends_the_call(self):
        bench, seen = self.invite_without_offer(SDP % 0)
        self.assertEqual(bench.media.count, 0)
        self.assertEqual(seen[-1].method, "BYE")


if __name__ == "__main__":
    unittest.main()
