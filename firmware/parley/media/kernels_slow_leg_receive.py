"""From a datagram into the jitter buffer, in plain Python. Part of kernels_slow.

As native/src/leg_receive.c, octet for octet; what it means stands in native/include/parley_leg.h.
"""

import struct

from parley.media.kernels_slow_leg_state import (
    BAD,
    CODES,
    DROPPED,
    DUPLICATE,
    EVENT,
    EVENT_TYPE,
    FILLED,
    FILLING,
    LATE,
    PACKET_SLOTS,
    PAYLOAD_TYPE,
    PLAY_INDEX,
    PLAY_TIMESTAMP,
    RECEIVED,
    RESYNC,
    ROOM,
    SEQUENCE_IN,
    SPAN,
    SSRC_IN,
    STRAY,
    STRAY_KNOWN,
    STRAY_SEQUENCE,
    STRAY_SSRC,
    SYNCED,
    WAITED_TICKS,
    WRONG_TYPE,
    advance,
    load,
    prefill_slots,
    save,
    tally,
)
from parley.media.kernels_slow_stateless import count_items, need, read_header


def _signed(value, bits):
    """Two's complement of the low `bits` of a value."""
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


def _stranger(words, ssrc, sequence, at, slots):
    dry = words[FILLING] and words[SPAN] == 0
    late = -100 <= _signed(sequence - words[SEQUENCE_IN], 16) < 0  # RFC 3550 A.1 MAX_MISORDER
    return (
        not words[SYNCED]
        or ssrc != words[SSRC_IN]
        or (at < -32 and not late)
        or (at + slots > 32 and not dry)
    )


def _believe(leg, words, ssrc, sequence, timestamp):
    """RFC 3550 A.1: believes a stranger's second packet in sequence; the first if nothing is queued."""
    second = words[STRAY_KNOWN] and words[STRAY_SSRC] == ssrc and words[STRAY_SEQUENCE] == sequence
    if words[SPAN] and not second:
        words[STRAY_KNOWN], words[STRAY_SSRC], words[STRAY_SEQUENCE] = 1, ssrc, (sequence + 1) & 0xFFFF
        return False
    tally(words, RESYNC, words[SYNCED])
    tally(words, DROPPED, advance(leg, words, words[SPAN]))
    words[SYNCED] = words[FILLING] = 1
    words[SSRC_IN], words[SEQUENCE_IN], words[PLAY_TIMESTAMP] = ssrc, sequence, timestamp
    words[ROOM] = 32
    words[WAITED_TICKS] = words[STRAY_KNOWN] = 0
    return True


def _anchor(words, timestamp, at):
    """While filling, moves the play point to an earlier packet or over a pause; returns its position then."""
    if words[FILLING] and words[SPAN] == 0 and at > 0:
        words[PLAY_TIMESTAMP] = timestamp
        words[ROOM] = min(32, words[ROOM] + at)
        return 0
    if words[FILLING] and at < 0 and -at <= words[ROOM] and words[SPAN] - at <= 32:
        words[PLAY_INDEX] = (words[PLAY_INDEX] + at) % 32
        words[PLAY_TIMESTAMP] = (words[PLAY_TIMESTAMP] + 80 * at) & 0xFFFFFFFF
        words[SPAN] -= at
        words[ROOM] += at
        return 0
    return at


def _place(leg, words, codes, at, slots):
    """Copies what is neither past nor held; returns the number of slots copied."""
    stored = 0
    for i in range(max(0, -at), slots):
        index = (words[PLAY_INDEX] + at + i) % 32
        if at + i < 32 and not leg[FILLED + index]:
            memoryview(leg)[CODES + 80 * index : CODES + 80 * index + 80] = codes[80 * i : 80 * i + 80]
            leg[FILLED + index] = 1
            stored += 1
    words[SPAN] = max(words[SPAN], at + slots)
    return stored


def _trim(leg, words):
    prefill = prefill_slots(words)
    if words[SPAN] > min(prefill + 16, 32 - words[PACKET_SLOTS]):
        tally(words, DROPPED, advance(leg, words, words[SPAN] - prefill))


def _take(leg, words, packet, start, slots):
    """Places a packet's payload; returns (result, statistic it counts in)."""
    _, _, sequence, timestamp, ssrc = struct.unpack_from(">BBHII", packet, 0)
    at = (_signed(timestamp - words[PLAY_TIMESTAMP], 32) + 40) // 80
    if _stranger(words, ssrc, sequence, at, slots):
        if not _believe(leg, words, ssrc, sequence, timestamp):
            return -5, STRAY
        at = 0
    at = _anchor(words, timestamp, at)
    if at + slots <= 0:
        return -3, LATE
    if _place(leg, words, memoryview(packet)[start : start + 80 * slots], at, slots) == 0:
        return -4, DUPLICATE
    words[PACKET_SLOTS] = slots
    if _signed(sequence - words[SEQUENCE_IN], 16) > 0:
        words[SEQUENCE_IN] = sequence
    _trim(leg, words)
    return 0, RECEIVED


def _sort(leg, words, packet, length):
    """Says what a datagram is and takes it; returns (result, statistic it counts in)."""
    start, end = read_header(packet, length)
    if start < 0:
        return -1, BAD
    payload_type = packet[1] & 0x7F
    if payload_type == words[EVENT_TYPE]:
        return 0, EVENT
    if payload_type != words[PAYLOAD_TYPE]:
        return -2, WRONG_TYPE
    if end == start or (end - start) % 80 or end - start > 640:
        return -1, BAD
    return _take(leg, words, packet, start, (end - start) // 80)


def leg_receive(leg, packet, length):
    """Takes a datagram; returns 0, or below 0 the reason it was refused."""
    need(0 <= length <= count_items(packet, 1), "length")
    words = load(leg)
    result, stat = _sort(leg, words, packet, length)
    tally(words, stat)
    save(leg, words)
    return result
