"""Between 8000 and 16000 Hz, and stretching, as parley_resample.h describes them: numpy, whole numbers."""

import numpy as np

PAIRS = 12
BETA = 5.0


def taps():
    """Returns the outer taps of one side of the half-band filter in Q14, which come to a half."""
    places = 2 * np.arange(PAIRS) + 1
    shape = np.sinc(places / 2) * np.kaiser(4 * PAIRS + 1, BETA)[2 * PAIRS + places]
    found = np.rint(shape / shape.sum() / 2 * (1 << 14)).astype(np.int64)
    found[0] += (1 << 13) - found.sum()
    return found


def _cut(values):
    return np.asarray(values).clip(-32768, 32767).astype(np.int16)


def up(pcm):
    """Returns twice as many samples; silence before them."""
    line = np.concatenate((np.zeros(2 * PAIRS - 1, dtype=np.int64), pcm))
    made = np.empty(2 * len(pcm), dtype=np.int64)
    for i in range(len(pcm)):
        middle = i + PAIRS - 1
        left = line[middle - PAIRS + 1 : middle + 1][::-1]
        made[2 * i] = line[middle]
        made[2 * i + 1] = (np.dot(left + line[middle + 1 : middle + PAIRS + 1], taps()) + (1 << 13)) >> 14
    return _cut(made)


def down(pcm):
    """Returns half as many samples; silence before them."""
    line = np.concatenate((np.zeros(4 * PAIRS - 2, dtype=np.int64), pcm))
    made = np.empty(len(pcm) // 2, dtype=np.int64)
    for i in range(len(made)):
        middle = 2 * i + 2 * PAIRS - 1
        left = line[middle - 2 * PAIRS + 1 : middle : 2][::-1]
        pairs = left + line[middle + 1 : middle + 2 * PAIRS : 2]
        made[i] = ((line[middle] << 14) + np.dot(pairs, taps()) + (1 << 14)) >> 15
    return _cut(made)


def stretch(pcm, made):
    """Returns `made` samples, evenly from the first to the last of pcm: the cubic of Catmull and Rom."""
    taken = len(pcm)
    places = np.arange(made) * taken
    at, part = places // made, ((places % made) << 12) // made
    line = np.asarray(pcm, dtype=np.int64)
    a, b, c, d = (line[(at + step).clip(0, taken - 1)] for step in (-1, 0, 1, 2))
    total = 2 * a - 5 * b + 4 * c - d + (((3 * (b - c) + d - a) * part) >> 12)
    total = c - a + ((total * part) >> 12)
    return _cut(b + ((total * part) >> 13))
