"""A packet to its leg, in plain Python. Part of kernels_slow.

As native/src/bridge_receive.c, octet for octet; what it means stands in native/include/parley_bridge.h.
"""

from parley.media.kernels_slow_bridge_side import is_rtcp, keep_report, watch
from parley.media.kernels_slow_bridge_source import find_source, peer_of
from parley.media.kernels_slow_bridge_state import (
    ARGUMENT,
    ARRIVAL,
    CONFERENCE,
    FLAGS,
    LEVELLED,
    NOBODY,
    PHASE,
    PHASE_NEXT,
    PHASES,
    RECEIVED,
    SPEAKS,
    TAKEN,
    UNKNOWN,
    UNKNOWN_SOURCE,
    UNWANTED,
    UNWANTED_PACKET,
    WAIT,
    WATCHED,
    block_at,
    conference_at,
    get,
    in_use,
    leg_of,
    put,
    tally,
    usable,
)
from parley.media.kernels_slow_leg_receive import leg_receive
from parley.media.kernels_slow_names import names_hear
from parley.media.kernels_slow_stateless import count_items, need


def _before_tick(bridge, leg):
    """Samples from now to the tick that mixes the leg's conference."""
    phases, at = get(bridge, PHASES), conference_at(bridge, get(bridge, CONFERENCE, block_at(leg)))
    if phases == 1:
        return get(bridge, ARRIVAL)
    ahead = (get(bridge, PHASE, at) - get(bridge, PHASE_NEXT)) % phases + get(bridge, WAIT, at) * phases
    return get(bridge, ARRIVAL) + ahead * 160 // phases


def bridge_before(bridge, before):
    """Says when packets come from now on: `before` samples before the coming tick; returns 0."""
    usable(bridge)
    need(0 <= before <= 8000, ARGUMENT)
    put(bridge, ARRIVAL, before)
    return 0


def _deliver(bridge, leg, packet, length):
    at = block_at(leg)
    tally(bridge, RECEIVED)
    watched = get(bridge, FLAGS, at) & WATCHED
    if watched and is_rtcp(packet, length):
        return keep_report(bridge, leg, packet, length)
    if not get(bridge, FLAGS, at) & SPEAKS:
        put(bridge, UNWANTED, (get(bridge, UNWANTED, at) + 1) & 0x3FFFFFFF, at)
        if watched:
            watch(bridge, leg, packet, length, 0)
        return UNWANTED_PACKET
    result = leg_receive(leg_of(bridge, leg), packet, length, _before_tick(bridge, leg))
    if watched:
        watch(bridge, leg, packet, length, result)
    if result == 0 and get(bridge, FLAGS, at) & LEVELLED:
        names_hear(bridge, leg, packet, length)
    tally(bridge, TAKEN, 1 if result == 0 else 0)
    return result


def bridge_receive(bridge, packet, length, address):
    """Takes a datagram that came from `address`; returns 0, or below 0 the reason it was refused."""
    usable(bridge)
    need(0 <= length <= count_items(packet, 1), "length")
    leg = find_source(bridge, *peer_of(address))
    if leg == NOBODY:
        tally(bridge, UNKNOWN)
        return UNKNOWN_SOURCE
    return _deliver(bridge, leg, packet, length)


def bridge_receive_leg(bridge, leg, packet, length):
    """Takes a datagram of leg `leg`; returns 0, or below 0 the reason it was refused."""
    need(0 <= length <= count_items(packet, 1), "length")
    in_use(usable(bridge), leg)
    return _deliver(bridge, leg, packet, length)
