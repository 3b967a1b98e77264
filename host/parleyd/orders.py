"""Orders of operators and of the dashboard to boards, by conference or by board, and what is written down of them."""

from collections.abc import Callable

from parleyd.clock import Clock
from parleyd.control import Control, Done, Outcome
from parleyd.events import Log
from parleyd.journal import Journal
from parleyd.lease import RUNNING
from parleyd.ledger import Ledger
from parleyd.order_words import in_words
from parleyd.pool import Pool


class Orders:
    """count(name): counts an order."""

    def __init__(
        self,
        pool: Pool,
        ledger: Ledger,
        control: Control,
        journal: Journal,
        clock: Clock,
        log: Log,
        count: Callable[[str], None],
    ) -> None:
        self._pool = pool
        self._ledger = ledger
        self._control = control
        self._journal = journal
        self._clock = clock
        self._log = log
        self._count = count

    def conference(self, conference_id: str, name: str, numbers: tuple[int | str, ...], done: Done) -> None:
        """Give an order about one conference to its board.

        Args:
            conference_id: `board/slot/generation`.
            name, numbers: the order and what follows slot and generation in it (parley/app/control.py).
            done: called once: with the board's answer, 408 without one; at once with 404 when there is no such
                conference, 503 when the board is not there to be told.
        """
        lease = self._ledger.find(conference_id)
        if lease is None or lease.state not in RUNNING:
            done(Outcome(404, "No such conference"))
            return

        text = in_words(name, numbers)

        def told(outcome: Outcome) -> None:
            self._journal.ordered(lease, name, outcome.status, outcome.reason)
            if outcome.done:
                self._log.info("ordered", conference=conference_id, order=text)
            else:
                self._log.warning("order failed", conference=conference_id, order=text, reason=outcome.reason)
            done(outcome)

        self._count(f"{name} on request")
        self.board(lease.board_id, name, (lease.slot, lease.generation, *numbers), told)

    def board(self, board_id: str, name: str, numbers: tuple[int | str, ...], done: Done) -> None:
        """Give an order to a board; `done` as of `conference`."""
        board = self._pool.board(board_id)
        if board is None:
            done(Outcome(404, "No such board"))
        elif self._pool.registration(board_id) is None:
            done(Outcome(503, f"The board {board_id} is not registered"))
        else:
            self._control.order(board, name, numbers, done, self._clock.now_ms())
