"""Participants behind a NAT, on real sockets: where they send from is learned, whoever made the offer."""

import unittest

from media_world import PEER_PORT, SAID, Peer, Talks

from parley.app import runtime
from parley.app.learner import WINDOW_MS


class Cases(Talks):
    """A conference of three, whose third participant is behind a NAT."""

    def behind_nat(self):
        """A participant who names an address of his own network; (he, his peer, a stranger at his NAT's address)."""
        conference = self.world.media.participants[2].conference
        self.world.leave(self.world.media.participants[2])
        self.world.peers.pop().socket.close()
        one = self.world.enter(conference, ("192.0.2.9", 4000))
        stranger = Peer(self.world.phones, PEER_PORT + 100, self.world.board, one.port, one.payload_type)
        self.addCleanup(stranger.socket.close)
        return one, self.world.peers[2], stranger

    def test_whom_the_board_calls_is_learned_from_his_answer_on(self):
        conference = self.world.media.participants[2].conference
        self.world.leave(self.world.media.participants[2])
        self.world.peers.pop().socket.close()
        one = self.world.call(conference)
        stranger = Peer(self.world.phones, PEER_PORT + 100, self.world.board, one.port, one.payload_type)
        self.addCleanup(stranger.socket.close)
        for _ in range(3):
            stranger.say(SAID)  # while it rings
        self.world.media.tick()
        self.assertEqual(self.world.media.stats(one)["unwanted"], 0)
        port = one.port
        self.world.answer(one, ("192.0.2.9", 4000))
        self.assertEqual((one.port, self.learn(0)), (port, []))
        peer = self.world.peers[2]
        peer.say(SAID)
        peer.say(SAID)
        self.assertEqual(self.learn(100), [(one, (self.world.phones, PEER_PORT + 4))])
        for _ in range(3):
            stranger.say(SAID)
        self.packets_heard()
        self.talk()
        self.assertEqual(self.packets_heard(), [4, 4, 4])
        self.assertEqual(self.world.media.stats(one)["received"], 5)
        self.assertEqual(stranger.hear(), b"")

    def learn(self, *moments_ms):
        return [found for now_ms in moments_ms for found in self.world.wire.learner.tick(now_ms)]

    def test_who_is_behind_a_nat_is_learned_and_kept(self):
        one, peer, stranger = self.behind_nat()
        peer.say(SAID)
        self.assertEqual(self.learn(0), [])  # one packet is anybody's
        peer.say(SAID)
        self.assertEqual(self.learn(100), [(one, (self.world.phones, PEER_PORT + 4))])
        for _ in range(3):
            stranger.say(SAID)
        self.assertEqual(self.learn(200, 300), [])
        self.assertIsNone(self.world.wire.learner.next_deadline())
        self.talk()
        self.assertEqual(self.packets_heard(), [4, 4, 4])
        self.assertEqual(len(stranger.hear()), 0)
        self.assertEqual(self.world.media.stats(one)["received"], 5)  # one told, four in the talk

    def test_another_host_or_codec_and_what_is_out_of_step_is_not_learned(self):
        one, peer, _ = self.behind_nat()
        elsewhere = Peer("127.9.9.9", PEER_PORT, self.world.board, one.port, one.payload_type)
        self.addCleanup(elsewhere.socket.close)
        for _ in range(3):
            elsewhere.say(SAID)
            peer.say(SAID, payload_type=96)
        peer.socket.send(b"no RTP")
        peer.say(SAID)
        peer._sequence += 1
        peer.say(SAID)
        self.assertEqual(self.learn(0), [])
        self.assertEqual(self.world.wire.learner.strangers, 9)

    def test_the_window_ends(self):
        _, peer, _ = self.behind_nat()
        self.assertEqual(self.learn(0, WINDOW_MS), [])
        for _ in range(3):
            peer.say(SAID)
        self.assertEqual(self.learn(2 * WINDOW_MS), [])
        self.talk(1)
        self.assertEqual(self.packets_heard(), [1, 1, 0])

    def test_packets_from_where_he_said_end_it(self):
        one, _, stranger = self.behind_nat()
        self.assertEqual(self.learn(0), [])
        one.line.connect(self.world.phones, PEER_PORT + 4)  # as if there were a way to where he said
        self.talk(2)
        self.assertEqual(self.learn(100), [])
        stranger.say(SAID)
        stranger.say(SAID)
        self.assertEqual(self.learn(200), [])
        self.assertEqual(self.world.media.stats(one)["received"], 2)

    def test_the_same_offer_again_does_not_begin_anew(self):
        one, peer, stranger = self.behind_nat()
        self.assertFalse(self.world.wire.aim(one, ("192.0.2.9", 4000)))
        peer.say(SAID)
        peer.say(SAID)
        self.assertEqual(len(self.learn(0)), 1)
        self.assertFalse(self.world.wire.aim(one, ("192.0.2.9", 4000)))
        stranger.say(SAID)
        stranger.say(SAID)
        self.assertEqual(self.learn(100), [])
        self.assertFalse(self.world.wire.aim(one, ("192.0.2.9", 4002)))  # he has moved
        self.world.media.retune(one)
        stranger.say(SAID)
        stranger.say(SAID)
        self.assertEqual(self.learn(200), [(one, (self.world.phones, PEER_PORT + 100))])

    def test_who_leaves_before_he_is_found_leaves_nothing(self):
        one, _, _ = self.behind_nat()
        self.world.leave(one)
        self.assertIsNone(self.world.wire.learner.next_deadline())


class SocketsTest(Cases, unittest.TestCase):
    pass


@unittest.skipUnless(runtime.parley_io, "no native I/O here")
class NativeIoTest(Cases, unittest.TestCase):
    io = runtime.parley_io


if __name__ == "__main__":
    unittest.main()
