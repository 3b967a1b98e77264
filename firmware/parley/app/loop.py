"""The one loop of a board: waits until something is due, media first, garbage after the media.

Where native code can, it runs the ticks and waits between them until there is anything else: Python then comes round
some ten times a second, however often the board ticks.
"""

from array import array

from parley.app import runtime
from parley.app.ticker import CATCH_UP_TICKS, COLLECTING, CONSOLE, LATE_MS, MEDIA, SIP, WAITING
from parley.media import packets
from parley.media.bridge_side import CLOCK_MASK

COLLECT_DATAGRAMS = 8  # SIP datagrams are what makes garbage: collect after so many
COLLECT_TICKS = 250  # of 20 ms: and every five seconds of media in any case
SLACK_MS = 5  # only with so much time left before the next tick
RESTS = 50  # a large heap takes long: after a collection none for so many times as long, 2 % of the time
LONG_MS = 10  # what takes longer may delay a tick: after it none
LONG_RESTS = 400  # for so many times as long, or until there is no room
QUIET_RESTS = 2000  # while no SIP came there is next to nothing to collect
LONGEST_RUN_MS = 2000  # of ticks in native code

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parley.app.sip_task import SipTask


class Loop:
    """Runs the parts of a board in turns. sip: SipTask, or None while the board is off the network.

    longest_wait_ms: how often to come round although nothing is due; -1 never.
    """

    def __init__(self, clock, poller, ticker, media, console, watchdog):
        self.sip: "SipTask | None" = None
        self.media = media
        self.longest_wait_ms = watchdog.longest_wait_ms
        self._clock = clock
        self._poller = poller
        self._ticker = ticker
        self._console = console
        self._watchdog = watchdog
        self._deadline_ms = None  # of SIP, as far as known:
        self._deadline_of = None  # the SIP task that said so and has done nothing since
        self._activity = WAITING
        self._collected_datagrams = 0
        self._collected_ticks = 0
        self._rested_ms = 0  # none before
        self._quiet_ms = 0  # nor before this, when SIP is quiet
        self._plan = array("i", [0] * packets.RUN_WORDS)

    def turn(self):
        """Waits once, does what is due, returns."""
        self._collect_if_idle()
        timeout_ms = self._timeout_ms(self._clock.now_ms())
        if timeout_ms > 0 and self.media.active and self.media.runs and self._run_ticks():
            timeout_ms = self._timeout_ms(self._clock.now_ms())
        if timeout_ms != 0:
            self._activity = WAITING
        ready = self._poller.wait(timeout_ms)
        self._tick_if_due()
        if self._serve_sip(ready):
            self._tick_if_due()
        self._serve_console(ready)
        if ready:
            self._tick_if_due()
        self._watchdog.feed()

    def _tick_if_due(self):
        """Runs every media tick whose time has come, up to a bound: even a board that its media is too much for must
        hear a BYE. Returns True when there was none."""
        if not self.media.active:
            self._ticker.stop()
            self._watchdog.ticked()
            return True
        self._ticker.start(self._clock.now_ms())
        if not self._ticker.due(self._clock.now_ms()):
            return True
        for _ in range(CATCH_UP_TICKS * self._ticker.phases):
            self.tick()
            if not self._ticker.due(self._clock.now_ms()):
                break
        self._collect_if_slack()
        return False

    def tick(self):
        """One media tick, now. Allocates nothing (test_no_alloc.py), so no collection can fall into it."""
        now_ms = self._clock.now_ms()
        self.media.clock(now_ms)
        phase = self._ticker.phase
        skipped = self._ticker.begin(now_ms, self._activity)
        if skipped:
            self.media.skip(skipped)
        self.media.tick(phase, self._ticker.phases)
        self._activity = MEDIA
        self._watchdog.ticked()

    def _run_ticks(self):
        """Leaves ticks to native code until there is something else to do. Returns False when it cannot.

        A tick that is late is left to us, who account for it.
        """
        descriptors = self._poller.descriptors
        if descriptors is None:
            return False
        now_ms = self._clock.now_ms()
        until_ms = LONGEST_RUN_MS if self.longest_wait_ms < 0 else min(self.longest_wait_ms, LONGEST_RUN_MS)
        if self._deadline_ms is not None:
            until_ms = min(until_ms, self._deadline_ms - now_ms)
        plan, ticker = self._plan, self._ticker
        next_ms = ticker.next_ms - now_ms
        # what is due between two ticks waits for the later one: the board wakes once for both
        until_ms = next_ms + max(0, -(-(until_ms - next_ms) // ticker.step_ms) * ticker.step_ms)
        plan[packets.RUN_NEXT_MS] = next_ms
        plan[packets.RUN_STEP_MS] = ticker.step_ms
        plan[packets.RUN_UNTIL_MS] = until_ms
        plan[packets.RUN_LATE_MS] = LATE_MS
        plan[packets.RUN_PHASE], plan[packets.RUN_PHASES] = ticker.phase, ticker.phases
        plan[packets.RUN_CLOCK_MS] = now_ms & CLOCK_MASK
        self._activity = WAITING
        ticker.ran(self.media.run(descriptors, plan))
        self._watchdog.ticked()
        self._collect_if_slack()
        return True

    def _serve_sip(self, ready):
        """Returns whether there was something to do: of most turns the media is all."""
        sip = self.sip
        due = ready or self._is_sip_due()
        if sip is not None and due:
            self._activity = SIP
            self._deadline_of = None
            if "sip" in ready:
                sip.drain(self._clock.now_ms(), self._no_tick_due)
                sip.serve_streams(self._clock.now_ms())
            sip.tick(self._clock.now_ms())
        self._watchdog.served()
        return due

    def _is_sip_due(self):
        return self._deadline_ms is not None and self._clock.now_ms() >= self._deadline_ms

    def news(self):
        """SIP has more to do than it said: something from outside the loop has told it."""
        self._deadline_of = None

    def _serve_console(self, ready):
        if self._console is None:
            return
        now_ms = self._clock.now_ms()
        if "console" in ready:
            self._activity = CONSOLE
            if not self._console.readable(now_ms):
                self._poller.remove(self._console.source)
                self._console = None
                return
        self._console.tick(now_ms)

    def _no_tick_due(self):
        return not self._ticker.due(self._clock.now_ms())

    def _timeout_ms(self, now_ms):
        """How long the wait may last; -1 for ever."""
        if self._deadline_of is not self.sip or self.sip is None:
            self._deadline_of = self.sip
            self._deadline_ms = None if self.sip is None else self.sip.next_deadline()
        deadline_ms = self._deadline_ms
        if self.media.active:
            self._ticker.start(now_ms)
            if deadline_ms is None or self._ticker.next_ms < deadline_ms:
                deadline_ms = self._ticker.next_ms
        if deadline_ms is None:
            return self.longest_wait_ms
        wait_ms = max(0, deadline_ms - now_ms)
        return wait_ms if self.longest_wait_ms < 0 else min(wait_ms, self.longest_wait_ms)

    def _collect_if_slack(self):
        """After a tick's sends, when there is a reason and the time for it."""
        now_ms = self._clock.now_ms()
        if now_ms < self._rested_ms:
            return
        ticks = self._ticker.ticks - self._collected_ticks
        is_time = ticks >= COLLECT_TICKS * self._ticker.phases and now_ms >= self._quiet_ms
        if not is_time and not self._has_garbage():
            return
        if self._ticker.next_ms - self._clock.now_ms() >= min(SLACK_MS, self._ticker.step_ms - 1):
            self._collect()

    def _collect_if_idle(self):
        if not self.media.active and self._has_garbage():
            self._collect()

    def _has_garbage(self):
        return self.sip is not None and self.sip.datagrams - self._collected_datagrams >= COLLECT_DATAGRAMS

    def _collect(self):
        started_ms = self._clock.now_ms()
        runtime.collect()
        ended_ms = self._clock.now_ms()
        took_ms = ended_ms - started_ms
        self._rested_ms = ended_ms + (LONG_RESTS if took_ms > LONG_MS else RESTS) * took_ms
        self._quiet_ms = ended_ms + QUIET_RESTS * took_ms
        self._activity = COLLECTING
        self._collected_ticks = self._ticker.ticks
        self._collected_datagrams = 0 if self.sip is None else self.sip.datagrams
