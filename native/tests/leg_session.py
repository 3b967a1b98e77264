"""Puts two implementations of the leg through one random session: leg_session.py MODULE MODULE SEED STEPS.

A program of its own because it runs on CPython and on MicroPython alike. After every call results, buffers
and the whole state must be equal, octet for octet; the network loses, repeats, delays and garbles.
"""

import struct
import sys

RATES = 16  # one in so many, for each kind of misfortune


class Random:
    """A linear congruential generator: the same numbers everywhere."""

    def __init__(self, seed):
        self.state = seed

    def below(self, limit):
        self.state = (self.state * 1103515245 + 12345) & 0x7FFFFFFF
        return (self.state >> 8) % limit

    def octets(self, count):
        return bytes([self.below(256) for _ in range(count)])


class Sender:
    """Makes packets of a stream that now and then misbehaves."""

    def __init__(self, random):
        self.random = random
        self.restart()
        self.slots = 2
        self.delayed = []

    def restart(self):
        self.ssrc, self.sequence, self.timestamp = [
            struct.unpack("<I", self.random.octets(4))[0] for _ in range(3)
        ]

    def packet(self):
        random = self.random
        kind = random.below(8 * RATES)
        if kind == 0:
            self.restart()
        elif kind == 1:
            self.timestamp += random.below(1 << 16) - (1 << 15)
        elif kind == 2:
            self.slots = 1 + random.below(8)
        header = struct.pack(
            ">BBHII", 0x80, 0, self.sequence & 0xFFFF, self.timestamp & 0xFFFFFFFF, self.ssrc & 0xFFFFFFFF
        )
        self.sequence += 1
        self.timestamp += 80 * self.slots
        return self.garbled(bytearray(header + random.octets(80 * self.slots)))

    def garbled(self, packet):
        kind = self.random.below(4 * RATES)
        if kind == 0:
            return packet[: self.random.below(len(packet) + 1)]
        if kind == 1:
            packet[self.random.below(12)] = self.random.below(256)
        elif kind == 2:
            packet[1] = 101
        return packet

    def arrivals(self):
        """Returns the packets of one arrival: none, one, one twice, or some that were held up."""
        packet = self.packet()
        fate = self.random.below(RATES)
        if fate == 0:
            return []
        if fate == 1:
            return [packet, packet]
        if fate < 4:
            self.delayed.append(packet)
            return []
        if fate == 4:
            held, self.delayed = self.delayed, []
            return [packet] + held  # noqa: RUF005 (MicroPython)
        return [packet]


class Pair:
    """Two legs that must not differ."""

    def __init__(self, first, second, law, seed):
        self.sides = [(first, bytearray(first.leg_size())), (second, bytearray(second.leg_size()))]
        self.each(lambda kernels, leg: kernels.leg_init(leg, law, 0, 101, 2, seed))

    def each(self, call):
        found = [call(kernels, leg) for kernels, leg in self.sides]
        assert found[0] == found[1], found
        assert self.sides[0][1] == self.sides[1][1], "state"
        return found[0]


def filled(call, size):
    """Returns (result, buffer) of a call that fills a buffer."""
    buffer = bytearray(size)
    return call(buffer), buffer


def tick(pair, random):
    """One playout, one packet out of what was played."""
    _, pcm = pair.each(lambda kernels, leg: filled(lambda out: kernels.leg_playout(leg, out), 320))
    heard = pcm if random.below(RATES) else None
    pair.each(lambda kernels, leg: filled(lambda out: kernels.leg_packetise(leg, heard, out), 172))


def session(first, second, seed, steps):
    random = Random(seed)
    pair = Pair(first, second, 8 * (seed & 1), random.octets(12))
    sender = Sender(random)
    for _ in range(steps):
        for packet in sender.arrivals():
            pair.each(lambda kernels, leg, packet=packet: kernels.leg_receive(leg, packet, len(packet)))
        for _ in range((sender.slots + random.below(2)) // 2):
            tick(pair, random)
    return [pair.each(lambda kernels, leg, stat=stat: kernels.leg_stat(leg, stat)) for stat in range(16)]


def load(name):
    module = __import__(name)
    for part in name.split(".")[1:]:
        module = getattr(module, part)
    return module


print(session(load(sys.argv[1]), load(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])))
