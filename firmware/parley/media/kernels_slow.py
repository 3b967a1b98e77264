"""The kernels in plain Python: same functions, same results, octet for octet, as the C of native/.

For a board whose firmware takes no native module, and as a second opinion in the tests. Here is the leg; what
keeps no state stands in kernels_slow_stateless. What each function means: native/include/parley_*.h; a leg's
memory is laid out as in native/src/leg_state.h.
"""

import struct

from parley.media.kernels_slow_stateless import (  # noqa: F401 (all kernels are had from here)
    count_items,
    g711_decode,
    g711_encode,
    level_dbov,
    mix_add,
    mix_clear,
    mix_minus,
    need,
    read_header,
    rtp_read,
    rtp_write,
)

# leg memory: index of each word
_MAGIC, _LAW, _PAYLOAD_TYPE, _EVENT_TYPE, _DEPTH_FRAMES = 0, 1, 2, 3, 4
_SSRC_OUT, _SEQUENCE_OUT, _TIMESTAMP_OUT, _MARKER_OUT = 5, 6, 7, 8
_SYNCED, _SSRC_IN, _SEQUENCE_IN, _PACKET_SLOTS, _PLAY_TIMESTAMP, _PLAY_INDEX = 9, 10, 11, 12, 13, 14
_SPAN, _ROOM, _FILLING, _WAITED_TICKS, _STRAY_KNOWN, _STRAY_SSRC, _STRAY_SEQUENCE = 15, 16, 17, 18, 19, 20, 21
_STAT = 22
_WORDS = "<3Ii34I"
_FILLED = 38 * 4  # one octet a slot
_CODES = _FILLED + 32  # 80 octets a slot
_LEG_BYTES = _CODES + 32 * 80
_LEG_MAGIC = 0x5041524C

# statistics, results (native/include/parley_leg.h)
_RECEIVED, _LOST, _LATE, _DUPLICATE, _PLAYED, _SILENT, _DEPTH, _BAD, _LEVEL_IN = 0, 1, 2, 3, 4, 5, 6, 7, 8
_WRONG_TYPE, _EVENT, _STRAY, _RESYNC, _UNDERRUN, _DROPPED, _SENT, _STAT_COUNT = 9, 10, 11, 12, 13, 14, 15, 16

# --- leg: state and way out (parley_leg.h) ---


def _load(leg):
    need(count_items(leg, 1) >= _LEG_BYTES, "buffer too short")
    words = list(struct.unpack_from(_WORDS, leg, 0))
    need(words[_MAGIC] == _LEG_MAGIC, "leg not initialised")
    return words


def _save(leg, words):
    struct.pack_into(_WORDS, leg, 0, *words)


def _tally(words, stat, by=1):
    words[_STAT + stat] = (words[_STAT + stat] + by) & 0x3FFFFFFF


def _prefill_slots(words):
    return max(2, 2 * words[_DEPTH_FRAMES] + words[_PACKET_SLOTS] - 2)


def _advance(leg, words, slots):
    """Moves the play point on, emptying what it passes; returns how many slots were held."""
    held = 0
    for ahead in range(slots):
        at = _FILLED + (words[_PLAY_INDEX] + ahead) % 32
        held += leg[at]
        leg[at] = 0
    words[_PLAY_INDEX] = (words[_PLAY_INDEX] + slots) % 32
    words[_PLAY_TIMESTAMP] = (words[_PLAY_TIMESTAMP] + 80 * slots) & 0xFFFFFFFF
    words[_SPAN] -= slots
    words[_ROOM] = 0
    return held


def leg_size():
    """Octets one leg's state needs."""
    return _LEG_BYTES


def leg_init(leg, law, payload_type, event_payload_type, depth_frames, seed):
    """Prepares `leg`; `seed` is 3 words: SSRC, sequence, timestamp to send first."""
    count_items(seed, 4, 3)
    need(count_items(leg, 1) >= _LEG_BYTES, "buffer too short")
    need(law in (0, 8) and 0 <= payload_type <= 127 and 1 <= depth_frames <= 8, "argument")
    need(-1 <= event_payload_type <= 127 and event_payload_type != payload_type, "argument")
    memoryview(leg)[:_LEG_BYTES] = bytes(_LEG_BYTES)
    words = [0] * (_STAT + _STAT_COUNT)
    words[: _DEPTH_FRAMES + 1] = [_LEG_MAGIC, law, payload_type, event_payload_type, depth_frames]
    words[_SSRC_OUT], sequence, words[_TIMESTAMP_OUT] = struct.unpack_from("<3I", seed, 0)
    words[_SEQUENCE_OUT] = sequence & 0xFFFF
    words[_MARKER_OUT] = words[_FILLING] = 1
    words[_PACKET_SLOTS] = 2
    words[_STAT + _LEVEL_IN] = 127
    _save(leg, words)


