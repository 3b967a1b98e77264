"""A bridge with participants and their attendant, for tests of what it looks after."""

import struct

from parley.app.attendant import Attendant
from parley.media.bridge import Bridge, pack_address
from parley.media.bridge_side import BridgeSide
from parley.wire.rtcp import parse_compound

EVENTS = 101
TIMEOUT_MS = 30000


class Participant:
    def __init__(self, leg, port):
        self.uri = "sip:%d@192.0.2.1" % leg
        self.leg = leg
        self.direction = "sendrecv"
        self.report_address = ("192.0.2.1", port + 1)
        self.report_source = None
        self.aimed = None
        self.origin = ""
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
