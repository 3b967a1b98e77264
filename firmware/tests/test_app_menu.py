"""The menu of the keys: every entry, who may, what is heard, and what is no entry."""

import json
import struct
import unittest

from app_bench import Bench, rtp_packet

from parley.app.menu import BETWEEN_KEYS_MS, ENTRIES
from parley.media import kernel_numbers, kernels
from parley.wire.dtmf import DIGITS, make_event

EVENT_TYPE = 101
SILENCE = b"\xff" * 160


class MenuBench(Bench):
    """A board with alice (participant 1, who was first) and bob (2) in conference 1/50."""

    def __init__(self, **changes):
        Bench.__init__(self, **changes)
        self.alice, self.bob = self.phone(1), self.phone(2)
        self.uri = self.address(slot=1, generation=50, size=4)
        self.calls = [self.alice.call(self.uri), self.bob.call(self.uri)]
        self.stamp = 0

    def press(self, number, keys, between_ms=100):
        """Participant `number` (0 alice, 1 bob) presses keys, in three packets each (RFC 4733 2.5.1)."""
        for key in keys:
            self.stamp += 1600
            for index, end in enumerate((False, True, True)):
                payload = make_event(key, end, 160 * (index + 1))
                head = struct.pack(">BBHII", 0x80, EVENT_TYPE, index, self.stamp, 9)
                self.rtp[number].inbox.append(head + payload)
                self.media.tick()
            self.pass_ms(between_ms)

    def told(self, number, ticks=60):
        """Frames, of so many, in which a participant hears something other than silence; nobody speaks."""
        self.rtp[number].outbox.clear()
        for _ in range(ticks):
            self.media.tick()
        return len([packet for packet in self.rtp[number].outbox if packet[12:] != SILENCE])

    def hears_alice(self):
        """Whether bob hears her."""
        self.rtp[1].outbox.clear()
        self.said = getattr(self, "said", 0)
        for _ in range(60):
            self.rtp[0].inbox.append(rtp_packet(self.said, 0x90))
            self.said += 1
            self.media.tick()
        return b"\x90" * 160 in b"".join([packet[12:] for packet in self.rtp[1].outbox])

    def live(self):
        return json.loads(self.body(self.config).decode())["live"][0]


