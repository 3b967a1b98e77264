"""When the media tick is due: every 20 ms of the board's clock, without drift, catching up within bounds.

Where the conferences have phases (parley_bridge.h) a tick is for those of one phase, and as many come in the 20 ms.
"""

PERIOD_MS = 20
LATE_MS = 5  # a tick that begins later than this after its time is counted late
CROWD_LEGS = 128  # beyond, the processor counts for more than short waits (DECISIONS.md)
CATCH_UP_TICKS = 5  # how many overdue ticks are run one after the other; beyond, they are skipped

# What the board was doing when a tick came due.
WAITING, MEDIA, SIP, CONSOLE, COLLECTING = range(5)
ACTIVITIES = ("waiting", "media", "sip", "console", "collecting")


def phases_for(legs, most):
    """How many ticks make the 20 ms of a board of so many legs. most: what its network bears, 1 or an even number."""
    return most if legs <= CROWD_LEGS else min(most, 2)


class Ticker:
    """Counts ticks, late ticks by cause, and skipped ticks. Time is an argument."""

    def __init__(self):
        self.phases = 1
        self.phase = 0  # of the coming tick
        self.step_ms = PERIOD_MS
        self.running = False
        self.next_ms = 0
        self.ticks = 0
        self.late_ticks = 0
        self.skipped_ticks = 0
        self._late_by = [0] * len(ACTIVITIES)

    def divide(self, phases):
        """From the next start on so many ticks come in 20 ms; phases: 1, 2, 4, 5, 10 or 20."""
        self.phases = phases
        self.step_ms = PERIOD_MS // phases

    def start(self, now_ms):
        """The first tick comes at the next multiple of 20 ms."""
        if not self.running:
            self.running = True
            self.phase = 0
            self.next_ms = now_ms - now_ms % PERIOD_MS + PERIOD_MS

    def stop(self):
        """No ticks until the next start."""
        self.running = False

    def due(self, now_ms):
        """It is time for a tick."""
        return self.running and now_ms >= self.next_ms

    def begin(self, now_ms, activity):
        """Accounts for the tick that begins now; activity: what the board was doing until now.

        Returns how many ticks of each phase are given up (0 as a rule), so that RTP's clock can be moved on by as
        many.
        """
        late_ms = now_ms - self.next_ms
        skipped = 0
        if late_ms > CATCH_UP_TICKS * PERIOD_MS:
            skipped = late_ms // PERIOD_MS
            self.skipped_ticks += skipped
        if late_ms >= LATE_MS:
            self.late_ticks += 1
            self._late_by[activity] += 1
        self.ticks += 1
        self.next_ms += skipped * PERIOD_MS + self.step_ms
        self.phase += 1
        if self.phase >= self.phases:
            self.phase = 0
        return skipped

    def ran(self, ticks):
        """So many ticks were run in their time."""
        self.ticks += ticks
        self.next_ms += ticks * self.step_ms
        self.phase = (self.phase + ticks) % self.phases

    def late_by(self):
        """{activity: late ticks}; not for a tick, it allocates."""
        return {name: self._late_by[index] for index, name in enumerate(ACTIVITIES)}
