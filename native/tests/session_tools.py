"""What the sessions share, on CPython and MicroPython alike: chance, a sender with misfortunes, modules by name."""

import struct

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
        self.payload_type = 0
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
        elif kind in (3, 4):
            self.sequence += 1
            return bytearray(struct.pack(">BBHII", 0x80, 13, self.sequence & 0xFFFF, 0, 0)) + random.octets(
                kind - 3
            )
        header = struct.pack(
            ">BBHII",
            0x80,
            self.payload_type,
            self.sequence & 0xFFFF,
            self.timestamp & 0xFFFFFFFF,
            self.ssrc & 0xFFFFFFFF,
        )
        self.sequence += 1
        self.timestamp += 80 * self.slots
        return self.garbled(bytearray(header + self.codes(80 * self.slots)))

    def codes(self, count):
        """Returns what is said: anything here."""
        return self.random.octets(count)

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


def load(name):
    module = __import__(name)
    for part in name.split(".")[1:]:
        module = getattr(module, part)
    return module
