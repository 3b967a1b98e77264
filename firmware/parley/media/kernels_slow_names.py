"""Who is heard in a packet, by name, and what a peer says of its level, in plain Python. Part of kernels_slow.

As native/src/bridge_names.c and rtp_extension.c, octet for octet; what it means stands in
native/include/parley_bridge_side.h.
"""

import struct

from parley.media.kernels_slow_bridge_state import (
    ARGUMENT,
    CONFERENCE,
    CONTRIBUTOR_AT,
    CONTRIBUTORS,
    FLAGS,
    LEVELLED,
    LISTENS,
    MEMBER,
    NAMED,
    NAMES,
    NEXT,
    NEXT_CONFERENCE,
    NOBODY,
    PACKET_AT,
    SAYS,
    SELECTS,
    TOLD,
    TRANSMIT_BYTES,
    VOICE,
    block_at,
    conference_at,
    get,
    in_use,
    leg_of,
    put,
    set_flags,
    usable,
)
from parley.media.kernels_slow_bridge_state import CONFERENCES as CONFERENCE_PLACES
from parley.media.kernels_slow_leg_state import LEVEL_IN, SSRC_IN, STAT, SYNCED
from parley.media.kernels_slow_stateless import need

MOST, CONTRIBUTORS_MAX, ALL_CHANNELS, USUAL_CHANNEL = 15, 16, 0x3FFFFFFF, 1
ONE_BYTE, ONE_BYTE_ID_MAX, TWO_BYTE = 0xBEDE, 14, 0x1000  # RFC 8285 4.2, 4.3
OCTETS_AT = TRANSMIT_BYTES - 16  # of a place in the transmit area
NONE = -1


def bridge_names(bridge, leg, most, level_id_out, level_id_in):
    """Has a leg's packets name who is heard, and hears what it says of its level; returns 0."""
    at = in_use(usable(bridge), leg)
    need(0 <= most <= MOST and 0 <= level_id_out <= 255 and 0 <= level_id_in <= 255, ARGUMENT)
    need(level_id_out == 0 or most > 0, ARGUMENT)
    put(bridge, NAMES, most | level_id_out << 8 | level_id_in << 16, at)
    flags = get(bridge, FLAGS, at) & ~(NAMED | LEVELLED)
    set_flags(bridge, at, flags | (NAMED if most else 0) | (LEVELLED if level_id_in else 0))
    put(bridge, NEXT_CONFERENCE, get(bridge, CONFERENCE_PLACES))
    put(bridge, MEMBER, NOBODY)
    return 0


def names_told(bridge, leg):
    """What the leg's last packet said of its level."""
    return (get(bridge, NAMES, block_at(leg)) & 0xFFFFFFFF) >> 24 ^ 127


# --- out ---


def _contributors(bridge, conference):
    """Legs whose voices are in the mix, noted once for each tick of a conference."""
    if get(bridge, CONTRIBUTORS) == NOBODY:
        found = 0
        leg = get(bridge, 0, conference_at(bridge, conference))
        while leg != NOBODY and found < CONTRIBUTORS_MAX:
            if get(bridge, VOICE, block_at(leg)) != NOBODY:
                put(bridge, found, leg, CONTRIBUTOR_AT)
                found += 1
            leg = get(bridge, NEXT, block_at(leg))
        put(bridge, CONTRIBUTORS, found)
    return [get(bridge, number, CONTRIBUTOR_AT) for number in range(get(bridge, CONTRIBUTORS))]


def hears_anybody(bridge, leg):
    """The voice of somebody else is in the mix."""
    found = _contributors(bridge, get(bridge, CONFERENCE, block_at(leg)))
    return len(found) > 1 or (len(found) == 1 and found[0] != leg)


