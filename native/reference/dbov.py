"""Level in -dBov by RFC 6464 section 3, in floating point."""

import numpy as np

OVERLOAD = 32767.0  # RFC 3389 section 3: a square wave of full scale is 0 dBov


def level_dbov(pcm):
    """Returns -dBov of int16 samples, 0..127; refuses a case whose rounding is a matter of luck."""
    mean_square = np.mean(np.asarray(pcm, dtype=np.float64) ** 2) if len(pcm) else 0.0
    if mean_square == 0.0:
        return 127
    exact = -10.0 * np.log10(mean_square / OVERLOAD**2)
    assert abs(exact % 1.0 - 0.5) > 1e-6, "case lies on a rounding border"
    return int(np.clip(np.floor(exact + 0.5), 0, 127))