class MenuTest(unittest.TestCase):
    def setUp(self):
        self.bench = MenuBench()
        self.bench.pass_ms(100)  # who has come is met

    def test_who_mutes_himself_is_not_heard_and_told_so(self):
        self.assertTrue(self.bench.hears_alice())
        self.bench.press(0, "*1")
        self.assertEqual(self.bench.told(1), 0)
        self.assertFalse(self.bench.hears_alice())
        self.assertEqual(self.bench.live()[7:], [[1], []])
        self.bench.press(0, "*1")
        self.assertTrue(self.bench.hears_alice())
        self.assertEqual(self.bench.live()[7:], [])

    def test_his_own_mute_and_the_operators_are_two(self):
        alice = self.bench.media.everybody()[0]
        self.bench.press(0, "*1")
        self.bench.media.mute(alice, True)
        self.bench.press(0, "*1")  # heard through the mute of both
        self.assertFalse(self.bench.hears_alice())
        self.assertEqual(self.bench.live()[5], [1])
        self.bench.media.mute(alice, False)
        self.assertTrue(self.bench.hears_alice())

    def test_a_raised_hand_is_reported(self):
        self.bench.press(1, "*2")
        self.assertEqual(self.bench.live()[7:], [[], [2]])
        self.bench.press(1, "*2")
        self.assertEqual(self.bench.live()[7:], [])

    def test_roll_call_sounds_once_for_each(self):
        self.bench.press(0, "*3", 0)
        self.bench.pass_ms(100)
        self.assertEqual(self.bench.told(0), 10)  # two of five frames
        self.assertEqual(self.bench.told(0), 0)

    def test_tones_are_for_him_who_pressed(self):
        for keys in ("*1", "*2", "*7", "*1"):
            self.bench.press(0, keys)
            self.assertTrue(self.bench.told(0) > 0, keys)
            self.assertEqual(self.bench.told(1), 0)

    def test_keys_themselves_are_not_heard(self):
        self.bench.press(0, "0123456789#ABCD", 0)
        self.assertEqual(self.bench.told(1), 0)

    def test_the_moderator_locks_and_opens_and_all_hear_it(self):
        self.bench.press(0, "*5")
        self.assertEqual(self.bench.live()[6], True)
        self.assertTrue(self.bench.told(1) > 0)
        carol = self.bench.phone(3)
        carol.call(self.bench.uri)
        self.assertEqual(carol.refusal, 403)
        self.bench.press(0, "*5")
        self.assertEqual(carol.call(self.bench.uri).state, "established")

    def test_the_moderator_ends_it(self):
        self.bench.press(0, "*9")
        self.assertEqual(self.bench.calls[1].state, "established")
        self.bench.press(0, "#")
        self.assertEqual([call.state for call in self.bench.calls], ["ended", "ended"])
        self.assertEqual(self.bench.slots.ended, [(1, 50)])

    def test_nobody_else_may(self):
        for keys in ("*5", "*9#"):
            self.bench.press(1, keys)
            self.assertTrue(self.bench.told(1) > 0)
        self.assertEqual(self.bench.live()[6], False)
        self.assertEqual(self.bench.calls[0].state, "established")

    def test_when_the_moderator_leaves_it_is_who_came_next(self):
        self.bench.alice.hang_up(self.bench.calls[0])
        self.bench.press(1, "*9#")
        self.assertEqual(self.bench.calls[1].state, "ended")

    def test_keys_far_apart_are_no_sequence(self):
        self.bench.press(0, "*", BETWEEN_KEYS_MS + 100)
        self.bench.press(0, "1")
        self.assertEqual(self.bench.told(0), 0)
        self.assertTrue(self.bench.hears_alice())

    def test_a_star_begins_anew(self):
        self.bench.press(0, "*9**9*2")
        self.assertEqual(self.bench.live()[7:], [[], [1]])

    def test_muted_by_the_operator_he_may_still_press(self):
        self.bench.media.mute(self.bench.media.everybody()[0], True)
        self.bench.press(0, "*2")
        self.assertEqual(self.bench.live()[8], [1])

    def test_the_table_is_sound(self):
        for keys in ENTRIES:
            self.assertEqual(keys[0], "*")
            for length in range(1, len(keys)):
                self.assertFalse(keys[:length] in ENTRIES)
            self.assertEqual([key for key in keys if key not in DIGITS], [])


class AnnouncerTest(unittest.TestCase):
    def test_by_default_nobody_hears_who_comes(self):
        bench = MenuBench()
        self.assertEqual(bench.told(0), 0)

    def test_coming_leaving_and_being_alone(self):
        bench = MenuBench(announce=1)
        self.assertTrue(bench.told(0) > 0)
        carol = bench.phone(3)
        call = carol.call(bench.uri)
        joined = [bench.told(number) for number in (0, 1)]
        self.assertEqual(joined[0], 10)
        carol.hang_up(call)
        self.assertEqual(bench.told(0), 10)
        bench.told(1)
        bench.bob.hang_up(bench.calls[1])
        self.assertEqual(bench.told(0), 16)  # alone

    def test_every_tone_has_a_name(self):
        memory = bytearray(kernels.bridge_size(1, 1))
        kernels.bridge_init(memory, 1, 1, 0)
        kernels.bridge_add_leg(memory, 0, 0, 0, 0, -1, 1, 3, bytes(12), bytes(8))
        for number in range(len(kernel_numbers.TONES)):
            self.assertEqual(kernels.bridge_tell(memory, 0, number, 1), 0)
        self.assertRaises(ValueError, kernels.bridge_tell, memory, 0, len(kernel_numbers.TONES), 1)
