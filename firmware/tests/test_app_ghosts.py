"""RTCP of a board's participants, and those who vanish without a word."""

import json
import unittest

from app_bench import BOARD, Bench, media_of, rtp_packet

from parley.call.negotiate import make_offer
from parley.wire.rtcp import make_report, parse_compound

TIMEOUT_MS = 30000


class Case(unittest.TestCase):
    def setUp(self):
        self.bench = Bench(rtp_timeout_s=30)
        self.alice, self.bob = self.bench.phone(1), self.bench.phone(2)
        self.uri = self.bench.address()
        self.number = 0

    def pass_ms(self, for_ms, talking=()):
        """Time in steps of 100 ms, in each of which these participants say something."""
        for _ in range(for_ms // 100):
            self.number += 1
            for one in talking:
                self.bench.rtp[one].inbox.append(rtp_packet(self.number, 0x90))
            self.bench.media.clock(self.bench.now_ms())
            self.bench.media.tick()
            self.bench.pass_ms(100)

    def reports_to(self, host):
        return [parse_compound(packet) for packet, peer in self.bench.reports.outbox if peer == (host, 4001)]


class GhostTest(Case):
    def test_who_vanishes_is_hung_up_on_and_the_other_stays(self):
        ghost, other = self.alice.call(self.uri), self.bob.call(self.uri)
        self.pass_ms(5000, (0, 1))
        self.pass_ms(TIMEOUT_MS - 1000, (1,))
        self.assertEqual((ghost.state, self.bench.media.count), ("established", 2))
        self.pass_ms(2000, (1,))
        self.assertEqual((ghost.state, other.state), ("ended", "established"))
        self.assertEqual([one.uri for one in self.bench.media.everybody()], [self.bob.uri])
        self.assertEqual(len(self.bench.slots.live()), 1)
        self.assertTrue(any("no RTP for 30 s" in line for line in self.bench.log.lines))

    def test_the_last_ghost_ends_the_conference(self):
        self.alice.call(self.uri)
        self.pass_ms(TIMEOUT_MS + 1000)
        self.assertEqual((self.bench.media.count, self.bench.slots.live()), (0, []))

    def test_on_hold_nobody_need_say_anything(self):
        call = self.alice.call(self.uri)
        self.alice.reinvite(call, self.alice.offer(direction="recvonly"))
        self.pass_ms(2 * TIMEOUT_MS)
        self.assertEqual(call.state, "established")
        self.alice.reinvite(call, self.alice.offer())
        self.pass_ms(TIMEOUT_MS - 1000)
        self.assertEqual(call.state, "established")  # his time began when he came back
        self.pass_ms(2000)
        self.assertEqual(call.state, "ended")

    def test_reports_are_a_sign_of_life_and_only_his_own(self):
        calls = [self.alice.call(self.uri), self.bob.call(self.uri)]
        for _ in range(5):
            self.pass_ms(10000)
            self.bench.reports.inbox.append((make_report(9, None, [], "a"), ("10.0.0.1", 4001)))
            self.bench.reports.inbox.append((make_report(9, None, [], "b"), ("10.0.0.66", 4001)))
        self.pass_ms(200)
        self.assertEqual([call.state for call in calls], ["established", "ended"])
        self.assertEqual(self.bench.sip.attendant.reports_bad, 5)

    def test_never(self):
        self.bench = Bench(rtp_timeout_s=0)
        alice = self.bench.phone(1)
        call = alice.call(self.bench.address())
        self.pass_ms(2 * TIMEOUT_MS)
        self.assertEqual(call.state, "established")

    def test_somebody_who_rings_is_no_ghost(self):
        self.alice.call(self.uri)
        conference = self.bench.slots.live()[0]
        participant, _body = self.bench.sip.focus.prepare(conference, self.bob.uri)
        self.assertEqual((participant.direction, participant.report_address), ("inactive", None))
        self.bench.sip.focus.forget(participant)


class QualityTest(Case):
    def test_each_leg_is_told_of_in_turn(self):
        self.alice.call(self.uri)
        self.bob.call(self.uri)
        self.pass_ms(1000, (0,))
        rows = self.bench.sip.attendant.quality()
        self.assertEqual([row[:3] for row in rows], [[0, 100, 1], [0, 100, 2]])
        (_, _, _, lost, jitter_ms, round_trip_ms, depth_ms) = rows[0]
        self.assertEqual((lost, round_trip_ms), (0, None))
        self.assertTrue(0 <= jitter_ms <= 100 and 0 <= depth_ms <= 500)
        self.assertEqual([row[2] for row in self.bench.sip.attendant.quality()], [1, 2])

    def test_what_is_lost_is_told(self):
        self.alice.call(self.uri)
        for number in range(100):
            if number % 4:
                self.bench.rtp[0].inbox.append(rtp_packet(number, 0x90))
            self.bench.media.tick()
            if number % 5 == 0:
                self.bench.pass_ms(100)
        (row,) = self.bench.sip.attendant.quality()
        self.assertTrue(200 <= row[3] <= 260, row)

    def test_a_registration_holds_a_few_rows_only(self):
        self.bench = Bench(legs=24, slots=2)
        uri = self.bench.address(size=20)
        for number in range(1, 20):
            phone = self.bench.phone(number)
            phone.call(uri, phone.offer(port=4000 + 2 * number))
        self.bench.pass_ms(200)
        told = [self.bench.sip.attendant.quality() for _ in range(3)]
        self.assertTrue(max(len(json.dumps(rows)) for rows in told) <= 400)
        self.assertEqual(sorted(set(row[2] for rows in told for row in rows)), list(range(1, 20)))


class ReportTest(Case):
    def test_reports_go_to_the_port_above_and_end_with_a_goodbye(self):
        call = self.alice.call(self.uri)
        self.assertEqual(media_of(self.alice.last("answered")).attribute("rtcp"), "10001")
        self.pass_ms(12000, (0,))
        reports = self.reports_to("10.0.0.1")
        self.assertTrue(len(reports) >= 2)
        self.assertEqual((reports[-1].blocks[0].ssrc, reports[-1].blocks[0].lost), (9, 0))
        ours = reports[-1].ssrc
        self.assertTrue(reports[-1].sender.packets > 30)
        self.alice.hang_up(call)
        self.assertEqual(self.reports_to("10.0.0.1")[-1].left, [ours])

    def test_rtcp_mux(self):
        offer = make_offer((("PCMU", 8000),), "10.0.0.1", 4000, 1, 1, report_port=4001)
        self.alice.call(self.uri, offer.to_bytes())
        self.assertEqual(media_of(self.alice.last("answered")).attribute("rtcp-mux"), "")
        report = make_report(9, None, [], "alice")
        self.bench.pass_ms(200)
        self.bench.rtp[0].inbox.append(report)
        self.pass_ms(12000)
        participant = self.bench.media.participants[0]
        figures = self.bench.sip.attendant.figures(participant)
        self.assertEqual((figures["reports_in"], self.bench.reports.outbox), (1, []))
        sent = [packet for packet in self.bench.rtp[0].outbox if packet[1] in (200, 201)]
        self.assertEqual(len(sent), figures["reports_out"])
        self.assertTrue(sent)

    def test_without_what_can_tell_them_apart_there_is_no_mux(self):
        self.bench.sip.focus._wire.reports.muxes = False
        offer = make_offer((("PCMU", 8000),), "10.0.0.1", 4000, 1, 1, report_port=4001)
        self.alice.call(self.uri, offer.to_bytes())
        media = media_of(self.alice.last("answered"))
        self.assertEqual((media.attribute("rtcp-mux"), media.attribute("rtcp")), (None, "10001"))
        self.bob.endpoint.invite(self.uri, b"", self.bench.now_ms(), peer=BOARD)
        self.bench.run()
        media = media_of(self.bob.last("answered"))
        self.assertEqual((media.attribute("rtcp-mux"), media.attribute("rtcp")), (None, "10001"))


if __name__ == "__main__":
    unittest.main()
