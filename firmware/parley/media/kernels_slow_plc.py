"""Concealment of lost packets in plain Python; what each function means: native/include/parley_plc.h."""

import struct

from parley.media.kernels_slow_stateless import count_items, need

CHUNK = 160  # samples a call of struct takes
PITCH_MIN = 32
PITCH_MAX = 120
HISTORY = 184
CORRELATED = 64
COARSE = 2
CROSS = 16
FADE = 80
SILENT = 480
ONE = 16384  # Q14


def _samples(buffer, least=0):
    """The int16 samples of a buffer, as a list."""
    return list(struct.unpack("<%dh" % count_items(buffer, 2, least), buffer))


def _write(pcm, samples):
    for first in range(0, len(samples), CHUNK):
        part = samples[first : first + CHUNK]
        struct.pack_into("<%dh" % len(part), pcm, 2 * first, *part)


def _history(buffer):
    """(samples, scale): the length tells the sampling rate."""
    samples = _samples(buffer)
    need(len(samples) in (HISTORY, 2 * HISTORY), "history")
    return samples, len(samples) // HISTORY


def _likeness(history, scale, lag, step):
    cross, energy = 0, 1
    for i in range(len(history) - CORRELATED * scale, len(history), step):
        earlier = history[i - lag]
        cross += history[i] * earlier
        energy += earlier * earlier
    return cross * cross // energy if cross > 0 else 0


def _best(history, scale, lags, step, found):
    best = 0
    for lag in lags:
        now = _likeness(history, scale, lag, step)
        if now > best:
            best, found = now, lag
    return found


def find_pitch(history, scale):
    """Period in samples of a list of samples, the newest last."""
    magnitude = 0
    for sample in history:
        magnitude |= ~sample if sample < 0 else sample
    bits = 0
    while magnitude >> (11 + bits):
        bits += 1
    reduced = [sample >> bits for sample in history]
    least, most, step = PITCH_MIN * scale, PITCH_MAX * scale, COARSE * scale
    found = _best(reduced, scale, range(least, most + 1, step), step, most)
    around = range(max(least, found - step + 1), min(most, found + step - 1) + 1)
    return _best(reduced, scale, around, 1, found)


def _between(start, to, weight):
    return (start * (ONE - weight) + to * weight + ONE // 2) >> 14


def continued(history, scale, pitch, lost, samples):
    """A list of samples that continue history after `lost` samples of the loss."""
    end, quarter = len(history), pitch // 4
    slope = ONE // (quarter + 1)
    period = history[end - pitch :]
    for into in range(quarter):
        i = pitch - quarter + into
        period[i] = _between(period[i], history[end - 2 * pitch + i], (into + 1) * slope)
    step = history[end - 1] - period[pitch - 1]
    made = []
    for at in range(lost, lost + samples):
        sample = period[at % pitch]
        if at < quarter:
            sample += (step * (ONE - (at + 1) * slope)) >> 14
        gain = ONE
        if at >= FADE * scale:
            gain = max(0, SILENT * scale - at) * ONE // ((SILENT - FADE) * scale)
        made.append(min(32767, max(-32768, (sample * gain + ONE // 2) >> 14)))
    return made


def crossed(history, scale, pitch, lost, samples):
    """A copy of a list of samples, its first ones crossed over from the loss."""
    made = list(samples)
    count = CROSS * scale
    concealed = continued(history, scale, pitch, lost, count)
    for i in range(count):
        made[i] = _between(concealed[i], made[i], (i + 1) * (ONE // (count + 1)))
    return made


def _check(scale, pitch, lost):
    need(PITCH_MIN * scale <= pitch <= PITCH_MAX * scale and 0 <= lost <= 0x3FFFFFFF, "argument")


def plc_pitch(history):
    """Period in samples; history: 184 samples at 8000 Hz or 368 at 16000."""
    samples, scale = _history(history)
    return find_pitch(samples, scale)


def plc_conceal(history, pitch, lost, pcm):
    """Fills `pcm` with what continues `history`, `lost` samples after it."""
    samples, scale = _history(history)
    _check(scale, pitch, lost)
    _write(pcm, continued(samples, scale, pitch, lost, count_items(pcm, 2)))


def plc_recover(history, pitch, lost, pcm):
    """Crosses `pcm` over from a loss of `lost` samples, in place."""
    samples, scale = _history(history)
    _check(scale, pitch, lost)
    _write(pcm, crossed(samples, scale, pitch, lost, _samples(pcm, CROSS * scale)))
