"""Two legs of a bridge, one of them more than plain, and libsrtp as its phone. Not a test."""

import struct

from pylibsrtp import Policy, Session

import parley_native as p

PROFILES = {
    1: Policy.SRTP_PROFILE_AES128_CM_SHA1_80,
    2: Policy.SRTP_PROFILE_AES128_CM_SHA1_32,
    3: Policy.SRTP_PROFILE_AEAD_AES_128_GCM,
}
OURS, THEIRS = bytes(range(30)), bytes(range(50, 80))
EVENTS = 101
FORGED, REPLAYED, UNWANTED, NOTHING = -9, -10, -7, -11
LEG_STATS = {"event": 10, "unwanted": 19, "forged": 21, "replayed": 22, "reports": 23}
STATS = {"sent": 5, "reports_dropped": 13, "events_dropped": 14}


def address(port):
    return bytes((127, 0, 0, 1)) + struct.pack(">H", port) + bytes(1)


def rtp(sequence, codes, ssrc=9, payload_type=0, timestamp=None):
    stamp = 160 * sequence if timestamp is None else timestamp
    return struct.pack(">BBHII", 0x80, payload_type, sequence, stamp, ssrc) + codes


def voice(sequence, **how):
    return rtp(sequence, bytes([(7 * sequence + i) % 251 for i in range(160)]), **how)


class Board:
    """Two legs in one conference: 0 is under test, 1 is plain."""

    def __init__(self, suite=0):
        size = -(-p.bridge_size(3, 1) // 64) * 64
        self.memory = bytearray(size + p.bridge_key_octets(1))
        p.bridge_init(self.memory, 3, 1, 0)
        p.bridge_key_places(self.memory, 1)
        for leg in (0, 1):
            seed = struct.pack("<III", 1000 + leg, 0xFFF0, 5)
            p.bridge_add_leg(self.memory, leg, 0, 0, 0, EVENTS, 2, 3, seed, address(4000 + leg))
        if suite:
            self.secure(suite)

    def secure(self, suite, ours=OURS, theirs=THEIRS, ssrc=77):
        p.bridge_secure(self.memory, 0, suite, ours, theirs, struct.pack("<I", ssrc))

    def take(self, packet, leg=0):
        return p.bridge_receive(self.memory, packet, len(packet), address(4000 + leg))

    def tick(self):
        """{leg: packet} of a tick."""
        p.bridge_begin(self.memory, 0, 1)
        made = p.bridge_mix(self.memory, 3)
        sent = {}
        for place in range(made):
            start = p.bridge_packet(self.memory, place)
            octets = p.bridge_packet_octets(self.memory, place)
            sent[p.bridge_packet_leg(self.memory, place)] = bytes(self.memory[start : start + octets])
        return sent

    def stat(self, name, leg=0):
        return p.bridge_leg_stat(self.memory, leg, LEG_STATS[name])

    def total(self, name):
        return p.bridge_stat(self.memory, STATS[name])

    def report(self):
        leg, packet = bytearray(4), bytearray(504)
        octets = p.bridge_take_report(self.memory, leg, packet)
        return (struct.unpack("<I", leg)[0], bytes(packet[:octets])) if octets else None

    def event(self):
        leg = bytearray(4)
        event = p.bridge_take_event(self.memory, leg)
        return None if event == NOTHING else (struct.unpack("<I", leg)[0], event)

    def figures(self, leg=0):
        words = bytearray(48)
        p.bridge_figures(self.memory, leg, words)
        return struct.unpack("<12I", words)


def peer(suite, ours=OURS, theirs=THEIRS):
    """libsrtp in the phone's place: (what protects his packets, what opens ours)."""
    used = 28 if suite == 3 else 30
    inbound = Policy(key=ours[:used], ssrc_type=Policy.SSRC_ANY_INBOUND, srtp_profile=PROFILES[suite])
    outbound = Policy(key=theirs[:used], ssrc_type=Policy.SSRC_ANY_OUTBOUND, srtp_profile=PROFILES[suite])
    return Session(outbound), Session(inbound)
