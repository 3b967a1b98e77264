"""Keys pressed in a call, as RTP telephone events in place of speech (RFC 4733)."""

import struct
from collections import deque

from parley.wire.dtmf import END_REPEATS, make_event

FRAME_TICKS = 160  # 20 ms at 8 kHz
TONE_FRAMES = 6  # 120 ms a key: RFC 4733 asks for 40 at least, phones send 100 to 250
GAP_FRAMES = 5
_MARKER = 0x80


class Dialler:
    """The keys that wait, one packet of 20 ms at a time."""

    def __init__(self) -> None:
        self._keys: deque[str] = deque()
        self._frame = 0
        self._begun = 0

    def press(self, keys: str) -> None:
        """Let these keys be sent, one after the other."""
        self._keys.extend(keys)

    def replace(self, packet: bytes, payload_type: int) -> bytes:
        """Return what this frame sends instead of a packet of speech; the packet itself between keys.

        The press keeps the timestamp of its first packet, which has the marker; its end is sent three times (RFC 4733
        2.5.1.2 to 2.5.1.4), each with a sequence number of its own.
        """
        if not self._keys:
            return packet
        self._frame += 1
        frame = self._frame
        if frame >= TONE_FRAMES + END_REPEATS + GAP_FRAMES:
            self._keys.popleft()
            self._frame = 0
            return packet
        if frame >= TONE_FRAMES + END_REPEATS:
            return packet
        key = self._keys[0]
        first, _, sequence, timestamp, ssrc = struct.unpack_from(">BBHII", packet, 0)
        if frame == 1:
            self._begun = timestamp
        ended = frame >= TONE_FRAMES
        second = payload_type | (_MARKER if frame == 1 else 0)
        header = struct.pack(">BBHII", first & 0xC0, second, sequence, self._begun, ssrc)
        return header + make_event(key, ended, min(frame, TONE_FRAMES) * FRAME_TICKS)
