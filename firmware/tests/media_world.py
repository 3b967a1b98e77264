"""Conferences on real sockets: a board's media task, and a peer for each leg, on the loopback interface.

Not a test; used by test_no_alloc.py and by measurements.
"""

import struct

from parley.app import runtime
from parley.app.clock import Clock
from parley.app.loop import Loop
from parley.app.media_task import MediaTask, Participant
from parley.app.ticker import Ticker
from parley.app.watchdog import Watchdog
from parley.media.codecs import CODECS, FRAME_SAMPLES
from parley.media.conference import Conference
from parley.media.leg import Leg

FIRST_PORT = 20000


class Peer:
    """The phone's end of one leg."""

    def __init__(self, host, port, board_host, board_port, payload_type):
        self.socket = runtime.RtpSocket(host, port)
        self.socket.connect(board_host, board_port)
        self.heard = bytearray(2048)
        self._payload_type = payload_type
        self._sequence = 0

    def say(self, code, samples=FRAME_SAMPLES, payload_type=None):
        """Sends one packet of equal codes."""
        payload_type = self._payload_type if payload_type is None else payload_type
        header = struct.pack(">BBHII", 0x80, payload_type, self._sequence, FRAME_SAMPLES * self._sequence, 77)
        self.socket.send(header + bytes([code]) * samples)
        self._sequence += 1

    def hear(self):
        """Payload of all that came, end to end with headers; b"" for nothing."""
        length = self.socket.receive_into(self.heard)
        return bytes(self.heard[:length])


class World:
    """`conferences` times `size` legs, all with both codecs in turn. Every test needs its own addresses."""

    def __init__(self, conferences, size):
        octets = runtime.random_bytes(4)
        board, phones = ["127.%d.%d.%d" % (part, octets[part], octets[part + 1] | 1) for part in (1, 2)]
        self.peers = []
        self._sockets = []
        self.media = MediaTask(conferences * size, conferences)
        for slot in range(conferences):
            conference = Conference(slot, 1, size)
            for _ in range(size):
                number = len(self.peers)
                codec, _rate_hz, law = CODECS[number % len(CODECS)]
                port = FIRST_PORT + 2 * number
                participant = Participant(
                    None, "sip:%d@test" % number, self._socket(board, port, phones), port, 1
                )
                participant.conference = conference
                participant.leg = Leg(codec, law, 101, number + 1, 0, 0)
                self.media.join(participant)
                self.peers.append(Peer(phones, port, board, port, law))
        clock = Clock(runtime.ticks_ms, runtime.ticks_diff)
        self.loop = Loop(clock, None, Ticker(), self.media, None, Watchdog(None))

    def _socket(self, host, port, peer_host):
        socket = runtime.RtpSocket(host, port)
        socket.connect(peer_host, port)
        self._sockets.append(socket)
        return socket

    def everybody_says(self, code):
        """One packet from each peer."""
        for peer in self.peers:
            peer.say(code)

    def close(self):
        """Gives all ports back."""
        for peer in self.peers:
            peer.socket.close()
        for socket in self._sockets:
            socket.close()
