"""As many samples as wanted of those there are, in plain Python; contract: native/include/parley_resample.h."""

import struct

from parley.media.kernels_slow_stateless import count_items, need

STRETCH_MAX = 1024
CHUNK = 160  # samples a call of struct takes


def stretched(pcm, made):
    """A list of `made` samples, evenly from the first to the last of the list pcm (Catmull and Rom)."""
    taken = len(pcm)
    out = []
    for i in range(made):
        at = i * taken // made
        part = (i * taken % made << 12) // made
        a, b = pcm[max(at - 1, 0)], pcm[at]
        c, d = pcm[min(at + 1, taken - 1)], pcm[min(at + 2, taken - 1)]
        total = 2 * a - 5 * b + 4 * c - d + (((3 * (b - c) + d - a) * part) >> 12)
        total = c - a + ((total * part) >> 12)
        out.append(min(32767, max(-32768, b + ((total * part) >> 13))))
    return out


def stretch(pcm, out):
    """Fills `out` with all of `pcm`, evenly stretched or pressed together."""
    taken, made = count_items(pcm, 2, 1), count_items(out, 2, 1)
    need(taken <= STRETCH_MAX and made <= STRETCH_MAX, "buffer length")
    samples = stretched(struct.unpack("<%dh" % taken, pcm), made)
    for first in range(0, made, CHUNK):
        part = samples[first : first + CHUNK]
        struct.pack_into("<%dh" % len(part), out, 2 * first, *part)
