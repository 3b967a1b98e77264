"""The bridge's tick in plain Python. Part of kernels_slow.

As native/src/bridge_mix.c and bridge_select.c, octet for octet; what the functions mean stands in
native/include/parley_bridge.h.
"""

import struct

from parley.media.kernels_slow_bridge_phase import phase_turn
from parley.media.kernels_slow_bridge_state import (
    ADDRESS,
    CHOSEN,
    CODED_AT,
    CONFERENCE,
    CONFERENCES,
    COPIED,
    ENCODED,
    FLAGS,
    FRAME_BYTES,
    FRAMES,
    FRAMES_AT,
    HEAD_LIMIT,
    HEARS,
    LEGS,
    LOUDEST,
    LOUDNESS,
    MEMBER,
    NEXT,
    NEXT_CONFERENCE,
    NOBODY,
    OTHER,
    PACKET_AT,
    PHASE_NEXT,
    PHASES,
    PORT,
    RECIPIENTS_AT,
    SELECTS,
    SENT,
    SHARED,
    SHARED_AT,
    SHARED_LAWS,
    SHARED_LIMIT,
    SILENCE,
    SPEAKS,
    SUM_AT,
    SUM_READY,
    TOLD,
    TONE,
    TRANSMIT_AT,
    TRANSMIT_BYTES,
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
    usable,
)
from parley.media.kernels_slow_leg import (
    decode_slots,
    leg_header,
    leg_law,
    leg_next,
    leg_note_level,
    leg_pause,
)
from parley.media.kernels_slow_limit import (
    ONE,
    keep_limit,
    keep_shared,
    limit_begin,
    limit_of,
    mix_minus,
    rested,
)
from parley.media.kernels_slow_shape import amplify, hear_some
from parley.media.kernels_slow_stateless import (
    g711_encode,
    level_dbov,
    mix_add,
    mix_clear,
    need,
)
from parley.media.kernels_slow_tone import tone_mix, tone_next

_FAVOUR_DB = 6
_COPIED_VOICES = 2
_ZERO = {0: 0xFF, 8: 0xD5}  # the code that 0 is sent as


def _frame(bridge, voice):
    """Samples of a voice."""
    begin = get(bridge, FRAMES_AT) + FRAME_BYTES * voice
    return memoryview(bridge)[begin : begin + FRAME_BYTES]


def _coded(bridge, voice):
    """Codes of one of the first voices."""
    return memoryview(bridge)[CODED_AT + 160 * voice : CODED_AT + 160 * (voice + 1)]


def _leg_of_voice(bridge, voice):
    return get(bridge, voice, get(bridge, VOICES_AT))


# --- who is heard ---


def _is_silence(law, slots):
    for slot in slots:
        if slot is not None and (law != 0 or slot.replace(b"\x7f", b"\xff") != b"\xff" * 80):
            return False
    return True


def _copied(law, slots):
    """Slots as decoding and encoding would leave them."""
    zero = bytes([_ZERO[law]])
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
    _frame(bridge, voice)[:] = frame
    leg_note_level(state, level_dbov(frame))
    if voice < _COPIED_VOICES:
        _coded(bridge, voice)[:] = _copied(law, slots)
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
    legs = [_leg_of_voice(bridge, voice) for voice in range(get(bridge, VOICES))]
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
        leg = _leg_of_voice(bridge, i)
        voice = get(bridge, VOICE, block_at(leg))
        if voice != i:
            g711_encode(leg_law(leg_of(bridge, leg)), _frame(bridge, voice), _coded(bridge, i))


def _next_conference(bridge):
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


# --- everybody's packet ---


def _sum(bridge):
    """The sum of all voices, made when it is first asked for."""
    total = memoryview(bridge)[SUM_AT : SUM_AT + 640]
    if not get(bridge, SUM_READY):
        put(bridge, SUM_READY, 1)
        mix_clear(total)
        for i in range(get(bridge, VOICES)):
            mix_add(total, _frame(bridge, get(bridge, VOICE, block_at(_leg_of_voice(bridge, i)))))
    return total


def _mixed(bridge, law, own, gain, codes):
    """Writes what is left of the sum; returns the gain that the frame ends with."""
    pcm = bytearray(FRAME_BYTES)
    gain = mix_minus(_sum(bridge), own, pcm, gain)
    g711_encode(law, pcm, codes)
    return gain


