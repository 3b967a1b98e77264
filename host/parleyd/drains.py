"""Boards that get no new conferences, by an operator's word: the roster of the only server, or the store of several."""

from collections.abc import Iterable

from parleyd.events import EventLog
from parleyd.ledger import Ledger
from parleyd.pool import Pool
from parleyd.roster import Roster


class Drains:
    """Keeps what was said, and the pool and the log up to date with it."""

    def __init__(self, ledger: Ledger, roster: Roster, pool: Pool, events: EventLog) -> None:
        self._ledger = ledger
        self._roster = roster
        self._pool = pool
        self._events = events
        pool.draining = ledger.draining if ledger.shared else roster.draining

    async def say(self, board_id: str, draining: bool) -> None:
        """Take a board out of the pool, of all servers that share a store, or let it have conferences again.

        Raises RosterError or StoreError; then nothing has changed.
        """
        if self._ledger.shared:
            await self._ledger.drain(board_id, draining)
            self.heard(board_id, draining)
        elif draining != (board_id in self._pool.draining):
            self._roster.drain(board_id, draining)
            self._changed(board_id)

    def heard(self, board_id: str, draining: bool) -> None:
        """Take note of what the shared store says of a board, from whichever server."""
        known = self._pool.draining
        if draining != (board_id in known):
            (known.add if draining else known.discard)(board_id)
            self._changed(board_id)

    def heard_all(self, boards: Iterable[str]) -> None:
        """Take note of all boards that drain now; no other does."""
        now = set(boards)
        for board_id in self._pool.draining ^ now:
            self.heard(board_id, board_id in now)

    def _changed(self, board_id: str) -> None:
        self._pool.look_again(board_id)
        drains = board_id in self._pool.draining
        self._events.info("board drains" if drains else "board is back", board=board_id)
