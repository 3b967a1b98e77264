"""Timer values (RFC 3261 17, table 4) and the queue that every timer of an endpoint waits in.

Nothing here asks what time it is: now_ms comes in, milliseconds on any clock that never goes backwards.
"""

import heapq

from parley.call.table import Table

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

_COMPACT_ABOVE = 64  # cancelled entries tolerated in the heaps before they are rebuilt
_HEAP_BITS = 10  # timers of about a second share a heap: each is a small piece of memory


class TimerQueue:
    """All running timers, earliest first; a cancelled one releases its owner at once."""

    def __init__(self) -> None:
        self._heaps = Table()  # second -> heap of (deadline_ms, number)
        self._seconds: list[int] = []  # those that have one, a heap
        self._entries = 0  # of all heaps
        self._running = Table()  # number -> (TimerOwner, name)
        self._number = 0

    def __len__(self) -> int:
        return len(self._running)

    def start(self, owner: "TimerOwner", name: str, deadline_ms: int) -> int:
        """Start a timer; returns its number. owner.on_timer(name, now_ms) is called when it is due."""
        self._number += 1
        self._running[self._number] = (owner, name)
        try:
            self._enter(deadline_ms)
        except MemoryError:
            self._running.pop(self._number)
            raise
        return self._number

    def _enter(self, deadline_ms: int) -> None:
        second = deadline_ms >> _HEAP_BITS
        if second not in self._heaps:
            heapq.heappush(self._seconds, second)
            self._heaps[second] = []
        heap: "list[tuple[int, int]]" = self._heaps.get(second)
        heapq.heappush(heap, (deadline_ms, self._number))
        self._entries += 1

    def cancel(self, number: int) -> None:
        """Stop the timer of this number; one that has fired or was stopped is let be."""
        if self._running.pop(number, None) is None:
            return
        if self._entries > 2 * len(self._running) + _COMPACT_ABOVE:
            self._compact()

    def _compact(self) -> None:
        self._entries = 0
        for second in self._seconds:
            heap: "list[tuple[int, int]]" = self._heaps.get(second) or []
            left = [entry for entry in heap if entry[1] in self._running]
            heapq.heapify(left)
            self._heaps[second] = left
            self._entries += len(left)
        seconds = self._seconds
        self._seconds = [second for second in seconds if self._heaps.get(second)]
        for second in seconds:
            if not self._heaps.get(second):
                self._heaps.pop(second)
        heapq.heapify(self._seconds)

    def next_deadline(self) -> "int | None":
        """Return when the earliest timer is due [ms], None when none runs."""
        heap = self._first()
        return heap[0][0] if heap else None

    def _first(self) -> "list[tuple[int, int]] | None":
        """Return the heap that the earliest timer begins, None when none runs."""
        while self._seconds:
            heap: "list[tuple[int, int]]" = self._heaps.get(self._seconds[0]) or []
            while heap and heap[0][1] not in self._running:
                heapq.heappop(heap)
                self._entries -= 1
            if heap:
                return heap
            self._heaps.pop(heapq.heappop(self._seconds))
        return None

    def fire_due(self, now_ms: int) -> None:
        """Fire every timer that is due at now_ms, in the order of their deadlines."""
        heap = self._first()
        while heap and heap[0][0] <= now_ms:
            owner, name = self._running.pop(heapq.heappop(heap)[1])
            self._entries -= 1
            owner.on_timer(name, now_ms)
            heap = self._first()


class Nobody:
    """Has no timers any more."""

    def on_timer(self, name: str, now_ms: int) -> None:
        """Do nothing."""


NOBODY = Nobody()


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

    def end(self) -> None:
        """Stop every timer for good, and let go of the owner: no ring of references waits for a collector."""
        self.stop_all()
        self._owner = NOBODY
