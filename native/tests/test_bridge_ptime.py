"""Packets of 10 to 60 ms from a bridge whose tick stays 20: no octet lost or twice, headers and counts right."""

import struct

import numpy as np
import pytest

import parley_native as kernels

PCMU, PCMA, G722 = 0, 8, 9
BOTH, NO_PLACE, HEARS_NOT = 3, -12, 1
TICKS = 60
SEQUENCE, TIMESTAMP = 65530, 0xFFFFFF00  # both wrap while we look
PTIMES = (10, 20, 30, 40, 50, 60)
SUITES = {0: 0, 1: 10, 2: 4, 3: 16}  # of SRTP: what a packet grows by
MASTER = bytes(range(30))


class Desk:
    """Leg 0 talks; `packs` more hear it. Its codes are counted up, so that each octet tells its place."""

    def __init__(self, packs=1, places=1, law=PCMA):
        self.law = law
        size = -(-kernels.bridge_size(1 + packs, 1) // 64) * 64 + kernels.bridge_parcel_octets(places)
        size = -(-size // 64) * 64 + kernels.bridge_wide_octets(2, 1)
        self.memory = bytearray(-(-size // 64) * 64 + kernels.bridge_key_octets(1))
        kernels.bridge_init(self.memory, 1 + packs, 1, 0)
        assert kernels.bridge_parcel_places(self.memory, places) == 0
        kernels.bridge_widen(self.memory, 2)
        kernels.bridge_key_places(self.memory, 1)
        for leg in range(1 + packs):
            assert self.change(leg, new=True) == 0
        self.said = self.number = 0

    def change(self, leg, flags=BOTH, new=False):
        seed, address = (
            struct.pack("<3I", 0x1000 + leg, SEQUENCE, TIMESTAMP),
            struct.pack(">IH", leg + 1, 4000),
        )
        if new:
            return kernels.bridge_add_leg(
                self.memory, leg, 0, self.law, self.law, -1, 1, flags, seed, address
            )
        return kernels.bridge_change(self.memory, leg, self.law, self.law, -1, flags, address)

    def tick(self, most=2):
        """Returns [(leg, packet)] of a tick; most: packets a call of mix."""
        codes = bytes((self.said + i) % 126 + 1 for i in range(160))
        self.said += 160
        packet = struct.pack(">BBHII", 0x80, self.law, self.number, 160 * self.number, 7) + codes
        self.number += 1
        assert kernels.bridge_receive_leg(self.memory, 0, packet, len(packet)) == 0
        kernels.bridge_begin(self.memory, 0, 1)
        made = []
        while count := kernels.bridge_mix(self.memory, most):
            for place in range(count):
                at, octets = (
                    kernels.bridge_packet(self.memory, place),
                    kernels.bridge_packet_octets(self.memory, place),
                )
                leg = kernels.bridge_packet_leg(self.memory, place)
                head = self.memory[at - 14 : at - 8]
                assert bytes(head) == struct.pack(">HI", 4000, leg + 1)
                made.append((leg, bytes(self.memory[at : at + octets])))
        return made

    def heard(self, leg=1, ticks=TICKS, most=2):
        """Returns (ticks, packets) of a leg."""
        found = [(tick, packet) for tick in range(ticks) for to, packet in self.tick(most) if to == leg]
        return [tick for tick, _ in found], [packet for _, packet in found]


def opened(packets, suite):
    """Takes the protection off, in the order in which they were sent."""
    state = bytearray(kernels.srtp_size())
    kernels.srtp_init(state, suite, MASTER, MASTER)
    made = []
    for packet in packets:
        plain = bytearray(len(packet))
        octets = kernels.srtp_unprotect(state, packet, len(packet), plain)
        made.append(bytes(plain[:octets]))
    return made


@pytest.mark.parametrize("most", [1, 2, 9])
@pytest.mark.parametrize("ptime_ms", PTIMES)
def test_every_octet_leaves_once_in_packets_of_that_time(ptime_ms, most):
    desk = Desk()
    assert kernels.bridge_ptime(desk.memory, 1, ptime_ms) == 0
    ticks, packets = desk.heard(most=most)
    octets = ptime_ms * 8
    assert {len(packet) for packet in packets} == {12 + octets}
    assert len(packets) == TICKS * 20 // ptime_ms
    headers = [struct.unpack(">BBHII", packet[:12]) for packet in packets]
    assert [header[2] for header in headers] == [(SEQUENCE + i) & 0xFFFF for i in range(len(packets))]
    assert [header[3] for header in headers] == [
        (TIMESTAMP + octets * i) & 0xFFFFFFFF for i in range(len(packets))
    ]
    assert [header[1] >> 7 for header in headers] == [1] + [0] * (len(packets) - 1)
    sound = b"".join(packet[12:] for packet in packets)
    told = bytes(i % 126 + 1 for i in range(desk.said))
    silent = len(sound) - len(sound.lstrip(b"\xd5"))  # until the first frame plays
    assert silent <= 160 and sound[silent:] == told[: len(sound) - silent]
    waits = np.diff(ticks)
    assert (waits.min(), waits.max()) == (ptime_ms // 20 if ptime_ms > 10 else 0, -(-ptime_ms // 20))


@pytest.mark.parametrize("suite", [1, 2, 3])
@pytest.mark.parametrize("ptime_ms", PTIMES)
def test_under_keys_nothing_of_it_changes(ptime_ms, suite):
    plain, keyed = Desk(), Desk()
    assert kernels.bridge_secure(keyed.memory, 1, suite, MASTER, MASTER, struct.pack("<I", 0x1001)) == 0
    for desk in (plain, keyed):
        kernels.bridge_ptime(desk.memory, 1, ptime_ms)
    expected, found = plain.heard()[1], keyed.heard()[1]
    assert {len(packet) for packet in found} == {12 + 8 * ptime_ms + SUITES[suite]}
    clear = opened(found, suite)
    assert [packet[12:] for packet in clear] == [packet[12:] for packet in expected]
    assert [packet[4:8] for packet in clear] == [packet[4:8] for packet in expected]


@pytest.mark.parametrize("ptime_ms", PTIMES)
def test_reports_count_packets_octets_and_the_clock(ptime_ms):
    desk = Desk()
    kernels.bridge_ptime(desk.memory, 1, ptime_ms)
    figures = np.zeros(12, dtype=np.uint32)
    for ticks in (1, 6, 7):
        kernels.bridge_figures(desk.memory, 1, figures)
        before = figures.copy()
        packets = desk.heard(ticks=ticks)[1]
        kernels.bridge_figures(desk.memory, 1, figures)
        assert figures[1] - before[1] == len(packets)
        assert figures[10] - before[10] == sum(len(packet) - 12 for packet in packets)
    assert figures[2] == (TIMESTAMP + 160 * 14) & 0xFFFFFFFF  # what is gathered counts as said


def test_wideband_is_packed_as_well():
    desk = Desk(law=G722)
    kernels.bridge_ptime(desk.memory, 1, 30)
    _, packets = desk.heard()
    sound = b"".join(packet[12:] for packet in packets)
    told = bytes(i % 126 + 1 for i in range(desk.said))
    assert {len(packet) for packet in packets} == {252}
    assert told[: len(sound) - 320] in sound


def test_places_are_given_back_and_whoever_finds_none_is_told():
    desk = Desk(packs=3, places=2)
    ptime = kernels.bridge_ptime
    assert [ptime(desk.memory, leg, 40) for leg in (1, 2, 3)] == [0, 0, NO_PLACE]
    before = bytes(desk.memory)
    assert ptime(desk.memory, 3, 60) == NO_PLACE and bytes(desk.memory) == before
    assert (ptime(desk.memory, 3, 20), ptime(desk.memory, 2, 10)) == (0, 0)
    kernels.bridge_remove_leg(desk.memory, 1)
    assert ptime(desk.memory, 3, 30) == 0
    assert (ptime(desk.memory, 2, 20), ptime(desk.memory, 0, 10)) == (0, 0)
    assert kernels.bridge_change(desk.memory, 3, PCMU, 0, -1, BOTH, bytes(6)) == 0  # another law: 20 ms again
    assert ptime(desk.memory, 2, 10) == 0
    for wrong in (0, 5, 25, 70, -10):
        with pytest.raises(ValueError, match="argument"):
            ptime(desk.memory, 2, wrong)


@pytest.mark.parametrize("ptime_ms", [10, 30, 40])
def test_what_was_gathered_before_a_hold_is_not_sent_after_it(ptime_ms):
    desk = Desk()
    kernels.bridge_ptime(desk.memory, 1, ptime_ms)
    sent = [packet for _ in range(3) for to, packet in desk.tick() if to == 1]
    desk.change(1, flags=HEARS_NOT)
    assert [to for _ in range(2) for to, _ in desk.tick() if to == 1] == []
    desk.change(1)
    kernels.bridge_skip(desk.memory, 5)
    after = [packet for _ in range(3) for to, packet in desk.tick() if to == 1]
    clocks = [struct.unpack(">BBHI", packet[:8])[3] for packet in sent + after]
    assert after[0][1] >> 7 == 1
    assert clocks[len(sent)] == (TIMESTAMP + 160 * 10) & 0xFFFFFFFF
    assert after[0][12:] != sent[-1][12:]


def test_a_tone_is_packed_too():
    desk = Desk()
    kernels.bridge_ptime(desk.memory, 1, 60)
    kernels.bridge_tell(desk.memory, 1, 3, 1)
    _, packets = desk.heard(ticks=30)
    quiet = Desk()
    kernels.bridge_ptime(quiet.memory, 1, 60)
    assert [packet[12:] for packet in packets[:8]] != [packet[12:] for packet in quiet.heard(ticks=30)[1][:8]]
