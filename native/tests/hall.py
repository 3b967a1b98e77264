"""A conference of legs of any codec, for tests of the bridge: each sends and hears samples of its own rate."""

import struct

import numpy as np

import parley_native as kernels

from .room import G722, HEARS, PCMA, PCMU, SPEAKS, decoded

L16, L16_WIDE = 128, 129
TYPES = {PCMU: 0, PCMA: 8, G722: 9, L16: 97, L16_WIDE: 98}
SLOT = {PCMU: 80, PCMA: 80, G722: 80, L16: 160, L16_WIDE: 320}  # octets of 10 ms
CLOCK = {L16_WIDE: 160}  # RTP ticks of 10 ms, else 80
MASTER = bytes(range(30))
START = 0xFFFFE000  # timestamps wrap while we look


def rate_of(law):
    return 16000 if law in (G722, L16_WIDE) else 8000


def snr_db(clean, found):
    """After the best shift of `found` against `clean`."""
    clean = clean.astype(float)
    best = -99.0
    for shift in range(1000):
        part = found[shift : shift + len(clean)].astype(float)
        if len(part) < len(clean):
            break
        error = np.sum((part - clean) ** 2)
        best = max(best, 10 * np.log10(np.sum(clean**2) / max(error, 1e-9)))
    return best


class Hall:
    """A conference of legs with these laws, without lines; each sends samples of its rate."""

    def __init__(self, laws, places=None, keyed=()):
        self.laws = list(laws)
        places = len(laws) if places is None else places
        size = kernels.bridge_size(len(laws), 1)
        for octets in (
            kernels.bridge_wide_octets(len(laws), 1),
            kernels.bridge_parcel_octets(len(laws)),
            kernels.bridge_linear_octets(places),
            kernels.bridge_key_octets(len(laws)),
        ):
            size = -(-size // 64) * 64 + octets
        self.memory = bytearray(size)
        kernels.bridge_init(self.memory, len(laws), 1, 0)
        kernels.bridge_widen(self.memory, len(laws))
        kernels.bridge_parcel_places(self.memory, len(laws))
        assert kernels.bridge_linear_places(self.memory, places) == 0
        kernels.bridge_key_places(self.memory, len(laws))
        for leg, law in enumerate(laws):
            assert self.add(leg, law) == 0
        self.keys = {}
        for leg in keyed:
            assert kernels.bridge_secure(self.memory, leg, 1, MASTER, MASTER, struct.pack("<I", leg + 1)) == 0
            self.keys[leg] = [bytearray(kernels.srtp_size()) for _ in range(2)]
            for state in self.keys[leg]:
                kernels.srtp_init(state, 1, MASTER, MASTER)
        self.coders = [bytearray(152) for _ in laws]
        for state in self.coders:
            kernels.g722_init(state)
        self.octets = [b"" for _ in laws]
        self.packets = [[] for _ in laws]

    def add(self, leg, law, flags=SPEAKS | HEARS):
        seed = struct.pack("<3I", leg + 1, 65530, START)
        return kernels.bridge_add_leg(self.memory, leg, 0, law, TYPES[law], 101, 1, flags, seed, bytes(6))

    def change(self, leg, law):
        done = kernels.bridge_change(self.memory, leg, law, TYPES[law], 101, SPEAKS | HEARS, bytes(6))
        if done == 0:
            self.laws[leg] = law
        return done

    def coded(self, leg, pcm):
        law = self.laws[leg]
        if law in (L16, L16_WIDE):
            return pcm.astype(">i2").tobytes()
        codes = bytearray(len(pcm) // (2 if law == G722 else 1))
        if law == G722:
            kernels.g722_encode(self.coders[leg], pcm, codes)
        else:
            kernels.g711_encode(law, pcm, codes)
        return bytes(codes)

    def say(self, leg, number, payload, ms=20):
        law = self.laws[leg]
        stamp = (START + CLOCK.get(law, 80) * ms // 10 * number) & 0xFFFFFFFF
        packet = struct.pack(">BBHII", 0x80, TYPES[law], number & 0xFFFF, stamp, 50 + leg) + payload
        if leg in self.keys:
            room = bytearray(packet + bytes(10))
            packet = bytes(room[: kernels.srtp_protect(self.keys[leg][0], room, len(packet))])
        return kernels.bridge_receive_leg(self.memory, leg, packet, len(packet))

    def tick(self):
        kernels.bridge_begin(self.memory, 0, 1)
        while made := kernels.bridge_mix(self.memory, 3):
            for place in range(made):
                leg = kernels.bridge_packet_leg(self.memory, place)
                at = kernels.bridge_packet(self.memory, place)
                packet = bytes(self.memory[at : at + kernels.bridge_packet_octets(self.memory, place)])
                if leg in self.keys:
                    plain = bytearray(len(packet))
                    packet = bytes(
                        plain[: kernels.srtp_unprotect(self.keys[leg][1], packet, len(packet), plain)]
                    )
                self.packets[leg].append(packet)
                self.octets[leg] += packet[12:]

    def listen(self, spoken, ticks=100, lost=()):
        """Speaks signals (leg -> samples); returns leg -> samples heard."""
        for number in range(ticks):
            for leg, pcm in spoken.items():
                frame = rate_of(self.laws[leg]) // 50
                payload = self.coded(leg, pcm[frame * number :][:frame])
                if number not in lost:
                    assert self.say(leg, number, payload) == 0
            self.tick()
        return [self.heard(leg) for leg in range(len(self.laws))]

    def heard(self, leg):
        law, octets = self.laws[leg], self.octets[leg]
        if law in (L16, L16_WIDE):
            return np.frombuffer(octets, ">i2").astype(np.int16)
        return decoded(law, octets)
