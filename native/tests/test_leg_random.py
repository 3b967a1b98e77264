"""The leg on networks that jitter, lose, delay and stumble."""

import random
from itertools import pairwise

import pytest

TAKEN = 0


@pytest.mark.parametrize("depth_frames", [2, 3])
@pytest.mark.parametrize("ptime_slots", [1, 2, 3, 4, 6, 8])
def test_jitter_below_the_depth_never_runs_it_dry(line, ptime_slots, depth_frames):
    source, phone = random.Random(5), line(depth_frames=depth_frames)
    jitter_ms = 20 * (depth_frames - 1) - 1
    due = [
        (10 * slot + source.randrange(jitter_ms) * (slot > 0), slot) for slot in range(0, 600, ptime_slots)
    ]
    for now_ms in range(0, 5900, 20):
        while due and due[0][0] <= now_ms:
            assert phone.receive(due.pop(0)[1], ptime_slots) == TAKEN
        phone.play()
    assert (phone.stat("lost"), phone.stat("late")) == (0, 0)
    assert phone.stat("underrun") <= 1  # the delay first shrinks to what was seen


def misbehave(phone, source, heard):
    """One tick of a bad network: losses, packets held up for long, ticks that stumble."""
    fate = source.random()
    if fate < 0.1:
        phone.clock += 2  # lost
    elif fate < 0.2:
        phone.held.append(phone.clock)
        phone.clock += 2
    else:
        for slot in [phone.clock, *phone.held] if fate < 0.4 else [phone.clock]:
            phone.receive(slot)
        phone.held = [] if fate < 0.4 else phone.held
        phone.clock += 2
    if source.random() < 0.9:
        heard += phone.hear(1 + (source.random() < 0.1))


def in_order(heard):
    """In order: numbers run modulo 256, and no loss is that long."""
    return all((later - earlier) % 256 < 128 for earlier, later in pairwise(heard))


@pytest.mark.parametrize("seed", range(4))
def test_after_a_bad_spell_a_clean_one_loses_and_makes_up_nothing(line, seed):
    source, phone, heard = random.Random(seed), line(), []
    phone.clock, phone.held = 0, []
    for _ in range(1500):
        misbehave(phone, source, heard)
    for _ in range(1200):  # until the delay is what it was
        phone.receive(phone.clock)
        phone.clock += 2
        phone.play()
    before, heard, first = phone.stats(), [], phone.clock
    queued = before["depth"] // 10
    for _ in range(100):
        assert phone.receive(phone.clock) == TAKEN
        phone.clock += 2
        heard += phone.hear(1)
    after = phone.stats()
    assert heard == [slot % 256 for slot in range(first - queued, phone.clock - queued) if slot % 256 != 0xD5]
    assert queued <= 2
    for name in ("lost", "concealed", "stretched", "dropped", "late", "resync"):
        assert after[name] == before[name]


def test_a_bad_spell_is_counted(line):
    source, phone, heard = random.Random(9), line(), []
    phone.clock, phone.held = 0, []
    for _ in range(1000):
        misbehave(phone, source, heard)
    heard += phone.hear(40)
    found = phone.stats()
    assert in_order(heard)
    assert len(heard) <= 2 * found["received"]
    assert found["depth"] == 0
    assert [name for name in ("lost", "late", "underrun", "concealed") if not found[name]] == []
