"""How a conference's tick moves to where its legs' packets wait least: by simulation."""

import heapq
import random
import struct
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
from network import PCMU, RATE_HZ, pulses

PHASES = 4
STEP_S = 0.02 / PHASES


class Hall:
    """Talkers in one conference, the last of whom is listened to by nobody and hears the first alone.

    starts_s: when each begins to send, against the first tick. All but the first send silence.
    """

    def __init__(self, starts_s, kernels="parley_native", ppm=0.0, jitter=lambda leg, number: 0.0):
        self.kernels, self.starts_s, self.jitter = import_module(kernels), starts_s, jitter
        self.frame_s = [0.02 / (1 + ppm * 1e-6), *[0.02] * (len(starts_s) - 1)]
        count = len(starts_s)
        self.memory = bytearray(self.kernels.bridge_size(count, 3))
        self.kernels.bridge_init(self.memory, count, 3, 0)
        self.kernels.bridge_begin(self.memory, PHASES - 1, PHASES)
        for leg in range(count):
            seed, address = struct.pack("<3I", leg, 0, 0), bytes([10, 0, 0, leg + 1, 1, 0, 0])
            self.kernels.bridge_add_leg(self.memory, leg, 2, PCMU, PCMU, -1, 1, 3, seed, address)

    def arrivals(self, frames):
        """[(second, leg, number of the packet)], in order."""
        found = []
        for leg, start in enumerate(self.starts_s):
            for number in range(frames):
                at = start + number * self.frame_s[leg] + self.jitter(leg, number)
                heapq.heappush(found, (at, leg, number))
        return found

    def receive(self, leg, number, codes, before_s):
        head = struct.pack(">BBHII", 0x80, PCMU, number & 0xFFFF, number * 160, leg + 7)
        self.kernels.bridge_before(self.memory, int(before_s * RATE_HZ))
        packet = head + (codes.tobytes() if leg == 0 else bytes([0xFF]) * 160)
        self.kernels.bridge_receive_leg(self.memory, leg, packet, len(packet))

    def run(self, codes):
        """[(second, codes [160])] that the last is sent."""
        arrivals, heard, last = self.arrivals(len(codes) // 160), [], len(self.starts_s) - 1
        for step in range(int(len(codes) / RATE_HZ / STEP_S)):
            now = (step + 1) * STEP_S
            while arrivals and arrivals[0][0] <= now:
                at, leg, number = heapq.heappop(arrivals)
                self.receive(leg, number, codes[160 * number :][:160], now - at)
            self.kernels.bridge_begin(self.memory, step % PHASES, PHASES)
            for place in range(self.kernels.bridge_mix(self.memory, last + 1)):
                if self.kernels.bridge_packet_leg(self.memory, place) == last:
                    start = self.kernels.bridge_packet(self.memory, place) + 12
                    heard.append(
                        (now, np.frombuffer(bytes(self.memory[start : start + 160]), dtype=np.uint8))
                    )
        return heard

    def stat(self, leg, name):
        names = import_module("parley.media.kernel_numbers").BRIDGE_LEG_STATS
        return self.kernels.bridge_leg_stat(self.memory, leg, names.index(name))


def delays_ms(heard, start_s, every_s=0.4, after_s=6.0):
    """Of each pulse heard: from when its sample left the talker to when it left the board."""
    pcm = np.zeros(160 * len(heard), dtype=np.int16)
    import_module("parley_native").g711_decode(PCMU, np.concatenate([codes for _, codes in heard]), pcm)
    found = []
    for place in np.flatnonzero(np.abs(pcm.astype(int)) > 15000):
        at = heard[place // 160][0] + place % 160 / RATE_HZ
        if at > after_s:
            found.append(1000 * ((at - start_s) % every_s))
    return found


@pytest.mark.parametrize("start_ms", range(0, 20, 2))
def test_who_sends_in_step_waits_no_longer_than_a_phase_and_the_slack(start_ms):
    hall = Hall([start_ms / 1000] * 2)
    found = delays_ms(hall.run(pulses(12)), start_ms / 1000)
    assert len(found) > 10
    assert max(found) <= 3 + 2 + 5 + 0.2  # slack, what is left to spare, a phase
    for name in ("concealed", "lost", "dropped", "stretched"):
        assert [hall.stat(leg, name) for leg in range(2)] == [0, 0], name


def test_the_talkers_that_gain_most_are_given_way_to():
    """Four at 1 ms, one at 12: the tick is behind the four."""
    found = delays_ms(Hall([0.001] * 4 + [0.012]).run(pulses(14, floor=0)), 0.001, after_s=10)
    assert max(found) <= 10.2


def test_who_is_late_has_the_tick_wait():
    """Two at either side of the tick: the sum of both delays is least behind the later one."""
    hall = Hall([0.0105, 0.0125])
    assert max(delays_ms(hall.run(pulses(16, floor=0)), 0.0105, after_s=10)) <= 12.2


@pytest.mark.parametrize("ppm", [200, -200])
def test_a_clock_that_runs_fast_or_slow_is_followed_to_the_bit(ppm):
    hall = Hall([0.004, 0.004], ppm=ppm)
    codes = pulses(60)
    heard = np.concatenate([codes for _, codes in hall.run(codes)])
    for name in ("concealed", "lost", "dropped", "stretched", "late"):
        assert hall.stat(0, name) == 0, name
    sent = np.where(codes == 0x7F, 0xFF, codes)
    begin = 160 * next(i for i in range(5) if heard[160 * i] == sent[0] and heard[160 * i + 1] == sent[1])
    assert np.array_equal(heard[begin:], sent[: len(heard) - begin])


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_jitter_of_40_ms_costs_no_more_than_10_ms_beyond_the_least_delay(seed):
    source = random.Random(seed)
    start_s = source.uniform(0, 0.02)
    late = {(leg, number): source.uniform(0, 0.04) for leg in range(2) for number in range(2500)}
    hall = Hall([start_s] * 2, jitter=lambda leg, number: late[leg, number])
    found = delays_ms(hall.run(pulses(40, floor=0)), start_s, after_s=15)
    assert np.median(found) <= 39.8 + 10
    assert hall.stat(0, "concealed") <= 0.01 * 2 * 2000


def test_both_kernels_move_alike():
    memories = []
    for kernels in ("parley_native", "parley.media.kernels_slow"):
        hall = Hall([0.003, 0.017, 0.009], kernels, jitter=lambda leg, number: number * 7 % 13 / 2000)
        hall.run(pulses(8, floor=0))
        memories.append(bytes(hall.memory))
    assert memories[0] == memories[1]
