"""Mix-minus and its limiter by the formulas of parley_mix.h, on numpy with 64-bit integers."""

import numpy as np

KNEE = 24576
ROOM = 32767 - KNEE


def soft_limit(wanted):
    """Returns K + R - floor(R^2 / (d + R)) above the knee, sign-symmetric; the value itself below it."""
    magnitude = np.abs(wanted)
    beyond = np.maximum(magnitude - KNEE, 0)
    bent = np.where(magnitude <= KNEE, magnitude, KNEE + ROOM - ROOM * ROOM // (beyond + ROOM))
    return np.sign(wanted) * bent


def mix_scale(pcm, gain):
    """Returns pcm * gain / 256 rounded to the nearest multiple of 4 (halves up), cut off as parley_mix.h says."""
    steps = np.floor(np.asarray(pcm, dtype=np.float64) * gain / 1024 + 0.5)
    return (4 * np.clip(steps, -8192, 8191)).astype(np.int16)


def mix_minus(talkers, own):
    """Returns what a listener hears.

    talkers: [n, samples] int16; own: row of the listener, or None for one who did not speak.
    """
    wide = np.asarray(talkers, dtype=np.int64)
    wanted = wide.sum(axis=0) - (0 if own is None else wide[own])
    fits = np.all((wanted >= -32768) & (wanted <= 32767))
    return (wanted if fits else soft_limit(wanted)).astype(np.int16)
