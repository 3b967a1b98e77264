"""The leg's jitter buffer: what a phone sends is played once, in order, or counted."""

import struct

import pytest

MADE = "~"  # a concealed slot
TAKEN, BAD, LATE, DUPLICATE, STRAY = 0, -1, -3, -4, -5


@pytest.mark.parametrize("ptime_slots", [1, 2, 3, 4, 6, 8])
def test_every_ptime_plays_each_slot_once_in_order(line, ptime_slots):
    phone, heard, sent = line(depth_frames=1), [], 0
    for now in range(60):  # one slot of 10 ms a turn
        if now % ptime_slots == 0:
            assert phone.receive(sent, ptime_slots) == TAKEN
            sent += ptime_slots
        if now % 2:
            heard += phone.hear(1)
    heard += phone.hear(20)
    assert heard == [slot % 256 for slot in range(sent)]
    assert phone.stat("lost") == phone.stat("late") == 0
    assert phone.stat("depth") == 0


def test_half_a_frame_is_made_whole_and_its_other_half_follows(line):
    phone = line()
    for slot in range(5):
        phone.receive(slot, 1)
    assert [phone.play() for _ in range(3)] == [(0, 1), (2, 3), (4, MADE)]
    for slot in range(5, 9):
        phone.receive(slot, 1)
    assert [phone.play() for _ in range(2)] == [(5, 6), (7, 8)]
    assert (phone.stat("lost"), phone.stat("underrun")) == (0, 1)


def test_half_a_frame_alone_is_played_at_last_and_nothing_is_lost(line):
    phone = line()
    phone.receive(0, 1)
    assert [phone.play() for _ in range(3)] == [(), (), (0, MADE)]
    assert phone.stat("lost") == 0
    assert phone.receive(1, 1) == TAKEN
    assert phone.hear(4) == [1]


def test_prefill_is_depth_frames(line):
    for depth_frames in range(1, 9):
        phone = line(depth_frames=depth_frames)
        for frame in range(depth_frames - 1):
            phone.receive(2 * frame)
        if depth_frames > 1:
            assert phone.play() == ()
        phone.receive(2 * (depth_frames - 1))
        assert phone.stat("depth") == 20 * depth_frames
        assert phone.play() == (0, 1)


def test_lone_packet_waits_depth_ticks_then_plays(line):
    phone = line()
    phone.receive(0)
    assert [phone.play() for _ in range(4)] == [(), (), (0, 1), (MADE, MADE)]


def test_reordered_packets_play_in_order(line):
    phone, heard = line(), []
    phone.receive(0)
    for pair in range(1, 21, 2):
        assert phone.receive(2 * pair + 2) == TAKEN
        assert phone.receive(2 * pair) == TAKEN
        heard += phone.hear(2)
    heard += phone.hear(5)
    assert heard == list(range(42))
    assert phone.stat("lost") == phone.stat("late") == 0


def test_first_packets_reordered_play_in_order(line):
    phone = line()
    for slot in (4, 2, 0):
        assert phone.receive(slot) == TAKEN
    assert phone.hear(4) == [0, 1, 2, 3, 4, 5]


def test_duplicates_are_counted_and_play_once(line):
    phone = line()
    for slot in (0, 2, 4):
        assert phone.receive(slot) == TAKEN
        assert phone.receive(slot) == DUPLICATE
    assert phone.hear(4) == [0, 1, 2, 3, 4, 5]
    assert (phone.stat("received"), phone.stat("duplicate")) == (3, 3)


def test_lost_packet_is_concealed(line):
    phone = line()
    for slot in (0, 2, 6):
        phone.receive(slot)
    assert [phone.play() for _ in range(4)] == [(0, 1), (2, 3), (MADE, MADE), (6, 7)]
    assert (phone.stat("lost"), phone.stat("concealed"), phone.stat("played")) == (2, 2, 4)


