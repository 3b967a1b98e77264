"""A leg at the end of a network, by simulation: a sender's clock, delays, losses, the board's ticks. No time passes."""

import heapq
import struct
from importlib import import_module

import numpy as np

RATE_HZ = 8000
TICK_S = 0.02
PCMU = 0


class Network:
    """One talker behind a network and one listener beside the board, in one conference of a bridge.

    delay_s: number of a packet -> seconds on the way, or None: lost. ppm: how much the sender's clock runs fast.
    phase_s: when the sender begins, against the board's ticks. clock: tell the bridge when packets come.
    """

    def __init__(self, kernels="parley_native", ptime_s=0.02, ppm=0.0, phase_s=0.01, clock=True):
        self.kernels = import_module(kernels)
        self.memory = bytearray(self.kernels.bridge_size(2, 1))
        self.kernels.bridge_init(self.memory, 2, 1, 0)
        self.samples = int(RATE_HZ * ptime_s)
        self.ptime_s, self.phase_s, self.clock = ptime_s / (1 + ppm * 1e-6), phase_s, clock
        for leg in range(2):
            seed, address = struct.pack("<3I", leg, 0, 0), bytes([10, 0, 0, leg + 1, 1, 0, 0])
            self.kernels.bridge_add_leg(self.memory, leg, 0, PCMU, PCMU, -1, 1, 3, seed, address)

    def packet(self, number, codes):
        """Returns a packet of the talker."""
        stamp = number * self.samples & 0xFFFFFFFF
        return struct.pack(">BBHII", 0x80, PCMU, number & 0xFFFF, stamp, 7) + codes.tobytes()

    def receive(self, number, codes, before_s):
        """Hands in a packet that came `before_s` before the coming tick."""
        if self.clock:
            self.kernels.bridge_before(self.memory, min(8000, max(0, int(before_s * RATE_HZ))))
        packet = self.packet(number, codes)
        return self.kernels.bridge_receive_leg(self.memory, 0, packet, len(packet))

    def tick(self):
        """Returns the codes [160] that the listener is sent."""
        self.kernels.bridge_begin(self.memory, 0, 1)
        made = self.kernels.bridge_mix(self.memory, 2)
        for place in range(made):
            if self.kernels.bridge_packet_leg(self.memory, place) == 1:
                start = self.kernels.bridge_packet(self.memory, place) + 12
                return np.frombuffer(bytes(self.memory[start : start + 160]), dtype=np.uint8)
        raise AssertionError("no packet for the listener")

    def run(self, codes, delay_s=lambda number: 0.0, seconds=None):
        """Sends all codes through; returns (codes heard, [ticks] statistics of the talker after each)."""
        count = len(codes) // self.samples
        arrivals = []
        for number in range(count):
            delay = delay_s(number)
            if delay is not None:
                heapq.heappush(arrivals, (self.phase_s + number * self.ptime_s + delay, number))
        heard, stats = [], []
        for tick in range(int((count * self.ptime_s if seconds is None else seconds) / TICK_S)):
            now = (tick + 1) * TICK_S
            while arrivals and arrivals[0][0] <= now:
                at, number = heapq.heappop(arrivals)
                self.receive(number, codes[number * self.samples :][: self.samples], now - at)
            heard.append(self.tick())
            stats.append(self.stats())
        return np.concatenate(heard), stats

    def stats(self):
        names = import_module("parley.media.kernel_numbers").BRIDGE_LEG_STATS
        return {name: self.kernels.bridge_leg_stat(self.memory, 0, index) for index, name in enumerate(names)}


def pulses(seconds, every_s=0.4, floor=900):
    """Returns codes with a pulse every so often, on a floor loud enough not to pass for a pause."""
    at = np.arange(int(seconds * RATE_HZ))
    pcm = np.where(at % int(every_s * RATE_HZ) == 0, 30000, floor * np.sin(at * 0.9)).astype(np.int16)
    codes = np.zeros(len(pcm), dtype=np.uint8)
    import_module("parley_native").g711_encode(PCMU, pcm, codes)
    return codes


def delays_s(codes, every_s=0.4):
    """Returns [(second, delay)]: each pulse heard, against when it left a sender without ppm."""
    pcm = np.zeros(len(codes), dtype=np.int16)
    import_module("parley_native").g711_decode(PCMU, np.ascontiguousarray(codes), pcm)
    places = np.flatnonzero(np.abs(pcm.astype(int)) > 15000)
    return [(place / RATE_HZ, place / RATE_HZ % every_s) for place in places]
