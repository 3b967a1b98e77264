"""Puts two implementations of the bridge through one random session: bridge_session.py MODULE MODULE SEED STEPS.

A program of its own because it runs on CPython and on MicroPython alike. After every call results and the whole
memory must be equal, octet for octet: participants come and go, change, misbehave, and strangers knock.
"""

import struct
import sys

from session_tools import Random, Sender, load

LEGS, CONFERENCES = 9, 3
OURS = 7  # one packet in so many comes from nobody we know


class Talker(Sender):
    """A participant: packets of noise, of a quiet voice, or of silence."""

    def __init__(self, random, law):
        self.payload_type = law
        Sender.__init__(self, random)
        self.payload_type = law

    def codes(self, count):
        kind = self.random.below(4)
        if kind == 0:
            return bytes([0x7F | self.random.below(2) << 7]) * count
        quiet = 0x60 if kind == 1 else 0
        return bytes([code | quiet for code in self.random.octets(count)])


class Pair:
    """Two bridges that must not differ. said: what calls returned, for the summary."""

    def __init__(self, first, second, loudest):
        size = first.bridge_size(LEGS, CONFERENCES)
        assert size == second.bridge_size(LEGS, CONFERENCES)
        self.sides = [(first, bytearray(size)), (second, bytearray(size))]
        self.said = {}
        self.call("init", LEGS, CONFERENCES, loudest)

    def call(self, name, *arguments):
        """Arguments that are numbers of octets in a tuple of one, (504,), stand for fresh buffers to be filled."""
        found, filled = [], []
        for kernels, memory in self.sides:
            given = [bytearray(one[0]) if isinstance(one, tuple) else one for one in arguments]
            filled.append([one for one in given if isinstance(one, bytearray)])
            try:
                found.append(getattr(kernels, "bridge_" + name)(memory, *given))
            except ValueError as fault:
                found.append(str(fault))
        assert found[0] == found[1], (name, arguments, found)
        assert filled[0] == filled[1], name + ": buffers"
        assert self.sides[0][1] == self.sides[1][1], name + ": memory"
        key = (
            name + " " + (found[0] if isinstance(found[0], str) else "ok" if found[0] >= 0 else str(found[0]))
        )
        self.said[key] = self.said.get(key, 0) + 1
        return found[0]


