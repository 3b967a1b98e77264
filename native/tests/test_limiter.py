"""Loud conferences through the limiter (parley_mix.h): clearer than a knee sample by sample, and without a click."""

from itertools import pairwise

import numpy as np
import pytest

import parley_native as kernels

FRAME, RATE_HZ, ONE, KNEE, ROOM = 160, 8000, 32768, 24576, 8191


def voices(count, peak, seconds=6):
    """Talkers of as many pitches: decaying pulses through two formants, in syllables; int64 [count, samples]."""
    source = np.random.default_rng(count)
    samples, made = seconds * RATE_HZ, []
    for talker in range(count):
        pitch_hz = 95 + 23 * talker
        phase = np.cumsum(pitch_hz * (1 + 0.05 * np.sin(np.arange(samples) / (900 + 70 * talker)))) / RATE_HZ
        since = phase % 1 / pitch_hz
        wave = np.exp(-120 * since) * np.cos(2 * np.pi * (500 + 60 * talker) * since)
        wave += 0.5 * np.exp(-200 * since) * np.cos(2 * np.pi * (1500 + 110 * talker) * since)
        wave *= np.convolve(
            source.random(samples // 1200 + 1).repeat(1200)[:samples], np.ones(400) / 400, "same"
        )
        made.append(wave / np.abs(wave).max() * peak)
    return np.rint(made).astype(np.int64)


def limited(wanted):
    """(what a listener hears, his gain after each frame)."""
    heard, gain, gains = [], ONE, []
    for frame in wanted.reshape(-1, FRAME):
        out = bytearray(2 * FRAME)
        gain = kernels.mix_minus(frame.astype("<i4").tobytes(), None, out, gain)
        heard.append(np.frombuffer(out, dtype="<i2").astype(np.int64))
        gains.append(gain)
    return np.concatenate(heard), gains


def bent(wanted):
    """What a soft knee makes of each frame that does not fit, as this mixer did before."""
    heard = []
    for frame in wanted.reshape(-1, FRAME):
        size = np.abs(frame)
        soft = np.where(size <= KNEE, size, 32767 - ROOM * ROOM // (np.maximum(size - KNEE, 0) + ROOM))
        heard.append(frame if size.max() <= 32767 else np.sign(frame) * soft)
    return np.concatenate(heard)


def snr_db(wanted, heard):
    """Mean over the frames that are too loud, each against what is wanted, scaled to fit best; 60 at most."""
    found = []
    for ideal, got in zip(wanted.reshape(-1, FRAME), heard.reshape(-1, FRAME), strict=True):
        if np.abs(ideal).max() > 32767:
            scaled = ideal * (ideal @ got) / (ideal @ ideal)
            wrong = got - scaled
            found.append(min(60.0, 10 * np.log10((scaled @ scaled) / max(wrong @ wrong, 1e-9))))
    return np.mean(found)


@pytest.mark.parametrize(
    ("talkers", "peak", "better_db", "least_db"),
    [(3, 20000, 9, 35), (3, 32000, 20, 45), (4, 30000, 20, 45), (8, 16000, 20, 45), (8, 32000, 20, 38)],
)
def test_loud_talkers_are_less_distorted_than_by_a_knee(talkers, peak, better_db, least_db):
    wanted = voices(talkers, peak).sum(axis=0)
    heard, gains = limited(wanted)
    assert min(gains) < ONE
    soft, knee = snr_db(wanted, heard), snr_db(wanted, bent(wanted))
    assert soft > max(knee + better_db, least_db), (soft, knee)


def test_two_loud_tones_leave_no_harmonics():
    time = np.arange(2 * RATE_HZ) / RATE_HZ
    wanted = np.rint(30000 * (np.sin(2 * np.pi * 400 * time) + np.sin(2 * np.pi * 1000 * time))).astype(
        np.int64
    )
    for heard, least, most in ((limited(wanted)[0], 60, 200), (bent(wanted), 0, 30)):
        power = np.abs(np.fft.rfft(heard[RATE_HZ:] * np.hanning(RATE_HZ))) ** 2  # a second, 1 Hz a bin
        tones = sum(power[hz - 3 : hz + 4].sum() for hz in (400, 1000))
        assert least < 10 * np.log10(tones / (power.sum() - tones)) < most


def test_no_click_where_frames_meet():
    """From a frame's last sample to the next one's first the gain moves by no more than it does within frames."""
    wanted = voices(5, 26000).sum(axis=0)
    heard, _ = limited(wanted)
    loud = np.abs(wanted) > 8000
    ratio = np.where(loud, heard / np.where(loud, wanted, 1), 0)
    moved = np.where(loud[1:] & loud[:-1], np.abs(np.diff(ratio)), 0)
    cut_off = np.abs(heard[1:]) == 32764
    borders = np.arange(len(moved)) % FRAME == FRAME - 1
    assert (borders & (moved > 0)).sum() > 20
    assert moved[borders & ~cut_off].max() < 0.004
    assert (np.abs(heard) == 32764).sum() < len(heard) / 1000  # only where there was no time to look ahead


def test_gain_comes_back_and_what_fits_is_untouched_again():
    loud = np.full(FRAME, 50000, dtype=np.int64)
    soft = np.rint(9000 * np.sin(np.arange(FRAME) / 3)).astype(np.int64)
    heard, gains = limited(np.concatenate([soft, loud, *[soft] * 150]))
    frames = heard.reshape(-1, FRAME)
    assert (frames[0] == soft).all() and gains[0] == ONE and gains[1] < 0.7 * ONE
    assert all(before < after or after == ONE for before, after in pairwise(gains[1:]))
    assert gains[40] < ONE and gains[-1] == ONE and (frames[-1] == soft).all()
