"""parley.app.report_sources: whose RTCP it is, by where it comes from, and behind a NAT by what it says."""

import unittest

from attendant_bench import Room

from parley.app.report_sources import CLAIMS_PER_TURN
from parley.media.bridge import NO_ADDRESS, Bridge, can_encrypt
from parley.media.bridge_side import PROTECTION_BYTES, BridgeSide
from parley.wire.rtcp import ReportBlock, make_bye, make_report

NAT = "192.0.2.1"
SAID = ("10.0.0.5", 4001)
SUITE, OURS, THEIRS = 1, bytes(range(30)), bytes(range(100, 130))


def about(ssrc):
    return ReportBlock(ssrc, 0, 0, 9, 0, 0, 0)


def report_of(leg, ssrc_out=None):
    """A report of the one who sends on this leg, about what he is sent."""
    return make_report(50 + leg, None, [about(1000 + leg if ssrc_out is None else ssrc_out)], "phone")


class HiddenRoom(Room):
    """Both participants are behind one NAT."""

    def __init__(self):
        Room.__init__(self)
        for one in self.participants[:2]:
            self.hide(one)

    def hide(self, participant, said=SAID):
        participant.aimed = (NAT, ("10.0.0.5", 4000))
        participant.origin = NAT
        participant.report_address = said

    def comes(self, packet, port, host=NAT):
        """One packet of RTCP; returns how many were thought bad."""
        before = self.attendant.reports_bad
        self.wire.arrived.append((packet, (host, port)))
        self.run(100, (0, 1))
        return self.attendant.reports_bad - before

    def reports_in(self):
        return [self.attendant.figures(one)["reports_in"] for one in self.participants[:2]]

    def sources(self):
        return [one.report_source for one in self.participants[:2]]


class Learned(unittest.TestCase):
    def setUp(self):
        self.room = HiddenRoom()
        self.room.run(200, (0, 1))

    def test_each_of_those_behind_a_nat_by_his_own_report_and_kept(self):
        room = self.room
        self.assertEqual(room.comes(report_of(1), 61000), 0)
        self.assertEqual(room.comes(report_of(0), 62000), 0)
        self.assertEqual(room.sources(), [(NAT, 62000), (NAT, 61000)])
        self.assertEqual(room.comes(make_report(51, None, [], "phone"), 61000), 0)  # known by its address now
        self.assertEqual(room.reports_in(), [1, 2])
        for packet in (report_of(0), report_of(1), make_bye(50, "phone")):
            self.assertEqual(room.comes(packet, 63000), 1)
        self.assertEqual(room.reports_in(), [1, 2])
        self.assertEqual(room.gone, [])

    def test_what_is_not_certainly_his_is_nobodys(self):
        room = self.room
        for packet, host in (
            (report_of(0), "192.0.2.66"),
            (make_report(50, None, [], "phone"), NAT),
            (report_of(0, 1001), NAT),  # about what another one is sent
            (report_of(1, 1000), NAT),
            (make_report(77, None, [about(1000)], "phone"), NAT),
            (make_bye(50, "phone"), NAT),
            (report_of(0)[:-2], NAT),
            (report_of(0)[:7], NAT),
            (b"", NAT),
        ):
            self.assertEqual(room.comes(packet, 61000, host), 1, packet)
        self.assertEqual((room.sources(), room.reports_in()), ([None, None], [0, 0]))

    def test_only_of_whom_something_is_taken(self):
        room = HiddenRoom()
        room.wire.arrived.append((report_of(0), (NAT, 61000)))
        room.run(200)
        self.assertEqual(room.sources(), [None, None])

    def test_not_of_who_is_not_behind_one_or_has_rtcp_on_the_port_of_rtp(self):
        one, two = self.room.participants[:2]
        one.aimed, two.rtcp_mux = None, True
        self.room.run(200, (0, 1))
        for leg in (0, 1):
            self.assertEqual(self.room.comes(report_of(leg), 61000), 1)

    def test_anew_when_he_describes_himself_anew(self):
        room, one = self.room, self.room.participants[0]
        room.comes(report_of(0), 61000)
        room.hide(one, ("10.0.0.5", 5001))
        one.report_source = None  # as Terms has it
        room.run(200, (0, 1))
        self.assertEqual(room.comes(report_of(0), 62000), 0)
        self.assertEqual(room.sources(), [(NAT, 62000), None])
        self.assertEqual(room.comes(report_of(0), 61000), 1)

    def test_nothing_is_left_of_who_leaves(self):
        for one in self.room.participants[:2]:
            self.room.attendant.farewell(one)
        sources = self.room.attendant._sources
        self.assertEqual((sources._hidden, len(sources._places), len(sources._by_address)), ({}, 0, 0))

    def test_a_flood_is_looked_into_for_its_share_only(self):
        looked = []
        claimed = self.room.attendant._sources._claimed
        self.room.attendant._sources._claimed = lambda *those: looked.append(those) or claimed(*those)
        for _ in range(12):
            self.room.wire.arrived.append((report_of(7), (NAT, 61000)))
        self.room.run(100, (0, 1))
        self.assertEqual(len(looked), 2 * CLAIMS_PER_TURN)


@unittest.skipUnless(can_encrypt(), "no SRTP here")
class UnderKeys(unittest.TestCase):
    def setUp(self):
        self.room = HiddenRoom()
        one = self.room.participants[0]
        one.keys = (OURS, THEIRS)
        self.room.side.secure(one.leg, SUITE, OURS, THEIRS, 1000)
        self.far = Bridge(1, 1, keyed=1)  # the phone, as it were
        self.phone = BridgeSide(self.far)
        self.far.add(0, "PCMU", 0, None, "sendrecv", NO_ADDRESS, (50, 1, 2))
        self.phone.secure(0, SUITE, THEIRS, OURS, 50)
        self.room.run(200, (1,))
        self.far.begin()
        self.assertEqual(self.far.mix(1), 1)
        packet = bytes(self.far.packet(0, self.far.packet_octets(0)))
        self.assertEqual(self.room.bridge.receive_leg(one.leg, packet, len(packet)), 0)

    def protected(self, packet):
        room = bytearray(packet + bytes(PROTECTION_BYTES))
        return bytes(room[: self.phone.protect_report(0, room, len(packet))])

    def test_what_is_under_his_keys_is_his_and_nothing_else(self):
        self.assertEqual(self.room.comes(report_of(0), 61000), 1)
        forged = self.protected(make_report(50, None, [], "phone"))
        self.assertEqual(self.room.comes(forged[:-1] + bytes([forged[-1] ^ 1]), 61000), 1)
        self.assertEqual(self.room.comes(self.protected(make_report(50, None, [], "phone")), 62000), 0)
        self.assertEqual(self.room.sources(), [(NAT, 62000), None])


if __name__ == "__main__":
    unittest.main()
