"""What a bridge's memory holds, in plain Python; as native/src/bridge_state.h has it. Part of kernels_slow."""

import struct

from parley.media.kernels_slow_leg import leg_size
from parley.media.kernels_slow_stateless import count_items, need

# the bridge's head: index of each word
MAGIC, SIZE, LEGS, CONFERENCES, LOUDEST, SOURCE_MASK = 0, 1, 2, 3, 4, 5
CONFERENCES_AT, SOURCES_AT, VOICES_AT, RECIPIENTS_AT, FRAMES_AT, TRANSMIT_AT = 6, 7, 8, 9, 10, 11
SIDES_AT, REPORTS_AT = 12, 13
NEXT_CONFERENCE, PHASES, MEMBER, VOICES, SUM_READY, SHARED_LAWS = 14, 15, 16, 17, 18, 19
LEGS_USED, CONFERENCES_USED, STAT = 20, 21, 22
REPORT_PLACES, REPORT_IN, REPORT_OUT, EVENT_IN, EVENT_OUT, CLOCK = 37, 38, 39, 40, 41, 42
SPECIAL_LEGS, ARRIVAL, PHASE_NEXT = 43, 44, 45
HEAD_LIMIT, CONTRIBUTORS = 798, 799
SUM_AT, CODED_AT, SHARED_AT, EVENTS_AT, CONTRIBUTOR_AT, LEGS_BEGIN = 192, 832, 1152, 1472, 3200, 3264
BRIDGE_MAGIC = 0x42524447

# a leg's block: index of each word; the leg itself after a line of 64 octets
CONFERENCE, NEXT, PREVIOUS, FLAGS, ADDRESS, PORT, VOICE, LOUDNESS, CHOSEN = 0, 1, 2, 3, 4, 5, 6, 7, 8
UNWANTED, REFUSED = 9, 10
TOLD, GAIN, SAYS, LISTENS, LIMIT, NAMES, NOISE_LEVEL, SILENT_TICKS = 12, 14, 15, 722, 725, 726, 727, 728
# of them, what a new leg has at 0
FRESH = (LOUDNESS, CHOSEN, UNWANTED, REFUSED, TOLD, GAIN, SAYS, LISTENS, NAMES, NOISE_LEVEL, SILENT_TICKS)
BLOCK_BYTES, LINE_BYTES, FRAME_BYTES, TRANSMIT_BYTES, PACKET_AT = 2944, 64, 320, 320, 16
SIDE_BYTES, REPORT_BYTES, REPORT_LEGS = 64, 512, 8

# a conference: index of each word
FIRST, LAST, MEMBERS, OTHER, PHASE, WAIT, TURNS, SHAPED, SHARED_LIMIT = 0, 1, 2, 3, 4, 5, 6, 7, 8
CONFERENCE_BYTES, SOURCE_BYTES = 48, 8

# statistics of the bridge (native/include/parley_bridge.h)
RECEIVED, TAKEN, UNKNOWN, SENT, REFUSED_PACKETS, FRAMES, VOICE_FRAMES = 2, 3, 4, 5, 6, 7, 8
ENCODED, SHARED, COPIED, SILENCE, REPORTS_DROPPED, EVENTS_DROPPED, STAT_COUNT = 9, 10, 11, 12, 13, 14, 15

NOBODY = -1
SPEAKS, HEARS, SECURED, WATCHED, NAMED, LEVELLED, NOISY = 1, 2, 4, 8, 32, 64, 128
SPECIAL_OUT = NAMED | NOISY  # plain Python has no other such legs
SELECTS = IS_SHAPED = 1 << 30
IS_LIMITED, TONE = 1 << 29, 0xFFFFFF
UNKNOWN_SOURCE, UNWANTED_PACKET, IN_USE = -6, -7, -8
ARGUMENT = "argument"


def get(memory, word, at=0):
    """Word `word`, signed, of what begins at octet `at`."""
    return struct.unpack_from("<i", memory, at + 4 * word)[0]


def put(memory, word, value, at=0):
    """Sets it; the value is cut to 32 bits."""
    struct.pack_into("<I", memory, at + 4 * word, value & 0xFFFFFFFF)


def block_at(leg):
    """Where the block of a leg begins."""
    return LEGS_BEGIN + BLOCK_BYTES * leg


def leg_of(memory, leg):
    """The memory of the leg itself."""
    begin = block_at(leg) + LINE_BYTES
    return memoryview(memory)[begin : begin + leg_size()]


def tally(memory, stat, by=1):
    """Counts in a statistic of the bridge."""
    put(memory, STAT + stat, (get(memory, STAT + stat) + by) & 0x3FFFFFFF)


def usable(memory):
    """Checks that the memory holds a bridge; returns it."""
    octets = count_items(memory, 4, 1) * 4
    fits = octets >= LEGS_BEGIN and get(memory, MAGIC) == BRIDGE_MAGIC and get(memory, SIZE) <= octets
    need(fits, "bridge not initialised")
    return memory


def source_places(legs):
    """Places of the table of sources."""
    places = 4
    while places < 2 * legs:
        places *= 2
    return places


def report_places(legs):
    """Places for RTCP packets."""
    return min(legs, max(16, min(64, legs // REPORT_LEGS)))


def lay_out(legs, conferences):
    """Where each table begins, and the octets of all."""
    need(1 <= legs <= 16384 and 1 <= conferences <= 16384, ARGUMENT)
    sizes = (
        CONFERENCE_BYTES * conferences,
        SOURCE_BYTES * source_places(legs),
        4 * legs,
        4 * legs,
        FRAME_BYTES * legs,
        TRANSMIT_BYTES * legs,
        SIDE_BYTES * legs,
        REPORT_BYTES * report_places(legs),
    )
    begins = []
    end = LEGS_BEGIN + BLOCK_BYTES * legs
    for size in sizes:
        end = (end + 63) // 64 * 64
        begins.append(end)
        end += size
    return begins, end


def in_use(bridge, leg):
    """Where the block of a leg begins; ValueError for one not in use."""
    need(0 <= leg < get(bridge, LEGS) and get(bridge, CONFERENCE, block_at(leg)) != NOBODY, ARGUMENT)
    return block_at(leg)


def set_flags(bridge, at, flags):
    """Sets all flags of the leg whose block begins at `at`."""
    before = get(bridge, FLAGS, at) & SPECIAL_OUT
    put(bridge, SPECIAL_LEGS, get(bridge, SPECIAL_LEGS) + (flags & SPECIAL_OUT != 0) - (before != 0))
    put(bridge, FLAGS, flags, at)


def conference_at(bridge, conference):
    """Where the words of a conference begin."""
    return get(bridge, CONFERENCES_AT) + CONFERENCE_BYTES * conference
