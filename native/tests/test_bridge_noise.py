"""Comfort noise to who takes it (RFC 3389): when it is sent, what it says, and that sound is as without it."""

import struct

import numpy as np
import pytest

import parley_native as kernels

from .hall import L16, Hall, rate_of
from .room import G722, PCMA, PCMU

LEVEL, HANGOVER, REPEAT = 65, 10, 25  # ticks
COMFORT_NOISE = 13
LAWS = [PCMU, PCMU, PCMA, G722]


def noise(law, seed):
    return np.random.default_rng(seed).integers(-3000, 3000, rate_of(law) // 50).astype(np.int16)


def header(packet):
    """(marker, payload type, sequence number, timestamp)."""
    _, second, sequence, timestamp = struct.unpack(">BBHI", packet[:8])
    return second >> 7, second & 127, sequence, timestamp


class Quiet(Hall):
    """Leg 0 talks when told to; the others that are named take comfort noise."""

    def __init__(self, laws, takers, keyed=()):
        super().__init__(laws, keyed=keyed)
        self.number = 0
        for leg in takers:
            assert kernels.bridge_noise(self.memory, leg, LEVEL) == 0

    def run(self, ticks, talkers=()):
        for _ in range(ticks):
            for leg in talkers:
                self.say(leg, self.number, self.coded(leg, noise(self.laws[leg], self.number)))
            self.number += 1
            self.tick()


@pytest.mark.parametrize("keyed", [(), (1, 2, 3)])
def test_silence_is_noise_after_a_while_and_then_every_half_second(keyed):
    hall = Quiet(LAWS, (1, 2, 3), keyed)
    hall.run(HANGOVER + 2 * REPEAT + 1)
    for leg in (1, 2, 3):
        sent = hall.packets[leg]
        assert len(sent) == HANGOVER + 3
        first = header(sent[0])
        for number, packet in enumerate(sent[HANGOVER:]):
            assert len(packet) == 13 and packet[12] == LEVEL
            at = first[3] + 160 * (HANGOVER + REPEAT * number)
            assert header(packet) == (
                0,
                COMFORT_NOISE,
                (first[2] + HANGOVER + number) & 0xFFFF,
                at & 0xFFFFFFFF,
            )
    assert {len(packet) for packet in hall.packets[0]} == {172}


def test_sound_is_that_of_a_leg_without_it():
    """Of every law, with pauses of all lengths: whatever is no noise is the packet it would have been."""
    takes, plain = Quiet(LAWS, (1, 2, 3)), Quiet(LAWS, ())
    for hall in (takes, plain):
        for pause in (1, 3, HANGOVER - 1, HANGOVER, HANGOVER + 1, 40, 70):
            hall.run(7, talkers=(0,))
            hall.run(pause)
        hall.run(7, talkers=(0,))
    for leg in (1, 2, 3):
        expected = {header(packet)[3]: packet[12:] for packet in plain.packets[leg]}
        sound = [packet for packet in takes.packets[leg] if len(packet) > 13]
        silence = len(takes.packets[leg]) - len(sound)
        assert silence > 3 and len(sound) + silence < len(expected)
        if LAWS[leg] != G722:
            assert all(expected[header(packet)[3]] == packet[12:] for packet in sound)
        markers = 0
        for before, after in zip(takes.packets[leg], takes.packets[leg][1:], strict=False):
            if len(after) > 13:
                assert header(after)[0] == (len(before) == 13), "a marker opens a talkspurt"
                markers += header(after)[0]
        assert markers == 2  # after the pauses that are long enough


def test_what_is_said_meanwhile_is_lost_for_nobody():
    hall = Quiet([PCMU, PCMU], (1,))
    hall.run(HANGOVER + 5)
    before = len(hall.packets[1])
    hall.run(6, talkers=(0,))
    sent = [packet for packet in hall.packets[1][before:] if len(packet) == 172]
    codes = bytearray(160)
    kernels.g711_encode(PCMU, noise(PCMU, HANGOVER + 5), codes)
    assert bytes(codes).replace(b"\x7f", b"\xff") == sent[0][12:]


def test_tones_and_a_leg_that_chooses_and_other_packet_times_are_not_cut():
    hall = Quiet([PCMU] * 3 + [L16], (0, 1, 2, 3))
    assert kernels.bridge_ptime(hall.memory, 1, 40) == 0
    kernels.bridge_channels(hall.memory, 2, 1, 3)
    hall.run(HANGOVER + 10)
    before = [len(packets) for packets in hall.packets]
    kernels.bridge_tell(hall.memory, 0, 11, 1)
    hall.run(20)
    assert [len(packets) - one for packets, one in zip(hall.packets, before, strict=True)] == [20, 10, 20, 20]


def test_reports_count_what_was_sent():
    hall = Quiet([PCMU, PCMU], (1,))
    hall.run(HANGOVER + REPEAT + 1)
    words = bytearray(48)
    kernels.bridge_figures(hall.memory, 1, words)
    figures = struct.unpack("<12I", words)
    assert (figures[1], figures[10]) == (HANGOVER + 2, 160 * HANGOVER + 2)


def test_it_ends_and_a_new_leg_has_none():
    hall = Quiet([PCMU, PCMU], (1,))
    hall.run(HANGOVER + 3)
    assert kernels.bridge_noise(hall.memory, 1, 0) == 0
    before = len(hall.packets[1])
    hall.run(30)
    assert {len(packet) for packet in hall.packets[1][before:]} == {172} and len(
        hall.packets[1]
    ) == before + 30
    kernels.bridge_noise(hall.memory, 1, LEVEL)
    kernels.bridge_remove_leg(hall.memory, 1)
    hall.add(1, PCMU)
    before = len(hall.packets[1])
    hall.run(30)
    assert len(hall.packets[1]) == before + 30


def test_what_is_beyond_the_limits_changes_nothing():
    hall = Quiet([PCMU, PCMU], (1,))
    before = bytes(hall.memory)
    for leg, level in ((0, -1), (0, 128), (2, 60), (-1, 60)):
        with pytest.raises(ValueError, match="argument"):
            kernels.bridge_noise(hall.memory, leg, level)
    assert bytes(hall.memory) == before
