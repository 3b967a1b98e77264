"""parley.app.loop: what is done when, and ticks that are left to native code."""

import unittest

from app_bench import Bench

from parley.app.loop import COLLECT_DATAGRAMS, COLLECT_TICKS, Loop
from parley.app.ticker import CATCH_UP_TICKS, LATE_MS, PERIOD_MS
from parley.app.watchdog import Watchdog


class FakePoller:
    """Waits in no time: moves the bench's clock."""

    def __init__(self, bench):
        self.bench = bench
        self.waits = []
        self.oversleep_ms = 0

    def wait(self, timeout_ms):
        self.waits.append(timeout_ms)
        if timeout_ms > 0:
            self.bench.ticks_ms += timeout_ms + self.oversleep_ms
        return ["sip"] if self.bench.wire.inbox else []


class LoopTest(unittest.TestCase):
    def setUp(self):
        self.bench = Bench()
        self.poller = FakePoller(self.bench)
        self.loop = Loop(
            self.bench.clock, self.poller, self.bench.ticker, self.bench.media, None, Watchdog(None)
        )
        self.loop.sip = self.bench.sip

    def turns(self, count):
        for _ in range(count):
            self.loop.turn()

    def test_idle_board_sleeps_until_sip_wants_something(self):
        self.turns(1)
        self.assertEqual(self.bench.ticker.ticks, 0)
        self.assertEqual(self.poller.waits, [3000])  # the refresh of the registration

    def test_board_off_the_network_sleeps_for_ever(self):
        self.loop.sip = None
        self.turns(1)
        self.assertEqual(self.poller.waits, [-1])
        self.loop.longest_wait_ms = 2000
        self.turns(1)
        self.assertEqual(self.poller.waits, [-1, 2000])

    def test_conference_ticks_every_20_ms_and_stops(self):
        alice = self.bench.phone(1)
        call = alice.call(self.bench.address())
        first_ms = self.bench.now_ms()
        while self.bench.now_ms() < first_ms + 1000:
            self.turns(1)
        self.assertEqual(self.bench.ticker.ticks, 50)
        self.assertEqual(len(self.bench.rtp[0].outbox), 50)
        alice.endpoint.hangup(call, self.bench.now_ms())
        self.bench.run()
        self.turns(3)
        self.assertEqual(self.bench.ticker.ticks, 50)
        self.assertFalse(self.bench.ticker.running)

    def test_oversleeping_is_counted_and_the_grid_kept(self):
        self.bench.phone(1).call(self.bench.address())
        self.poller.oversleep_ms = LATE_MS
        self.turns(10)
        self.assertEqual(self.bench.ticker.late_by()["waiting"], self.bench.ticker.ticks)
        self.assertEqual(self.bench.ticker.next_ms % PERIOD_MS, 0)

    def test_long_absence_moves_the_rtp_clock_on(self):
        self.bench.phone(1).call(self.bench.address())
        self.turns(2)
        sent = self.bench.rtp[0].outbox
        before = int.from_bytes(sent[-1][4:8], "big")
        self.bench.ticks_ms += 1000
        self.turns(1)
        self.assertEqual(self.bench.ticker.skipped_ticks, 49)
        after = int.from_bytes(sent[-1][4:8], "big")
        self.assertEqual((after - before) & 0xFFFFFFFF, 160 * 50)

    def test_flood_of_sip_does_not_stop_the_media(self):
        self.bench.phone(1).call(self.bench.address())
        ticks_before = self.bench.ticker.ticks
        junk = b"OPTIONS sip:x SIP/2.0\r\n\r\n"
        for _ in range(10):
            self.bench.wire.inbox.extend([(junk, ("10.6.6.6", 5060))] * 10)
            self.bench.ticks_ms += PERIOD_MS
            self.turns(1)
        self.assertTrue(self.bench.ticker.ticks - ticks_before >= 10)
        self.assertTrue(len(self.bench.wire.inbox) > 0)  # bounded in a turn

    def test_media_beyond_the_processors_means_leaves_sip_its_turns(self):
        self.bench.phone(1).call(self.bench.address())
        media = self.bench.media
        real = media.tick

        def slow_tick(phase, phases):
            real(phase, phases)
            self.bench.ticks_ms += PERIOD_MS + 1

        media.tick = slow_tick
        self.turns(2)
        ticks = self.bench.ticker.ticks
        self.turns(1)
        self.assertTrue(0 < self.bench.ticker.ticks - ticks <= 3 * CATCH_UP_TICKS)
        self.assertEqual(self.bench.ticker.skipped_ticks, 0)

    def test_garbage_is_collected_after_sip_work_or_now_and_then(self):
        collected = []

        def collect():
            collected.append(self.bench.ticker.ticks)

        from parley.app import runtime

        real, runtime.collect = runtime.collect, collect
        try:
            self.turns(1)
            before = len(collected)
            self.bench.wire.inbox.extend([(b"x", ("10.6.6.6", 5060))] * COLLECT_DATAGRAMS)
            self.turns(2)
            self.assertEqual(len(collected), before + 1)
            self.bench.phone(1).call(self.bench.address())
            del collected[:]
            for _ in range(COLLECT_TICKS + 20):
                self.turns(1)
            self.assertTrue(1 <= len(collected) <= 2)
        finally:
            runtime.collect = real


