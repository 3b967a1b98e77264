"""The bridge's legs and figures, in plain Python; the tick stands in kernels_slow_mix.

Part of kernels_slow. As native/src/bridge.c and bridge_legs.c, octet for octet; what it means stands in
native/include/parley_bridge.h.
"""

from parley.media.kernels_slow_bridge_side import side_clear, side_stat
from parley.media.kernels_slow_bridge_source import (
    find_source,
    peer_of,
    remove_source,
    set_source,
    source_place,
)
from parley.media.kernels_slow_bridge_state import (
    ADDRESS,
    ARGUMENT,
    ARRIVAL,
    BLOCK_BYTES,
    BRIDGE_MAGIC,
    CONFERENCE,
    CONFERENCE_BYTES,
    CONFERENCES,
    CONFERENCES_USED,
    FIRST,
    FLAGS,
    FRESH,
    HEARS,
    IN_USE,
    LAST,
    LEGS,
    LEGS_USED,
    MEMBER,
    MEMBERS,
    NEXT,
    NEXT_CONFERENCE,
    NOBODY,
    PACKET_AT,
    PHASE,
    PORT,
    PREVIOUS,
    RECIPIENTS_AT,
    REFUSED,
    REFUSED_PACKETS,
    REPORT_PLACES,
    SPEAKS,
    STAT,
    STAT_COUNT,
    TRANSMIT_AT,
    TRANSMIT_BYTES,
    TURNS,
    UNWANTED,
    VOICE,
    WAIT,
    block_at,
    conference_at,
    get,
    in_use,
    lay_out,
    leg_of,
    put,
    report_places,
    source_places,
    tally,
    usable,
)
from parley.media.kernels_slow_leg import (
    leg_init,
    leg_pause,
    leg_retype,
    leg_stat,
    leg_types_fit,
)
from parley.media.kernels_slow_leg_state import HALF_TICK
from parley.media.kernels_slow_limit import limit_enter
from parley.media.kernels_slow_names import names_told
from parley.media.kernels_slow_shape import shape_clear
from parley.media.kernels_slow_stateless import count_items, need

FURTHER_LAWS = (9, 128, 129)  # G.722, L16: plain Python has G.711 alone
NO_PLACE = -12


def bridge_size(legs, conferences):
    """Octets of state of a bridge."""
    return lay_out(legs, conferences)[1]