def _shared(bridge, leg, law, codes):
    """Writes the frame of all who are not in the mix, made when it is first asked for."""
    index, laws, start = 0 if law == 0 else 1, get(bridge, SHARED_LAWS), get(bridge, HEAD_LIMIT)
    kept = memoryview(bridge)[SHARED_AT + 160 * index : SHARED_AT + 160 * (index + 1)]
    conference = conference_at(bridge, get(bridge, CONFERENCE, block_at(leg)))
    if not laws & 1 << index or limit_of(bridge, leg) != ONE:
        if ONE - limit_of(bridge, leg) != start:
            keep_limit(bridge, leg, _mixed(bridge, law, None, limit_of(bridge, leg), codes))
            tally(bridge, ENCODED)
            return
        if not laws & 4 << index:
            gain = _mixed(bridge, law, None, ONE - start, kept)
            keep_shared(bridge, conference, gain)
            put(bridge, SHARED_LAWS, laws | (1 if gain == ONE and start == 0 else 4) << index)
            tally(bridge, SHARED)
        keep_limit(bridge, leg, ONE - get(bridge, SHARED_LIMIT, conference))
    codes[:] = kept


def _write_payload(bridge, leg, codes):
    """Writes what a leg hears."""
    law, voice = leg_law(leg_of(bridge, leg)), get(bridge, VOICE, block_at(leg))
    others, gain = get(bridge, VOICES) - (voice != NOBODY), limit_of(bridge, leg)
    if others == 0:
        codes[:] = bytes([_ZERO[law]]) * 160
        keep_limit(bridge, leg, rested(gain))
        tally(bridge, SILENCE)
        return
    if others == 1 and gain == ONE:
        other = 1 if voice != NOBODY and _leg_of_voice(bridge, 0) == leg else 0
        if leg_law(leg_of(bridge, _leg_of_voice(bridge, other))) == law:
            codes[:] = _coded(bridge, other)
            tally(bridge, COPIED)
            return
    if voice == NOBODY:
        _shared(bridge, leg, law, codes)
        return
    keep_limit(bridge, leg, _mixed(bridge, law, _frame(bridge, voice), gain, codes))
    tally(bridge, ENCODED)


def _write_packet(bridge, leg, place):
    at, begin = block_at(leg), get(bridge, TRANSMIT_AT) + TRANSMIT_BYTES * place
    address = get(bridge, ADDRESS, at) & 0xFFFFFFFF
    struct.pack_into(">HI", bridge, begin + 2, get(bridge, PORT, at), address)
    packet = memoryview(bridge)[begin + PACKET_AT : begin + PACKET_AT + 172]
    leg_header(leg_of(bridge, leg), packet)
    tone = get(bridge, TOLD, at) & TONE
    if get(bridge, TOLD, at) & SELECTS:
        hear_some(bridge, leg, packet[12:])
    else:
        _write_payload(bridge, leg, packet[12:])
    if tone:
        tone_mix(tone, leg_law(leg_of(bridge, leg)), packet[12:])
        put(bridge, TOLD, get(bridge, TOLD, at) & ~TONE | tone_next(tone), at)
    put(bridge, place, leg, get(bridge, RECIPIENTS_AT))


def bridge_begin(bridge, phase, phases):
    """Opens a tick for the conferences of `phase`; returns 0."""
    usable(bridge)
    need(1 <= phases <= 20 and 0 <= phase < phases, "argument")
    put(bridge, NEXT_CONFERENCE, 0)
    put(bridge, PHASES, phases)
    put(bridge, PHASE_NEXT, (phase + 1) % phases)
    put(bridge, MEMBER, NOBODY)
    return 0


def bridge_mix(bridge, most):
    """Goes on with the tick; returns the packets written, 0 when it is over."""
    usable(bridge)
    made = 0
    while made < min(most, get(bridge, LEGS)) and (get(bridge, MEMBER) != NOBODY or _next_conference(bridge)):
        leg = get(bridge, MEMBER)
        put(bridge, MEMBER, get(bridge, NEXT, block_at(leg)))
        if get(bridge, FLAGS, block_at(leg)) & HEARS:
            _write_packet(bridge, leg, made)
            made += 1
        else:
            leg_pause(leg_of(bridge, leg), 1)
    tally(bridge, SENT, made)
    return made
