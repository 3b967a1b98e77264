"""parley.app.attendant: RTCP, keys pressed and silence of participants; parley.app.keys: who may encrypt."""

import struct
import unittest

from parley.app.attendant import ATTEND_MS, VISITS_PER_TURN, Attendant
from parley.app.keys import KeyRing
from parley.call.secure import Keys
from parley.media.bridge import Bridge, can_encrypt, pack_address
from parley.media.bridge_side import BridgeSide
from parley.wire.errors import RemoteError
from parley.wire.rtcp import BYE, make_bye, make_report, parse_compound
from parley.wire.sdes import new_crypto

EVENTS = 101
TIMEOUT_MS = 30000


class Participant:
    def __init__(self, leg, port):
        self.uri = "sip:%d@192.0.2.1" % leg
        self.leg = leg
        self.direction = "sendrecv"
        self.report_address = ("192.0.2.1", port + 1)
        self.rtcp_mux = False
        self.keys = None


class Wire:
    """Remembers what was sent, gives what was put in."""

    def __init__(self):
        self.arrived = []
        self.sent = []

    def receive(self):
        return self.arrived.pop(0) if self.arrived else None

    def send(self, participant, packet):
        self.sent.append((participant.leg, bytes(packet)))


class Clock:
    def unix_s(self):
        return 1700000000


class Quiet:
    def debug(self, who, text):
        pass

    def warning(self, who, text):
        pass


class Room:
    """A bridge with two participants, and the attendant; Room is the media as the attendant sees it."""

    def __init__(self, timeout_ms=TIMEOUT_MS, legs=3):
        self.bridge = Bridge(legs, 1, keyed=3)
        self.side = BridgeSide(self.bridge)
        self.participants = [None, None, None]
        for number in range(2):
            port = 4000 + 10 * number
            address = pack_address("192.0.2.1", port)
            leg = self.bridge.add(0, "PCMU", 0, EVENTS, "sendrecv", address, (1000 + number, 1, 2))
            self.participants[leg] = Participant(leg, port)
        self.wire = Wire()
        self.gone = []
        self.keys = []
        self.now_ms = 0
        self.number = 0
        self.attendant = Attendant(
            self, self.side, self.wire, Clock(), self.random, self.leaves, self.presses, timeout_ms, Quiet()
        )
        for one in self.participants[:2]:
            self.attendant.welcome(one)

    def random(self, count):
        self.number += 1
        return bytes([0x80, self.number & 255] * 8)[:count]

    def leaves(self, participant, why, now_ms):
        self.gone.append((participant.leg, why, now_ms))

    def presses(self, participant, digit, now_ms):
        self.keys.append((participant.leg, digit))

    def run(self, for_ms, talking=()):
        """Ticks of 20 ms in which these legs send."""
        for _ in range(for_ms // 20):
            self.now_ms += 20
            self.side.clock(self.now_ms)
            for leg in talking:
                self.rtp(leg, 0, bytes(160))
            self.bridge.begin()
            while self.bridge.mix(3):
                pass
            self.attendant.tick(self.now_ms)

    def rtp(self, leg, payload_type, payload, timestamp=None):
        sequence = self.now_ms // 20 & 0xFFFF
        stamp = self.now_ms * 8 if timestamp is None else timestamp
        packet = struct.pack(">BBHII", 0x80, payload_type, sequence, stamp, 50 + leg) + payload
        self.bridge.receive_leg(leg, packet, len(packet))

    def reports(self, leg):
        return [parse_compound(packet) for to, packet in self.wire.sent if to == leg]


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


def keys_of(number):
    suite = "AES_CM_128_HMAC_SHA1_80"
    return Keys(
        new_crypto("1", suite, bytes([number] * 30)), new_crypto("1", suite, bytes([number + 1] * 30))
    )


def refusal(ask, *arguments):
    """Status of the refusal."""
    try:
        ask(*arguments)
    except RemoteError as error:
        return error.status
    return 0


@unittest.skipUnless(can_encrypt(), "plain Python kernels do not encrypt")
class Ring(unittest.TestCase):
    def test_no_more_than_the_limit(self):
        room = Room()
        ring = KeyRing("optional", 1, room.side, room.random)
        one, other = room.participants[0], room.participants[1]
        self.assertEqual(ring.stand(one).policy, "optional")
        ring.settle(one, keys_of(1))
        self.assertEqual(
            (ring.count, ring.stand(one).policy, ring.stand(other).policy), (1, "optional", "off")
        )
        never = KeyRing("required", 0, room.side, room.random)
        self.assertEqual(refusal(never.stand, other), 488)
        self.assertEqual(refusal(never.check, other, keys_of(1)), 488)
        never.check(other, None)
        demanding = KeyRing("required", 1, room.side, room.random)
        demanding.count = 1
        self.assertEqual(refusal(demanding.stand, other), 486)
        self.assertEqual(demanding.stand(one).policy, "required")
        ring.leave(one)
        self.assertEqual((ring.count, ring.stand(other).policy), (0, "optional"))

    def test_the_bridge_has_what_was_settled(self):
        room = Room()
        ring = KeyRing("optional", 2, room.side, room.random)
        one = room.participants[0]

        def ssrc():
            return room.side.figures(0).ssrc_out

        ring.settle(one, keys_of(1))
        first = ssrc()
        self.assertTrue(first != 1000)
        room.rtp(0, 0, bytes(160))
        self.assertEqual(room.bridge.stats(0)["forged"], 1)
        ring.settle(one, keys_of(1))  # the same again, as on hold
        self.assertEqual(ssrc(), first)
        ring.settle(one, keys_of(7))
        self.assertTrue(ssrc() != first)
        ring.settle(one, None)
        room.rtp(0, 0, bytes(160))
        self.assertEqual((room.bridge.stats(0)["forged"], ring.count), (1, 0))


if __name__ == "__main__":
    unittest.main()