def leg_packetise(leg, pcm, packet):
    """Makes the tick's packet of `pcm` (160 samples); returns 172, or 0 for a tick not sent: pcm None."""
    count_items(packet, 1, 172)
    words = _load(leg)
    if pcm is not None:
        count_items(pcm, 2, 160)
        second = words[_MARKER_OUT] << 7 | words[_PAYLOAD_TYPE]
        struct.pack_into(
            ">BBHII", packet, 0, 0x80, second, words[_SEQUENCE_OUT], words[_TIMESTAMP_OUT], words[_SSRC_OUT]
        )
        frame = struct.pack("<160h", *struct.unpack_from("<160h", pcm, 0))
        g711_encode(words[_LAW], frame, memoryview(packet)[12:172])
        words[_SEQUENCE_OUT] = (words[_SEQUENCE_OUT] + 1) & 0xFFFF
        _tally(words, _SENT)
    words[_TIMESTAMP_OUT] = (words[_TIMESTAMP_OUT] + 160) & 0xFFFFFFFF  # RFC 3550 5.1
    words[_MARKER_OUT] = 1 if pcm is None else 0  # RFC 3551 4.1
    _save(leg, words)
    return 0 if pcm is None else 172


def leg_stat(leg, index):
    """Statistic `index` of a leg."""
    words = _load(leg)
    need(0 <= index < _STAT_COUNT, "argument")
    return words[_SPAN] * 10 if index == _DEPTH else words[_STAT + index]


# --- leg: into the jitter buffer ---


def _signed(value, bits):
    """Two's complement of the low `bits` of a value."""
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


def _stranger(words, ssrc, sequence, at, slots):
    dry = words[_FILLING] and words[_SPAN] == 0
    late = -100 <= _signed(sequence - words[_SEQUENCE_IN], 16) < 0  # RFC 3550 A.1 MAX_MISORDER
    return (
        not words[_SYNCED]
        or ssrc != words[_SSRC_IN]
        or (at < -32 and not late)
        or (at + slots > 32 and not dry)
    )


def _believe(leg, words, ssrc, sequence, timestamp):
    """RFC 3550 A.1: believes a stranger's second packet in sequence; the first if nothing is queued."""
    second = words[_STRAY_KNOWN] and words[_STRAY_SSRC] == ssrc and words[_STRAY_SEQUENCE] == sequence
    if words[_SPAN] and not second:
        words[_STRAY_KNOWN], words[_STRAY_SSRC], words[_STRAY_SEQUENCE] = 1, ssrc, (sequence + 1) & 0xFFFF
        return False
    _tally(words, _RESYNC, words[_SYNCED])
    _tally(words, _DROPPED, _advance(leg, words, words[_SPAN]))
    words[_SYNCED] = words[_FILLING] = 1
    words[_SSRC_IN], words[_SEQUENCE_IN], words[_PLAY_TIMESTAMP] = ssrc, sequence, timestamp
    words[_ROOM] = 32
    words[_WAITED_TICKS] = words[_STRAY_KNOWN] = 0
    return True


def _anchor(words, timestamp, at):
    """While filling, moves the play point to an earlier packet or over a pause; returns its position then."""
    if words[_FILLING] and words[_SPAN] == 0 and at > 0:
        words[_PLAY_TIMESTAMP] = timestamp
        words[_ROOM] = min(32, words[_ROOM] + at)
        return 0
    if words[_FILLING] and at < 0 and -at <= words[_ROOM] and words[_SPAN] - at <= 32:
        words[_PLAY_INDEX] = (words[_PLAY_INDEX] + at) % 32
        words[_PLAY_TIMESTAMP] = (words[_PLAY_TIMESTAMP] + 80 * at) & 0xFFFFFFFF
        words[_SPAN] -= at
        words[_ROOM] += at
        return 0
    return at