def test_lost_slot_is_half_a_concealed_frame(line):
    phone = line()
    for slot in (0, 1, 2, 4, 5):
        phone.receive(slot, 1)
    assert [phone.play() for _ in range(3)] == [(0, 1), (2, MADE), (4, 5)]
    assert phone.stat("lost") == 1


def test_late_packet_is_refused(line):
    phone = line()
    for slot in (0, 2, 6, 8):
        phone.receive(slot)
    assert phone.hear(3) == [0, 1, 2, 3]
    assert phone.receive(4) == LATE
    assert phone.receive(0) == LATE
    assert phone.hear(2) == [6, 7, 8, 9]
    assert phone.stat("late") == 2


def test_partly_late_packet_gives_what_is_still_to_come(line):
    phone = line()
    for slot in (0, 2, 8, 10):
        phone.receive(slot)
    phone.hear(3)
    assert phone.receive(4, 4) == TAKEN  # slots 4 and 5 are past
    assert phone.play() == (6, 7)
    for slot in range(12, 44, 2):
        if slot != 36:  # where slots 4 and 5 would stand in the ring
            phone.receive(slot)
        assert phone.play() == ((MADE, MADE) if slot == 40 else (slot - 4, slot - 3))


def test_late_packet_is_waited_for_and_loses_nothing(line):
    phone = line()
    phone.receive(0)
    phone.receive(2)
    assert [phone.play() for _ in range(3)] == [(0, 1), (2, 3), (MADE, MADE)]
    assert phone.receive(4) == TAKEN  # late, but play time stood still
    assert phone.receive(6) == TAKEN
    assert [phone.play() for _ in range(2)] == [(4, 5), (6, 7)]
    assert [phone.stat(name) for name in ("underrun", "lost", "late", "silent")] == [1, 0, 0, 0]


def test_lost_packet_is_not_waited_for_longer_than_the_next_one_takes(line):
    phone = line()
    phone.receive(0)
    phone.receive(2)
    assert [phone.play() for _ in range(3)] == [(0, 1), (2, 3), (MADE, MADE)]
    assert phone.receive(6) == TAKEN  # 4 and 5 are lost, not late
    assert [phone.play() for _ in range(2)] == [(6, 7), (MADE, MADE)]
    assert (phone.stat("lost"), phone.stat("concealed")) == (2, 4)
    assert phone.receive(4) == LATE


def test_long_loss_fades_into_a_pause(line):
    phone = line()
    phone.receive(0)
    phone.receive(2)
    assert phone.hear(2) == [0, 1, 2, 3]
    assert [phone.play() for _ in range(4)] == [(MADE, MADE)] * 3 + [()]
    assert (phone.stat("concealed"), phone.stat("silent"), phone.stat("lost")) == (6, 1, 0)
    assert phone.receive(30) == TAKEN
    phone.receive(32)
    assert phone.hear(2) == [30, 31, 32, 33]


def test_comfort_noise_is_played_at_its_level_until_the_voice_returns(line):
    phone = line(depth_frames=1)
    phone.receive(0)
    assert phone.take(struct.pack(">BBHIIB", 0x80, 13, 1, 160, phone.ssrc, 40)) == TAKEN
    assert phone.play() == (0, 1)
    for _ in range(5):
        phone.kernels.leg_playout(phone.leg, bytearray(320))
        assert abs(phone.stat("level_in") - 40) <= 1
    assert (phone.stat("noise"), phone.stat("concealed")) == (1, 0)
    assert phone.receive(12, sequence=2) == TAKEN
    assert phone.play() == (12, 13)
    assert phone.take(struct.pack(">BBHII", 0x80, 13, 3, 160, phone.ssrc)) == BAD


def test_what_was_played_stays_played_after_an_underrun(line):
    phone = line()
    for slot in (0, 2):
        phone.receive(slot)
    assert phone.hear(3) == [0, 1, 2, 3]
    assert phone.receive(2) == LATE
    assert phone.hear(3) == []


