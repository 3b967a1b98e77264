"""Conferences on real sockets: a board's media task, and a peer for each leg, on the loopback interface.

Not a test; used by test_no_alloc.py, test_app_media_wire.py, test_app_learned_sources.py and by measurements.
"""

import struct

from parley.app import runtime
from parley.app.clock import Clock
from parley.app.loop import Loop
from parley.app.media_task import Participant
from parley.app.media_wire import open_media
from parley.app.slots import Conference
from parley.app.ticker import Ticker
from parley.app.watchdog import Watchdog
from parley.media.codecs import FRAME_SAMPLES, PACKET_BYTES, law_of, preference

FIRST_PORT = 20000
PEER_PORT = 30000
SAID = 0x90  # by everybody who talks


class Peer:
    """The phone's end of one leg."""

    def __init__(self, host, port, board_host, board_port, payload_type):
        self.socket = runtime.RtpSocket(host, port)
        self.socket.connect(board_host, board_port)
        self.heard = bytearray(2048)
        self.payload_type = payload_type
        self._sequence = 0

    def say(self, code, samples=FRAME_SAMPLES, payload_type=None):
        """Sends one packet of equal codes."""
        payload_type = self.payload_type if payload_type is None else payload_type
        header = struct.pack(">BBHII", 0x80, payload_type, self._sequence, FRAME_SAMPLES * self._sequence, 77)
        self.socket.send(header + bytes([code]) * samples)
        self._sequence += 1

    def hear(self):
        """Octets of all that came, headers and payload end to end; b"" for nothing."""
        heard = b""
        length = self.socket.receive_into(self.heard)
        while length > 0:
            heard += bytes(self.heard[:length])
            length = self.socket.receive_into(self.heard)
        return heard


class WorldConfig:
    """What open_media reads of a Config."""

    rtp_port_first = FIRST_PORT
    srtp = "optional"
    loudest = csrc = 0
    comfort_noise = 65

    def __init__(self, host, legs, slots):
        self.host, self.legs, self.slots = host, legs, slots
        self.wide_legs = self.srtp_legs = self.ptime_legs = self.linear_legs = legs


class World:
    """`conferences` times `size` legs, with all codecs in turn. Every test needs its own addresses.

    io: the module parley_io, or None for Python's sockets.
    """

    def __init__(self, conferences, size, io):
        octets = runtime.random_bytes(4)
        self.board, self.phones = [
            "127.%d.%d.%d" % (part, octets[part], octets[part + 1] | 1) for part in (1, 2)
        ]
        self.peers = []
        self.media, self.wire = open_media(WorldConfig(self.board, conferences * size, conferences), io)
        for slot in range(conferences):
            conference = Conference(slot, 1, size)
            for _ in range(size):
                self.enter(conference)
        clock = Clock(runtime.ticks_ms, runtime.ticks_diff)
        self.ticker = Ticker()
        self.loop = Loop(clock, None, self.ticker, self.media, None, Watchdog(None))

    def enter(self, conference, remote=None):
        """Another participant with his peer; remote: where he says he is, when that is not so."""
        participant = self._participant(conference)
        participant.direction = "sendrecv"
        self.wire.open(participant)
        participant.origin = self.phones if remote else ""
        self.wire.aim(participant, remote or (self.phones, PEER_PORT + 2 * len(self.peers)))
        self.media.join(participant)
        self._make_peer(participant)
        return participant

    def call(self, conference):
        """Another participant whom the board calls; he has not answered yet."""
        participant = self._participant(conference)
        self.wire.open(participant, apart=True)
        self.media.join(participant)
        self._make_peer(participant)
        return participant

    def answer(self, participant, remote):
        """He says that he is there, at `remote`."""
        participant.direction = "sendrecv"
        participant.origin = self.phones
        self.wire.aim(participant, remote, may_move=False)
        self.media.retune(participant)

    def _participant(self, conference):
        number = len(self.peers)
        names = [name for name, _rate_hz in preference(self.media.places.wide_limit > 0)]
        codec = names[number % len(names)]
        participant = Participant(None, "sip:%d@test" % number, 1, (number + 1, 0, 0), number + 1)
        participant.conference = conference
        participant.codec, participant.payload_type = codec, law_of(codec)
        participant.event_payload_type = 101
        return participant

    def _make_peer(self, participant):
        port = PEER_PORT + 2 * len(self.peers)
        self.peers.append(Peer(self.phones, port, self.board, participant.port, participant.payload_type))

    def everybody_says(self, code):
        """One packet from each peer."""
        for peer in self.peers:
            peer.say(code)

    def leave(self, participant):
        """Takes somebody out."""
        self.media.leave(participant)
        self.wire.close(participant)

    def close(self):
        """Gives all ports back."""
        for peer in self.peers:
            peer.socket.close()
        for participant in self.media.everybody():
            self.leave(participant)
        self.wire.shut()


class Talks:
    """For test cases: a conference of three, who talk. io: as World takes it."""

    io = None

    def setUp(self):
        self.world = World(1, 3, self.io)
        self.addCleanup(self.world.close)

    def talk(self, ticks=4):
        for _ in range(ticks):
            self.world.everybody_says(SAID)
            self.world.media.tick()

    def packets_heard(self):
        return [len(peer.hear()) // PACKET_BYTES for peer in self.world.peers]
