"""Buffers on their way to a kernel: every length and alignment is checked here, as in the native module."""

from parley_native._native import ffi, lib

WORD = ffi.typeof("int32_t[]")
SAMPLE = ffi.typeof("int16_t[]")
OCTET = ffi.typeof("uint8_t[]")
_SIZES = {WORD: 4, SAMPLE: 2, OCTET: 1}


def need(condition, text):
    """Raises ValueError(text) unless `condition`."""
    if not condition:
        raise ValueError(text)


def view(buffer, item, least=0, writable=True):
    """Returns `buffer` as a C array of `item`, with at least `least` items."""
    octets = ffi.from_buffer(buffer, require_writable=writable)
    size = _SIZES[item]
    need(len(octets) % size == 0, "buffer length")
    need(len(octets) >= least * size, "buffer too short")
    need(int(ffi.cast("uintptr_t", octets)) % size == 0, "buffer alignment")
    return ffi.from_buffer(item, buffer, require_writable=writable)


def octets_of(packet, length):
    """Returns a datagram, the first `length` octets of a buffer, as a C array."""
    octets = view(packet, OCTET, writable=False)
    need(0 <= length <= len(octets), "length")
    return octets


def leg_in(buffer):
    """Returns `buffer` as a leg, with room for one."""
    return ffi.cast("parley_leg *", view(buffer, WORD, lib.parley_leg_size() // 4))


def bridge_in(buffer):
    """Returns `buffer` as a bridge that was initialised."""
    words = view(buffer, WORD, 1)
    bridge = ffi.cast("parley_bridge *", words)
    need(lib.parley_bridge_usable(bridge, 4 * len(words)), "bridge not initialised")
    return bridge


def checked(result, what):
    """Returns what a kernel returned; raises for the caller's own mistakes. what: "leg" or "bridge"."""
    need(result != lib.PARLEY_LEG_UNUSABLE, what + " not initialised")
    need(result != lib.PARLEY_LEG_ARGUMENT, "argument")
    return result


def with_places(kernel, bridge, places):
    """Lets so many legs have what `kernel` makes places for at the end of the bridge's memory; returns 0."""
    return checked(kernel(bridge_in(bridge), 4 * len(view(bridge, WORD, 1)), places), "bridge")
