"""A media tick allocates nothing: proved with the heap locked, on MicroPython with the native kernels."""

import gc
import unittest

from media_world import World

from parley.app.runtime import MICROPYTHON
from parley.media import kernels
from parley.media.codecs import PACKET_BYTES

if MICROPYTHON:
    import micropython

CONFERENCES = 3
SIZE = 4
SAID = 0x90


def locked(tick):
    """Runs a tick with the heap locked: any allocation in it raises MemoryError."""
    micropython.heap_lock()
    try:
        tick()
    finally:
        micropython.heap_unlock()


@unittest.skipUnless(MICROPYTHON and kernels.KERNELS == "native", "needs MicroPython with the native kernels")
class NoAllocationTest(unittest.TestCase):
    def setUp(self):
        self.world = World(CONFERENCES, SIZE)
        self.addCleanup(self.world.close)
        self.loop = self.world.loop
        self.loop.tick()

    def check_tick(self):
        """One locked tick, which also leaves the heap as it was."""
        tick = self.loop.tick  # a bound method is an object too
        gc.collect()
        before = gc.mem_alloc()
        locked(tick)
        after = gc.mem_alloc()
        self.assertEqual(after - before, 0)

    def test_everybody_talks(self):
        for _ in range(10):
            self.world.everybody_says(SAID)
            self.check_tick()
        for peer in self.world.peers:
            self.assertTrue(len(peer.hear()) >= 10 * PACKET_BYTES)
        for participant in self.world.media.participants:
            self.assertEqual(participant.leg.stats()["received"], 10)
            self.assertTrue(participant.leg.stats()["played"] >= 8)

    def test_nobody_talks(self):
        self.check_tick()
        self.assertEqual(len(self.world.peers[0].hear()), 2 * PACKET_BYTES)

    def test_bursts_events_and_long_packets(self):
        peer = self.world.peers[0]
        for _ in range(3):
            peer.say(SAID)
        peer.say(1, samples=4, payload_type=101)
        peer.say(SAID)
        peer.say(SAID, samples=240)
        self.check_tick()
        stats = self.world.media.participants[0].leg.stats()
        self.assertEqual((stats["event"], stats["bad"]), (1, 0))
        self.assertTrue(stats["received"] >= 5)

    def test_more_than_one_read_can_hold(self):
        for _ in range(20):
            self.world.peers[0].say(SAID)
        self.check_tick()
        self.check_tick()

    def test_noise(self):
        for data in (b"", b"\x80", b"x" * 1000):
            self.world.peers[0].socket.send(data)
            self.check_tick()

    def test_hold(self):
        for direction in ("sendonly", "recvonly", "inactive"):
            self.world.media.participants[0].leg.set_direction(direction)
            self.world.everybody_says(SAID)
            self.check_tick()

    def test_peer_that_is_gone(self):
        """The kernel reports refused packets as errors of the socket."""
        self.world.peers[0].socket.close()
        self.check_tick()
        self.check_tick()
        self.assertTrue(self.world.media.participants[0].refused > 0)

    def test_ticks_that_are_skipped(self):
        locked(lambda: self.world.media.skip(50))

    def test_some_have_left(self):
        self.world.media.leave(self.world.media.participants[1])
        self.world.media.leave(self.world.media.participants[5])
        self.world.everybody_says(SAID)
        self.check_tick()

    def test_an_allocation_would_be_seen(self):
        """The test of these tests."""

        class Wasteful:
            def __init__(self, socket):
                self.socket = socket
                self.kept = None

            def receive_into(self, buffer):
                return self.socket.receive_into(buffer)

            def send(self, packet):
                self.kept = bytes(packet)
                return True

            def close(self):
                self.socket.close()

        participant = self.world.media.participants[0]
        participant.socket = Wasteful(participant.socket)
        self.assertRaises(MemoryError, locked, self.loop.tick)
        tick = self.loop.tick
        gc.collect()
        before = gc.mem_alloc()
        tick()
        self.assertTrue(gc.mem_alloc() > before)


if __name__ == "__main__":
    unittest.main()
