"""One source for all streams: what changes is made into text once, however many look on."""

import asyncio
import json
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from parleyd.events import Happening
from parleyd.server import ConferenceServer
from parleyd.status import Row

STATUS_PERIOD_S = 0.25  # changes closer together share one status
QUIET_PERIOD_S = 1.0  # what changes without an event is seen so late
QUEUE_PIECES = 256  # of a reader who is slow; then he is let go, and comes again
WATCH_S = 20  # for so long boards are asked for levels at once
WATCH_AGAIN_S = 8.0


@dataclass(frozen=True, slots=True)
class Piece:
    """One server-sent event; number: its id, of log lines only."""

    kind: str
    data: str
    number: int | None = None


Queue = asyncio.Queue[Piece | None]


class Broadcast:
    """Feeds every subscriber; does nothing while there is none.

    status: makes the status document. drain: to be called after orders to boards.
    """

    def __init__(
        self, server: ConferenceServer, status: Callable[[], Row], drain: Callable[[], None]
    ) -> None:
        self._server = server
        self._status = status
        self._drain = drain
        self._readers: dict[Queue, frozenset[str]] = {}
        self._changed = asyncio.Event()
        self._last = ""
        self._watched_s: dict[str, float] = {}
        self._task: asyncio.Task[None] | None = None
        server.events.listeners.append(self._happened)
        server.journal.on_levels = self._levels

    @contextmanager
    def subscribe(self, kinds: frozenset[str]) -> Generator[Queue]:
        """Give a queue of pieces of these kinds; a None in it is the end."""
        queue: Queue = asyncio.Queue(QUEUE_PIECES)
        self._readers[queue] = kinds
        if "status" in kinds:
            queue.put_nowait(Piece("status", json.dumps(self._status())))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())
        try:
            yield queue
        finally:
            self._readers.pop(queue, None)

    def close(self) -> None:
        """Let everybody go."""
        for queue in list(self._readers):
            self._let_go(queue)
        if self._task is not None:
            self._task.cancel()

    def _wanted(self, kind: str) -> bool:
        return any(kind in kinds for kinds in self._readers.values())

    def _happened(self, happening: Happening) -> None:
        self._changed.set()
        if self._readers and self._wanted("log"):
            self._tell(Piece("log", json.dumps(happening.row()), happening.number))

    def _levels(self, levels: dict[str, dict[int, int]]) -> None:
        if levels and self._wanted("levels"):
            self._tell(Piece("levels", json.dumps(levels)))

    def _tell(self, piece: Piece) -> None:
        for queue, kinds in list(self._readers.items()):
            if piece.kind in kinds:
                try:
                    queue.put_nowait(piece)
                except asyncio.QueueFull:
                    self._let_go(queue)

    def _let_go(self, queue: Queue) -> None:
        self._readers.pop(queue, None)
        while not queue.empty():
            queue.get_nowait()
        queue.put_nowait(None)

    async def _run(self) -> None:
        """Look for changes while there are readers."""
        while self._readers:
            self._changed.clear()
            if self._wanted("status"):
                self._tell_status()
            if self._wanted("levels"):
                self._ask_for_levels()
            await asyncio.sleep(STATUS_PERIOD_S)
            try:
                await asyncio.wait_for(self._changed.wait(), QUIET_PERIOD_S - STATUS_PERIOD_S)
            except TimeoutError:
                pass

    def _tell_status(self) -> None:
        document = self._status()
        seen = json.dumps(_lasting(document))
        if seen != self._last:
            self._last = seen
            self._tell(Piece("status", json.dumps(document)))

    def _ask_for_levels(self) -> None:
        """Let the boards with somebody on them tell levels for a while."""
        now_s = self._server.clock.now_ms() / 1000
        asked = False
        for board in self._server.pool.boards():
            registration = self._server.pool.registration(board.board_id)
            if registration is None or not registration.report.connected:
                self._watched_s.pop(board.board_id, None)
            elif now_s - self._watched_s.get(board.board_id, -WATCH_S) >= WATCH_AGAIN_S:
                self._watched_s[board.board_id] = now_s
                self._server.orders.board(board.board_id, "watch", (WATCH_S,), lambda outcome: None)
                asked = True
        if asked:
            self._drain()


def _lasting(document: Row) -> Any:
    """Return what is worth a new status: all but clocks and running counts, an automatic gain to a whole dB."""
    boards = [{**row, "stats": 0, "registered_for_s": 0, "reason": 0} for row in document["boards"]]
    conferences = [
        {**row, "members": [_lasting_member(member) for member in row["members"]]}
        for row in document["conferences"]
    ]
    return [boards, conferences, document["server"]["going_down"]]


def _lasting_member(member: Row) -> Row:
    gain = round(member["gain_db"]) if member["gain_auto"] else member["gain_db"]
    return {**member, "level_dbov": 0, "gain_db": gain}
