"""parley.app.media_wire: one port for everybody, a line for who needs one; on real sockets, too."""

import unittest

from app_bench import RtpWire
from media_world import FIRST_PORT, PEER_PORT, Talks

from parley.app import runtime
from parley.app.learner import Learner
from parley.app.media_task import Participant
from parley.app.media_wire import MediaWire
from parley.app.ports import PortPool
from parley.media.bridge import NO_ADDRESS, pack_address
from parley.wire.errors import RemoteError


class BoardSocket:
    """The board's one socket: there is no way to 192.0.2.255, and it does not look names up."""

    closed = False

    def check_way(self, host, port):
        if host == "192.0.2.255":
            raise OSError(101)

    def close(self):
        self.closed = True


class SharedPortTest(unittest.TestCase):
    """Who gets which port, without a network."""

    def setUp(self):
        RtpWire.open_ports = []
        self.shared = BoardSocket()
        self.wire = MediaWire(PortPool("h", 10002, 2, RtpWire), self.shared, 10000)

    def entered(self, remote=None):
        participant = Participant(None, "sip:x@y", 1)
        self.wire.open(participant)
        if remote is not None:
            self.wire.aim(participant, remote)
        return participant

    def status_of(self, participant, remote, may_move=True):
        before = (participant.line, participant.port, participant.address)
        try:
            self.wire.aim(participant, remote, may_move)
        except RemoteError as error:
            self.assertEqual((participant.line, participant.port, participant.address), before)
            return error.status
        return 0

    def test_all_have_one_port(self):
        for number in (1, 2):
            one = self.entered(("10.0.0.%d" % number, 4000))
            self.assertEqual((one.port, one.line), (10000, None))
            self.assertEqual(one.address, pack_address("10.0.0.%d" % number, 4000))
        self.assertEqual(RtpWire.open_ports, [])

    def test_the_second_of_one_address_gets_a_line(self):
        first = self.entered(("10.0.0.1", 4000))
        second = self.entered()
        self.assertEqual(self.wire.aim(second, ("10.0.0.1", 4000)), True)
        self.assertEqual((second.port, second.line.peer), (10002, ("10.0.0.1", 4000)))
        self.assertEqual((first.port, first.line, second.address), (10000, None, NO_ADDRESS))
        self.assertFalse(self.wire.aim(second, ("10.0.0.9", 4000)))  # he keeps it
        self.assertEqual((second.port, second.line.peer), (10002, ("10.0.0.9", 4000)))

    def test_who_moves_to_another_s_address_gets_a_line(self):
        self.entered(("10.0.0.1", 4000))
        second = self.entered(("10.0.0.2", 4000))
        self.assertTrue(self.wire.aim(second, ("10.0.0.1", 4000)))
        third = self.entered(("10.0.0.2", 4000))  # which is free again
        self.assertIsNone(third.line)

    def test_the_same_again_changes_nothing(self):
        first = self.entered(("10.0.0.1", 4000))
        self.assertFalse(self.wire.aim(first, ("10.0.0.1", 4000)))
        self.assertFalse(self.wire.aim(first, ("0.0.0.0", 4000)))  # RFC 3264 8.4
        self.assertEqual(first.address, pack_address("10.0.0.1", 4000))

    def test_after_our_offer_nobody_can_move(self):
        first = self.entered(("10.0.0.1", 4000))
        second = self.entered()
        self.assertEqual(self.status_of(second, ("10.0.0.1", 4000), may_move=False), 488)
        self.assertEqual(self.status_of(first, ("10.0.0.1", 4000), may_move=False), 0)
        self.assertEqual(self.status_of(second, ("10.0.0.2", 4000), may_move=False), 0)

    def test_no_way_there(self):
        one = self.entered(("10.0.0.1", 4000))
        for host, port in (("192.0.2.255", 4000), ("phone.example", 4000), ("::1", 4000), ("10.0.0.2", 0)):
            self.assertEqual(self.status_of(one, (host, port)), 488)

    def test_no_line_left(self):
        for _ in range(3):
            self.entered(("10.0.0.1", 4000))
        last = self.entered(("10.0.0.2", 4000))
        self.assertEqual(self.status_of(last, ("10.0.0.1", 4000)), 503)

    def test_where_a_port_cannot_be_shared_he_has_a_line_alone(self):
        def no_pair(host, port):
            raise OSError(98)

        lines = PortPool("h", 10002, 2, RtpWire, no_pair)
        self.wire = MediaWire(lines, self.shared, 10000, learner=Learner(None))
        participant = Participant(None, "sip:x@y", 1)
        participant.origin = "10.0.0.9"
        self.wire.open(participant)
        self.assertTrue(self.wire.aim(participant, ("192.0.2.9", 4000)))
        self.assertEqual(participant.port, 10002)
        self.assertEqual(participant.line.peer, ("192.0.2.9", 4000))
        self.assertIsNone(self.wire.learner.next_deadline())

    def called(self):
        participant = Participant(None, "sip:x@y", 1)
        self.wire.open(participant, apart=True)
        return participant

    def test_whom_the_board_calls_has_a_line_that_hears_nobody_before_his_answer(self):
        lines = PortPool("h", 10002, 1, RtpWire, lambda host, port: (RtpWire(host, port), None))
        self.wire = MediaWire(lines, self.shared, 10000, learner=Learner(None))
        one, two = self.called(), self.called()
        self.assertEqual((one.port, one.line.peer), (10002, ("h", 10002)))
        self.assertEqual((two.port, two.line), (10000, None))  # there is one line alone
        for called in (one, two):
            called.origin = "10.0.0.9"
            self.assertFalse(self.wire.aim(called, ("10.0.0.9", 4000), may_move=False))
        self.assertEqual((one.line.peer, one.address), (("10.0.0.9", 4000), NO_ADDRESS))
        self.assertEqual(two.address, pack_address("10.0.0.9", 4000))
        self.wire.close(one)
        self.assertEqual(RtpWire.open_ports, [])

    def test_where_no_source_is_learned_the_board_calls_from_its_one_port(self):
        self.assertEqual((self.called().port, RtpWire.open_ports), (10000, []))

    def test_what_somebody_had_is_free_when_he_leaves(self):
        first, second = self.entered(("10.0.0.1", 4000)), self.entered(("10.0.0.1", 4000))
        self.wire.close(second)
        self.assertEqual(RtpWire.open_ports, [])
        self.wire.close(first)
        self.assertIsNone(self.entered(("10.0.0.1", 4000)).line)
        self.wire.shut()
        self.assertTrue(self.shared.closed)


