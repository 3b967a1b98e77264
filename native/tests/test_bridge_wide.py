"""Conferences with wideband legs: who hears what, at which rate, how well."""

import sys
from pathlib import Path

import numpy as np
import pytest

import parley_native as kernels

sys.path.insert(0, str(Path(__file__).resolve().parent))
from room import (
    ADDRESS_BYTES,
    G722,
    HEARS,
    NO_PLACE,
    PCMA,
    PCMU,
    SPEAKS,
    Room,
    added,
    amplitude_of,
    tone,
    widened,
)


def test_one_wideband_voice_is_passed_on_as_it_came():
    room = Room((G722, G722, G722))
    source = np.random.default_rng(1)
    for number in range(50):
        said = room.say(0, number, source.integers(-8000, 8000, 320).astype(np.int16))
        heard = room.tick()
        assert heard[1] == heard[2] == said
        assert heard[0] != said


@pytest.mark.parametrize("law", [PCMU, PCMA])
def test_both_rates_hear_each_other_at_their_levels(law):
    room = Room((G722, law, G722, law))
    heard = room.listen({0: tone(1000, 16000), 1: tone(700, 8000)})
    for leg, rate_hz, there, gone in (
        (0, 16000, (700,), (1000,)),
        (1, 8000, (1000,), (700,)),
        (2, 16000, (700, 1000), ()),
        (3, 8000, (700, 1000), ()),
    ):
        for hertz in there:
            assert 20 * np.log10(amplitude_of(heard[leg], hertz, rate_hz) / 6000) == pytest.approx(0, abs=0.2)
        for hertz in gone:
            assert amplitude_of(heard[leg], hertz, rate_hz) < 6000 * 10 ** (-45 / 20)


def test_what_narrowband_cannot_carry_does_not_fold_into_it():
    room = Room((G722, PCMU, G722))
    heard = room.listen({0: tone(6000, 16000)})
    assert amplitude_of(heard[1], 2000, 8000) < 6000 * 10 ** (-45 / 20)
    assert amplitude_of(heard[2], 6000, 16000) > 5000


def test_narrowband_has_no_image_at_wideband():
    room = Room((PCMU, G722))
    heard = room.listen({0: tone(2000, 8000)})
    assert amplitude_of(heard[1], 6000, 16000) < 6000 * 10 ** (-45 / 20)


def test_two_wideband_voices_and_one_narrowband_mix_near_the_ideal():
    source, room = np.random.default_rng(4), Room((G722, G722, PCMU, G722))
    wide = [
        (3000 * np.sin(np.arange(32000) * step) + source.normal(0, 30, 32000)).astype(np.int16)
        for step in (0.05, 0.11)
    ]
    narrow = (3000 * np.sin(np.arange(16000) * 0.21)).astype(np.int16)
    heard = room.listen({0: wide[0], 1: wide[1], 2: narrow})[3].astype(float)
    up = (3000 * np.sin(np.arange(32000) * 0.105)).astype(float)
    ideal = wide[0].astype(float) + wide[1]
    parts = np.stack([np.roll(signal, shift) for signal in (ideal, up) for shift in range(80)], axis=1)[
        8000:31000
    ]
    fit, *_ = np.linalg.lstsq(parts, heard[8000:31000], rcond=None)
    error = heard[8000:31000] - parts @ fit
    assert 10 * np.log10(np.sum(heard[8000:31000] ** 2) / np.sum(error**2)) > 20


def test_a_lost_wideband_packet_is_concealed():
    whole = Room((G722, G722)).listen({0: tone(400, 16000)})[1].astype(float)
    lossy = Room((G722, G722)).listen({0: tone(400, 16000)}, lost=range(20, 80, 10))[1].astype(float)
    hole = lossy[20 * 320 + 60 : 21 * 320].std()
    assert hole > 0.8 * whole[20 * 320 : 21 * 320].std()


def test_places_run_out_and_come_back():
    memory = widened(4, 2, conferences=2)
    assert added(memory, 0, G722) == added(memory, 1, G722, conference=1) == 0
    assert added(memory, 2, G722) == NO_PLACE
    assert added(memory, 2, PCMA) == 0
    change = (memory, 2, G722, G722, -1, SPEAKS | HEARS, bytes(ADDRESS_BYTES))
    assert kernels.bridge_change(*change) == NO_PLACE
    assert kernels.bridge_change(memory, 0, PCMU, PCMU, -1, 3, bytes(ADDRESS_BYTES)) == 0
    assert kernels.bridge_change(*change) == 0
    kernels.bridge_remove_leg(memory, 1)
    assert added(memory, 3, G722) == 0


def test_a_bridge_without_places_has_no_wideband():
    memory = bytearray(kernels.bridge_size(2, 1))
    kernels.bridge_init(memory, 2, 1, 0)
    assert added(memory, 0, G722) == NO_PLACE
    with pytest.raises(ValueError, match="argument"):
        kernels.bridge_widen(memory, 1)
