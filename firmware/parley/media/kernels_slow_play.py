"""Who is heard in a conference's tick, in plain Python. Part of kernels_slow.

As native/src/bridge_play.c and bridge_select.c, octet for octet; what it means stands in
native/include/parley_bridge.h.
"""

import struct

from parley.media.kernels_slow_bridge_phase import phase_turn
from parley.media.kernels_slow_bridge_state import (
    CHOSEN,
    CODED_AT,
    CONFERENCE,
    CONFERENCES,
    FLAGS,
    FRAME_BYTES,
    FRAMES,
    FRAMES_AT,
    LOUDEST,
    LOUDNESS,
    MEMBER,
    NEXT,
    NEXT_CONFERENCE,
    NOBODY,
    OTHER,
    PHASES,
    SHARED_LAWS,
    SPEAKS,
    SUM_READY,
    VOICE,
    VOICE_FRAMES,
    VOICES,
    VOICES_AT,
    block_at,
    conference_at,
    get,
    leg_of,
    put,
    tally,
)
from parley.media.kernels_slow_leg import decode_slots, leg_law, leg_next, leg_note_level
from parley.media.kernels_slow_limit import limit_begin
from parley.media.kernels_slow_shape import amplify
from parley.media.kernels_slow_stateless import g711_encode, level_dbov

_FAVOUR_DB = 6
_COPIED_VOICES = 2
ZERO = {0: 0xFF, 8: 0xD5}  # the code that 0 is sent as


def frame_of(bridge, voice):
    """Samples of a voice."""
    begin = get(bridge, FRAMES_AT) + FRAME_BYTES * voice
    return memoryview(bridge)[begin : begin + FRAME_BYTES]


def coded_of(bridge, voice):
    """Codes of one of the first voices."""
    return memoryview(bridge)[CODED_AT + 160 * voice : CODED_AT + 160 * (voice + 1)]


def leg_of_voice(bridge, voice):
    """Whose it is."""
    return get(bridge, voice, get(bridge, VOICES_AT))


def _is_silence(law, slots):
    for slot in slots:
        if slot is not None and (law != 0 or slot.replace(b"\x7f", b"\xff") != b"\xff" * 80):
            return False
    return True


def _copied(law, slots):
    """Slots as decoding and encoding would leave them."""
    zero = bytes([ZERO[law]])
    return b"".join(
        [zero * 80 if slot is None else slot.replace(b"\x7f", zero) if law == 0 else slot for slot in slots]
    )


def _fade(bridge, leg):
    at = block_at(leg)
    leg_note_level(leg_of(bridge, leg), 127)
    put(bridge, LOUDNESS, max(0, get(bridge, LOUDNESS, at) - 1), at)
    put(bridge, CHOSEN, 0, at)


def _play(bridge, leg):
    """Plays 20 ms of a leg; it becomes a voice if there is something to hear."""
    at, state, voice = block_at(leg), leg_of(bridge, leg), get(bridge, VOICES)
    put(bridge, VOICE, NOBODY, at)
    law = leg_law(state)
    slots = leg_next(state) if get(bridge, FLAGS, at) & SPEAKS else None
    if slots is None or _is_silence(law, slots):
        _fade(bridge, leg)
        return
    frame = decode_slots(law, slots)
    frame_of(bridge, voice)[:] = frame
    leg_note_level(state, level_dbov(frame))
    if voice < _COPIED_VOICES:
        coded_of(bridge, voice)[:] = _copied(law, slots)
    put(bridge, VOICE, voice, at)
    put(bridge, voice, leg, get(bridge, VOICES_AT))
    put(bridge, VOICES, voice + 1)


def _rank(bridge, leg):
    return get(bridge, LOUDNESS, block_at(leg)) + (_FAVOUR_DB if get(bridge, CHOSEN, block_at(leg)) else 0)


def _select(bridge):
    """Leaves the loudest of the voices in the mix."""
    loudest = get(bridge, LOUDEST)
    if loudest == 0:
        return
    legs = [leg_of_voice(bridge, voice) for voice in range(get(bridge, VOICES))]
    for leg in legs:
        at = block_at(leg)
        now = 127 - struct.unpack_from("<I", leg_of(bridge, leg), 4 * (39 + 8))[0]  # level_in
        put(bridge, LOUDNESS, max(now, get(bridge, LOUDNESS, at) - 1), at)
    ranks = [(-_rank(bridge, legs[i]), i) for i in range(len(legs))]
    places = {i: True for _, i in sorted(ranks)[:loudest]}
    kept = 0
    for i in range(len(legs)):
        put(bridge, CHOSEN, 1 if i in places else 0, block_at(legs[i]))
        if i in places:
            put(bridge, kept, legs[i], get(bridge, VOICES_AT))
            kept += 1
        else:
            put(bridge, VOICE, NOBODY, block_at(legs[i]))
    put(bridge, VOICES, kept)


def _code_again(bridge):
    voices = get(bridge, VOICES)
    for i in range(voices if voices <= _COPIED_VOICES else 0):
        leg = leg_of_voice(bridge, i)
        voice = get(bridge, VOICE, block_at(leg))
        if voice != i:
            g711_encode(leg_law(leg_of(bridge, leg)), frame_of(bridge, voice), coded_of(bridge, i))


def next_conference(bridge):
    """Begins the next conference of the tick that has members; False when there is none left."""
    first, conference = NOBODY, get(bridge, NEXT_CONFERENCE)
    while first == NOBODY and conference < get(bridge, CONFERENCES):
        at = conference_at(bridge, conference)
        if get(bridge, 0, at) != NOBODY and (get(bridge, PHASES) == 1 or phase_turn(bridge, at)):
            first = get(bridge, 0, at)
        conference += 1
    put(bridge, NEXT_CONFERENCE, conference)
    if first == NOBODY:
        return False
    for word in (VOICES, SUM_READY, SHARED_LAWS):
        put(bridge, word, 0)
    leg = first
    while leg != NOBODY:
        _play(bridge, leg)
        leg = get(bridge, NEXT, block_at(leg))
    _select(bridge)
    conference = conference_at(bridge, get(bridge, CONFERENCE, block_at(first)))
    limit_begin(bridge, conference)
    if get(bridge, OTHER, conference):
        amplify(bridge)
    _code_again(bridge)
    put(bridge, MEMBER, first)
    tally(bridge, FRAMES)
    tally(bridge, VOICE_FRAMES, get(bridge, VOICES))
    return True
