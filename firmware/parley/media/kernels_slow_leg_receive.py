"""From a datagram into the jitter buffer, in plain Python. Part of kernels_slow.

As native/src/leg_receive.c, octet for octet; what it means stands in native/include/parley_leg.h.
"""

import struct

from parley.media.kernels_slow_leg_state import (
    AT_MAX,
    BAD,
    CEILING,
    CODES,
    DROPPED,
    DUPLICATE,
    EVENT,
    EVENT_TYPE,
    FAR_AWAY,
    FILLED,
    FILLING,
    HALF_TICK,
    HELD_SLOTS,
    LATE,
    LOST,
    MOVE,
    NOISE,
    NOISE_PACKETS,
    OFFSET,
    PACKET_SLOTS,
    PAYLOAD_TYPE,
    PLAY_INDEX,
    PLAY_TIMESTAMP,
    RECEIVED,
    RESYNC,
    ROOM,
    SEQUENCE_IN,
    SPAN,
    SPAN_MAX,
    SSRC_IN,
    STRAY,
    STRAY_KNOWN,
    STRAY_SEQUENCE,
    STRAY_SSRC,
    SYNCED,
    WAITED,
    WRONG_TYPE,
    advance,
    attend,
    forget,
    load,
    note_slack,
    prefill_slots,
    save,
    shift,
    slack,
    tally,
)
from parley.media.kernels_slow_stateless import count_items, need, read_header

_COMFORT_NOISE = 13  # payload type, RFC 3551 table 4
_CLOCK_SET = 4000  # samples: half a second off what is known of the network


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
        or (at + slots > SPAN_MAX and not dry)
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
    words[ROOM] = SPAN_MAX
    words[WAITED] = words[STRAY_KNOWN] = 0
    forget(words)
    return True


def _anchor(words, timestamp, at):
    """While filling, moves the play point to an earlier packet or over a pause; returns its position then."""
    if words[SPAN] == 0 and at > 0:
        words[PLAY_TIMESTAMP] = timestamp
        words[ROOM] = min(SPAN_MAX, words[ROOM] + at)
        shift(words, -80 * at)
        return 0
    if at < 0 and -at <= words[ROOM] and words[SPAN] - at <= SPAN_MAX:
        words[PLAY_INDEX] = (words[PLAY_INDEX] + at) % 32
        words[PLAY_TIMESTAMP] = (words[PLAY_TIMESTAMP] + 80 * at) & 0xFFFFFFFF
        words[SPAN] -= at
        words[ROOM] += at
        shift(words, -80 * at)
        return 0
    return at


def _close_gap(words, at):
    """What was held for packets that were lost and not late: time goes on over it; returns the position then."""
    gap = min(at - words[SPAN], words[HELD_SLOTS])
    if gap > 0:
        words[PLAY_TIMESTAMP] = (words[PLAY_TIMESTAMP] + 80 * gap) & 0xFFFFFFFF
        shift(words, -80 * gap)
        tally(words, LOST, gap)
        at -= gap
    return at


def _note(words, at, arrival):
    """Notes a packet's slack. A sender that set its clock says nothing of the network."""
    if words[OFFSET] or (words[MOVE] and at % 2):
        return
    known, found = slack(words), 80 * at + arrival
    if known != FAR_AWAY and not known - _CLOCK_SET <= found <= known + _CLOCK_SET:
        forget(words)
    note_slack(words, at, arrival)


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
    """Drops the oldest when more is queued than may ever be."""
    if words[SPAN] > min(CEILING, SPAN_MAX - words[PACKET_SLOTS]):
        dropped = words[SPAN] - prefill_slots(words)
        shift(words, words[OFFSET] - 80 * dropped)
        words[OFFSET] = words[MOVE] = 0
        tally(words, DROPPED, advance(leg, words, dropped))
        attend(words)


def _take(leg, words, packet, start, slots, arrival):
    """Places a packet's payload; returns (result, statistic it counts in)."""
    _, _, sequence, timestamp, ssrc = struct.unpack_from(">BBHII", packet, 0)
    at = max(-AT_MAX, min(AT_MAX, (_signed(timestamp - words[PLAY_TIMESTAMP], 32) + 40) // 80))
    if _stranger(words, ssrc, sequence, at, slots):
        if not _believe(leg, words, ssrc, sequence, timestamp):
            return -5, STRAY
        at = 0
    at = _anchor(words, timestamp, at) if words[FILLING] else _close_gap(words, at)
    if at >= words[SPAN]:
        words[HELD_SLOTS] = 0
    _note(words, at, arrival)
    if at + slots <= 0:
        return -3, LATE
    if _place(leg, words, memoryview(packet)[start : start + 80 * slots], at, slots) == 0:
        return -4, DUPLICATE
    words[PACKET_SLOTS] = slots
    words[NOISE] = 0
    attend(words)
    if _signed(sequence - words[SEQUENCE_IN], 16) > 0:
        words[SEQUENCE_IN] = sequence
    _trim(leg, words)
    return 0, RECEIVED


def _sort(leg, words, packet, length, arrival):
    """Says what a datagram is and takes it; returns (result, statistic it counts in)."""
    start, end = read_header(packet, length)
    if start < 0:
        return -1, BAD
    payload_type = packet[1] & 0x7F
    if payload_type == words[EVENT_TYPE]:
        return 0, EVENT
    if payload_type != words[PAYLOAD_TYPE]:
        if payload_type != _COMFORT_NOISE:
            return -2, WRONG_TYPE
        if end == start:
            return -1, BAD
        words[NOISE] = 127 - (packet[start] & 127)  # RFC 3389 3
        attend(words)
        return 0, NOISE_PACKETS
    if end == start or (end - start) % 80 or end - start > 640:
        return -1, BAD
    return _take(leg, words, packet, start, (end - start) // 80, arrival)


def leg_receive(leg, packet, length, arrival=HALF_TICK):
    """Takes a datagram; returns 0, or below 0 the reason it was refused."""
    need(0 <= length <= count_items(packet, 1), "length")
    words = load(leg)
    result, stat = _sort(leg, words, packet, length, arrival)
    tally(words, stat)
    save(leg, words)
    return result
