"""The bridge on CPython (parley_bridge.h); taken into the package's own names."""

from parley_native._buffers import OCTET, WORD, bridge_in, checked, octets_of, view, with_places
from parley_native._native import ffi, lib


def _address(address):
    return view(address, OCTET, lib.PARLEY_BRIDGE_ADDRESS_BYTES, writable=False)


def bridge_size(legs, conferences):
    """Returns the octets of state a bridge of so many legs and conferences needs."""
    return checked(lib.parley_bridge_size(legs, conferences), "bridge")


def bridge_init(bridge, legs, conferences, loudest):
    """Prepares `bridge` without legs; loudest: voices mixed in a conference at most, 0 all."""
    size = bridge_size(legs, conferences)
    memory = ffi.cast("parley_bridge *", view(bridge, WORD, size // 4))
    return checked(lib.parley_bridge_init(memory, size, legs, conferences, loudest), "bridge")


def bridge_wide_octets(places, conferences):
    """Returns the octets that places for so many wideband legs take."""
    return checked(lib.parley_bridge_wide_octets(places, conferences), "bridge")


def bridge_widen(bridge, places):
    """Lets so many of the legs be wideband; `bridge` has room for them and no legs yet; returns 0."""
    return with_places(lib.parley_bridge_widen, bridge, places)


def bridge_add_leg(
    bridge, leg, conference, law, payload_type, event_payload_type, depth_frames, flags, seed, address
):
    """Puts leg `leg` into a conference; returns 0, or below 0: it or its address is in use."""
    words = view(seed, WORD, 3, writable=False)
    terms = (leg, conference, law, payload_type, event_payload_type, depth_frames, flags)
    return checked(lib.parley_bridge_add_leg(bridge_in(bridge), *terms, words, _address(address)), "bridge")


def bridge_change(bridge, leg, law, payload_type, event_payload_type, flags, address):
    """Gives a leg other terms; returns 0, or below 0: the address is in use."""
    terms = (leg, law, payload_type, event_payload_type, flags)
    return checked(lib.parley_bridge_change(bridge_in(bridge), *terms, _address(address)), "bridge")


def bridge_remove_leg(bridge, leg):
    """Takes a leg out; returns 0."""
    return checked(lib.parley_bridge_remove_leg(bridge_in(bridge), leg), "bridge")


def bridge_receive(bridge, packet, length, address):
    """Takes a datagram that came from `address`; returns 0, or below 0 the reason it was refused."""
    octets = octets_of(packet, length)
    return checked(lib.parley_bridge_receive(bridge_in(bridge), octets, length, _address(address)), "bridge")


def bridge_receive_leg(bridge, leg, packet, length):
    """Takes a datagram of leg `leg`; returns 0, or below 0 the reason it was refused."""
    octets = octets_of(packet, length)
    return checked(lib.parley_bridge_receive_leg(bridge_in(bridge), leg, octets, length), "bridge")


def bridge_before(bridge, before):
    """Says when packets come from now on: `before` samples before the coming tick; returns 0."""
    return checked(lib.parley_bridge_before(bridge_in(bridge), before), "bridge")


def bridge_begin(bridge, phase, phases):
    """Opens a tick for the conferences of `phase`; returns 0."""
    return checked(lib.parley_bridge_begin(bridge_in(bridge), phase, phases), "bridge")


def bridge_mix(bridge, most):
    """Goes on with the tick; returns the packets written, 0 when it is over."""
    return checked(lib.parley_bridge_mix(bridge_in(bridge), most), "bridge")


def bridge_skip(bridge, ticks):
    """Moves all RTP clocks on over ticks that were not run; returns 0."""
    return checked(lib.parley_bridge_skip(bridge_in(bridge), ticks), "bridge")


def bridge_packet(bridge, place):
    """Returns where in `bridge` the packet (172 octets) at `place` begins."""
    return checked(lib.parley_bridge_packet(bridge_in(bridge), place), "bridge")


def bridge_packet_leg(bridge, place):
    """Returns which leg the packet at `place` is for."""
    return checked(lib.parley_bridge_packet_leg(bridge_in(bridge), place), "bridge")


def bridge_refused(bridge, place):
    """Counts the packet at `place` as not taken by the network; returns 0."""
    return checked(lib.parley_bridge_refused(bridge_in(bridge), place), "bridge")


def bridge_leg_stat(bridge, leg, index):
    """Returns statistic `index` of a leg (names in parley.media.kernel_numbers.BRIDGE_LEG_STATS)."""
    return checked(lib.parley_bridge_leg_stat(bridge_in(bridge), leg, index), "bridge")


def bridge_stat(bridge, index):
    """Returns statistic `index` of the bridge (names in parley.media.kernel_numbers.BRIDGE_STATS)."""
    return checked(lib.parley_bridge_stat(bridge_in(bridge), index), "bridge")
