"""Telephone events (RFC 4733): the payload of four octets, both ways, and digits out of repeated packets."""

import struct

from parley.wire.errors import SILENT, LocalError, RemoteError

DIGITS = "0123456789*#ABCD"  # events 0..15 (RFC 4733 3.2)
EVENT_BYTES = 4
END_REPEATS = 3  # RFC 4733 2.5.1.4: the end is sent three times
USUAL_VOLUME = 10  # -dBm0
LONGEST_TICKS = 0xFFFF
LATE_TICKS = 32000  # four seconds; who sends recorded keys goes back further between two of them
_END = 0x80
_VOLUME = 0x3F


class TelephoneEvent:
    """event 0..255, end: this packet ends it, volume in -dBm0 (0..63), duration in RTP clock ticks."""

    def __init__(self, event: int, end: bool, volume: int, duration: int) -> None:
        self.event = event
        self.end = end
        self.volume = volume
        self.duration = duration

    @property
    def digit(self) -> "str | None":
        """The key, None when the event is none."""
        return DIGITS[self.event] if self.event < len(DIGITS) else None


def parse_event(payload: "bytes | bytearray | memoryview") -> TelephoneEvent:
    """Read the first event of a payload (RFC 4733 2.3). RemoteError(0) when it is too short."""
    if len(payload) < EVENT_BYTES:
        raise RemoteError(SILENT, "Telephone event too short")
    event, second, duration = struct.unpack_from(">BBH", payload, 0)
    return TelephoneEvent(event, second & _END != 0, second & _VOLUME, duration)


def make_event(digit: str, end: bool, duration: int, volume: int = USUAL_VOLUME) -> bytes:
    """Return a payload. digit: one of 0-9*#A-D; duration: ticks since the key went down. LocalError otherwise."""
    if len(digit) != 1 or digit.upper() not in DIGITS:
        raise LocalError("no telephone event: " + digit)
    second = (_END if end else 0) | (volume & _VOLUME)
    return struct.pack(">BBH", DIGITS.index(digit.upper()), second, min(duration, LONGEST_TICKS))


class DigitCollector:
    """Turns the events of one stream into keys pressed, each once.

    All packets of one press have its timestamp (RFC 4733 2.5.1.2), so that alone tells a new press: of the first
    packet seen, whichever it is, since any of the others may be lost.
    """

    def __init__(self) -> None:
        self._ssrc: "int | None" = None
        self._timestamp: "int | None" = None

    def take(self, ssrc: int, timestamp: int, event: int) -> "str | None":
        """Return the key when this event packet is the first of a press, else None."""
        known = self._timestamp if ssrc == self._ssrc else None
        if known is not None and (known - timestamp) & 0xFFFFFFFF < LATE_TICKS:
            return None  # the same press, or one that came too late
        self._ssrc, self._timestamp = ssrc, timestamp
        return DIGITS[event] if event < len(DIGITS) else None
