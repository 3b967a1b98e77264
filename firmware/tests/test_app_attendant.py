"""parley.app.attendant: RTCP, keys pressed and silence of participants."""

import unittest

from attendant_bench import Participant, Room

from parley.app.attendant import ATTEND_MS, VISITS_PER_TURN
from parley.media.bridge import pack_address
from parley.wire.rtcp import BYE, make_bye, make_report, parse_compound

EVENTS = 101
TIMEOUT_MS = 30000


class Reports(unittest.TestCase):
    def test_everybody_is_reported_to_every_few_seconds(self):
        room = Room()
        room.run(21000, (0, 1))
        reports = room.reports(0)
        self.assertTrue(3 <= len(reports) <= 9, len(reports))
        last = reports[-1]
        self.assertEqual((last.ssrc, last.blocks[0].ssrc, last.blocks[0].lost), (1000, 50, 0))
        self.assertTrue(last.sender.packets > 700)
        self.assertEqual(last.sender.octets, 160 * last.sender.packets)
        self.assertEqual(last.sender.ntp_seconds, 1700000000 + 2208988800)
        self.assertEqual(len(last.cnames[1000]), 24)
        self.assertTrue(room.reports(1)[0].cnames[1001] != last.cnames[1000])

    def test_of_many_each_is_visited_in_his_turn_and_nobody_twice(self):
        room = Room(legs=10 * VISITS_PER_TURN)
        visited = []
        room.attendant._visit = lambda leg, participant, attention, now_ms: visited.append(leg)
        crowd = 10 * VISITS_PER_TURN
        for leg in range(2, crowd):
            room.bridge.add(
                0, "PCMU", 0, EVENTS, "sendrecv", pack_address("192.0.2.2", 4000 + 2 * leg), (leg, 1, 2)
            )
            room.attendant.welcome(Participant(leg, 4000 + 2 * leg))
        for turn in range(10):
            room.attendant.tick(turn * ATTEND_MS)
            self.assertEqual(len(visited), (turn + 1) * VISITS_PER_TURN)
        self.assertEqual(sorted(visited), list(range(crowd)))

    def test_who_leaves_makes_nobody_miss_his_turn_for_ever(self):
        room = Room()
        for turn in range(3):
            room.attendant.tick(turn * ATTEND_MS)
        visited = []
        room.attendant._visit = lambda leg, participant, attention, now_ms: visited.append(leg)
        room.attendant.farewell(room.participants[1])
        room.attendant.tick(1000)
        self.assertEqual(visited, [0])
        room.attendant.farewell(room.participants[0])
        room.attendant.tick(2000)
        self.assertEqual(visited, [0])

    def test_who_gave_no_address_gets_none(self):
        room = Room()
        room.participants[0].report_address = None
        room.run(12000, (0, 1))
        self.assertEqual(room.reports(0), [])
        self.assertTrue(room.reports(1))

    def test_reports_come_by_either_way(self):
        room = Room()
        room.run(200, (0, 1))
        report = make_report(50, None, [], "phone")
        room.wire.arrived.append((report, ("192.0.2.1", 4001)))
        room.bridge.receive_leg(0, report, len(report))
        room.run(200)
        self.assertEqual(room.attendant.figures(room.participants[0])["reports_in"], 2)
        self.assertEqual(room.attendant.figures(room.participants[1])["reports_in"], 0)

    def test_a_third_party_changes_nothing(self):
        room = Room()
        room.run(200, (0, 1))
        for address in (("192.0.2.66", 4001), ("192.0.2.1", 4003)):
            room.wire.arrived.append((make_bye(50, "phone"), address))
        for packet in (b"\x80\xc9\0\0", b"", make_bye(50, "phone")[:-2], b"\x81" + bytes(1500)):
            room.wire.arrived.append((packet, ("192.0.2.1", 4001)))
        room.run(400, (0, 1))
        self.assertEqual(room.attendant.reports_bad, 6)
        self.assertEqual(room.attendant.figures(room.participants[0])["reports_in"], 0)
        self.assertEqual(room.gone, [])

    def test_a_flood_of_reports_costs_no_more_than_its_share(self):
        room = Room()
        room.run(200)
        for _ in range(1000):
            room.wire.arrived.append((b"\x80\xc9\0\0", ("192.0.2.1", 4001)))
        before = len(room.wire.arrived)
        room.now_ms += ATTEND_MS
        room.attendant.tick(room.now_ms)
        self.assertEqual(before - len(room.wire.arrived), 16)

    def test_a_stream_that_ends_is_no_call_that_ends(self):
        room = Room()
        room.run(200, (0, 1))
        room.wire.arrived.append((make_bye(50, "phone"), ("192.0.2.1", 4001)))
        room.run(400, (0, 1))
        self.assertEqual(room.gone, [])

    def test_farewell(self):
        room = Room()
        room.run(200, (0, 1))
        room.attendant.farewell(room.participants[0])
        (leg, packet) = room.wire.sent[-1]
        self.assertEqual((leg, parse_compound(packet).left), (0, [1000]))
        self.assertEqual(packet[-7], BYE)
        self.assertEqual(room.attendant.figures(room.participants[0]), {})


class Silence(unittest.TestCase):
    def test_who_vanished_is_put_out(self):
        room = Room()
        room.run(5000, (0, 1))
        room.run(TIMEOUT_MS - 200, (1,))
        self.assertEqual(room.gone, [])
        room.run(400, (1,))
        self.assertEqual([(leg, why) for leg, why, _ in room.gone], [(0, "no RTP for 30 s")])

    def test_who_never_spoke_is_put_out(self):
        room = Room()
        room.run(TIMEOUT_MS + 400, (1,))
        self.assertEqual([leg for leg, _, _ in room.gone], [0])

    def test_who_is_on_hold_or_reports_stays(self):
        room = Room()
        room.participants[0].direction = "sendonly"
        for _ in range(7):
            room.run(10000)
            room.wire.arrived.append((make_report(51, None, [], "phone"), ("192.0.2.1", 4011)))
        self.assertEqual(room.gone, [])

    def test_noise_is_no_sign_of_life(self):
        room = Room()
        for _ in range(TIMEOUT_MS // 20 + 20):
            room.rtp(0, 77, b"x")
            room.bridge.receive_leg(0, b"\x80\xc9", 2)
            room.run(20, (1,))
        self.assertEqual([leg for leg, _, _ in room.gone], [0])

    def test_never(self):
        room = Room(timeout_ms=0)
        room.run(2 * TIMEOUT_MS)
        self.assertEqual(room.gone, [])


class KeysPressed(unittest.TestCase):
    def test_each_press_once_and_whose(self):
        room = Room()
        room.run(200, (0, 1))
        for leg, event, stamp in ((0, 5, 8000), (1, 11, 9000), (0, 5, 16000), (0, 16, 24000)):
            for _ in range(6):
                room.rtp(leg, EVENTS, bytes((event, 10, 0, 160)), stamp)
        room.run(200)
        self.assertEqual(room.keys, [(0, "5"), (1, "#"), (0, "5")])

    def test_who_left_presses_nothing(self):
        room = Room()
        room.run(200, (0, 1))
        room.rtp(0, EVENTS, bytes((5, 10, 0, 160)))
        room.attendant.farewell(room.participants[0])
        room.run(200)
        self.assertEqual(room.keys, [])


if __name__ == "__main__":
    unittest.main()
