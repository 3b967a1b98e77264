"""A state machine that is a table: (state, event) -> (new state, actions)."""

from collections import deque
from typing import Any, ClassVar

from parley.wire.errors import LocalError

Table = dict[tuple[str, str], tuple[str, tuple[str, ...]]]


class Machine:
    """Runs one table, each event to completion before the next.

    A subclass brings TABLE, IGNORED (pairs passed over on purpose) and one method `_action(fact)` for each
    action its table names; `fact` is what came with the event (an Event, an address, None). An action may
    fire further events: they wait until the present one is done.
    """

    START: ClassVar[str] = "idle"
    TABLE: ClassVar[Table] = {}
    IGNORED: ClassVar[frozenset[tuple[str, str]]] = frozenset()

    def __init__(self) -> None:
        self.state = self.START
        self._waiting: deque[tuple[str, Any]] = deque()
        self._busy = False

    def fire(self, event: str, fact: Any = None) -> None:
        """Take one event.

        Raises LocalError, the state unchanged, when the table knows no such pair.
        """
        self._waiting.append((event, fact))
        if self._busy:
            return
        self._busy = True
        try:
            while self._waiting:
                self._step(*self._waiting.popleft())
        finally:
            self._busy = False
            self._waiting.clear()

    def _step(self, event: str, fact: Any) -> None:
        pair = (self.state, event)
        if pair in self.IGNORED:
            return
        if pair not in self.TABLE:
            raise LocalError(f"{type(self).__name__} in state {self.state} cannot take {event}")
        self.state, actions = self.TABLE[pair]
        for action in actions:
            getattr(self, "_" + action)(fact)


def ignored(states: tuple[str, ...], events: tuple[str, ...]) -> frozenset[tuple[str, str]]:
    """All pairs of these states and events, for a machine's IGNORED list."""
    return frozenset((state, event) for state in states for event in events)