def _heard(bridge, leg):
    """[[SSRC, level], ...] of whom a leg hears."""
    at = block_at(leg)
    most, hears = get(bridge, NAMES, at) & MOST, get(bridge, LISTENS, at) ^ ALL_CHANNELS
    found = []
    for talker in _contributors(bridge, get(bridge, CONFERENCE, at)):
        says = get(bridge, SAYS, block_at(talker)) ^ USUAL_CHANNEL
        unheard = talker == leg or (get(bridge, TOLD, at) & SELECTS and not hears & says)
        if unheard or not get(leg_of(bridge, talker), SYNCED):
            continue
        state = leg_of(bridge, talker)
        ssrc, level = get(state, SSRC_IN) & 0xFFFFFFFF, get(state, STAT + LEVEL_IN)
        same = [one for one in found if one[0] == ssrc]
        if same:
            same[0][1] = min(same[0][1], level)
        elif len(found) < most:
            found.append([ssrc, level])
    return found


def _levels(level_id, levels):
    """The header extension (RFC 6465 3, RFC 8285 4)."""
    count = len(levels)
    if level_id > ONE_BYTE_ID_MAX:
        element = bytes([level_id, count] + levels)
    else:
        element = bytes([level_id << 4 | (count - 1)] + levels)
    words = (len(element) + 3) // 4
    profile = TWO_BYTE if level_id > ONE_BYTE_ID_MAX else ONE_BYTE
    return struct.pack(">HH", profile, words) + element + bytes(4 * words - len(element))


def names_open(bridge, leg, place_at):
    """Writes the names behind the fixed header of the packet at a place; returns the header's octets."""
    found, begin = _heard(bridge, leg), place_at + PACKET_AT
    level_id = get(bridge, NAMES, block_at(leg)) >> 8 & 0xFF
    names = b"".join([struct.pack(">I", ssrc) for ssrc, _ in found])
    bridge[begin] |= len(found)  # RFC 3550 5.1
    if level_id and found:
        bridge[begin] |= 0x10
        names += _levels(level_id, [level for _, level in found])
    memoryview(bridge)[begin + 12 : begin + 12 + len(names)] = names
    put(bridge, 0, 12 + len(names) + 160, place_at + OCTETS_AT)
    return 12 + len(names)


# --- in ---


def _find_one_byte(packet, at, end, wanted):
    while at < end:
        first = packet[at]
        at += 1
        if first == 0:
            continue
        octets = (first & 0x0F) + 1
        if first >> 4 in (0, 15) or octets > end - at:
            return NONE, 0
        if first >> 4 == wanted:
            return at, octets
        at += octets
    return NONE, 0


def _find_two_byte(packet, at, end, wanted):
    while at < end:
        found = packet[at]
        at += 1
        if found == 0:
            continue
        if at == end or packet[at] > end - at - 1:
            return NONE, 0
        octets = packet[at]
        at += 1
        if found == wanted:
            return at, octets
        at += octets
    return NONE, 0


def _find(packet, length, wanted):
    """(where an element's data begins, its octets), or (NONE, 0)."""
    if length < 12 or not packet[0] & 0x10:
        return NONE, 0
    begin = 12 + 4 * (packet[0] & 0x0F)
    if length - begin < 4:
        return NONE, 0
    profile, words = struct.unpack_from(">HH", packet, begin)
    at, end = begin + 4, begin + 4 + 4 * words
    if end > length:
        return NONE, 0
    if profile == ONE_BYTE:
        return _find_one_byte(packet, at, end, wanted)
    return _find_two_byte(packet, at, end, wanted) if profile & 0xFFF0 == TWO_BYTE else (NONE, 0)


def names_hear(bridge, leg, packet, length):
    """Notes the level that a leg's packet says, if it says one (RFC 6464 3)."""
    names = get(bridge, NAMES, block_at(leg))
    at, octets = _find(packet, length, names >> 16 & 0xFF)
    if at >= 0 and octets == 1:
        put(bridge, NAMES, names & 0xFFFFFF | (packet[at] ^ 127) << 24, block_at(leg))