def test_pause_of_the_sender_is_not_waited_for(line):
    phone = line()
    phone.receive(0)
    phone.receive(2)
    phone.hear(8)
    phone.receive(100_000)
    phone.receive(100_002)
    assert phone.hear(2) == [slot % 256 for slot in range(100_000, 100_004)]
    assert (phone.stat("lost"), phone.stat("resync")) == (0, 0)


def test_overrun_drops_the_oldest_down_to_the_prefill(line):
    phone = line()
    for slot in range(0, 20, 2):
        phone.receive(slot)
    assert (phone.stat("depth"), phone.stat("dropped")) == (200, 0)
    phone.receive(20)  # more than 200 ms
    assert (phone.stat("depth"), phone.stat("dropped")) == (40, 18)
    assert phone.hear(2) == [18, 19, 20, 21]


def test_new_ssrc_takes_over_with_its_second_packet(line):
    phone = line()
    for slot in (0, 2, 4):
        phone.receive(slot)
    phone.ssrc, phone.sequence = 78, 500
    assert phone.receive(50_000) == STRAY
    assert phone.play() == (0, 1)
    assert phone.receive(50_002) == TAKEN
    assert phone.receive(50_004) == TAKEN
    assert phone.hear(2) == [slot % 256 for slot in range(50_002, 50_006)]
    assert (phone.stat("stray"), phone.stat("resync"), phone.stat("dropped")) == (1, 1, 4)


def test_new_ssrc_takes_over_at_once_when_nothing_is_queued(line):
    phone = line()
    phone.receive(0)
    phone.receive(2)
    phone.hear(3)
    phone.ssrc = 78
    assert phone.receive(50_000) == TAKEN
    assert phone.receive(50_002) == TAKEN
    assert phone.hear(2) == [slot % 256 for slot in range(50_000, 50_004)]


def test_another_ssrc_is_a_stranger_even_with_fitting_timestamps(line):
    phone = line()
    phone.receive(0)
    phone.receive(2)
    phone.ssrc = 78
    assert phone.receive(4) == STRAY
    assert phone.hear(3) == [0, 1, 2, 3]


def test_strays_out_of_sequence_never_take_over(line):
    phone = line()
    phone.receive(0)
    phone.receive(2)
    for sequence in range(10, 100, 2):
        phone.ssrc = 78
        assert phone.receive(50_000, sequence=sequence) == STRAY
    phone.ssrc = 77
    assert phone.hear(3) == [0, 1, 2, 3]


@pytest.mark.parametrize("jump", [40, 1000, 2**24, -40, -1000])
def test_timestamp_jump_is_followed_with_the_second_packet(line, jump):
    phone = line(timestamp=1 << 20)
    for slot in (0, 2, 4):
        phone.receive(slot)
    phone.play()
    phone.timestamp += 80 * jump
    assert phone.receive(6) == STRAY
    assert phone.receive(8) == TAKEN
    assert phone.receive(10) == TAKEN
    assert phone.hear(3) == [8, 9, 10, 11]
    assert phone.stat("resync") == 1


def test_very_late_packets_are_no_restart(line):
    phone = line()
    for slot in range(0, 100, 2):
        if not 10 <= slot < 14:
            phone.receive(slot)
        phone.play()
    assert phone.receive(10) == LATE
    assert phone.receive(12) == LATE
    assert phone.stat("resync") == 0


def test_timestamp_off_the_grid_goes_to_the_nearest_slot(line):
    phone = line()
    phone.receive(0)
    for slot, shift in ((2, 39), (4, -40), (6, 12)):
        assert phone.receive(slot, shift=shift) == TAKEN
    assert phone.hear(5) == list(range(8))


def test_timestamp_and_sequence_wrap_around(line):
    phone, heard = line(depth_frames=1, timestamp=2**32 - 80 * 101, sequence=65_500), []
    for slot in range(0, 240, 2):
        assert phone.receive(slot) == TAKEN
        heard += phone.hear(1)
    heard += phone.hear(3)
    assert heard == [slot for slot in range(240) if slot != 0xD5]
    assert phone.stat("lost") == 0
