"""A board's media memory: what a leg and a conference take (docs/memory.md), and that joins leave nothing behind."""

import random
import re
import struct
from pathlib import Path

import parley_native as p

PAGE = Path(__file__).resolve().parents[2] / "docs" / "memory.md"
LEGS, CONFERENCES, KEYED, JOINS = 64, 16, 8, 10000
ROOM = 256 * 1024
LINE = 64
PCMU, BOTH, NO_PLACE, IN_USE = 0, 3, -12, -8


def stated(name):
    """The figure of a row of the page's table."""
    found = re.search(rf"^\| {re.escape(name)} \| ([\d,]+) \|$", PAGE.read_text(), re.MULTILINE)
    assert found, name
    return int(found[1].replace(",", ""))


def size(legs, conferences):
    return p.bridge_size(legs, conferences)


def address(number):
    return struct.pack(">IH", 0x0A000000 + number, 4000)


def new_bridge():
    begin = -(-size(LEGS, CONFERENCES) // LINE) * LINE
    memory = bytearray(begin + p.bridge_key_octets(KEYED))
    p.bridge_init(memory, LEGS, CONFERENCES, 0)
    p.bridge_key_places(memory, KEYED)
    return memory


def join(memory, leg, conference, number):
    return p.bridge_add_leg(memory, leg, conference, PCMU, 0, 101, 2, BOTH, bytes(12), address(number))


def secure(memory, leg):
    return p.bridge_secure(memory, leg, 1, bytes(30), bytes(30), bytes(4))


def test_the_page_says_what_it_takes():
    """By differences over powers of 2, where the table of addresses and RTCP's places grow as the legs do."""
    assert (size(8192, 16) - size(4096, 16)) / 4096 == stated("a leg")
    assert (size(64, 116) - size(64, 16)) / 100 == stated("a conference")
    assert size(LEGS, CONFERENCES) == stated("64 legs, 16 conferences")
    assert size(16, 8) == stated("16 legs, 8 conferences")
    assert p.bridge_key_octets(100) / 100 == stated("a leg with keys, beside")
    wide = (p.bridge_wide_octets(101, 1) - p.bridge_wide_octets(1, 1)) / 100
    assert wide == stated("a wideband leg, beside")
    packed = (p.bridge_parcel_octets(8192) - p.bridge_parcel_octets(4096)) / 4096
    assert packed == stated("a leg with a packet time of its own, beside")
    linear = (p.bridge_linear_octets(8192) - p.bridge_linear_octets(4096)) / 4096
    assert linear == stated("a leg with L16, beside these two")


def test_64_participants_fit_256_kb():
    assert size(LEGS, CONFERENCES) <= ROOM
    assert size(LEGS, LEGS // 2) <= ROOM


def test_whoever_has_no_place_for_keys_is_told_so_and_stays_as_he_was():
    memory = new_bridge()
    for leg in range(KEYED + 1):
        assert join(memory, leg, 0, leg) == 0
    assert [secure(memory, leg) for leg in range(KEYED)] == [0] * KEYED
    before = bytes(memory)
    assert secure(memory, KEYED) == NO_PLACE
    assert bytes(memory) == before
    assert secure(memory, 3) == 0  # other keys, the same place
    p.bridge_secure(memory, 3, 0, bytes(30), bytes(30), bytes(4))
    assert secure(memory, KEYED) == 0
    p.bridge_remove_leg(memory, 0)
    assert secure(memory, 3) == 0


def test_10000_joins_and_leaves_leave_nothing_behind():
    memory, chance = new_bridge(), random.Random(6)
    fresh = bytes(memory)
    free, present = list(range(LEGS)), []
    for joins in range(JOINS):
        while len(present) == LEGS or (present and chance.random() < 0.45):
            leg = present.pop(chance.randrange(len(present)))
            assert p.bridge_remove_leg(memory, leg) == 0
            free.append(leg)
        leg = free.pop(chance.randrange(len(free)))
        assert join(memory, leg, chance.randrange(CONFERENCES), joins) == 0
        present.append(leg)
        p.bridge_watch(memory, leg, 1)
        assert secure(memory, leg) in (0, NO_PLACE)
        packet = struct.pack(">BBHII", 0x80, 0, joins & 0xFFFF, 160, leg) + bytes([0xD0]) * 160
        assert p.bridge_receive(memory, packet, 172, address(joins)) in (0, -9)
        if joins % 16 == 0:
            p.bridge_begin(memory, 0, 1)
            while p.bridge_mix(memory, LEGS):
                pass
    for leg in present:
        assert p.bridge_remove_leg(memory, leg) == 0
    assert bytes(memory[size(LEGS, CONFERENCES) :]) == fresh[size(LEGS, CONFERENCES) :], "keys were wiped"
    assert (p.bridge_stat(memory, 0), p.bridge_stat(memory, 1)) == (0, 0)
    for leg in range(LEGS):  # each of their addresses is free, and each leg, and all places for keys
        assert join(memory, leg, leg % CONFERENCES, JOINS - leg) == 0
    assert [secure(memory, leg) for leg in range(KEYED + 1)] == [0] * KEYED + [NO_PLACE]
