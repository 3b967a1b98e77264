"""Whose packet is it: the table of sources, in plain Python. Part of kernels_slow.

As native/src/bridge_source.c: open addressing, linear probing, no marks for the deleted.
"""

import struct

from parley.media.kernels_slow_bridge_state import (
    NOBODY,
    SOURCE_BYTES,
    SOURCE_MASK,
    SOURCES_AT,
    get,
)
from parley.media.kernels_slow_stateless import count_items


def _home(bridge, address, port):
    mixed = (address * 0x9E3779B1 + port * 0x85EBCA77) & 0xFFFFFFFF
    mixed ^= mixed >> 15
    mixed = mixed * 0x2C1B3C6D & 0xFFFFFFFF
    mixed ^= mixed >> 12
    return mixed & get(bridge, SOURCE_MASK)


def _source(bridge, place):
    """(address, port << 16 | leg) at a place."""
    return struct.unpack_from("<II", bridge, get(bridge, SOURCES_AT) + SOURCE_BYTES * place)


def set_source(bridge, place, source):
    """Sets it."""
    struct.pack_into("<II", bridge, get(bridge, SOURCES_AT) + SOURCE_BYTES * place, source[0], source[1])


def source_place(bridge, address, port):
    """Where a source stands, or the empty place that ends the search."""
    place = _home(bridge, address, port)
    while True:
        there = _source(bridge, place)
        if there[1] == 0 or (there[0] == address and there[1] >> 16 == port):
            return place
        place = (place + 1) & get(bridge, SOURCE_MASK)


def find_source(bridge, address, port):
    """Leg whose peer is there, or NOBODY."""
    found = _source(bridge, source_place(bridge, address, port))[1]
    return found & 0xFFFF if found else NOBODY


def remove_source(bridge, address, port):
    """Forgets a source, if it is known."""
    mask = get(bridge, SOURCE_MASK)
    gap = source_place(bridge, address, port)
    at = (gap + 1) & mask
    while _source(bridge, at)[1]:
        there = _source(bridge, at)
        if (at - _home(bridge, there[0], there[1] >> 16)) & mask >= (at - gap) & mask:
            set_source(bridge, gap, there)
            gap = at
        at = (at + 1) & mask
    set_source(bridge, gap, (0, 0))


def peer_of(address):
    """(IPv4 address, port) of the six octets by which a peer is named."""
    count_items(address, 1, 6)
    return struct.unpack_from(">IH", address, 0)
