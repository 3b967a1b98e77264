"""Who is let in when there is too much: work in progress and boards always, new requests by source and by load."""

from collections.abc import Callable

from parleyd.events import Log
from parleyd.pool import Pool
from parleyd.sources import Ruling, Sources

# What goes on with work in progress, and is never refused for want of room.
IN_PROGRESS = (b"ACK ", b"CANCEL ", b"BYE ", b"PRACK ", b"SIP/2.0 ")
TELL_MS = 60000  # one line a minute says that sources are limited; the counters say how often


class Admission:
    """Decides by a message's first bytes and its source, before anything is read."""

    def __init__(self, sources: Sources, pool: Pool, log: Log, count: Callable[[str], None]) -> None:
        """count(name): counts what is not let in."""
        self._sources = sources
        self._pool = pool
        self._log = log
        self._count = count
        self._tell_ms = 0

    def watches(self, busy: bool) -> bool:
        """Tell whether anything would not be let in now."""
        return busy or self._sources.limited

    def rule(self, data: bytes, host: str, now_ms: int, busy: bool) -> Ruling:
        """Return what becomes of a message.

        host: the IP address it came from; now_ms: monotonic; busy: more comes in than can be answered.
        """
        if not (busy or self._sources.limited) or data.startswith(IN_PROGRESS):
            return Ruling.TAKE
        if self._pool.is_board_at(host):  # what boards tell frees resources
            return Ruling.TAKE
        ruling = self._sources.rule(host, now_ms)
        if ruling is Ruling.TAKE:
            if busy:
                self._count("overload")
                return Ruling.REFUSE
            return ruling
        self._count("limited " + ruling.value)
        if now_ms >= self._tell_ms:
            self._tell_ms = now_ms + TELL_MS
            self._log.warning("source is over its rate (source_per_s)", source=host)
        return ruling
