"""The bridge's legs that are more than plain, on CPython (parley_bridge_side.h); taken into the package's own names."""

from parley_native._buffers import OCTET, WORD, bridge_in, checked, need, octets_of, view, with_places
from parley_native._native import lib


def bridge_packet_octets(bridge, place):
    """Returns how long the packet at `place` is."""
    return checked(lib.parley_bridge_packet_octets(bridge_in(bridge), place), "bridge")


def bridge_parcel_octets(places):
    """Returns the octets that places for so many legs with packets of their own take."""
    return checked(lib.parley_bridge_parcel_octets(places), "bridge")


def bridge_parcel_places(bridge, places):
    """Lets so many of the legs have packets of their own; `bridge` is longer by bridge_parcel_octets."""
    return with_places(lib.parley_bridge_parcel_places, bridge, places)


def bridge_linear_octets(places):
    """Returns the octets that places for so many legs with L16 take."""
    return checked(lib.parley_bridge_linear_octets(places), "bridge")


def bridge_linear_places(bridge, places):
    """Lets so many of the legs have L16; `bridge` is longer by bridge_linear_octets."""
    return with_places(lib.parley_bridge_linear_places, bridge, places)


def bridge_ptime(bridge, leg, ptime_ms):
    """Has a leg's packets hold so much sound: 10, 20 ... 60 ms; returns 0 or NO_PLACE."""
    return checked(lib.parley_bridge_ptime(bridge_in(bridge), leg, ptime_ms), "bridge")


def bridge_parcel(bridge, leg, number):
    """Returns where packets of such a leg begin: number 0, or 1 the second of a tick."""
    return checked(lib.parley_bridge_parcel(bridge_in(bridge), leg, number), "bridge")


def bridge_key_octets(places):
    """Returns the octets that places for so many legs with keys take."""
    return checked(lib.parley_bridge_key_octets(places), "bridge")


def bridge_key_places(bridge, places):
    """Lets so many of the legs have keys; `bridge` is longer by bridge_key_octets."""
    return with_places(lib.parley_bridge_key_places, bridge, places)


def bridge_secure(bridge, leg, suite, master_out, master_in, ssrc):
    """Gives a leg keys of 30 octets (suite 0: none); ssrc: one word, to send with. Returns 0 or NO_PLACE."""
    masters = [
        view(master, OCTET, lib.PARLEY_SRTP_MASTER_BYTES, writable=False)
        for master in (master_out, master_in)
    ]
    word = view(ssrc, WORD, 1, writable=False)
    return checked(lib.parley_bridge_secure(bridge_in(bridge), leg, suite, *masters, word[0]), "bridge")


def bridge_watch(bridge, leg, watched):
    """Has a leg's reports and events kept, or no more."""
    return checked(lib.parley_bridge_watch(bridge_in(bridge), leg, watched), "bridge")


def bridge_clock(bridge, now_ms):
    """Says when the packets that follow have come."""
    return checked(lib.parley_bridge_clock(bridge_in(bridge), now_ms), "bridge")


def bridge_take_report(bridge, leg, packet):
    """Writes the next RTCP packet to `packet` (504 octets) and whose to leg[0]; returns its octets, 0: none."""
    octets = view(packet, OCTET, lib.PARLEY_BRIDGE_REPORT_BYTES_MAX)
    return checked(
        lib.parley_bridge_take_report(bridge_in(bridge), view(leg, WORD, 1), octets, len(octets)), "bridge"
    )


def bridge_protect_report(bridge, leg, packet, length):
    """Protects an RTCP packet to a leg in place, if the leg has keys; returns its octets."""
    octets = view(packet, OCTET, length)
    need(length >= 0, "length")
    return checked(
        lib.parley_bridge_protect_report(bridge_in(bridge), leg, octets, length, len(octets)), "bridge"
    )


def bridge_open_report(bridge, leg, packet, length, plain):
    """Writes an RTCP packet of a leg to `plain` in the clear; returns its octets, or below 0."""
    octets, result = octets_of(packet, length), view(plain, OCTET, length)
    return checked(lib.parley_bridge_open_report(bridge_in(bridge), leg, octets, length, result), "bridge")


def bridge_take_event(bridge, leg):
    """Returns the next key pressed (RFC 4733) and writes whose to leg[0]; below 0: none."""
    return checked(lib.parley_bridge_take_event(bridge_in(bridge), view(leg, WORD, 1)), "bridge")


def bridge_figures(bridge, leg, figures):
    """Writes what a leg's reports need to `figures`, 12 words."""
    words = view(figures, WORD, lib.PARLEY_BRIDGE_FIGURES)
    return checked(lib.parley_bridge_figures(bridge_in(bridge), leg, words), "bridge")


def bridge_gain(bridge, leg, gain):
    """Makes a leg louder or softer for everybody: gain in 1/256."""
    return checked(lib.parley_bridge_gain(bridge_in(bridge), leg, gain), "bridge")


def bridge_channels(bridge, leg, says, hears):
    """Chooses on which channels a leg is heard, and to which it listens: 30 bits each."""
    return checked(lib.parley_bridge_channels(bridge_in(bridge), leg, says, hears), "bridge")


def bridge_tell(bridge, leg, tone, times):
    """Plays a leg a tone, so often, on top of what it hears."""
    return checked(lib.parley_bridge_tell(bridge_in(bridge), leg, tone, times), "bridge")


def bridge_names(bridge, leg, most, level_id_out, level_id_in):
    """Has a leg's packets name who is heard (0..15, their levels by ID), and hears the level it says of itself."""
    found = lib.parley_bridge_names(bridge_in(bridge), leg, most, level_id_out, level_id_in)
    return checked(found, "bridge")


def bridge_noise(bridge, leg, level):
    """Has a leg sent comfort noise of a level, -dBov, while it hears nobody; 0: no more."""
    return checked(lib.parley_bridge_noise(bridge_in(bridge), leg, level), "bridge")
