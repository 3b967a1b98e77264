"""Concealment of lost packets in the manner of ITU-T G.711 Appendix I, as parley_plc.h describes it.

All in whole numbers, so that every implementation comes to the same samples; ranges are for 8000 Hz and scale.
"""

import numpy as np

PITCH_MIN, PITCH_MAX = 32, 120
HISTORY = 184
CORRELATED = 64
COARSE = 2
CROSS = 16
FADE, SILENT = 80, 480
ONE = 1 << 14


def _likeness(history, scale, lag, step):
    """Squared normalised correlation of the newest samples with those `lag` before."""
    start = len(history) - CORRELATED * scale
    new, old = history[start::step], history[start - lag : len(history) - lag : step]
    cross = int(np.dot(new, old))
    return cross * cross // (int(np.dot(old, old)) + 1) if cross > 0 else 0


def pitch(history, scale):
    """Returns the period in samples; history: [184 * scale] int16, the newest last."""
    wide = np.asarray(history, dtype=np.int64)
    magnitude = int(np.bitwise_or.reduce(np.where(wide < 0, ~wide, wide)))
    wide = wide >> max(0, magnitude.bit_length() - 11)
    least, most, step = PITCH_MIN * scale, PITCH_MAX * scale, COARSE * scale
    found = most
    for lags, every in ((range(least, most + 1, step), step), (None, 1)):
        around = range(max(least, found - step + 1), min(most, found + step - 1) + 1)
        scores = {lag: _likeness(wide, scale, lag, every) for lag in lags or around}
        best = max(scores, key=scores.get)
        found = best if scores[best] else found
    return found


def _between(start, to, weight):
    return (start * (ONE - weight) + to * weight + ONE // 2) >> 14


def _period(history, lag):
    """Returns the last period, its last quarter crossed over to the samples before it."""
    wide = np.asarray(history, dtype=np.int64)
    made = wide[-lag:].copy()
    quarter = lag // 4
    weights = np.arange(1, quarter + 1) * (ONE // (quarter + 1))
    made[-quarter:] = _between(made[-quarter:], wide[-lag - quarter : -lag], weights)
    return made


def conceal(history, scale, lag, lost, samples):
    """Returns `samples` samples that continue history after `lost` samples of the loss, int16."""
    made = _period(history, lag)
    at = np.arange(lost, lost + samples)
    pcm = made[at % lag]
    quarter = lag // 4
    step = int(history[-1]) - int(made[-1])
    weights = ONE - (at + 1) * (ONE // (quarter + 1))
    pcm = pcm + np.where(at < quarter, (step * weights) >> 14, 0)
    left = np.maximum(SILENT * scale - at, 0)
    gain = np.where(at < FADE * scale, ONE, left * ONE // ((SILENT - FADE) * scale))
    return ((pcm * gain + ONE // 2) >> 14).clip(-32768, 32767).astype(np.int16)


def recover(history, scale, lag, lost, pcm):
    """Returns pcm [16 * scale and more], its first samples crossed over from the loss."""
    samples = CROSS * scale
    made = np.asarray(pcm, dtype=np.int64).copy()
    weights = np.arange(1, samples + 1) * (ONE // (samples + 1))
    made[:samples] = _between(conceal(history, scale, lag, lost, samples), made[:samples], weights)
    return made.astype(np.int16)