class Session:
    """Everybody on the board and what they do."""

    def __init__(self, pair, random):
        self.pair = pair
        self.random = random
        self.talkers = {}
        self.clock_ms = 0

    def address(self):
        """A few addresses only, so that they meet."""
        kind = self.random.below(8)
        if kind == 0:
            return bytes(6)
        return struct.pack(
            ">IH", 0x7F000001 + self.random.below(5), 4000 * (self.random.below(8) > 0) + self.random.below(4)
        )

    def terms(self):
        law = 8 * self.random.below(2)
        return law, law if self.random.below(16) else 200, 101

    def join(self):
        random = self.random
        leg, conference, depth = random.below(LEGS + 1), random.below(CONFERENCES + 1), 1 + random.below(9)
        law, payload_type, events = self.terms()
        address, flags = self.address(), 3 if random.below(4) else random.below(5)
        done = self.pair.call(
            "add_leg", leg, conference, law, payload_type, events, depth, flags, random.octets(12), address
        )
        if done == 0:
            self.talkers[leg] = (Talker(random, law), address)

    def leave(self):
        leg = self.random.below(LEGS + 1)
        if self.pair.call("remove_leg", leg) == 0:
            del self.talkers[leg]

    def change(self):
        leg, address = self.random.below(LEGS + 1), self.address()
        law, payload_type, events = self.terms()
        if self.pair.call("change", leg, law, payload_type, events, self.random.below(5), address) == 0:
            self.talkers[leg][0].payload_type = law
            self.talkers[leg] = (self.talkers[leg][0], address)

    def talk(self):
        for leg in sorted(self.talkers):
            talker, address = self.talkers[leg]
            for packet in talker.arrivals():
                if self.random.below(OURS) == 0:
                    address = self.random.octets(6)
                if self.random.below(6) == 0:
                    packet = self.special(packet)
                if self.random.below(3):
                    self.pair.call("receive", packet, len(packet), address)
                else:
                    self.pair.call("receive_leg", leg, packet, len(packet))

    def special(self, packet):
        """RTCP, or a telephone event in the place of a packet."""
        kind = self.random.below(8)
        if kind > 3:
            return self.extended(packet)
        if kind == 0:
            return b"\x80" + bytes([190 + self.random.below(36)]) + self.random.octets(self.random.below(600))
        if kind == 1:
            return b"\x80\xc8"[: self.random.below(3)]
        event = bytes([self.random.below(20), 0x8A, 0, 0xA0])[: 1 + self.random.below(5)]
        return packet[:1] + bytes([101]) + packet[2:12] + event

    def extended(self, packet):
        """With a header extension: a level under an ID that a leg may listen to, or something like it."""
        random = self.random
        number, profile = (3, 100, 200)[random.below(3)], (0xBEDE, 0x1000, 0x1234)[random.below(3)]
        element = (
            bytes([number << 4 & 0xFF]) if profile == 0xBEDE else bytes([number, 1 + (random.below(8) == 0)])
        )
        octets = bytes(random.below(3)) + element + random.octets(1)
        octets += bytes(-len(octets) % 4)
        head = struct.pack(">HH", profile, len(octets) // 4 + (random.below(8) == 0))
        return bytes([0x90]) + packet[1:12] + head + octets + packet[12:]

    def attend(self):
        """What a caller does with legs that are watched."""
        leg = self.random.below(LEGS + 1)
        self.pair.call("clock", self.clock_ms)
        self.clock_ms += self.random.below(60)
        kind = self.random.below(10)
        if kind == 8:
            self.pair.call("gain", leg, self.random.below(4110) - 5 if self.random.below(3) else -1)
        elif kind == 9:
            hears = self.random.below(17) if self.random.below(3) else 0x3FFFFFFF
            self.pair.call("channels", leg, self.random.below(17), hears)
        elif kind == 0:
            self.pair.call("watch", leg, self.random.below(3))
        elif kind == 1:
            self.pair.call("take_report", (4,), (504,))
            self.pair.call("take_event", (4,))
        elif kind == 2:
            self.pair.call("figures", leg, (48,))
            self.pair.call("packet_octets", self.random.below(LEGS + 1))
        elif kind == 3:
            self.pair.call("open_report", leg, bytes(range(40)), self.random.below(41), (40,))
            self.pair.call("protect_report", leg, (40,), self.random.below(41))
            self.pair.call("secure", leg, 0, bytes(30), bytes(30), bytes(4))
        elif kind == 5:
            self.pair.call("ptime", leg, 10 * self.random.below(8))  # there are no places
        elif kind == 4:
            self.pair.call("tell", leg, self.random.below(13), self.random.below(4))

    def name(self):
        """Who is told names and levels, says its own, and takes comfort noise."""
        leg, ids = self.random.below(LEGS + 1), [self.random.below(3) * 100 or 3 for _ in range(2)]
        self.pair.call("names", leg, self.random.below(17), ids[0] * self.random.below(2), ids[1])
        self.pair.call("noise", self.random.below(LEGS + 1), self.random.below(130) - 1)

    def tick(self):
        if self.random.below(2):
            self.pair.call("before", self.random.below(330) - 5)
        phases = 1 + self.random.below(3)
        for phase in range(phases):
            self.pair.call("begin", phase, phases)
            while self.pair.call("mix", 1 + self.random.below(LEGS + 2)):
                if self.random.below(32) == 0:
                    self.pair.call("refused", self.random.below(LEGS + 1))
                    self.pair.call("packet_leg", self.random.below(LEGS + 1))
                if self.random.below(64) == 0:
                    break  # given up
        self.pair.call("mix", 1)

    def step(self):
        kind = self.random.below(24)
        if kind < 2:
            self.join()
        elif kind == 2:
            self.leave()
        elif kind == 3:
            self.change()
        elif kind == 4:
            self.pair.call("skip", self.random.below(50) - 5)
        if self.random.below(4) == 0:
            self.name()
        self.attend()
        self.talk()
        self.tick()


def session(first, second, seed, steps):
    random = Random(seed)
    pair = Pair(first, second, seed % 4)
    run = Session(pair, random)
    for _ in range(6):
        run.join()
    for _ in range(steps):
        run.step()
    figures = [pair.call("stat", index) for index in range(16)]
    for leg in range(LEGS):
        figures.append([pair.call("leg_stat", leg, index) for index in range(26)])
    return figures, sorted(pair.said.items())


print(session(load(sys.argv[1]), load(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])))
