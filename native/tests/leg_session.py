"""Puts two implementations of the leg through one random session: leg_session.py MODULE MODULE SEED STEPS.

A program of its own because it runs on CPython and on MicroPython alike. After every call results, buffers
and the whole state must be equal, octet for octet; the network loses, repeats, delays and garbles.
"""

import sys

from session_tools import RATES, Random, Sender, load


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
    return [pair.each(lambda kernels, leg, stat=stat: kernels.leg_stat(leg, stat)) for stat in range(19)]


print(session(load(sys.argv[1]), load(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])))
