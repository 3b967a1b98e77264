"""Both ways packets take between a bridge and the network: same face, same sound, no allocation."""

import gc
import struct
import unittest

from parley.app import runtime
from parley.media import kernels
from parley.media.bridge import Bridge, pack_address
from parley.media.codecs import FRAME_SAMPLES, PACKET_BYTES
from parley.media.packets import BatchPackets, SocketPackets

try:
    import parley_io
except (ImportError, ValueError):  # not Linux, or not built
    parley_io = None

if runtime.MICROPYTHON:
    import micropython

VOICES = (0xD0, 0x4C, 0xCF)
LEGS = 3


class Peer:
    """The phone's end of one leg."""

    def __init__(self, host, port, board_port, number):
        self.host = host
        self.port = port
        self.number = number
        self.socket = runtime.RtpSocket(host, port)
        self.socket.connect(host, board_port)
        self.sent = 0
        self._heard = bytearray(4096)

    def say(self, code):
        header = struct.pack(">BBHII", 0x80, 0, self.sent, FRAME_SAMPLES * self.sent, self.number)
        self.socket.send(header + bytes([code]) * FRAME_SAMPLES)
        self.sent += 1

    def hear(self):
        """Codes of all packets that came, the first of each; MicroPython reads them end to end."""
        length = self.socket.receive_into(self._heard)
        codes = []
        while length > 0:
            codes += [self._heard[at + 12] for at in range(0, length, PACKET_BYTES)]
            length = self.socket.receive_into(self._heard)
        return codes


class Cases:
    """A conference of three over real sockets; `open_board` makes the way that is under test."""

    def setUp(self):
        octets = runtime.random_bytes(2)
        self.host = "127.3.%d.%d" % (octets[0], octets[1] | 1)
        self.bridge = Bridge(LEGS, 1)
        self.sockets = []
        self.open_board()
        self.peers = []
        for number in range(LEGS):
            peer = Peer(self.host, 21000 + 2 * number, self.board_port(number), number)
            self.peers.append(peer)
            address = pack_address(peer.host, peer.port)
            leg = self.bridge.add(0, "PCMU", 0, None, "sendrecv", address, (1, 2, 3))
            self.packets.open(leg, self.leg_socket(peer))

    def tearDown(self):
        for peer in self.peers:
            peer.socket.close()
        for socket in self.sockets:
            socket.close()

    def everybody_says(self, codes):
        for peer, code in zip(self.peers, codes):
            peer.say(code)

    def tick(self):
        return self.packets.tick()

    def test_everybody_hears_the_others(self):
        for _ in range(4):
            self.everybody_says(VOICES)
            self.assertEqual(self.tick(), LEGS)
        self.tick()
        pcm = bytearray(2 * LEGS)
        kernels.g711_decode(0, bytes(VOICES), pcm)
        samples = struct.unpack("<3h", pcm)
        for peer in self.peers:
            expected = bytearray(1)
            total = sum(samples) - samples[peer.number]
            kernels.g711_encode(0, struct.pack("<h", total), expected)
            heard = peer.hear()
            self.assertEqual(len(heard), 5)
            self.assertEqual(heard[3], expected[0])
        self.assertEqual(self.bridge.totals()["received"], 4 * LEGS)
        self.assertEqual(self.bridge.totals()["taken"], 4 * LEGS)
        counters = self.packets.counters()
        self.assertEqual((counters["received"], counters["sent"], counters["refused"]), (12, 15, 0))

    def test_packets_may_be_taken_between_ticks(self):
        self.everybody_says(VOICES)
        self.packets.receive()
        self.assertEqual(self.bridge.totals()["taken"], LEGS)
        self.packets.receive()
        self.assertEqual(self.bridge.totals()["received"], LEGS)

    def test_phases(self):
        self.assertEqual(self.packets.tick(1, 2), 0)
        self.assertEqual(self.packets.tick(0, 2), LEGS)

    def test_a_peer_that_is_gone_does_no_harm(self):
        self.peers[0].socket.close()
        for _ in range(3):
            self.everybody_says_but_the_first()
            self.tick()
        self.assertEqual(len(self.peers[1].hear()), 3)

    def everybody_says_but_the_first(self):
        for peer in self.peers[1:]:
            peer.say(VOICES[peer.number])

    def test_who_left_gets_nothing(self):
        self.packets.close(1)
        self.bridge.remove(1)
        self.everybody_says(VOICES)
        self.assertEqual(self.tick(), LEGS - 1)
        self.assertEqual((len(self.peers[0].hear()), self.peers[1].hear()), (1, []))

    @unittest.skipUnless(
        runtime.MICROPYTHON and kernels.KERNELS == "native", "needs MicroPython, native kernels"
    )
    def test_a_tick_allocates_nothing(self):
        tick = self.packets.tick
        for _ in range(6):
            self.everybody_says(VOICES)
            gc.collect()
            before = gc.mem_alloc()
            micropython.heap_lock()
            try:
                tick()
            finally:
                micropython.heap_unlock()
            self.assertEqual(gc.mem_alloc() - before, 0)


@unittest.skipUnless(parley_io, "no parley_io here")
class BatchTest(Cases, unittest.TestCase):
    def open_board(self):
        self.sockets.append(runtime.RtpSocket(self.host, 20000))
        self.packets = BatchPackets(self.bridge, parley_io, self.sockets[0].raw.fileno())

    def board_port(self, number):
        return 20000

    def leg_socket(self, peer):
        return None

    def test_strangers_are_dropped(self):
        stranger = Peer(self.host, 21100, 20000, 9)
        stranger.say(0x10)
        self.tick()
        stranger.socket.close()
        self.assertEqual(self.bridge.totals()["unknown"], 1)
        self.assertEqual(stranger.number, 9)

    def test_a_broken_descriptor_is_an_error(self):
        broken = BatchPackets(self.bridge, parley_io, 9999)
        self.assertRaises(OSError, broken.tick)
        self.assertRaises(OSError, broken.receive)

    def test_memory_outside_the_heap(self):
        memory = parley_io.io_map(Bridge.size(100, 10))
        self.assertEqual(len(memory), Bridge.size(100, 10))
        bridge = Bridge(100, 10, memory=memory)
        leg = bridge.add(3, "PCMU", 0, None, "sendrecv", pack_address("1.2.3.4", 5), (1, 2, 3))
        self.assertEqual(bridge.stats(leg)["level_in"], 127)


class SocketTest(Cases, unittest.TestCase):
    def open_board(self):
        self.packets = SocketPackets(self.bridge, runtime.RTP_READS_PER_TICK)

    def board_port(self, number):
        return 20000 + 2 * number

    def leg_socket(self, peer):
        socket = runtime.RtpSocket(self.host, self.board_port(peer.number))
        socket.connect(peer.host, peer.port)
        self.sockets.append(socket)
        return socket

    def test_a_leg_without_a_socket_is_refused(self):
        self.packets.close(2)
        self.assertEqual(self.tick(), LEGS - 1)
        self.assertEqual(self.bridge.stats(2)["refused"], 1)


if __name__ == "__main__":
    unittest.main()
