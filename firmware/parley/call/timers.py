"""Timer values (RFC 3261 17, table 4) and the queue that every timer of an endpoint waits in.

Nothing here asks what time it is: now_ms comes in, milliseconds on any clock that never goes backwards.
"""

import heapq

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    class TimerOwner(Protocol):
        """Whoever starts timers."""

        def on_timer(self, name: str, now_ms: int) -> None:
            """Do what the timer of this name is for."""
            ...


T1_MS = 500  # estimate of the round trip
T2_MS = 4000  # longest retransmission interval of non-INVITE requests and INVITE responses
T4_MS = 5000  # longest time a message stays in the network
TIMEOUT_MS = 64 * T1_MS  # timers B, F, H, J, L and M
TIMER_D_MS = 32000  # at least 32 s over UDP

TRYING_MS = 200  # RFC 3261 17.2.1: 100 Trying unless the user answers within 200 ms
RINGING_LIMIT_MS = 180000  # RFC 3261 16.8 (timer C): nobody rings longer than three minutes
REFER_LIMIT_MS = 180000  # a REFER subscription that nobody ends

_COMPACT_ABOVE = 64  # cancelled entries tolerated in the heap before it is rebuilt


class TimerQueue:
    """All running timers, earliest first; a cancelled one releases its owner at once."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int]] = []  # (deadline_ms, number)
        self._running: "dict[int, tuple[TimerOwner, str]]" = {}
        self._number = 0

    def __len__(self) -> int:
        return len(self._running)

    def start(self, owner: "TimerOwner", name: str, deadline_ms: int) -> int:
        """Start a timer; returns its number. owner.on_timer(name, now_ms) is called when it is due."""
        self._number += 1
        heapq.heappush(self._heap, (deadline_ms, self._number))
        self._running[self._number] = (owner, name)
        return self._number

    def cancel(self, number: int) -> None:
        """Stop the timer of this number; one that has fired or was stopped is let be."""
        if self._running.pop(number, None) is None:
            return
        if len(self._heap) > 2 * len(self._running) + _COMPACT_ABOVE:
            self._heap = [entry for entry in self._heap if entry[1] in self._running]
            heapq.heapify(self._heap)

    def next_deadline(self) -> "int | None":
        """Return when the earliest timer is due [ms], None when none runs."""
        while self._heap and self._heap[0][1] not in self._running:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def fire_due(self, now_ms: int) -> None:
        """Fire every timer that is due at now_ms, in the order of their deadlines."""
        deadline_ms = self.next_deadline()
        while deadline_ms is not None and deadline_ms <= now_ms:
            owner, name = self._running.pop(heapq.heappop(self._heap)[1])
            owner.on_timer(name, now_ms)
            deadline_ms = self.next_deadline()


class Timers:
    """The timers of one owner, by name; at most one of each name runs."""

    def __init__(self, queue: TimerQueue, owner: "TimerOwner") -> None:
        self._queue = queue
        self._owner = owner
        self._numbers: dict[str, int] = {}

    def start(self, name: str, delay_ms: int, now_ms: int) -> None:
        """Start the timer of this name, or start it again."""
        self.stop(name)
        self._numbers[name] = self._queue.start(self._owner, name, now_ms + delay_ms)

    def stop(self, name: str) -> None:
        """Stop the timer of this name if it runs."""
        number = self._numbers.pop(name, None)
        if number is not None:
            self._queue.cancel(number)

    def stop_all(self) -> None:
        """Stop every timer of this owner."""
        for number in self._numbers.values():
            self._queue.cancel(number)
        self._numbers.clear()
