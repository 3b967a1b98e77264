"""How long the timers of transactions run (RFC 3261 table 4)."""

from parley.call.timers import RINGING_LIMIT_MS, T1_MS, T4_MS, TIMEOUT_MS, TIMER_D_MS, TRYING_MS

# Timer -> (interval over UDP, interval over a reliable transport) [ms]; None: not started there.
INTERVALS: "dict[str, tuple[int, int | None]]" = {
    "A": (T1_MS, None),
    "B": (TIMEOUT_MS, TIMEOUT_MS),
    "C": (RINGING_LIMIT_MS + TIMEOUT_MS, RINGING_LIMIT_MS + TIMEOUT_MS),  # the call's own limit comes first
    "D": (TIMER_D_MS, 0),
    "E": (T1_MS, None),
    "F": (TIMEOUT_MS, TIMEOUT_MS),
    "G": (T1_MS, None),
    "H": (TIMEOUT_MS, TIMEOUT_MS),
    "I": (T4_MS, 0),
    "J": (TIMEOUT_MS, 0),
    "K": (T4_MS, 0),
    "L": (TIMEOUT_MS, TIMEOUT_MS),  # RFC 6026 8.7
    "M": (TIMEOUT_MS, TIMEOUT_MS),
    "trying": (TRYING_MS, TRYING_MS),
    "answer": (TIMEOUT_MS, TIMEOUT_MS),
}