def _place(leg, words, codes, at, slots):
    """Copies what is neither past nor held; returns the number of slots copied."""
    stored = 0
    for i in range(max(0, -at), slots):
        index = (words[_PLAY_INDEX] + at + i) % 32
        if at + i < 32 and not leg[_FILLED + index]:
            memoryview(leg)[_CODES + 80 * index : _CODES + 80 * index + 80] = codes[80 * i : 80 * i + 80]
            leg[_FILLED + index] = 1
            stored += 1
    words[_SPAN] = max(words[_SPAN], at + slots)
    return stored


def _trim(leg, words):
    prefill = _prefill_slots(words)
    if words[_SPAN] > min(prefill + 16, 32 - words[_PACKET_SLOTS]):
        _tally(words, _DROPPED, _advance(leg, words, words[_SPAN] - prefill))


def _take(leg, words, packet, start, slots):
    """Places a packet's payload; returns (result, statistic it counts in)."""
    _, _, sequence, timestamp, ssrc = struct.unpack_from(">BBHII", packet, 0)
    at = (_signed(timestamp - words[_PLAY_TIMESTAMP], 32) + 40) // 80
    if _stranger(words, ssrc, sequence, at, slots):
        if not _believe(leg, words, ssrc, sequence, timestamp):
            return -5, _STRAY
        at = 0
    at = _anchor(words, timestamp, at)
    if at + slots <= 0:
        return -3, _LATE
    if _place(leg, words, memoryview(packet)[start : start + 80 * slots], at, slots) == 0:
        return -4, _DUPLICATE
    words[_PACKET_SLOTS] = slots
    if _signed(sequence - words[_SEQUENCE_IN], 16) > 0:
        words[_SEQUENCE_IN] = sequence
    _trim(leg, words)
    return 0, _RECEIVED


def _sort(leg, words, packet, length):
    """Says what a datagram is and takes it; returns (result, statistic it counts in)."""
    start, end = read_header(packet, length)
    if start < 0:
        return -1, _BAD
    payload_type = packet[1] & 0x7F
    if payload_type == words[_EVENT_TYPE]:
        return 0, _EVENT
    if payload_type != words[_PAYLOAD_TYPE]:
        return -2, _WRONG_TYPE
    if end == start or (end - start) % 80 or end - start > 640:
        return -1, _BAD
    return _take(leg, words, packet, start, (end - start) // 80)


def leg_receive(leg, packet, length):
    """Takes a datagram; returns 0, or below 0 the reason it was refused."""
    need(0 <= length <= count_items(packet, 1), "length")
    words = _load(leg)
    result, stat = _sort(leg, words, packet, length)
    _tally(words, stat)
    _save(leg, words)
    return result


# --- leg: out of the jitter buffer ---


def _due(words):
    if not words[_FILLING]:
        if words[_SPAN] >= 2:
            return True
        _tally(words, _UNDERRUN)
        words[_FILLING], words[_WAITED_TICKS] = 1, 0
        return False
    if words[_SPAN] == 0:
        return False
    if words[_SPAN] >= _prefill_slots(words) or words[_WAITED_TICKS] >= words[_DEPTH_FRAMES]:
        words[_FILLING] = 0
        return True
    words[_WAITED_TICKS] += 1
    return False


def leg_playout(leg, pcm):
    """Plays 20 ms into `pcm` (160 samples); returns 1 a frame, 0 silence."""
    count_items(pcm, 2, 160)
    words = _load(leg)
    codes = memoryview(leg)
    frame = bytearray(320)
    plays = _due(words)
    if plays:
        for i in range(2):
            index = (words[_PLAY_INDEX] + i) % 32
            if leg[_FILLED + index]:
                begin = _CODES + 80 * index
                g711_decode(words[_LAW], codes[begin : begin + 80], memoryview(frame)[160 * i :])
            elif i < words[_SPAN]:
                _tally(words, _LOST)
        _advance(leg, words, min(2, words[_SPAN]))
    _tally(words, _PLAYED if plays else _SILENT)
    words[_STAT + _LEVEL_IN] = level_dbov(frame)
    struct.pack_into("<160h", pcm, 0, *struct.unpack_from("<160h", frame, 0))
    _save(leg, words)
    return 1 if plays else 0
