"""What a stranger may send to a board's media ports during a call, and a participant who misbehaves: plain UDP."""

from __future__ import annotations

import asyncio
import random
import socket
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from hil_tests import g711
from hil_tests.rtp_stream import FRAME, RtpEnd
from hil_tests.wav import RATE_HZ

TONE_HZ, AMPLITUDE = 1700, 25000
SENDER_REPORT, RECEIVER_REPORT, BYE = 200, 201, 203  # RFC 3550 12.1
SPELL_FRAMES = 50
FLOOD = 50  # times the rate of a call
AT_ONCE = 10  # packets, then whoever talks on time has his turn


def tone() -> bytes:
    """A frame of the tone that nobody may hear (17 turns a 10 ms: it joins its repetition)."""
    turn = 2 * np.pi * TONE_HZ / RATE_HZ * np.arange(FRAME)
    return g711.encode(np.round(AMPLITUDE * np.sin(turn)), g711.PCMU)


@dataclass
class Stranger:
    """A socket that no description names. victims: whose streams it fakes, in turn; sent: packets of each kind."""

    victims: list[RtpEnd]
    host: str = "127.0.0.1"
    sent: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((self.host, 0))
        self.socket.setblocking(False)
        self.victim = self.victims[0]
        self._source = random.Random(7)
        self._codes = tone()

    def rtp(self, ahead: int = 1) -> bytes:
        """A packet as the victim's after `ahead` frames would be, with our tone."""
        end = self.victim
        sequence, timestamp = end.sequence + ahead, end.timestamp + ahead * FRAME
        head = struct.pack("!BBHII", 0x80, 0, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, end.ssrc)
        return head + self._codes

    def bye(self) -> bytes:
        """The victim's goodbye (RFC 3550 6.6) behind an empty report."""
        return struct.pack("!BBHI", 0x80, RECEIVER_REPORT, 1, self.victim.ssrc) + struct.pack(
            "!BBHI", 0x81, BYE, 1, self.victim.ssrc
        )

    def kinds(self) -> dict[str, Callable[[], list[bytes]]]:
        """What is sent in a frame's time, by the attack's name."""
        noise = self._source
        return {
            "bleed": lambda: [struct.pack("!BBHII", 0x80, 0, noise.getrandbits(16), 0, 0) + self._codes],
            "inject": lambda: [self.rtp(0), self.rtp(1)],
            "bye": lambda: [self.bye()],
            "flood": lambda: [self.rtp(noise.randrange(8)) for _ in range(FLOOD)],
            "oversize": lambda: [self.rtp() + bytes(size) for size in (1100, 1472, 9000)],
            "truncated": lambda: [self.rtp()[: noise.randrange(12)] for _ in range(3)],
            "short report": lambda: [struct.pack("!BBH", 0x80, SENDER_REPORT, noise.getrandbits(16))],
            "report beyond its end": lambda: [
                struct.pack("!BBHI", 0x9F, SENDER_REPORT, 0x7FFF, self.victim.ssrc)
            ],
        }

    async def run(self, targets: list[tuple[str, int]]) -> None:
        """Each attack for a second, against all these addresses."""
        for name, packets in self.kinds().items():
            for frame in range(SPELL_FRAMES):
                self.victim = self.victims[frame % len(self.victims)]
                sent = await asyncio.gather(*(send(self.socket, packets(), target) for target in targets))
                self.sent[name] = self.sent.get(name, 0) + sum(sent)
                await asyncio.sleep(0.016)

    def received(self) -> list[bytes]:
        """Everything that came back."""
        return list(self._received())

    def _received(self) -> Iterator[bytes]:
        while True:
            try:
                yield self.socket.recv(2048)
            except BlockingIOError:
                return
            except ConnectionRefusedError:
                continue


async def send(through: socket.socket, packets: list[bytes], target: tuple[str, int]) -> int:
    """Sends all of them, a few at a time; returns how many."""
    for number, packet in enumerate(packets):
        if number % AT_ONCE == AT_ONCE - 1:
            await asyncio.sleep(0.001)
        try:
            through.sendto(packet, target)
        except OSError:  # a port that is shut; that is an answer too
            pass
    return len(packets)


async def misbehave(end: RtpEnd, seconds: float) -> int:
    """A participant floods with what it has sent, cut short, blown up, and doubled; returns the packets sent."""
    assert end.peer is not None
    source, sent = random.Random(8), 0
    head = struct.pack("!BBHII", 0x80, 0, 0, 0, end.ssrc)
    for _ in range(int(seconds / 0.02)):
        now = struct.pack("!BBHII", 0x80, 0, end.sequence & 0xFFFF, end.timestamp & 0xFFFFFFFF, end.ssrc)
        packets = [now + end.loop_codes[:FRAME]] * (FLOOD - 4)
        packets += [
            head[: source.randrange(12)],
            now + bytes(1300),
            now[:4],
            struct.pack("!BBH", 0x80, SENDER_REPORT, 99),
        ]
        sent += await send(end.socket, packets, end.peer)
        await asyncio.sleep(0.014)
    return sent
