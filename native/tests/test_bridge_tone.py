"""Tones that one leg is told: their pitch and level, who hears them, and what is left of the mix."""

import struct
import sys
from pathlib import Path

import numpy as np
import pytest

import parley_native as kernels

sys.path.insert(0, str(Path(__file__).resolve().parent))
from room import G722, PCMA, PCMU, Room, amplitude_of, tone

JOIN, ALONE, MUTED, ROLL, TONES, MOST_TIMES = 1, 3, 6, 10, 12, 255
PEAK = 4000


def rate_of(law):
    return 16000 if law == G722 else 8000


def told(law, which, ticks, times=1, spoken=None):
    """What leg 0 and leg 1 hear while leg 0 is told a tone."""
    room = Room((law, law))
    kernels.bridge_tell(room.memory, 0, which, times)
    heard = room.listen(spoken or {}, ticks)
    return heard[0], heard[1]


def loud(pcm, rate_hz):
    """Frames that are not silent."""
    frames = pcm[: len(pcm) // (rate_hz // 50) * (rate_hz // 50)].reshape(-1, rate_hz // 50)
    return np.flatnonzero(np.abs(frames.astype(int)).max(axis=1) > 500)


@pytest.mark.parametrize("law", [PCMU, PCMA, G722])
def test_pitch_and_level(law):
    rate_hz = rate_of(law)
    heard, other = told(law, MUTED, 15)
    part = heard[2 * rate_hz // 50 : 9 * rate_hz // 50].astype(float)
    turn = np.exp(-2j * np.pi * 450 / rate_hz * np.arange(len(part)))
    assert 2 * abs(np.mean(part * turn)) == pytest.approx(PEAK, rel=0.03)
    assert list(loud(heard, rate_hz)[:10]) == list(range(10))
    assert len(loud(heard, rate_hz)) <= 11  # a codec's filters ring
    assert not len(loud(other, rate_hz))


def test_two_notes_and_an_end():
    heard, _ = told(PCMU, JOIN, 20)
    for frame, hertz in ((2, 600), (7, 800)):
        part = heard[160 * frame : 160 * frame + 160].astype(float)
        assert 2 * abs(np.mean(part * np.exp(-2j * np.pi * hertz / 8000 * np.arange(160)))) > 0.95 * PEAK
    assert list(loud(heard, 8000)) == list(range(10))


def test_roll_sounds_once_for_each():
    heard, _ = told(PCMU, ROLL, 80, times=4)
    frames = loud(heard, 8000)
    assert list(frames) == [15 * number + frame for number in range(4) for frame in range(5)]


@pytest.mark.parametrize("law", [PCMU, G722])
def test_talk_goes_on_below_it(law):
    rate_hz = rate_of(law)
    spoken = {1: tone(1000, rate_hz)}
    heard, _ = told(law, ROLL, 100, times=10, spoken=spoken)
    assert amplitude_of(heard, 1000, rate_hz) == pytest.approx(6000, rel=0.03)
    assert amplitude_of(heard, 850, rate_hz) > 0.25 * PEAK


def test_afterwards_packets_are_copies_again():
    room, plain = Room((PCMU, PCMU)), Room((PCMU, PCMU))
    kernels.bridge_tell(room.memory, 0, MUTED, 1)
    source = np.random.default_rng(2)
    for number in range(30):
        pcm = source.integers(-8000, 8000, 160).astype(np.int16)
        for each in (room, plain):
            each.say(1, number, pcm)
        heard, expected = room.tick()[0], plain.tick()[0]
        assert (heard == expected) == (number >= 10)


def test_a_tone_ends_the_one_before():
    room = Room((PCMU, PCMU))
    kernels.bridge_tell(room.memory, 0, ALONE, 255)
    kernels.bridge_tell(room.memory, 0, 0, 1)
    assert not len(loud(room.listen({}, 20)[0], 8000))


def test_arguments():
    room = Room((PCMU, PCMU))
    for leg, which, times in (
        (2, 1, 1),
        (-1, 1, 1),
        (0, TONES, 1),
        (0, -1, 1),
        (0, 1, 0),
        (0, 1, MOST_TIMES + 1),
    ):
        with pytest.raises(ValueError, match="argument"):
            kernels.bridge_tell(room.memory, leg, which, times)


def test_a_leg_that_comes_later_is_told_nothing():
    room = Room((PCMU, PCMU))
    kernels.bridge_tell(room.memory, 0, ALONE, 255)
    kernels.bridge_remove_leg(room.memory, 0)
    kernels.bridge_add_leg(room.memory, 0, 0, PCMU, PCMU, -1, 1, 3, struct.pack("<3I", 0, 0, 0), bytes(7))
    assert not len(loud(room.listen({}, 20)[0], 8000))
