"""Comfort noise to who takes it, in plain Python. Part of kernels_slow.

As native/src/bridge_noise.c, octet for octet; what it means stands in native/include/parley_bridge_side.h.
"""

from parley.media.kernels_slow_bridge_state import (
    ARGUMENT,
    CONFERENCES,
    FLAGS,
    MEMBER,
    NEXT_CONFERENCE,
    NOBODY,
    NOISE_LEVEL,
    NOISY,
    PACKET_AT,
    SIDE_BYTES,
    SIDES_AT,
    SILENT_TICKS,
    TOLD,
    block_at,
    get,
    in_use,
    leg_of,
    put,
    set_flags,
    usable,
)
from parley.media.kernels_slow_leg_state import MARKER_OUT
from parley.media.kernels_slow_names import OCTETS_AT, hears_anybody
from parley.media.kernels_slow_stateless import need

COMFORT_NOISE, HANGOVER_TICKS, REPEAT_TICKS = 13, 10, 25
SOUND, NOISE, NOTHING = 0, 1, 2
OCTETS_MORE = 15  # of what a watched leg has (native/src/bridge_side.h)


def bridge_noise(bridge, leg, level):
    """Has a leg sent comfort noise of a level while it hears nobody, 0: no more; returns 0."""
    at = in_use(usable(bridge), leg)
    need(0 <= level <= 127, ARGUMENT)
    put(bridge, NOISE_LEVEL, level, at)
    put(bridge, SILENT_TICKS, 0, at)
    flags = get(bridge, FLAGS, at)
    set_flags(bridge, at, flags | NOISY if level else flags & ~NOISY)
    put(bridge, NEXT_CONFERENCE, get(bridge, CONFERENCES))
    put(bridge, MEMBER, NOBODY)
    return 0


def noise_turn(bridge, leg):
    """What a leg that takes comfort noise gets in this tick: SOUND, NOISE or NOTHING."""
    at = block_at(leg)
    if get(bridge, TOLD, at) or hears_anybody(bridge, leg):
        put(bridge, SILENT_TICKS, 0, at)
        return SOUND
    ticks = get(bridge, SILENT_TICKS, at)
    put(bridge, SILENT_TICKS, ticks + 1 if ticks + 1 < HANGOVER_TICKS + REPEAT_TICKS else HANGOVER_TICKS, at)
    if ticks < HANGOVER_TICKS:
        return SOUND
    return NOISE if ticks == HANGOVER_TICKS else NOTHING


def noise_write(bridge, leg, begin):
    """Makes of the packet at a place, whose fixed header is there, one of comfort noise (RFC 3389 3)."""
    bridge[begin + PACKET_AT + 1] = COMFORT_NOISE
    bridge[begin + PACKET_AT + 12] = get(bridge, NOISE_LEVEL, block_at(leg))
    put(bridge, 0, 13, begin + OCTETS_AT)
    put(leg_of(bridge, leg), MARKER_OUT, 1)  # RFC 3551 4.1
    side = get(bridge, SIDES_AT) + SIDE_BYTES * leg
    put(bridge, OCTETS_MORE, get(bridge, OCTETS_MORE, side) + 1 - 160, side)
