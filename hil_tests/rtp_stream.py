"""RTP for the test participants: packets out on time, and what came in put back together (RFC 3550)."""

import socket
import struct
import time
from dataclasses import dataclass, field

import numpy as np

from hil_tests import g711

FRAME = 160  # samples in 20 ms at 8 kHz
SO_TIMESTAMPNS = 35  # Linux: the kernel's arrival time comes with each datagram
DEADLINE_MS = 60.0  # a packet later than this after its due time is useless to a phone's small jitter buffer


@dataclass(slots=True)
class Arrived:
    """One received packet: arrival in kernel time (s), sequence number, timestamp, payload type, payload."""

    at_s: float
    sequence: int
    timestamp: int
    payload_type: int
    payload: bytes


@dataclass
class StreamReport:
    """Counts over one received stream; late is relative to the stream's own steady clock."""

    packets: int = 0
    lost: int = 0
    duplicate: int = 0
    late: int = 0
    ssrcs: int = 0
    worst_gap_ms: float = 0.0
    jitter_ms: float = 0.0


@dataclass
class RtpEnd:
    """A participant's RTP socket: sends frames of a looped code buffer, keeps everything that arrives."""

    host: str
    port: int = 0
    sequence: int = 0
    timestamp: int = 0
    ssrc: int = 0
    peer: tuple[str, int] | None = None
    loop_codes: bytes = b""
    payload_type: int = 0
    sent: int = 0
    arrived: list[Arrived] = field(default_factory=list)
    ssrcs: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.socket.bind((self.host, self.port))
        self.socket.setblocking(False)
        self.port = self.socket.getsockname()[1]

    def skip_to(self, frame: int) -> None:
        """The next frame sent is this one, counted from 0: frames may overtake one another."""
        self.sequence, self.timestamp, self.sent = frame, frame * FRAME, frame

    def send_frame(self) -> None:
        """The next 20 ms of the loop."""
        if self.peer is None:
            return
        at = self.sent * FRAME % len(self.loop_codes)
        second = self.payload_type | (0x80 if self.sent == 0 else 0)  # marker: a talk spurt begins
        header = struct.pack(
            "!BBHII", 0x80, second, self.sequence & 0xFFFF, self.timestamp & 0xFFFFFFFF, self.ssrc
        )
        try:
            self.socket.sendto(header + self.loop_codes[at : at + FRAME], self.peer)
        except OSError:  # the other end has gone; its counts will tell
            pass
        self.sequence += 1
        self.timestamp += FRAME
        self.sent += 1

    def receive(self) -> None:
        """Take in all waiting datagrams."""
        while True:
            try:
                data, ancillary, _, _ = self.socket.recvmsg(2048, 64)
            except (BlockingIOError, ConnectionRefusedError):
                return
            at_s = time.time()
            for _, kind, value in ancillary:
                if kind == SO_TIMESTAMPNS:
                    seconds, nanoseconds = struct.unpack("qq", value[:16])
                    at_s = seconds + nanoseconds * 1e-9
            if len(data) >= 12 and data[0] >> 6 == 2:
                _, second, sequence, timestamp, ssrc = struct.unpack("!BBHII", data[:12])
                self.ssrcs.add(ssrc)
                self.arrived.append(Arrived(at_s, sequence, timestamp, second & 0x7F, data[12:]))

    def clear(self) -> None:
        """Forget what has arrived so far."""
        self.receive()
        self.arrived.clear()
        self.ssrcs.clear()

    def close(self) -> None:
        """Close the socket."""
        self.socket.close()


def unwrap(numbers: list[int], bits: int) -> np.ndarray:
    """Counter values that wrap around, as growing int64 numbers."""
    values = np.array(numbers, np.int64)
    steps = np.diff(values)
    half = 1 << (bits - 1)
    steps = (steps + half) % (1 << bits) - half
    return values[0] + np.concatenate([[0], np.cumsum(steps)])


def in_order(arrived: list[Arrived]) -> list[Arrived]:
    """The packets by sequence number, over its wrap; AssertionError when one is missing."""
    numbers = unwrap([packet.sequence for packet in arrived], 16)
    missing = int(numbers.max() - numbers.min() + 1 - len(set(numbers.tolist())))
    steps = [(index, int(step)) for index, step in enumerate(np.diff(numbers)) if step != 1]
    assert missing == 0, f"{missing} of {len(numbers)} packets from the board are missing: steps {steps[:5]}"
    return [arrived[index] for index in np.argsort(numbers, kind="stable")]


def report(arrived: list[Arrived], ssrcs: int = 1) -> StreamReport:
    """Loss, duplicates, lateness and jitter (RFC 3550 section 6.4.1) of a received stream."""
    if not arrived:
        return StreamReport()
    sequences = unwrap([packet.sequence for packet in arrived], 16)
    stamps = unwrap([packet.timestamp for packet in arrived], 32)
    at_ms = np.array([packet.at_s for packet in arrived]) * 1000
    distinct = len(set(sequences.tolist()))
    transit = at_ms - stamps / 8.0
    late = transit - np.median(transit)
    jitter = 0.0
    for step in np.abs(np.diff(transit)):
        jitter += (step - jitter) / 16
    return StreamReport(
        packets=len(arrived),
        lost=int(sequences.max() - sequences.min() + 1 - distinct),
        duplicate=len(arrived) - distinct,
        late=int((late > DEADLINE_MS).sum()),
        ssrcs=ssrcs,
        worst_gap_ms=round(float(np.diff(at_ms).max(initial=0.0)), 2),
        jitter_ms=round(float(jitter), 3),
    )


def samples(arrived: list[Arrived]) -> np.ndarray:
    """What was heard: int16 samples placed by RTP timestamp, silence where nothing came."""
    arrived = [packet for packet in arrived if packet.payload_type in (g711.PCMU, g711.PCMA)]
    if not arrived:
        return np.zeros(0, np.int16)
    stamps = unwrap([packet.timestamp for packet in arrived], 32)
    out = np.zeros(int(stamps.max() - stamps.min()) + FRAME, np.int16)
    for packet, stamp in zip(arrived, (stamps - stamps.min()).tolist(), strict=True):
        pcm = g711.decode(packet.payload, packet.payload_type)[: len(out) - stamp]
        out[stamp : stamp + len(pcm)] = pcm
    return out
