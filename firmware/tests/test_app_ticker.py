import unittest

from parley.app.ticker import (
    CATCH_UP_TICKS,
    CROWD_LEGS,
    LATE_MS,
    MEDIA,
    PERIOD_MS,
    SIP,
    WAITING,
    Ticker,
    phases_for,
)


class TickerTest(unittest.TestCase):
    def setUp(self):
        self.ticker = Ticker()

    def test_ticks_that_others_ran_move_it_on(self):
        self.ticker.divide(4)
        self.ticker.start(0)
        self.ticker.ran(7)
        self.assertEqual((self.ticker.next_ms, self.ticker.phase, self.ticker.ticks), (55, 3, 7))
        self.ticker.ran(0)
        self.assertEqual((self.ticker.next_ms, self.ticker.phase, self.ticker.ticks), (55, 3, 7))

    def test_stands_still_until_started(self):
        self.assertFalse(self.ticker.due(1000000))

    def test_ticks_on_the_grid(self):
        self.ticker.start(1003)
        self.assertFalse(self.ticker.due(1019))
        self.assertTrue(self.ticker.due(1020))
        self.ticker.begin(1024, WAITING)
        self.assertEqual(self.ticker.next_ms, 1040)

    def test_a_crowd_is_ticked_less_often(self):
        self.assertEqual([phases_for(CROWD_LEGS, most) for most in (1, 2, 4)], [1, 2, 4])
        self.assertEqual([phases_for(CROWD_LEGS + 1, most) for most in (1, 2, 4)], [1, 2, 2])

    def test_does_not_drift_when_late(self):
        self.ticker.start(0)
        now_ms = 0
        for _ in range(1000):
            now_ms = self.ticker.next_ms + 3
            self.assertEqual(self.ticker.begin(now_ms, WAITING), 0)
        self.assertEqual(self.ticker.next_ms, 1001 * PERIOD_MS)
        self.assertEqual((self.ticker.ticks, self.ticker.late_ticks), (1000, 0))

    def test_start_again_changes_nothing(self):
        self.ticker.start(0)
        self.ticker.start(15)
        self.assertEqual(self.ticker.next_ms, 20)

    def test_late_ticks_are_counted_by_cause(self):
        self.ticker.start(0)
        self.ticker.begin(20 + LATE_MS - 1, MEDIA)
        self.ticker.begin(40 + LATE_MS, SIP)
        self.ticker.begin(60, WAITING)
        self.assertEqual(self.ticker.late_ticks, 1)
        self.assertEqual(self.ticker.late_by()["sip"], 1)
        self.assertEqual(self.ticker.late_by()["media"], 0)

    def test_overdue_ticks_are_caught_up(self):
        self.ticker.start(0)
        now_ms = 20 + CATCH_UP_TICKS * PERIOD_MS
        ticks = 0
        while self.ticker.due(now_ms):
            self.assertEqual(self.ticker.begin(now_ms, WAITING), 0)
            ticks += 1
        self.assertEqual(ticks, CATCH_UP_TICKS + 1)
        self.assertEqual(self.ticker.skipped_ticks, 0)

    def test_catching_up_is_bounded_and_stays_on_the_grid(self):
        self.ticker.start(0)
        skipped = self.ticker.begin(1013, WAITING)
        self.assertEqual(skipped, 49)
        self.assertEqual(self.ticker.next_ms, 1020)
        self.assertFalse(self.ticker.due(1013))
        self.assertEqual((self.ticker.ticks, self.ticker.skipped_ticks), (1, 49))


class PhasesTest(unittest.TestCase):
    def setUp(self):
        self.ticker = Ticker()
        self.ticker.divide(4)

    def test_the_phases_take_turns_on_the_grid(self):
        self.ticker.start(3)
        found = []
        for _ in range(6):
            now_ms, phase = self.ticker.next_ms, self.ticker.phase
            self.assertEqual(self.ticker.begin(now_ms, WAITING), 0)
            found.append((now_ms, phase))
        self.assertEqual(found, [(20, 0), (25, 1), (30, 2), (35, 3), (40, 0), (45, 1)])

    def test_what_is_given_up_are_whole_frames_of_every_phase(self):
        self.ticker.start(0)
        self.ticker.begin(20, WAITING)
        self.assertEqual(self.ticker.begin(1040, WAITING), 50)
        self.assertEqual((self.ticker.next_ms, self.ticker.phase, self.ticker.ticks), (1030, 2, 2))
        self.assertEqual(self.ticker.skipped_ticks, 50)

    def test_a_start_begins_with_the_first_phase(self):
        self.ticker.start(0)
        self.ticker.begin(20, WAITING)
        self.ticker.stop()
        self.ticker.start(101)
        self.assertEqual((self.ticker.next_ms, self.ticker.phase), (120, 0))


if __name__ == "__main__":
    unittest.main()
