"""The board's two clocks: milliseconds since start, and Unix seconds once the server has told them.

A board has no battery. The 200 to its registration carries a Date (RFC 3261 20.17), good to about a second,
which is what token expiry and boot time are measured against.
"""

from parley.wire.errors import RemoteError

STEP_S = 2  # less is the rounding of Date
# An answer can be 32 s old (RFC 3261 17.1.2.2, timer F). Who steps back by more is a server with another clock.
OLD_ANSWER_S = 35
MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec"
DAYS_BEFORE_MONTH = (0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334)


class Clock:
    """now_ms() counts from 0 and never goes back, although the ticks beneath may wrap."""

    def __init__(self, ticks_ms, ticks_diff):
        self._ticks_ms = ticks_ms
        self._ticks_diff = ticks_diff
        self._last_ticks = ticks_ms()
        self._now_ms = 0
        self._unix_at_start_s = None
        self._started_s = None
        self._stated_s = None

    def now_ms(self):
        """Milliseconds since the clock was made. To be asked more often than the ticks wrap."""
        ticks = self._ticks_ms()
        step = self._ticks_diff(ticks, self._last_ticks)
        if step > 0:
            self._now_ms += step
            self._last_ticks = ticks
        return self._now_ms

    @property
    def known(self):
        """The Unix time is known."""
        return self._unix_at_start_s is not None

    @property
    def started_s(self):
        """Unix seconds at which this board started, by the latest it was ever told; None while not known.

        A server's clock that steps back must not revive an address from before the boot.
        """
        return self._started_s

    def unix_s(self):
        """Unix seconds; None while not known."""
        if self._unix_at_start_s is None:
            return None
        return self._unix_at_start_s + self.now_ms() // 1000

    def state_s(self):
        """unix_s() for a report to the server, which may count on what was over by then to stay over."""
        now_s = self.unix_s()
        if now_s is not None and (self._stated_s is None or now_s > self._stated_s):
            self._stated_s = now_s
        return now_s

    def expiry_s(self):
        """What an address's expiry is measured by: unix_s(), but never less than a server was told."""
        now_s = self.unix_s()
        return now_s if now_s is None or self._stated_s is None else max(now_s, self._stated_s)

    def set_unix_s(self, now_s, heard_s=0):
        """The server's idea of now, and of when it first heard of this boot, which cannot have begun later.

        Small differences are the Date's whole seconds and the way; they change nothing.
        """
        if self._started_s is None or heard_s > self._started_s:
            self._started_s = heard_s
        started_s = now_s - self.now_ms() // 1000
        known_s = self._unix_at_start_s
        if known_s is None or abs(started_s - known_s) >= STEP_S:
            self._unix_at_start_s = started_s
            if self._stated_s is not None and now_s < self._stated_s - OLD_ANSWER_S:
                self._stated_s = None
            self._started_s = max(started_s, self._started_s)


def parse_date(text):
    """Unix seconds of a SIP date, `Sun, 22 Nov 2026 14:40:00 GMT` (RFC 3261 25.1 SIP-date).

    RemoteError when bad.
    """
    parts = text.split()
    if len(parts) != 6 or parts[5] != "GMT":
        raise RemoteError(400, "Bad Date")
    month = MONTHS.find(parts[2])
    try:
        day, year = int(parts[1]), int(parts[3])
        hour, minute, second = [int(part) for part in parts[4].split(":")]
    except ValueError:
        raise RemoteError(400, "Bad Date")
    if len(parts[2]) != 3 or month < 0 or month % 3 or year < 1970:
        raise RemoteError(400, "Bad Date")
    return ((_days(year, month // 3, day) * 24 + hour) * 60 + minute) * 60 + second


def _days(year, month, day):
    """Days from 1970-01-01; month counts from 0, day from 1 (Gregorian calendar)."""
    leap_years = (year - 1) // 4 - (year - 1) // 100 + (year - 1) // 400 - 477
    is_leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    days = (year - 1970) * 365 + leap_years + DAYS_BEFORE_MONTH[month] + day - 1
    return days + 1 if is_leap and month > 1 else days
