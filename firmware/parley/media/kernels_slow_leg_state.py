"""What a leg's memory holds, in plain Python; laid out as in native/src/leg_state.h. Part of kernels_slow."""

import struct

from parley.media.kernels_slow_stateless import count_items, need

# leg memory: index of each word
MAGIC, LAW, PAYLOAD_TYPE, EVENT_TYPE, DEPTH_FRAMES = 0, 1, 2, 3, 4
SSRC_OUT, SEQUENCE_OUT, TIMESTAMP_OUT, MARKER_OUT = 5, 6, 7, 8
SYNCED, SSRC_IN, SEQUENCE_IN, PACKET_SLOTS, PLAY_TIMESTAMP, PLAY_INDEX = 9, 10, 11, 12, 13, 14
SPAN, ROOM, FILLING, WAITED, STRAY_KNOWN, STRAY_SSRC, STRAY_SEQUENCE = 15, 16, 17, 18, 19, 20, 21
ATTENTION, LOST_SLOTS, HELD_SLOTS, PITCH, OFFSET, MOVE, SHIFT = 22, 23, 24, 25, 26, 27, 28
NOISE, NOISE_STATE, LEAST, WINDOW, LOWS = 29, 30, 31, 32, 33
STAT = 39
WORDS = "<3Ii18I8iI8i19I"
FILLED = 58 * 4  # one octet a slot
CODES = FILLED + 32  # 80 octets a slot
LEG_BYTES = CODES + 32 * 80
LEG_MAGIC = 0x5041524C

# statistics, results (native/include/parley_leg.h)
RECEIVED, LOST, LATE, DUPLICATE, PLAYED, SILENT, DEPTH, BAD, LEVEL_IN = 0, 1, 2, 3, 4, 5, 6, 7, 8
WRONG_TYPE, EVENT, STRAY, RESYNC, UNDERRUN, DROPPED, SENT = 9, 10, 11, 12, 13, 14, 15
CONCEALED, STRETCHED, NOISE_PACKETS, STAT_COUNT = 16, 17, 18, 19

SPAN_MAX, CEILING, LOST_MAX, WINDOWS, FAR_AWAY = 24, 20, 6, 6, 0x3FFFFFFF
SLACK_LEAST, AT_MAX, SHIFT_MAX = 24, 1 << 20, 1 << 28
QUIET_DBOV = 48
HALF_TICK = 80  # arrival before the tick, where nobody looked at the clock


def load(leg):
    """All words of a leg, in a list."""
    need(count_items(leg, 1) >= LEG_BYTES, "buffer too short")
    words = list(struct.unpack_from(WORDS, leg, 0))
    need(words[MAGIC] == LEG_MAGIC, "leg not initialised")
    return words


def save(leg, words):
    """Writes them back."""
    struct.pack_into(WORDS, leg, 0, *words)


def tally(words, stat, by=1):
    """Counts in a statistic."""
    words[STAT + stat] = (words[STAT + stat] + by) & 0x3FFFFFFF


def prefill_slots(words):
    """Slots that must be queued before playing starts."""
    packet = words[PACKET_SLOTS]
    return max(2, 2 * words[DEPTH_FRAMES] + packet - 2 + (packet % 2 if packet > 1 else 0))


def advance(leg, words, slots):
    """Moves the play point on, emptying what it passes; returns how many slots were held."""
    held = 0
    for ahead in range(slots):
        at = FILLED + (words[PLAY_INDEX] + ahead) % 32
        held += leg[at]
        leg[at] = 0
    words[PLAY_INDEX] = (words[PLAY_INDEX] + slots) % 32
    words[PLAY_TIMESTAMP] = (words[PLAY_TIMESTAMP] + 80 * slots) & 0xFFFFFFFF
    words[SPAN] -= slots
    return held


def attend(words):
    """Sets ATTENTION from what it stands for."""
    words[ATTENTION] = words[FILLING] | words[LOST_SLOTS] | words[OFFSET] | words[MOVE] | words[NOISE]


def forget(words):
    """Nothing is known yet of a stream's jitter, and nothing is to be made good."""
    words[HELD_SLOTS] = words[OFFSET] = words[MOVE] = 0
    _forget_slack(words)
    attend(words)


def _forget_slack(words):
    words[SHIFT] = 0
    words[LEAST : LOWS + WINDOWS] = [FAR_AWAY, words[WINDOW]] + [FAR_AWAY] * WINDOWS


def shift(words, by):
    """Play time stood still for `by` samples (below 0: went on by more than was heard)."""
    words[SHIFT] += by
    if abs(words[SHIFT]) > SHIFT_MAX:
        _forget_slack(words)


def slack(words):
    """Slack of nearly all packets at the delay of now, in samples; FAR_AWAY when too little is known."""
    lowest = sorted([words[LEAST]] + words[LOWS : LOWS + WINDOWS])
    return FAR_AWAY if lowest[1] == FAR_AWAY else lowest[1] + words[SHIFT]


def slack_of_all(words):
    """Slack of all packets of late at the delay of now, in samples; FAR_AWAY when nothing is known."""
    least = min([words[LEAST]] + words[LOWS : LOWS + WINDOWS])
    return FAR_AWAY if least == FAR_AWAY else least + words[SHIFT]


def note_slack(words, at, arrival):
    """Notes how long before its time a packet came."""
    words[LEAST] = min(words[LEAST], (at & ~1) * 80 + arrival - words[SHIFT])
