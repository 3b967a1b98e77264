"""Who is heard in a packet, by name: CSRC lists and levels out, and the level that a phone says of itself."""

import struct

import numpy as np
import pytest

import parley_native as kernels

from .hall import L16, L16_WIDE, Hall, rate_of
from .room import G722, PCMA, PCMU

LEVEL_IN, LEVEL_TOLD, NOTHING_TOLD = 8, 24, 127
OUT_ID, IN_ID = 3, 5
FIRST_SSRC = 50  # of the hall's legs


def noise(law, seed, frames=1):
    pcm = np.random.default_rng(seed).integers(-3000, 3000, rate_of(law) // 50 * frames)
    return pcm.astype(np.int16)


def elements(extension):
    """{ID: data} of a header extension (RFC 8285 section 4)."""
    profile, words = struct.unpack(">HH", extension[:4])
    octets, found = extension[4:], {}
    assert len(octets) == 4 * words
    while octets:
        if octets[0] == 0:
            octets = octets[1:]
            continue
        if profile == 0xBEDE:
            number, count, octets = octets[0] >> 4, (octets[0] & 15) + 1, octets[1:]
        else:
            assert profile == 0x1000
            number, count, octets = octets[0], octets[1], octets[2:]
        found[number], octets = octets[:count], octets[count:]
    return found


def taken_apart(packet):
    """(SSRCs of the CSRC list, {ID: data} of the extension or None, payload)."""
    count, end = packet[0] & 15, 12 + 4 * (packet[0] & 15)
    names = list(struct.unpack(f">{count}I", packet[12:end]))
    found = None
    if packet[0] & 0x10:
        octets = 4 + 4 * struct.unpack(">H", packet[end + 2 : end + 4])[0]
        found, end = elements(packet[end : end + octets]), end + octets
    return names, found, packet[end:]


def ssrcs(legs):
    return [FIRST_SSRC + leg for leg in legs]


class Named(Hall):
    """A hall whose legs are named what `named` says: leg -> (most, ID of levels)."""

    def __init__(self, laws, named, keyed=()):
        super().__init__(laws, keyed=keyed)
        for leg, (most, level_id) in named.items():
            assert kernels.bridge_names(self.memory, leg, most, level_id, 0) == 0

    def speak(self, ticks, ptime_ms=20):
        """ticks: who talks in each; returns leg -> packets, from the first that could hold it."""
        number = dict.fromkeys(range(len(self.laws)), 0)
        for talkers in ticks:
            for leg in talkers:
                self.say(leg, number[leg], self.coded(leg, noise(self.laws[leg], 99 * number[leg] + leg)))
            for leg in number:
                number[leg] += 1
            self.tick()
        return self.packets

    def level(self, leg):
        return kernels.bridge_leg_stat(self.memory, leg, LEVEL_IN)


def test_a_listener_is_told_who_talks_and_how_loud():
    hall = Named([PCMU] * 3, {1: (15, OUT_ID)})
    hall.speak([[0]] * 6)
    names, extension, payload = taken_apart(hall.packets[1][-1])
    assert (names, extension) == (ssrcs([0]), {OUT_ID: bytes([hall.level(0)])})
    assert 5 < hall.level(0) < 60
    plain = hall.packets[2][-1]
    assert plain[0] == 0x80 and payload == plain[12:]
    assert len(hall.packets[1][-1]) == 12 + 4 + 4 + 4 + 160


def test_nobody_hears_his_own_name_and_silence_has_none():
    hall = Named([PCMU] * 3, dict.fromkeys(range(3), (15, OUT_ID)))
    hall.speak([[]] * 2)
    for packets in hall.packets:
        assert {packet[0] for packet in packets} == {0x80} and {len(packet) for packet in packets} == {172}
    hall.speak([[0, 2]] * 6)
    found = [taken_apart(packets[-1]) for packets in hall.packets]
    assert [names for names, _, _ in found] == [ssrcs([2]), ssrcs([0, 2]), ssrcs([0])]
    assert found[1][1] == {OUT_ID: bytes([hall.level(0), hall.level(2)])}


@pytest.mark.parametrize(("most", "level_id"), [(0, 0), (1, 0), (4, OUT_ID), (15, 14), (15, 15), (15, 255)])
def test_no_more_names_than_wanted_and_in_the_form_that_the_id_needs(most, level_id):
    talkers = list(range(1, 18))
    hall = Named([PCMU] * 18, {0: (most, level_id)})
    hall.speak([talkers] * 4)
    names, extension, payload = taken_apart(hall.packets[0][-1])
    assert names == ssrcs(talkers[:most])
    levels = bytes(hall.level(leg) for leg in talkers[:most])
    assert extension == ({level_id: levels} if level_id else None)
    assert len(payload) == 160


def test_the_payload_is_that_of_a_leg_without_names():
    laws = [PCMU, PCMA, G722, L16, L16_WIDE, PCMU, G722, L16_WIDE]
    named = Named(laws, dict.fromkeys(range(len(laws)), (15, OUT_ID)), keyed=(5, 6, 7))
    plain = Hall(laws)
    for number in range(40):
        for leg in (0, 2, 3, 4):
            if (number + leg) % 3:
                payload = noise(laws[leg], 7 * number + leg)
                for hall in (named, plain):
                    hall.say(leg, number, hall.coded(leg, payload))
        named.tick()
        plain.tick()
    for leg, packets in enumerate(named.packets):
        parts = [taken_apart(packet) for packet in packets]
        assert [part[2] for part in parts] == [packet[12:] for packet in plain.packets[leg]]
        assert ssrcs([one for one in (0, 2, 3, 4) if one != leg]) in [part[0] for part in parts]


def test_wideband_voices_that_one_stands_for_have_their_own_names():
    hall = Named([G722, G722, PCMU, PCMU], {2: (15, OUT_ID), 1: (15, OUT_ID)})
    hall.speak([[0, 1, 3]] * 5)
    assert taken_apart(hall.packets[2][-1])[0] == ssrcs([0, 1, 3])
    assert taken_apart(hall.packets[1][-1])[0] == ssrcs([0, 3])


@pytest.mark.parametrize(
    ("ptime_ms", "expected"),
    [
        (10, [[], [], [0], [0], [1], [1], [0], [0], [], []]),
        (30, [[0], [0, 1], [0]]),
        (40, [[0], [1, 0]]),
        (60, [[0, 1]]),
    ],
)
def test_a_longer_packet_names_all_who_were_heard_in_it(ptime_ms, expected):
    """Of five ticks; the first one is silent, and so is the last."""
    hall = Named([PCMU] * 3, {2: (15, OUT_ID)})
    for leg, law in enumerate(hall.laws):
        assert kernels.bridge_ptime(hall.memory, leg, ptime_ms if leg == 2 else 20) == 0, law
    assert kernels.bridge_names(hall.memory, 2, 15, OUT_ID, 0) == 0
    numbers = {0: 0, 1: 0}
    for talkers in ([], [0], [1], [0], []):
        for leg in (0, 1):
            speaks = leg in talkers
            pcm = noise(PCMU, numbers[leg]) if speaks else np.zeros(160, np.int16)
            hall.say(leg, numbers[leg], hall.coded(leg, pcm))
            numbers[leg] += 1
        hall.tick()
    found = [taken_apart(packet) for packet in hall.packets[2]]
    assert [names for names, _, _ in found][: len(expected)] == [ssrcs(legs) for legs in expected]
    assert {len(payload) for _, _, payload in found} == {8 * ptime_ms}
    for names, extension, _ in found:
        assert extension is None if not names else len(extension[OUT_ID]) == len(names)


def test_whoever_is_not_heard_is_not_named():
    hall = Named([PCMU] * 4, {0: (15, 0), 3: (15, 0)})
    kernels.bridge_channels(hall.memory, 1, 2, 0x3FFFFFFF)
    kernels.bridge_channels(hall.memory, 0, 1, 0x3FFFFFFD)  # not leg 1
    hall.speak([[1, 2]] * 5)
    assert taken_apart(hall.packets[0][-1])[0] == ssrcs([2])
    assert taken_apart(hall.packets[3][-1])[0] == ssrcs([1, 2])


def test_names_end_and_a_new_leg_has_none():
    hall = Named([PCMU] * 3, {1: (15, OUT_ID)})
    hall.speak([[0]] * 4)
    assert kernels.bridge_names(hall.memory, 1, 0, 0, 0) == 0
    hall.tick()
    assert hall.packets[1][-1][0] == 0x80 and len(hall.packets[1][-1]) == 172
    kernels.bridge_names(hall.memory, 1, 15, OUT_ID, IN_ID)
    kernels.bridge_remove_leg(hall.memory, 1)
    assert hall.add(1, PCMU) == 0
    hall.speak([[0]] * 4)
    assert len(hall.packets[1][-1]) == 172
    assert kernels.bridge_leg_stat(hall.memory, 1, LEVEL_TOLD) == NOTHING_TOLD


LEVELS = {
    "one byte": (b"\xbe\xde\0\1\x50\x96\0\0", 0x96),
    "behind padding and another": (b"\xbe\xde\0\2\0\x31\xaa\xaa\x50\x11\0\0", 0x11),
    "two bytes": (b"\x10\0\0\1\5\1\x22\0", 0x22),
    "two bytes, the application's bits": (b"\x10\x0f\0\2\0\7\0\5\1\x33\0\0", 0x33),
    "another ID": (b"\xbe\xde\0\1\x40\x96\0\0", NOTHING_TOLD),
    "another profile": (b"\xab\xac\0\1\x50\x96\0\0", NOTHING_TOLD),
    "too long for a level": (b"\xbe\xde\0\1\x51\x96\x97\0", NOTHING_TOLD),
    "no data": (b"\x10\0\0\1\5\0\0\0", NOTHING_TOLD),
    "beyond the end": (b"\xbe\xde\0\1\0\0\0\x50", NOTHING_TOLD),
    "length beyond the end": (b"\x10\0\0\1\0\0\0\5", NOTHING_TOLD),
    "data beyond the end": (b"\x10\0\0\1\0\5\2\x22", NOTHING_TOLD),
    "behind ID 15": (b"\xbe\xde\0\2\xf0\0\x50\x96\0\0\0\0", NOTHING_TOLD),
    "behind padding with a length": (b"\xbe\xde\0\2\1\0\x50\x96\0\0\0\0", NOTHING_TOLD),
    "an empty extension": (b"\xbe\xde\0\0", NOTHING_TOLD),
}


@pytest.mark.parametrize("csrcs", [0, 3])
@pytest.mark.parametrize("name", LEVELS)
def test_a_phones_own_level(name, csrcs):
    extension, told = LEVELS[name]
    hall = Hall([PCMU] * 2)
    assert kernels.bridge_names(hall.memory, 0, 0, 0, IN_ID) == 0
    header = struct.pack(">BBHII", 0x90 | csrcs, 0, 0, 0, 7) + bytes(4 * csrcs)
    packet = header + extension + bytes(160)
    assert kernels.bridge_receive_leg(hall.memory, 0, packet, len(packet)) == 0
    assert kernels.bridge_leg_stat(hall.memory, 0, LEVEL_TOLD) == told
    plain = struct.pack(">BBHII", 0x80, 0, 1, 160, 7) + bytes(160)
    assert kernels.bridge_receive_leg(hall.memory, 0, plain, len(plain)) == 0
    assert kernels.bridge_leg_stat(hall.memory, 0, LEVEL_TOLD) == told


def test_what_is_beyond_the_limits_changes_nothing():
    hall = Named([PCMU] * 2, {0: (15, OUT_ID)})
    before = bytes(hall.memory)
    for terms in ((16, 0, 0), (-1, 0, 0), (0, 1, 0), (15, 256, 0), (15, -1, 0), (0, 0, 256), (0, 0, -1)):
        with pytest.raises(ValueError, match="argument"):
            kernels.bridge_names(hall.memory, 0, *terms)
    with pytest.raises(ValueError, match="argument"):
        kernels.bridge_names(hall.memory, 2, 1, 0, 0)
    assert bytes(hall.memory) == before
