"""A media tick allocates nothing: proved with the heap locked, on MicroPython with the native kernels."""

import gc
import unittest

from media_world import World

from parley.app.runtime import MICROPYTHON, parley_io
from parley.call.extensions import Extensions
from parley.call.secure import Keys
from parley.media import kernels
from parley.media.codecs import PACKET_BYTES
from parley.wire.sdes import OFFERED_SUITES, new_crypto

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


class Cases:
    """Ticks of conferences on real sockets; `io` is the way the packets go."""

    io = None

    def setUp(self):
        self.world = World(CONFERENCES, SIZE, self.io)
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

    def stats(self, leg):
        return self.world.media.stats(self.world.media.participants[leg])

    def test_everybody_talks(self):
        for _ in range(10):
            self.world.everybody_says(SAID)
            self.check_tick()
        for peer in self.world.peers:
            self.assertTrue(len(peer.hear()) >= 10 * PACKET_BYTES)
        for leg in range(CONFERENCES * SIZE):
            self.assertEqual(self.stats(leg)["received"], 10)
            self.assertTrue(self.stats(leg)["played"] >= 8)

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
        self.assertEqual((self.stats(0)["event"], self.stats(0)["bad"]), (1, 0))
        self.assertTrue(self.stats(0)["received"] >= 5)

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
            participant = self.world.media.participants[0]
            participant.direction = direction
            self.world.media.retune(participant)
            self.world.everybody_says(SAID)
            self.check_tick()

    def test_peer_that_is_gone(self):
        self.world.peers[0].socket.close()
        self.check_tick()
        self.check_tick()
        self.assertEqual(len(self.world.peers[1].hear()), 3 * PACKET_BYTES)

    def test_ticks_that_are_skipped(self):
        locked(lambda: self.world.media.skip(50))

    def test_some_have_keys(self):
        for leg, suite in enumerate(OFFERED_SUITES):
            participant = self.world.media.participants[leg]
            participant.agreed_keys = Keys(
                new_crypto("1", suite, bytes(30)), new_crypto("1", suite, b"x" * 30)
            )
            self.world.media.retune(participant)
            self.world.peers[leg].hear()
        for _ in range(3):
            self.world.everybody_says(SAID)
            self.check_tick()
        for leg, octets in enumerate((182, 176, 188)):
            self.assertEqual(len(self.world.peers[leg].hear()), 3 * octets)
            self.assertEqual(self.stats(leg)["forged"], 3)

    def test_some_are_sent_packets_of_other_times(self):
        ptimes = (10, 30, 40, 60)
        for leg, ptime_ms in enumerate(ptimes):
            participant = self.world.media.participants[leg]
            participant.ptime_ms = ptime_ms
            self.world.media.retune(participant)
            self.world.peers[leg].hear()
        for _ in range(6):
            self.world.everybody_says(SAID)
            self.check_tick()
        for leg, octets in enumerate((12 * 92, 4 * 252, 3 * 332, 2 * 492)):
            self.assertEqual(len(self.world.peers[leg].hear()), octets)

    def test_some_have_l16(self):
        world = self.world
        wants = (("L16/16000", 98, 20, 640), ("L16", 97, 20, 320), ("L16/16000", 98, 30, 640))
        for leg, (codec, payload_type, ptime_ms, _octets) in enumerate(wants):
            participant = world.media.participants[leg]
            participant.codec, participant.payload_type, participant.ptime_ms = codec, payload_type, ptime_ms
            participant.event_payload_type = None
            world.media.retune(participant)
            world.peers[leg].hear()
        heard = [0, 0, 0]
        for tick in range(12):
            world.everybody_says(SAID)  # of the wrong type
            for leg, (_codec, payload_type, _ptime_ms, octets) in enumerate(wants):
                if (tick + leg) % 5:
                    world.peers[leg].say(0x35, octets, payload_type)
            self.check_tick()
            heard = [heard[leg] + len(world.peers[leg].hear()) for leg in range(3)]
        self.assertEqual(heard, [12 * 652, 12 * 332, 8 * 972])
        self.assertTrue(self.stats(0)["concealed"] + self.stats(1)["concealed"] > 0)

    def test_some_are_told_names_and_levels(self):
        world = self.world
        named = ((0, Extensions(0, 3)), (1, Extensions(5, 0)), (2, Extensions(1, 200)), (3, Extensions(0, 3)))
        world.media.participants[3].ptime_ms = 40
        for leg, extensions in named:
            world.media.participants[leg].extensions = extensions
            world.media.retune(world.media.participants[leg])
            world.peers[leg].hear()
        for _ in range(6):
            world.everybody_says(SAID)
            self.check_tick()
        before = [len(world.peers[leg].hear()) for leg in range(4)]
        for _ in range(2):
            world.everybody_says(SAID)
            self.check_tick()
        # one SSRC is everybody's here: a name, and the element with its level in a word
        self.assertEqual([len(world.peers[leg].hear()) for leg in range(4)], [2 * 184, 2 * 172, 2 * 184, 344])
        self.assertEqual(sum(before) > 0, True)

    def test_some_take_comfort_noise(self):
        world = self.world
        for leg in (0, 1):
            world.media.participants[leg].takes_noise = True
            world.media.retune(world.media.participants[leg])
            world.peers[leg].hear()
        for _ in range(40):
            self.check_tick()
        for leg in (0, 1):
            self.assertEqual(len(world.peers[leg].hear()), 10 * PACKET_BYTES + 2 * 13)

    def test_a_mixed_conference_of_all_of_it(self):
        """Both rates, keys, packet times, RTCP, telephone events, tones, mute, gain, who hears whom, lost packets."""
        world = self.world
        everybody = world.media.everybody()
        for leg, participant in enumerate(everybody):
            world.media.side.watch(leg)
            if leg in (0, 1, 2):
                suite = OFFERED_SUITES[leg]
                participant.agreed_keys = Keys(
                    new_crypto("1", suite, bytes(30)), new_crypto("1", suite, b"x" * 30)
                )
                world.media.retune(participant)
        for leg, ptime_ms in ((0, 30), (4, 10), (5, 60)):
            everybody[leg].ptime_ms = ptime_ms
            everybody[leg].extensions = Extensions(2, 3)
            world.media.retune(everybody[leg])
        world.media.mute(everybody[5], True)
        for one in (everybody[0], everybody[1]):
            world.media.set_gain(one, 100)
            world.media.set_hears(one, everybody[2], False)
        for tick in range(30):
            if tick % 7 == 0:
                for participant in everybody:
                    world.media.tell(participant, "roll", 2)
            for leg, peer in enumerate(world.peers):
                if (tick + leg) % 11 == 0:
                    peer.socket.send(b"\x80\xc9\0\1\0\0\0\1")
                elif (tick + leg) % 13 == 0:
                    peer.say(1, samples=4, payload_type=101)
                elif (tick + leg) % 9:
                    peer.say(SAID)
            self.check_tick()
        self.assertTrue(world.media.side.take_event() is not None)
        self.assertTrue(self.stats(4)["concealed"] > 0)
        self.assertTrue(self.stats(4)["reports"] > 0)
        self.assertEqual(world.media.places.wide_count(), CONFERENCES * SIZE // 3)

    def test_phases_and_their_moves(self):
        world = self.world
        world.ticker.stop()
        world.ticker.divide(4)
        for step in range(4 * 70):  # a conference looks at its phase in every 32nd of its ticks
            if step % 4 == 0:
                world.everybody_says(SAID)
            self.check_tick()
        self.assertTrue(self.stats(0)["received"] >= 60)

    def test_some_have_left(self):
        self.world.leave(self.world.media.participants[1])
        self.world.leave(self.world.media.participants[5])
        self.world.everybody_says(SAID)
        self.check_tick()


NATIVE = MICROPYTHON and kernels.KERNELS == "native"


@unittest.skipUnless(NATIVE, "needs MicroPython with the native kernels")
class SocketsTest(Cases, unittest.TestCase):
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
        participant.line = Wasteful(participant.line)
        self.world.media.retune(participant)
        self.assertRaises(MemoryError, locked, self.loop.tick)
        tick = self.loop.tick
        gc.collect()
        before = gc.mem_alloc()
        tick()
        self.assertTrue(gc.mem_alloc() > before)


@unittest.skipUnless(NATIVE and parley_io, "needs MicroPython with the native kernels and native I/O")
class NativeIoTest(Cases, unittest.TestCase):
    io = parley_io

    def test_legs_with_lines(self):
        """Two participants who name one address, and a third one."""
        media, wire = self.world.media, self.world.wire
        for leg in (3, 4):
            wire.aim(media.participants[leg], (self.world.phones, 30000))
            media.retune(media.participants[leg])
            self.assertTrue(media.participants[leg].line is not None)
        for _ in range(3):
            self.world.everybody_says(SAID)
            self.check_tick()
        self.assertEqual(media.totals()["network"]["sent"], 4 * CONFERENCES * SIZE)


if __name__ == "__main__":
    unittest.main()
