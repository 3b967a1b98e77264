"""What happened, newest last: the log lines of the server, kept for the events stream and the dashboard."""

from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

KEPT = 1000


class Log(Protocol):
    """What is needed of a structured log."""

    def info(self, event: str, **fields: Any) -> Any:
        """Write a line of what goes on."""
        ...

    def warning(self, event: str, **fields: Any) -> Any:
        """Write a line that somebody should read."""
        ...


class Happening(NamedTuple):
    """One line: counted since the daemon's start, unix time, level "info" or "warning", what, and its details."""

    number: int
    at_s: float
    level: str
    event: str
    fields: dict[str, Any]

    def row(self) -> dict[str, Any]:
        """Return it as plain data for JSON."""
        return {
            "number": self.number,
            "time": round(self.at_s, 3),
            "level": self.level,
            "event": self.event,
            **self.fields,
        }


class EventLog:
    """A Log that passes each line on to another, and remembers the last KEPT of them.

    now_s: unix time. listeners: called with each new line; they must not raise.
    """

    def __init__(self, log: Log, now_s: Callable[[], float]) -> None:
        self.listeners: list[Callable[[Happening], None]] = []
        self._log = log
        self._now_s = now_s
        self._kept: deque[Happening] = deque(maxlen=KEPT)
        self._count = 0

    def info(self, event: str, **fields: Any) -> None:
        """Write a line of what goes on."""
        self._log.info(event, **fields)
        self._keep("info", event, fields)

    def warning(self, event: str, **fields: Any) -> None:
        """Write a line that somebody should read."""
        self._log.warning(event, **fields)
        self._keep("warning", event, fields)

    def since(self, number: int, limit: int = KEPT) -> list[Happening]:
        """Return the newest `limit` lines after the one of that number, oldest first."""
        return [one for one in self._kept if one.number > number][-limit:]

    def _keep(self, level: str, event: str, fields: dict[str, Any]) -> None:
        self._count += 1
        happening = Happening(self._count, self._now_s(), level, event, fields)
        self._kept.append(happening)
        for listener in self.listeners:
            listener(happening)
