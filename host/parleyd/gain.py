"""How loud everybody hears a participant: decibels for people, 1/256 for boards."""

import math

GAIN_ONE = 256
GAIN_MOST = 4096
AUTOMATIC = 65535  # the board finds it
LEAST_DB, MOST_DB = -40, 24


def gain_of(db: float) -> int:
    """Return the gain in 1/256 that comes nearest to db [dB], LEAST_DB to MOST_DB."""
    return min(GAIN_MOST, round(GAIN_ONE * 10 ** (db / 20)))


def gain_db(gain: int) -> float:
    """Return a gain of 1/256 in dB, to a tenth; LEAST_DB for one that is less."""
    return max(float(LEAST_DB), round(20 * math.log10(max(gain, 1) / GAIN_ONE), 1))
