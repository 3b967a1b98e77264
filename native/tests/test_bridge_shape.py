"""Gain of a leg, and who hears whom: at both rates, and what is left alone."""

import sys
from pathlib import Path

import numpy as np
import pytest

import parley_native as kernels

sys.path.insert(0, str(Path(__file__).resolve().parent))
from room import G722, PCMA, PCMU, Room, added, amplitude_of, tone

ALL = 0x3FFFFFFF
TONES_HZ = (400, 700, 1000, 1500)
LAWS = [
    (PCMU, PCMU, PCMU, PCMU),
    (PCMU, PCMA, PCMU, PCMA),
    (G722, PCMU, G722, PCMA),
    (G722, G722, G722, G722),
]


def rate_of(law):
    return 16000 if law == G722 else 8000


def spoken(room):
    return {leg: tone(TONES_HZ[leg], rate_of(law), 3000) for leg, law in enumerate(room.laws)}


def levels_db(room, heard, leg):
    """Of each one's tone in what a leg hears, in dB of what was said."""
    pcm, rate_hz = heard[leg], rate_of(room.laws[leg])
    return [20 * np.log10(max(1e-9, amplitude_of(pcm, hertz, rate_hz)) / 3000) for hertz in TONES_HZ]


@pytest.mark.parametrize("laws", LAWS)
@pytest.mark.parametrize("decibel", [-12, 6])
def test_a_gain_is_heard_by_everybody(laws, decibel):
    room = Room(laws)
    kernels.bridge_gain(room.memory, 1, round(256 * 10 ** (decibel / 20)))
    heard = room.listen(spoken(room))
    for leg in (0, 2, 3):
        levels = levels_db(room, heard, leg)
        assert levels[1] == pytest.approx(decibel, abs=0.5)
        assert all(abs(levels[one]) < 0.3 for one in range(4) if one not in (1, leg))
    assert levels_db(room, heard, 1)[1] < -40


def test_a_gain_of_one_voice_alone_and_its_end():
    room, plain = Room((PCMU, PCMU)), Room((PCMU, PCMU))
    source = np.random.default_rng(5)
    for number in range(20):
        if number == 5:
            kernels.bridge_gain(room.memory, 1, 512)
        if number == 15:
            kernels.bridge_gain(room.memory, 1, 256)
        pcm = source.integers(-8000, 8000, 160).astype(np.int16)
        for each in (room, plain):
            each.say(1, number, pcm)
        heard, expected = room.tick()[0], plain.tick()[0]
        assert (heard == expected) == (not 5 <= number < 15)


@pytest.mark.parametrize("laws", [(PCMU, PCMA), (G722, PCMU)])
@pytest.mark.parametrize(("amplitude", "expected"), [(250, 250 * 10**0.9), (800, 2900), (20000, 5000)])
def test_an_automatic_gain_brings_voices_to_one_level(laws, amplitude, expected):
    """-24 dBov is an amplitude of 2900; 18 dB up and 12 down are the most."""
    room = Room(laws)
    kernels.bridge_gain(room.memory, 0, -1)
    ticks = 500
    heard = room.listen({0: tone(1000, rate_of(laws[0]), amplitude, ticks)}, ticks)
    assert 20 * np.log10(amplitude_of(heard[1], 1000, rate_of(laws[1])) / expected) == pytest.approx(0, abs=1)


def gain_now(room, leg):
    words = bytearray(48)
    kernels.bridge_figures(room.memory, leg, words)
    return int.from_bytes(words[44:], "little")


def test_a_gain_is_told_and_an_automatic_one_as_it_is_now():
    room = Room((PCMU, PCMU))
    assert gain_now(room, 0) == 256
    for gain in (0, 128, 4096):
        kernels.bridge_gain(room.memory, 0, gain)
        assert gain_now(room, 0) == gain
    kernels.bridge_gain(room.memory, 0, -1)
    assert gain_now(room, 0) == 256
    heard = room.listen({0: tone(1000, 8000, 800, 500)}, 500)
    told_db = 20 * np.log10(gain_now(room, 0) / 256)
    heard_db = 20 * np.log10(amplitude_of(heard[1][-8000:], 1000, 8000) / 800)
    assert told_db > 10 and told_db == pytest.approx(heard_db, abs=0.3)
    before = gain_now(room, 0)
    room.listen({0: np.zeros(160 * 40, np.int16)}, 40)
    assert gain_now(room, 0) == before  # what he will be heard with when the gate opens again