def bridge_init(bridge, legs, conferences, loudest):
    """Prepares a bridge without legs; returns 0."""
    begins, size = lay_out(legs, conferences)
    count_items(bridge, 4, size // 4)
    need(loudest >= 0, ARGUMENT)
    view = memoryview(bridge)
    for at in range(0, size, BLOCK_BYTES):
        view[at : min(size, at + BLOCK_BYTES)] = bytes(min(size, at + BLOCK_BYTES) - at)
    words = [BRIDGE_MAGIC, size, legs, conferences, loudest, source_places(legs) - 1]
    words += begins  # in MicroPython no [*a, *b]
    words += [conferences, 1, NOBODY]
    for word in range(len(words)):
        put(bridge, word, words[word])
    put(bridge, REPORT_PLACES, report_places(legs))
    put(bridge, ARRIVAL, HALF_TICK)
    for leg in range(legs):
        put(bridge, CONFERENCE, NOBODY, block_at(leg))
    for conference in range(conferences):
        at = begins[0] + CONFERENCE_BYTES * conference
        put(bridge, FIRST, NOBODY, at)
        put(bridge, LAST, NOBODY, at)
        put(bridge, PHASE, conference, at)
    return 0


def _place(bridge, place):
    need(0 <= place < get(bridge, LEGS), ARGUMENT)
    return place


def bridge_packet(bridge, place):
    """Where in the memory the packet at `place` begins."""
    usable(bridge)
    return get(bridge, TRANSMIT_AT) + TRANSMIT_BYTES * _place(bridge, place) + PACKET_AT


def bridge_packet_leg(bridge, place):
    """Which leg the packet at `place` is for."""
    usable(bridge)
    return get(bridge, _place(bridge, place), get(bridge, RECIPIENTS_AT))


def bridge_refused(bridge, place):
    """Counts the packet at `place` as not taken by the network; returns 0."""
    at = in_use(bridge, bridge_packet_leg(bridge, place))
    put(bridge, REFUSED, (get(bridge, REFUSED, at) + 1) & 0x3FFFFFFF, at)
    tally(bridge, REFUSED_PACKETS)
    return 0


def bridge_leg_stat(bridge, leg, index):
    """Statistic `index` of a leg in use."""
    at = in_use(usable(bridge), leg)
    if index == 19 or index == 20:
        return get(bridge, UNWANTED if index == 19 else REFUSED, at)
    if 21 <= index <= 23:
        return side_stat(bridge, leg, index - 21)
    if index == 24:
        return names_told(bridge, leg)
    return leg_stat(leg_of(bridge, leg), index)


def bridge_stat(bridge, index):
    """Statistic `index` of the bridge."""
    usable(bridge)
    need(0 <= index < STAT_COUNT, ARGUMENT)
    return get(bridge, (LEGS_USED, CONFERENCES_USED)[index] if index < 2 else STAT + index)


# --- who is in which conference ---


def _taken(bridge, peer, leg):
    """Another leg has this peer."""
    need((peer[0] == 0) == (peer[1] == 0), ARGUMENT)
    return peer[1] != 0 and find_source(bridge, peer[0], peer[1]) not in (NOBODY, leg)


def _set_peer(bridge, leg, peer):
    at = block_at(leg)
    if get(bridge, PORT, at):
        remove_source(bridge, get(bridge, ADDRESS, at) & 0xFFFFFFFF, get(bridge, PORT, at))
    put(bridge, ADDRESS, peer[0], at)
    put(bridge, PORT, peer[1], at)
    if peer[1]:
        set_source(bridge, source_place(bridge, peer[0], peer[1]), (peer[0], peer[1] << 16 | leg))


def _end_tick(bridge):
    put(bridge, NEXT_CONFERENCE, get(bridge, CONFERENCES))
    put(bridge, MEMBER, NOBODY)


def _append(bridge, leg, conference):
    joined, at = conference_at(bridge, conference), block_at(leg)
    last = get(bridge, LAST, joined)
    for word, value in ((CONFERENCE, conference), (PREVIOUS, last), (NEXT, NOBODY)):
        put(bridge, word, value, at)
    if last == NOBODY:
        put(bridge, FIRST, leg, joined)
        put(bridge, WAIT, 0, joined)
        put(bridge, TURNS, 0, joined)
        put(bridge, CONFERENCES_USED, get(bridge, CONFERENCES_USED) + 1)
    else:
        put(bridge, NEXT, leg, block_at(last))
    put(bridge, LAST, leg, joined)
    put(bridge, MEMBERS, get(bridge, MEMBERS, joined) + 1, joined)
    put(bridge, LEGS_USED, get(bridge, LEGS_USED) + 1)


def bridge_wide_octets(places, conferences):
    """Plain Python is narrowband: there are no places."""
    need(False, ARGUMENT)


def bridge_widen(bridge, places):
    """The same."""
    need(False, ARGUMENT)


def bridge_add_leg(
    bridge, leg, conference, law, payload_type, event_payload_type, depth_frames, flags, seed, address
):
    """Puts a leg into a conference, as its last; returns 0, or below 0: it or its address is in use."""
    usable(bridge)
    count_items(seed, 4, 3)
    need(0 <= leg < get(bridge, LEGS) and 0 <= conference < get(bridge, CONFERENCES), ARGUMENT)
    need(0 <= flags <= SPEAKS | HEARS, ARGUMENT)
    at, peer = block_at(leg), peer_of(address)
    if get(bridge, CONFERENCE, at) != NOBODY or _taken(bridge, peer, leg):
        return IN_USE
    if law in FURTHER_LAWS:
        return NO_PLACE
    leg_init(leg_of(bridge, leg), law, payload_type, event_payload_type, depth_frames, seed)
    put(bridge, FLAGS, flags, at)
    put(bridge, VOICE, NOBODY, at)
    for word in FRESH:
        put(bridge, word, 0, at)
    _set_peer(bridge, leg, peer)
    _append(bridge, leg, conference)
    limit_enter(bridge, leg, get(bridge, MEMBERS, conference_at(bridge, conference)) == 1)
    _end_tick(bridge)
    return 0


def bridge_change(bridge, leg, law, payload_type, event_payload_type, flags, address):
    """Gives a leg other terms; returns 0, or below 0: the address is in use."""
    at, peer = in_use(usable(bridge), leg), peer_of(address)
    need(0 <= flags <= SPEAKS | HEARS and (law in (0, 8) or law in FURTHER_LAWS), ARGUMENT)
    need(leg_types_fit(payload_type, event_payload_type), ARGUMENT)
    if law in FURTHER_LAWS:
        return NO_PLACE
    if _taken(bridge, peer, leg):
        return IN_USE
    falls_silent = get(bridge, FLAGS, at) & ~flags & SPEAKS
    leg_retype(leg_of(bridge, leg), law, payload_type, event_payload_type, falls_silent)
    put(bridge, FLAGS, flags | (get(bridge, FLAGS, at) & ~(SPEAKS | HEARS)), at)
    _set_peer(bridge, leg, peer)
    _end_tick(bridge)
    return 0


def bridge_remove_leg(bridge, leg):
    """Takes a leg out; returns 0."""
    at = in_use(usable(bridge), leg)
    left = conference_at(bridge, get(bridge, CONFERENCE, at))
    before, after = get(bridge, PREVIOUS, at), get(bridge, NEXT, at)
    if before == NOBODY:
        put(bridge, FIRST, after, left)
    else:
        put(bridge, NEXT, after, block_at(before))
    if after == NOBODY:
        put(bridge, LAST, before, left)
    else:
        put(bridge, PREVIOUS, before, block_at(after))
    put(bridge, MEMBERS, get(bridge, MEMBERS, left) - 1, left)
    if get(bridge, MEMBERS, left) == 0:
        put(bridge, CONFERENCES_USED, get(bridge, CONFERENCES_USED) - 1)
    put(bridge, LEGS_USED, get(bridge, LEGS_USED) - 1)
    _set_peer(bridge, leg, (0, 0))
    shape_clear(bridge, leg)
    side_clear(bridge, leg)
    put(bridge, CONFERENCE, NOBODY, at)
    _end_tick(bridge)
    return 0


def bridge_skip(bridge, ticks):
    """Moves all RTP clocks on over ticks that were not run; returns 0."""
    usable(bridge)
    need(0 <= ticks <= 1000000, ARGUMENT)
    for leg in range(get(bridge, LEGS) if ticks else 0):
        if get(bridge, CONFERENCE, block_at(leg)) != NOBODY:
            leg_pause(leg_of(bridge, leg), ticks)
    return 0
