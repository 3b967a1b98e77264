"""What a leg's memory holds, in plain Python; laid out as in native/src/leg_state.h. Part of kernels_slow."""

import struct

from parley.media.kernels_slow_stateless import count_items, need

# leg memory: index of each word
MAGIC, LAW, PAYLOAD_TYPE, EVENT_TYPE, DEPTH_FRAMES = 0, 1, 2, 3, 4
SSRC_OUT, SEQUENCE_OUT, TIMESTAMP_OUT, MARKER_OUT = 5, 6, 7, 8
SYNCED, SSRC_IN, SEQUENCE_IN, PACKET_SLOTS, PLAY_TIMESTAMP, PLAY_INDEX = 9, 10, 11, 12, 13, 14
SPAN, ROOM, FILLING, WAITED_TICKS, STRAY_KNOWN, STRAY_SSRC, STRAY_SEQUENCE = 15, 16, 17, 18, 19, 20, 21
STAT = 22
WORDS = "<3Ii34I"
FILLED = 38 * 4  # one octet a slot
CODES = FILLED + 32  # 80 octets a slot
LEG_BYTES = CODES + 32 * 80
LEG_MAGIC = 0x5041524C

# statistics, results (native/include/parley_leg.h)
RECEIVED, LOST, LATE, DUPLICATE, PLAYED, SILENT, DEPTH, BAD, LEVEL_IN = 0, 1, 2, 3, 4, 5, 6, 7, 8
WRONG_TYPE, EVENT, STRAY, RESYNC, UNDERRUN, DROPPED, SENT, STAT_COUNT = 9, 10, 11, 12, 13, 14, 15, 16


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
    return max(2, 2 * words[DEPTH_FRAMES] + words[PACKET_SLOTS] - 2)


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
    words[ROOM] = 0
    return held
