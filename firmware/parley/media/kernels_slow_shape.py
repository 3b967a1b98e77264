"""Gain of a leg, and who hears whom, in plain Python. Part of kernels_slow.

As native/src/bridge_shape.c, octet for octet; what it means stands in native/include/parley_bridge_side.h.
"""

from parley.media.kernels_slow_bridge_state import (
    ARGUMENT,
    CODED_AT,
    CONFERENCE,
    CONFERENCES,
    ENCODED,
    FRAME_BYTES,
    FRAMES_AT,
    GAIN,
    IS_LIMITED,
    IS_SHAPED,
    LISTENS,
    MEMBER,
    NEXT_CONFERENCE,
    NOBODY,
    OTHER,
    SAYS,
    SELECTS,
    SHAPED,
    TOLD,
    VOICE,
    VOICES,
    VOICES_AT,
    block_at,
    conference_at,
    get,
    in_use,
    leg_of,
    put,
    tally,
    usable,
)
from parley.media.kernels_slow_bridge_state import (
    SILENCE as SILENT_FRAMES,
)
from parley.media.kernels_slow_leg import leg_law, leg_stat
from parley.media.kernels_slow_limit import keep_limit, limit_of, mix_minus, rested
from parley.media.kernels_slow_stateless import g711_encode, mix_add, mix_clear, mix_scale, need

GAIN_ONE, GAIN_MAX, ALL_CHANNELS, USUAL_CHANNEL = 256, 4096, 0x3FFFFFFF, 1
GAINED, SELECTING = 1, 1 << 16
GAIN_MASK, AUTOMATIC, QUIET_AT, QUIET_MASK = 0x1FFF, 1 << 30, 16, 0xFF
GATE_FRAMES, GATE_DBOV, SPEECH_DBOV, TARGET_DBOV, DOWN_DB = 15, 60, 48, 24, 12
LEVEL_IN = 8  # statistic of a leg
# of -12 to 18 dB
GAINS = (
    64, 72, 81, 91, 102, 114, 128, 144, 162, 181, 203, 228, 256, 287, 322, 362,
    406, 455, 511, 573, 643, 722, 810, 908, 1019, 1144, 1283, 1440, 1615, 1812, 2033,
)  # fmt: skip
COPIED_VOICES, SILENCE = 2, {0: 0xFF, 8: 0xD5}


def _note(bridge, at, by):
    """Counts in the conference of the leg whose block begins at `at`."""
    conference = conference_at(bridge, get(bridge, CONFERENCE, at))
    shaped = get(bridge, SHAPED, conference) + by
    put(bridge, SHAPED, shaped, conference)
    put(bridge, OTHER, get(bridge, OTHER, conference) & IS_LIMITED | (IS_SHAPED if shaped else 0), conference)


def _set(bridge, at, word, value, counted):
    before = get(bridge, word, at)
    put(bridge, word, value, at)
    _note(bridge, at, ((value != 0) - (before != 0)) * counted)


def _set_hears(bridge, at, hears):
    _set(bridge, at, LISTENS, hears ^ ALL_CHANNELS, SELECTING)
    told = get(bridge, TOLD, at) & ~SELECTS
    put(bridge, TOLD, told | (SELECTS if hears != ALL_CHANNELS else 0), at)


def bridge_gain(bridge, leg, gain):
    """Makes a leg louder or softer; returns 0."""
    at = in_use(usable(bridge), leg)
    need(-1 <= gain <= GAIN_MAX, ARGUMENT)
    _set(bridge, at, GAIN, AUTOMATIC if gain < 0 else gain ^ GAIN_ONE, GAINED)
    return 0


def bridge_channels(bridge, leg, says, hears):
    """Chooses on which channels a leg is heard, and to which it listens; returns 0."""
    at = in_use(usable(bridge), leg)
    need(1 <= says <= ALL_CHANNELS and 0 <= hears <= ALL_CHANNELS, ARGUMENT)
    put(bridge, SAYS, says ^ USUAL_CHANNEL, at)
    _set_hears(bridge, at, hears)
    put(bridge, NEXT_CONFERENCE, get(bridge, CONFERENCES))
    put(bridge, MEMBER, NOBODY)
    return 0


def shape_clear(bridge, leg):
    """A leg is about to be taken out."""
    _set(bridge, block_at(leg), GAIN, 0, GAINED)
    _set_hears(bridge, block_at(leg), ALL_CHANNELS)


def _frame(bridge, voice):
    begin = get(bridge, FRAMES_AT) + FRAME_BYTES * voice
    return memoryview(bridge)[begin : begin + FRAME_BYTES]


def _voices(bridge):
    """Legs in the mix."""
    return [get(bridge, voice, get(bridge, VOICES_AT)) for voice in range(get(bridge, VOICES))]


def gain_of(bridge, leg):
    """The gain of a leg in 1/256; an automatic one as it is now."""
    return (get(bridge, GAIN, block_at(leg)) & GAIN_MASK) ^ GAIN_ONE


def _follow(bridge, at, level):
    """The automatic gain after this frame."""
    word = get(bridge, GAIN, at)
    gain = (word & GAIN_MASK) ^ GAIN_ONE
    quiet = 0 if level <= GATE_DBOV else min((word >> QUIET_AT & QUIET_MASK) + 1, QUIET_MASK)
    if level <= SPEECH_DBOV:
        wanted = GAINS[max(0, min(level - TARGET_DBOV + DOWN_DB, len(GAINS) - 1))]
        gain += (wanted - gain + 127) >> 7 if gain < wanted else -((gain - wanted + 7) >> 3)
    put(bridge, GAIN, AUTOMATIC | quiet << QUIET_AT | (gain ^ GAIN_ONE), at)
    return 0 if quiet > GATE_FRAMES else gain


def amplify(bridge):
    """Gives the voices in the mix their gain."""
    for leg in _voices(bridge):
        at = block_at(leg)
        voice, gain = get(bridge, VOICE, at), get(bridge, GAIN, at)
        if gain:
            level = leg_stat(leg_of(bridge, leg), LEVEL_IN)
            gain = _follow(bridge, at, level) if gain & AUTOMATIC else gain ^ GAIN_ONE
            mix_scale(_frame(bridge, voice), gain)
            if voice < COPIED_VOICES:
                coded = memoryview(bridge)[CODED_AT + 160 * voice : CODED_AT + 160 * (voice + 1)]
                g711_encode(leg_law(leg_of(bridge, leg)), _frame(bridge, voice), coded)


def hear_some(bridge, leg, codes):
    """Writes what a leg chose to hear."""
    total, pcm = bytearray(640), bytearray(FRAME_BYTES)
    law, heard = leg_law(leg_of(bridge, leg)), False
    hears = get(bridge, LISTENS, block_at(leg)) ^ ALL_CHANNELS
    mix_clear(total)
    for talker in _voices(bridge):
        at = block_at(talker)
        if talker != leg and hears & (get(bridge, SAYS, at) ^ USUAL_CHANNEL):
            mix_add(total, _frame(bridge, get(bridge, VOICE, at)))
            heard = True
    gain = limit_of(bridge, leg)
    if heard:
        keep_limit(bridge, leg, mix_minus(total, None, pcm, gain))
        g711_encode(law, pcm, codes)
    else:
        keep_limit(bridge, leg, rested(gain))
        codes[:] = bytes([SILENCE[law]]) * 160
    tally(bridge, ENCODED if heard else SILENT_FRAMES)
