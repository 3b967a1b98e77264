"""The packets of the bridge's tick in plain Python. Part of kernels_slow.

As native/src/bridge_mix.c, octet for octet; what the functions mean stands in native/include/parley_bridge.h.
"""

import struct

from parley.media.kernels_slow_bridge_state import (
    ADDRESS,
    CONFERENCE,
    CONTRIBUTORS,
    COPIED,
    ENCODED,
    FLAGS,
    FRAME_BYTES,
    HEAD_LIMIT,
    HEARS,
    LEGS,
    MEMBER,
    NAMED,
    NEXT,
    NEXT_CONFERENCE,
    NOBODY,
    NOISY,
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
    SPECIAL_LEGS,
    SPECIAL_OUT,
    SUM_AT,
    SUM_READY,
    TOLD,
    TONE,
    TRANSMIT_AT,
    TRANSMIT_BYTES,
    VOICE,
    VOICES,
    block_at,
    conference_at,
    get,
    leg_of,
    put,
    tally,
    usable,
)
from parley.media.kernels_slow_leg import leg_header, leg_law, leg_pause
from parley.media.kernels_slow_limit import ONE, keep_limit, keep_shared, limit_of, mix_minus, rested
from parley.media.kernels_slow_names import OCTETS_AT, names_open
from parley.media.kernels_slow_noise import NOISE, NOTHING, SOUND, noise_turn, noise_write
from parley.media.kernels_slow_play import ZERO, coded_of, frame_of, leg_of_voice, next_conference
from parley.media.kernels_slow_shape import hear_some
from parley.media.kernels_slow_stateless import g711_encode, mix_add, mix_clear, need
from parley.media.kernels_slow_tone import tone_mix, tone_next


def _sum(bridge):
    """The sum of all voices, made when it is first asked for."""
    total = memoryview(bridge)[SUM_AT : SUM_AT + 640]
    if not get(bridge, SUM_READY):
        put(bridge, SUM_READY, 1)
        mix_clear(total)
        for i in range(get(bridge, VOICES)):
            mix_add(total, frame_of(bridge, get(bridge, VOICE, block_at(leg_of_voice(bridge, i)))))
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
        codes[:] = bytes([ZERO[law]]) * 160
        keep_limit(bridge, leg, rested(gain))
        tally(bridge, SILENCE)
        return
    if others == 1 and gain == ONE:
        other = 1 if voice != NOBODY and leg_of_voice(bridge, 0) == leg else 0
        if leg_law(leg_of(bridge, leg_of_voice(bridge, other))) == law:
            codes[:] = coded_of(bridge, other)
            tally(bridge, COPIED)
            return
    if voice == NOBODY:
        _shared(bridge, leg, law, codes)
        return
    keep_limit(bridge, leg, _mixed(bridge, law, frame_of(bridge, voice), gain, codes))
    tally(bridge, ENCODED)


def _open_packet(bridge, leg, place):
    """Writes the beginning of a packet; returns where its place begins."""
    at, begin = block_at(leg), get(bridge, TRANSMIT_AT) + TRANSMIT_BYTES * place
    address = get(bridge, ADDRESS, at) & 0xFFFFFFFF
    struct.pack_into(">HI", bridge, begin + 2, get(bridge, PORT, at), address)
    leg_header(leg_of(bridge, leg), memoryview(bridge)[begin + PACKET_AT : begin + PACKET_AT + 12])
    put(bridge, place, leg, get(bridge, RECIPIENTS_AT))
    return begin


def _write_packet(bridge, leg, place):
    at, begin = block_at(leg), _open_packet(bridge, leg, place)
    if get(bridge, FLAGS, at) & SPECIAL_OUT:
        put(bridge, 0, 172, begin + OCTETS_AT)
    header = names_open(bridge, leg, begin) if get(bridge, FLAGS, at) & NAMED else 12
    codes = memoryview(bridge)[begin + PACKET_AT + header : begin + PACKET_AT + header + 160]
    tone = get(bridge, TOLD, at) & TONE
    if get(bridge, TOLD, at) & SELECTS:
        hear_some(bridge, leg, codes)
    else:
        _write_payload(bridge, leg, codes)
    if tone:
        tone_mix(tone, leg_law(leg_of(bridge, leg)), codes)
        put(bridge, TOLD, get(bridge, TOLD, at) & ~TONE | tone_next(tone), at)


def bridge_begin(bridge, phase, phases):
    """Opens a tick for the conferences of `phase`; returns 0."""
    usable(bridge)
    need(1 <= phases <= 20 and 0 <= phase < phases, "argument")
    put(bridge, NEXT_CONFERENCE, 0)
    put(bridge, PHASES, phases)
    put(bridge, PHASE_NEXT, (phase + 1) % phases)
    put(bridge, MEMBER, NOBODY)
    return 0


def _next_conference(bridge):
    if get(bridge, SPECIAL_LEGS):
        put(bridge, CONTRIBUTORS, NOBODY)
    return next_conference(bridge)


def _write_turn(bridge, leg, place):
    """Writes a leg's packet of this tick, if it gets one; returns how many."""
    flags = get(bridge, FLAGS, block_at(leg))
    turn = noise_turn(bridge, leg) if flags & NOISY and flags & HEARS else SOUND if flags & HEARS else NOTHING
    if turn == NOTHING:
        leg_pause(leg_of(bridge, leg), 1)
        return 0
    if turn == NOISE:
        noise_write(bridge, leg, _open_packet(bridge, leg, place))
    else:
        _write_packet(bridge, leg, place)
    return 1


def bridge_mix(bridge, most):
    """Goes on with the tick; returns the packets written, 0 when it is over."""
    usable(bridge)
    made = 0
    while made < min(most, get(bridge, LEGS)) and (get(bridge, MEMBER) != NOBODY or _next_conference(bridge)):
        leg = get(bridge, MEMBER)
        put(bridge, MEMBER, get(bridge, NEXT, block_at(leg)))
        made += _write_turn(bridge, leg, made)
    tally(bridge, SENT, made)
    return made
