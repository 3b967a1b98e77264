"""When the transactions of a crowd's calls end: that work is no part of a talk, so nothing is measured then."""

STAY_S = 32.0  # a transaction's answers stay so long (timer H, RFC 3261 17.2.1; timer L, RFC 6026 7.1)
SPREAD_S = 1.0  # timers of a crowd are let run together, that much later


class Endings:
    """The times in which transactions end, of all calls made so far."""

    def __init__(self) -> None:
        self._times: list[tuple[float, float]] = []

    def add(self, first_s: float, last_s: float) -> None:
        """Calls were made from first_s to last_s, seconds of a clock that never goes back."""
        self._times.append((first_s + STAY_S, last_s + STAY_S + SPREAD_S))

    def wait_s(self, now_s: float, length_s: float) -> float:
        """How long to wait until length_s seconds pass in which none ends; 0: no longer."""
        start_s = now_s
        for first_s, last_s in sorted(self._times):
            if first_s < start_s + length_s and last_s > start_s:
                start_s = last_s
        return start_s - now_s
