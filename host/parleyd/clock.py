"""The one place where the daemon asks what time it is."""

import time
from typing import Protocol

FOR_EVER_MS = 1 << 62  # the end of what another server looks after


class Clock(Protocol):
    """Two times, injected everywhere so that tests run on virtual ones."""

    def now_ms(self) -> int:
        """Return monotonic milliseconds: timers, registrations, nonces."""
        ...

    def now_s(self) -> float:
        """Return unix seconds: expiry of tokens, the Date for boards, times shown to people."""
        ...


class SystemClock:
    """The machine's clock, read once for the date and then only counted on.

    A step of the system time (NTP, an operator) therefore moves nothing while the daemon runs: leases, and the
    boards that set their clocks by our Date, see one steady time. Nor does it go back over a restart: `floor_s` is
    the latest time the store knows of (a small computer without a battery starts in the past).
    """

    def __init__(self, floor_s: float = 0) -> None:
        self.behind_s = max(0.0, floor_s - time.time())
        self._offset_s = max(time.time(), floor_s) - time.monotonic()

    def now_ms(self) -> int:
        """Return monotonic milliseconds."""
        return time.monotonic_ns() // 1_000_000

    def now_s(self) -> float:
        """Return steady unix seconds."""
        return time.monotonic() + self._offset_s
