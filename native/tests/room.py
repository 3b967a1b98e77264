"""Conferences on a bridge for the tests: legs of both rates that speak signals and hear samples."""

import struct

import numpy as np

import parley_native as kernels

PCMU, PCMA, G722 = 0, 8, 9
SPEAKS, HEARS, NO_PLACE = 1, 2, -12
TICKS = 100


def widened(legs, places, conferences=1):
    """Returns a bridge with places for wideband legs."""
    size = kernels.bridge_size(legs, conferences)
    memory = bytearray(-(-size // 64) * 64 + kernels.bridge_wide_octets(places, conferences))
    kernels.bridge_init(memory, legs, conferences, 0)
    kernels.bridge_widen(memory, places)
    return memory


def added(memory, leg, law, conference=0):
    seed = struct.pack("<3I", leg, 0, 0)
    return kernels.bridge_add_leg(memory, leg, conference, law, law, -1, 1, 3, seed, bytes(ADDRESS_BYTES))


ADDRESS_BYTES = 7


class Room:
    """A conference of legs with these laws; each speaks samples at 8000 Hz, a wideband one at 16000."""

    def __init__(self, laws, places=None):
        self.laws = laws
        self.memory = widened(len(laws), places or max(1, laws.count(G722)))
        for leg, law in enumerate(laws):
            assert added(self.memory, leg, law) == 0
        self.coders = [bytearray(152) for _ in laws]
        for state in self.coders:
            kernels.g722_init(state)

    def coded(self, leg, pcm):
        codes = bytearray(160)
        if self.laws[leg] == G722:
            kernels.g722_encode(self.coders[leg], pcm, codes)
        else:
            kernels.g711_encode(self.laws[leg], pcm, codes)
        return bytes(codes)

    def say(self, leg, number, pcm):
        """Sends a frame; returns its codes."""
        codes = self.coded(leg, pcm)
        packet = struct.pack(">BBHII", 0x80, self.laws[leg], number, 160 * number, 50 + leg) + codes
        assert kernels.bridge_receive_leg(self.memory, leg, packet, 172) == 0
        return codes

    def tick(self):
        """Returns leg -> codes it is sent."""
        kernels.bridge_begin(self.memory, 0, 1)
        made = kernels.bridge_mix(self.memory, len(self.laws))
        heard = {}
        for place in range(made):
            start = kernels.bridge_packet(self.memory, place) + 12
            heard[kernels.bridge_packet_leg(self.memory, place)] = bytes(self.memory[start : start + 160])
        return heard

    def listen(self, spoken, ticks=TICKS, lost=()):
        """Speaks signals (leg -> samples); returns leg -> all samples heard, decoded."""
        frames = {leg: 320 if self.laws[leg] == G722 else 160 for leg in spoken}
        codes = [b""] * len(self.laws)
        for number in range(ticks):
            for leg, pcm in spoken.items():
                part = pcm[frames[leg] * number :][: frames[leg]]
                if number in lost:
                    self.coded(leg, part)
                else:
                    self.say(leg, number, part)
            for leg, payload in self.tick().items():
                codes[leg] += payload
        return {leg: decoded(law, codes[leg]) for leg, law in enumerate(self.laws)}


def decoded(law, codes):
    pcm = np.zeros(len(codes) * (2 if law == G722 else 1), dtype=np.int16)
    if law == G722:
        state = bytearray(152)
        kernels.g722_init(state)
        kernels.g722_decode(state, codes, pcm)
    else:
        kernels.g711_decode(law, codes, pcm)
    return pcm


def tone(hertz, rate_hz, amplitude=6000, ticks=TICKS):
    at = np.arange(rate_hz // 50 * ticks)
    return (amplitude * np.sin(2 * np.pi * hertz / rate_hz * at)).round().astype(np.int16)


def amplitude_of(pcm, hertz, rate_hz):
    """Amplitude of a tone in the last second."""
    part = pcm[-rate_hz:].astype(float)
    return 2 * abs(np.mean(part * np.exp(-2j * np.pi * hertz / rate_hz * np.arange(len(part)))))
