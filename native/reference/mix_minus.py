"""Mix-minus and its limiter by the formulas of parley_mix.h, on numpy with 64-bit integers."""

import numpy as np

ONE = 2**15
FULL = 32767 * 2**15
BLOCK, FRAME = 16, 320


def fitting(peak):
    """Returns the gain at which a magnitude fits, Q15."""
    return np.where(peak > 32767, FULL // np.maximum(peak, 1), ONE)


def gains(wanted, gain):
    """Returns the gain of each sample of a frame of at most 320, and of the one after it.

    gain: at the end of the frame before.
    """
    starts = np.arange(0, len(wanted), BLOCK)
    needed = fitting(np.maximum.reduceat(np.abs(wanted), starts))
    first, end = min(gain, 2 * int(needed[0])), int(needed.min())
    places = np.arange(len(wanted) + 1)
    if end < first:
        ways = np.maximum(starts // BLOCK, 1)
        step = int(np.min((needed - first) // ways))
        return np.maximum(first + places * step // BLOCK, end)
    step = max(8, (ONE - first) // 32 // len(starts))
    return np.minimum(first + places * step // BLOCK, end)


def limit(wanted, gain):
    """Returns (what a listener hears of a block, int16; his gain after it)."""
    wanted = np.asarray(wanted, dtype=np.int64)
    if gain == ONE and np.all((wanted >= -32768) & (wanted <= 32767)):
        return wanted.astype(np.int16), gain
    heard = []
    for begin in range(0, len(wanted), FRAME):
        frame = wanted[begin : begin + FRAME]
        ramp = gains(frame, gain)
        gain = int(ramp[-1])
        heard.append(np.sign(frame) * np.minimum(np.abs(frame) * ramp[:-1] // (4 * ONE) * 4, 32764))
    return np.concatenate(heard).astype(np.int16), gain


def mix_scale(pcm, gain):
    """Returns pcm * gain / 256 rounded to the nearest multiple of 4 (halves up), cut off as parley_mix.h says."""
    steps = np.floor(np.asarray(pcm, dtype=np.float64) * gain / 1024 + 0.5)
    return (4 * np.clip(steps, -8192, 8191)).astype(np.int16)


def mix_minus(talkers, own, gain=ONE):
    """Returns (what a listener hears, his gain after it).

    talkers: [n, samples] int16; own: row of the listener, or None for one who did not speak.
    """
    wide = np.asarray(talkers, dtype=np.int64)
    return limit(wide.sum(axis=0) - (0 if own is None else wide[own]), gain)