class Cases(Talks):
    """A conference of three on real sockets."""

    def test_everybody_hears(self):
        self.talk()
        self.assertEqual(self.packets_heard(), [4, 4, 4])
        for one in self.world.media.everybody():
            self.assertEqual(self.world.media.stats(one)["received"], 4)
        self.assertEqual(self.world.media.totals()["network"]["sent"], 12)

    def test_a_stranger_is_not_heard(self):
        self.world.leave(self.world.media.participants[2])
        self.talk()
        self.assertEqual(self.packets_heard(), [4, 4, 0])
        self.assertEqual(self.world.media.totals()["taken"], 8)

    def test_somebody_comes_back(self):
        conference = self.world.media.participants[2].conference
        self.world.leave(self.world.media.participants[2])
        self.assertFalse(self.world.media.full)
        self.world.enter(conference)
        self.assertTrue(self.world.media.full)
        self.talk()
        self.assertEqual(self.packets_heard(), [4, 4, 0, 4])


class SocketsTest(Cases, unittest.TestCase):
    def test_everybody_has_a_line(self):
        ports = [one.port for one in self.world.media.everybody()]
        self.assertEqual(ports, [FIRST_PORT, FIRST_PORT + 2, FIRST_PORT + 4])


@unittest.skipUnless(runtime.parley_io, "no native I/O here")
class NativeIoTest(Cases, unittest.TestCase):
    io = runtime.parley_io

    def test_everybody_has_one_port(self):
        self.assertEqual({one.port for one in self.world.media.everybody()}, {FIRST_PORT})

    def test_somebody_moves_to_a_line_and_is_heard_there(self):
        media, wire = self.world.media, self.world.wire
        mover = media.participants[2]
        self.assertTrue(wire.aim(mover, (self.world.phones, PEER_PORT)))
        media.retune(mover)
        self.world.peers.pop().socket.close()
        self.talk()
        self.assertEqual(self.packets_heard(), [4, 4])  # this phone listens to the one port only
        received = [media.stats(one)["received"] for one in media.everybody()]
        self.assertEqual(received, [4, 4, 0])  # and what leaves it, goes to one port
        self.world.peers[0].payload_type = mover.payload_type
        self.world.peers[0].socket.connect(self.world.board, mover.port)
        self.talk()
        self.assertEqual(self.packets_heard(), [4, 4])  # to the other
        received = [media.stats(one)["received"] for one in media.everybody()]
        self.assertEqual(received, [4, 8, 4])
        self.assertEqual([media.stats(one)["refused"] for one in media.everybody()], [0, 0, 0])

    def test_no_way_there(self):
        for host in ("255.255.255.255", "localhost", "::1"):
            with self.assertRaises(RemoteError) as caught:
                self.world.wire.aim(self.world.media.participants[0], (host, 4000))
            self.assertEqual(caught.exception.args[0], 488)


if __name__ == "__main__":
    unittest.main()
