"""L16 at 8000 and 16000 Hz through the bridge: to the bit where one voice is heard, beside every other codec."""

import struct

import numpy as np
import pytest

import parley_native as kernels

from .hall import CLOCK, L16, L16_WIDE, SLOT, START, Hall, rate_of, snr_db
from .room import G722, NO_PLACE, PCMA, PCMU, amplitude_of, tone


def noise(law, frames=100, seed=1):
    """Any samples at all: full scale, both signs."""
    return np.random.default_rng(seed).integers(-32768, 32768, rate_of(law) // 50 * frames).astype(np.int16)


@pytest.mark.parametrize("keyed", [(), (0,), (1,), (0, 1)])
@pytest.mark.parametrize("law", [L16, L16_WIDE])
def test_one_voice_is_passed_on_to_the_bit(law, keyed):
    said = noise(law)
    heard = Hall([law, law], keyed=keyed).listen({0: said})[1]
    frame = rate_of(law) // 50
    silent = int(np.argmax(heard != 0)) // frame * frame
    assert silent <= 2 * frame
    assert (heard[silent:] == said[: len(heard) - silent]).all()


@pytest.mark.parametrize("law", [PCMU, PCMA])
def test_g711_alone_is_heard_in_l16_as_its_codes_mean(law):
    hall = Hall([law, L16])
    said = noise(law)
    heard = hall.listen({0: said})[1]
    codes, meant = bytearray(len(said)), np.zeros(len(said), dtype=np.int16)
    kernels.g711_encode(law, said, codes)
    kernels.g711_decode(law, codes, meant)
    assert meant[:8000].tobytes() in heard.tobytes()


@pytest.mark.parametrize("law", [PCMU, PCMA, G722])
@pytest.mark.parametrize("linear", [L16, L16_WIDE])
def test_rates_and_codecs_hear_each_other(law, linear):
    hall = Hall([linear, law])
    said = {0: tone(1000, rate_of(linear)), 1: tone(1400, rate_of(law))}
    heard = hall.listen(said)
    assert abs(amplitude_of(heard[0], 1400, rate_of(linear)) - 6000) < 400
    assert abs(amplitude_of(heard[1], 1000, rate_of(law)) - 6000) < 400
    assert amplitude_of(heard[0], 1000, rate_of(linear)) < 80  # A-law has a fifth of 1400 Hz there
    assert amplitude_of(heard[1], 1400, rate_of(law)) < 30


def test_a_conference_of_all_of_them():
    laws = [PCMU, L16, G722, L16_WIDE, PCMA]
    hertz = [500, 700, 900, 1100, 1300]
    hall = Hall(laws, keyed=(0, 3))
    said = {leg: tone(hertz[leg], rate_of(law), 2500) for leg, law in enumerate(laws)}
    heard = hall.listen(said)
    for leg, law in enumerate(laws):
        for other, one in enumerate(hertz):
            level = amplitude_of(heard[leg], one, rate_of(law))
            assert level < 40 if other == leg else abs(level - 2500) < 200, (leg, other, level)


@pytest.mark.parametrize("law", [L16, L16_WIDE])
def test_two_voices_are_summed_exactly(law):
    hall = Hall([law] * 3)
    said = {leg: tone(hertz, rate_of(law), 5000) for leg, hertz in ((0, 700), (1, 1100))}
    heard = hall.listen(said)[2]
    frame = rate_of(law) // 50
    meant = (said[0] + said[1])[: 90 * frame]
    assert meant.tobytes() in heard.tobytes()


@pytest.mark.parametrize(
    ("law", "ms"), [*((L16, ms) for ms in (10, 20, 30, 40, 60)), *((L16_WIDE, ms) for ms in (10, 20, 30, 40))]
)
def test_packets_of_every_time_in_and_out(law, ms):
    hall = Hall([law, law])
    assert kernels.bridge_ptime(hall.memory, 1, ms) == 0
    said = noise(law, 120).astype(">i2").tobytes()
    octets, number, due = SLOT[law] * ms // 10, 0, 0
    for tick in range(120):
        while due < 20 * (tick + 1) and octets * (number + 1) <= len(said):
            assert hall.say(0, number, said[octets * number :][:octets], ms) == 0
            number, due = number + 1, due + ms
        hall.tick()
    assert {len(packet) for packet in hall.packets[1]} == {12 + octets}
    stamps = np.array([struct.unpack(">I", packet[4:8])[0] for packet in hall.packets[1]], dtype=np.uint32)
    assert set(np.diff(stamps).tolist()) == {CLOCK.get(law, 80) * ms // 10}
    sound = hall.octets[1].lstrip(b"\0")
    begin = said.find(sound[:2000])
    assert 0 <= begin <= 1 and sound[: len(said) // 2] == said[begin:][: len(said) // 2]


@pytest.mark.parametrize("law", [L16, L16_WIDE])
def test_lost_packets_are_concealed(law):
    clean = tone(440, rate_of(law))
    lost = set(range(10, 90, 9))
    hall = Hall([law, PCMU, law])
    heard = hall.listen({0: clean}, lost=lost)
    stats = kernels.bridge_leg_stat(hall.memory, 0, 16)
    assert stats == 2 * len(lost)
    part = clean[: rate_of(law) * 3 // 2]
    assert snr_db(part, heard[2]) > 15


def test_timestamps_of_16000_hz_go_on_over_their_wrap_and_count_in_reports():
    hall = Hall([L16_WIDE, L16_WIDE])
    kernels.bridge_watch(hall.memory, 0, 1)
    kernels.bridge_ptime(hall.memory, 1, 30)
    for number in range(60):
        kernels.bridge_clock(hall.memory, 1000 + 20 * number)
        assert hall.say(0, number, bytes(640)) == 0
        hall.tick()
    figures = np.zeros(12, dtype=np.uint32)
    kernels.bridge_figures(hall.memory, 0, figures)
    assert (figures[7], figures[8]) == (60, 0)  # all of them, and no jitter: its clock was understood
    kernels.bridge_figures(hall.memory, 1, figures)
    assert (figures[1], figures[10]) == (40, 40 * 960)
    assert figures[2] == (START + 60 * 320) & 0xFFFFFFFF
    assert kernels.bridge_leg_stat(hall.memory, 0, 12) == 0  # no stranger took over
    assert kernels.bridge_leg_stat(hall.memory, 0, 1) == 0
    for ticks in (1, 50):
        kernels.bridge_skip(hall.memory, ticks)
    kernels.bridge_figures(hall.memory, 0, figures)
    assert figures[2] == (START + (60 + 51) * 320) & 0xFFFFFFFF


def test_places_for_l16_are_given_back():
    hall = Hall([PCMU] * 4, places=2)
    assert [hall.change(leg, law) for leg, law in ((0, L16), (1, L16_WIDE), (2, L16))] == [0, 0, NO_PLACE]
    before = bytes(hall.memory)
    assert hall.change(3, L16_WIDE) == NO_PLACE and bytes(hall.memory) == before
    assert [hall.change(0, L16_WIDE), hall.change(0, PCMA), hall.change(2, L16)] == [0, 0, 0]
    kernels.bridge_remove_leg(hall.memory, 1)
    assert hall.change(3, L16_WIDE) == 0
    for leg in (0, 2, 3):
        kernels.bridge_remove_leg(hall.memory, leg)
    assert [hall.add(leg, L16) for leg in range(3)] == [0, 0, NO_PLACE]
    with pytest.raises(ValueError, match="argument"):
        kernels.bridge_ptime(hall.memory, 3, 20)


@pytest.mark.parametrize("law", [L16, L16_WIDE])
def test_gain_choice_and_tones(law):
    hall = Hall([law, PCMU, law])
    kernels.bridge_gain(hall.memory, 0, 128)
    kernels.bridge_channels(hall.memory, 1, 2, 0x3FFFFFFF)
    kernels.bridge_channels(hall.memory, 2, 1, 1)  # not leg 1, who is on channel 2
    kernels.bridge_tell(hall.memory, 2, 10, 255)
    said = {0: tone(1000, rate_of(law)), 1: tone(1500, 8000)}
    heard = hall.listen(said)
    assert abs(amplitude_of(heard[1], 1000, 8000) - 3000) < 200
    assert abs(amplitude_of(heard[2], 1000, rate_of(law)) - 3000) < 200
    assert amplitude_of(heard[2], 1500, rate_of(law)) < 40
    assert amplitude_of(heard[2], 850, rate_of(law)) > 500  # the tone it is told


@pytest.mark.parametrize("law", [L16, L16_WIDE])
def test_payloads_of_odd_lengths_are_refused(law):
    hall = Hall([law])
    for octets in (0, 1, 80, 161, SLOT[law] - 1, SLOT[law] * 8 + 1, SLOT[law] * 9):
        if octets % SLOT[law] or not octets or octets > 8 * SLOT[law]:
            assert hall.say(0, octets, bytes(octets)) == -1
    assert hall.say(0, 1, bytes(SLOT[law] * 4)) == 0