def test_the_gate_shuts_out_noise_and_lets_speech_in_at_once():
    room = Room((PCMU, PCMU))
    kernels.bridge_gain(room.memory, 0, -1)
    noise = np.random.default_rng(7).integers(-30, 31, 160 * 60).astype(np.int16)
    speech = tone(1000, 8000, 3000, 20)
    heard = room.listen({0: np.concatenate([noise, speech])}, 80)[1].astype(int)
    frames = np.abs(heard.reshape(-1, 160)).max(axis=1)
    assert frames[5] > 0 and not frames[20:60].any() and frames[61] > 2500


# leg 0 the agent, 1 the customer, 2 the coach whom the customer must not hear, 3 one who listens to the agent alone
@pytest.mark.parametrize("laws", LAWS)
def test_whisper_and_coach(laws):
    room = Room(laws)
    kernels.bridge_channels(room.memory, 0, 4, ALL)
    kernels.bridge_channels(room.memory, 1, 1, ALL & ~2)
    kernels.bridge_channels(room.memory, 2, 2, ALL)
    kernels.bridge_channels(room.memory, 3, 1, 4)
    heard = room.listen(spoken(room))
    for leg, those in ((0, (1, 2, 3)), (1, (0, 3)), (2, (0, 1, 3)), (3, (0,))):
        levels = levels_db(room, heard, leg)
        for other in range(4):
            if other in those:
                assert abs(levels[other]) < 0.4, (leg, other, levels)
            else:
                assert levels[other] < -40, (leg, other, levels)


def test_who_chooses_nobody_hears_silence_and_tones_still_sound():
    room = Room((PCMU, PCMU, PCMU))
    kernels.bridge_channels(room.memory, 0, 1, 0)
    kernels.bridge_tell(room.memory, 0, 6, 1)
    heard = room.listen({1: tone(700, 8000), 2: tone(1000, 8000)}, 40)
    assert np.abs(heard[0][: 9 * 160]).max() > 3000
    assert not heard[0][12 * 160 :].any()
    assert amplitude_of(heard[1][20 * 160 :], 1000, 8000) > 5000


def test_all_again_is_as_before():
    room, plain = Room((PCMU, PCMA, PCMU)), Room((PCMU, PCMA, PCMU))
    source = np.random.default_rng(6)
    kernels.bridge_channels(room.memory, 0, 2, 1)
    for number in range(12):
        if number == 6:
            kernels.bridge_channels(room.memory, 0, 1, ALL)
        pcm = source.integers(-8000, 8000, 160).astype(np.int16)
        for each in (room, plain):
            each.say(1, number, pcm)
            each.say(2, number, pcm[::-1].copy())
        heard, expected = room.tick(), plain.tick()
        assert heard[0] == expected[0]  # both are on the usual channel
        assert heard == expected


def test_who_comes_later_to_the_place_has_neither():
    room = Room((PCMU, PCMU))
    kernels.bridge_gain(room.memory, 0, 0)
    kernels.bridge_channels(room.memory, 0, 2, 0)
    kernels.bridge_remove_leg(room.memory, 0)
    assert added(room.memory, 0, PCMU) == 0
    plain = Room((PCMU, PCMU))
    kernels.bridge_remove_leg(plain.memory, 0)
    assert added(plain.memory, 0, PCMU) == 0
    said = {0: tone(700, 8000), 1: tone(1000, 8000)}
    heard, expected = room.listen(said, 20), plain.listen(said, 20)
    assert all(np.array_equal(heard[leg], expected[leg]) for leg in (0, 1))


@pytest.mark.parametrize("call", [
    lambda m: kernels.bridge_gain(m, 2, 256), lambda m: kernels.bridge_gain(m, 0, -2),
    lambda m: kernels.bridge_gain(m, 0, 4097), lambda m: kernels.bridge_channels(m, 0, 0, 1),
    lambda m: kernels.bridge_channels(m, 0, 1, -1), lambda m: kernels.bridge_channels(m, 0, ALL + 1, 1),
    lambda m: kernels.bridge_channels(m, -1, 1, 1),
])  # fmt: skip
def test_arguments(call):
    with pytest.raises(ValueError, match="argument"):
        call(Room((PCMU, PCMU)).memory)
