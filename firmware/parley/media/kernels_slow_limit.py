"""The limiter of a mix, and who hears too much on a bridge, in plain Python. Part of kernels_slow.

As native/src/limit.c, mix.c and bridge_limit.c, octet for octet; what it means stands in native/include/parley_mix.h.
"""

import struct

from parley.media.kernels_slow_bridge_state import (
    CONFERENCE,
    HEAD_LIMIT,
    IS_LIMITED,
    LIMIT,
    OTHER,
    SHARED_LIMIT,
    TOLD,
    block_at,
    conference_at,
    get,
    put,
)
from parley.media.kernels_slow_stateless import count_items, need

ONE, FULL, MOST, BLOCK, FRAME = 32768, 32767 << 15, 32767, 16, 320


def _fitting(peak):
    """The gain at which a magnitude fits."""
    return FULL // peak if peak > MOST else ONE


def _plan(gain, peaks):
    """(gain of the first sample, step a block, gain at which it stops) of a frame."""
    first, end = min(gain, 2 * _fitting(peaks[0])), _fitting(max(peaks))
    if end >= first:
        return first, max(8, ((ONE - first) >> 5) // len(peaks)), end
    falls = [-((_fitting(peaks[k]) - first) // max(k, 1)) for k in range(len(peaks))]
    return first, -max(falls), end


def _at(first, step, end, i):
    gain = first + (i * step >> 4)
    return max(gain, end) if step < 0 else min(gain, end)


def _frame(wanted, gain):
    """(what is heard of at most 320 samples, the gain after them)."""
    peaks = [max([abs(x) for x in wanted[k : k + BLOCK]]) for k in range(0, len(wanted), BLOCK)]
    first, step, end = _plan(gain, peaks)
    heard = []
    for i in range(len(wanted)):
        less = min(MOST, abs(wanted[i]) * _at(first, step, end, i) >> 15) & ~3
        heard.append(-less if wanted[i] < 0 else less)
    return heard, _at(first, step, end, len(wanted))


def rested(gain):
    """The gain after a frame in which nothing is to be limited."""
    first, step, end = _plan(gain, [0] * 10)
    return _at(first, step, end, 160)


def mix_minus(total, own, out, gain):
    """Writes limit(`total` - `own`) to `out`, as many samples as `total` has; own may be None. Returns the new gain."""
    need(0 <= gain <= ONE, "argument")
    samples = count_items(total, 4)
    count_items(out, 2, samples)
    wanted = list(struct.unpack_from("<%di" % samples, total, 0))
    if own is not None:
        count_items(own, 2, samples)
        less = struct.unpack_from("<%dh" % samples, own, 0)
        wanted = [wanted[i] - less[i] for i in range(samples)]
    loud = gain != ONE or (samples and (max(wanted) > 32767 or min(wanted) < -32768))
    for begin in range(0, samples, FRAME):
        frame = wanted[begin : begin + FRAME]
        if loud:
            frame, gain = _frame(frame, gain)
        struct.pack_into("<%dh" % len(frame), out, 2 * begin, *frame)
    return gain


# --- of a leg, and of the frame that all share who are not in the mix ---


def limit_of(bridge, leg):
    """The gain of a leg."""
    return ONE - get(bridge, LIMIT, block_at(leg))


def keep_limit(bridge, leg, gain):
    """Keeps a leg's gain for the next frame."""
    at = block_at(leg)
    put(bridge, LIMIT, ONE - gain, at)
    put(bridge, TOLD, get(bridge, TOLD, at) & ~IS_LIMITED | (IS_LIMITED if gain != ONE else 0), at)


def keep_shared(bridge, conference, gain):
    """The same of the frame that is shared; conference: where its words begin."""
    put(bridge, SHARED_LIMIT, ONE - gain, conference)
    put(
        bridge,
        OTHER,
        get(bridge, OTHER, conference) & ~IS_LIMITED | (IS_LIMITED if gain != ONE else 0),
        conference,
    )


def limit_enter(bridge, leg, alone):
    """A leg was put into its conference; alone: it is the only one."""
    conference = conference_at(bridge, get(bridge, CONFERENCE, block_at(leg)))
    if alone:
        keep_shared(bridge, conference, ONE)
    keep_limit(bridge, leg, ONE - get(bridge, SHARED_LIMIT, conference))


def limit_begin(bridge, conference):
    """A conference begins its tick."""
    limit = get(bridge, SHARED_LIMIT, conference)
    put(bridge, HEAD_LIMIT, limit)
    if limit:
        keep_shared(bridge, conference, rested(ONE - limit))