class Runner:
    """Packets of a board whose native code runs the ticks: it does what parley_io_run says, on the bench's clock."""

    runs = True

    def __init__(self, bench, packets):
        self.bench = bench
        self.packets = packets
        self.plans = []
        self.interrupted_after = 1000  # ticks
        self.oversleep_ms = 0

    def __getattr__(self, name):
        return getattr(self.packets, name)

    def run(self, descriptors, plan):
        self.plans.append(list(plan))
        next_ms, step_ms, until_ms, late_ms, phase, phases = list(plan)[:6]
        ticks, passed_ms = 0, 0
        while ticks < self.interrupted_after:
            passed_ms = max(passed_ms, min(next_ms, until_ms)) + self.oversleep_ms
            if passed_ms - next_ms >= late_ms or passed_ms < next_ms:
                break
            self.packets.tick(phase, phases)
            ticks, next_ms, phase = ticks + 1, next_ms + step_ms, (phase + 1) % phases
        self.bench.ticks_ms += passed_ms
        return ticks


class RunTest(unittest.TestCase):
    """Ticks that are left to native code."""

    def setUp(self):
        self.bench = bench = Bench()
        self.poller = FakePoller(bench)
        self.poller.descriptors = [0]
        self.runner = bench.media._packets = Runner(bench, bench.media._packets)
        self.loop = Loop(bench.clock, self.poller, bench.ticker, bench.media, None, Watchdog(None))
        self.loop.sip = bench.sip
        self.loop.turn()
        self.alice = bench.phone(1)
        self.call = self.alice.call(bench.address())

    def test_they_go_on_until_something_else_is_due(self):
        first_ms, ticks = self.bench.now_ms(), self.bench.ticker.ticks
        turns = 0
        while self.bench.now_ms() < first_ms + 1000:
            self.loop.turn()
            turns += 1
        self.assertEqual(self.bench.ticker.ticks - ticks, 50)
        self.assertEqual(len(self.bench.rtp[0].outbox), 50)
        self.assertTrue(turns < 25, turns)
        self.assertEqual((self.bench.ticker.late_ticks, self.bench.ticker.skipped_ticks), (0, 0))

    def test_their_plan_ends_with_the_tick_at_or_after_the_next_deadline_of_sip(self):
        self.loop.turn()
        for _ in range(20):
            deadline_ms = self.bench.sip.next_deadline()
            next_ms, now_ms = self.bench.ticker.next_ms, self.bench.now_ms()
            del self.runner.plans[:]
            self.loop.turn()
            if deadline_ms <= now_ms:
                self.assertEqual(self.runner.plans, [])
                continue
            plan = self.runner.plans[0]
            self.assertEqual((plan[:2], plan[3]), ([next_ms - now_ms, PERIOD_MS], LATE_MS))
            self.assertEqual(plan[4:7], [0, 1, now_ms])
            self.assertEqual((plan[2] - plan[0]) % PERIOD_MS, 0)
            self.assertTrue(plan[2] == plan[0] or 0 <= plan[2] - (deadline_ms - now_ms) < PERIOD_MS)
            self.bench.ticks_ms += 7  # something took its time

    def test_a_late_one_is_accounted_for_here(self):
        self.runner.oversleep_ms = LATE_MS
        for _ in range(5):
            self.loop.turn()
        self.assertTrue(self.bench.ticker.ticks > 0)
        self.assertEqual(self.bench.ticker.late_by()["waiting"], self.bench.ticker.ticks)

    def test_without_descriptors_to_watch_there_are_none(self):
        self.poller.descriptors = None
        self.loop.turn()
        self.assertEqual(self.runner.plans, [])
        self.assertTrue(self.poller.waits[-1] > 0)

    def test_nobody_there_nothing_to_run(self):
        self.alice.endpoint.hangup(self.call, self.bench.now_ms())
        self.bench.run()
        self.assertFalse(self.bench.media.active)
        self.loop.turn()
        self.assertEqual(self.runner.plans, [])


if __name__ == "__main__":
    unittest.main()
