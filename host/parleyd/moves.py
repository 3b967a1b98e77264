"""Conferences move off a board that drains: a new address on another board, and the old board sends everybody there."""

from collections.abc import Callable

from parleyd.control import Done, Outcome
from parleyd.decisions import Then
from parleyd.events import Log
from parleyd.lease import Lease, LeaseState
from parleyd.ledger import Ledger
from parleyd.offer import Srtp
from parleyd.orders import Orders
from parleyd.pool import Pool, ProvisionedBoard
from parleyd.receive import Need
from parleyd.report import BoardReport, is_wideband
from parleyd.verdict import Grant, Refusal

Decide = Callable[[Need | Refusal, Then], None]


class Moves:
    """decide: as Decisions.decide()."""

    def __init__(self, pool: Pool, ledger: Ledger, orders: Orders, decide: Decide, log: Log) -> None:
        self._pool = pool
        self._ledger = ledger
        self._orders = orders
        self._decide = decide
        self._log = log

    def board(self, board_id: str, done: Done) -> int:
        """Move every conference that runs on the board, which drains; `done` is called once for each of them.

        Returns how many there are. What was offered and not called yet stays: its phone calls within seconds.
        """
        leases = [
            lease
            for lease in self._ledger.leases.get(board_id, {}).values()
            if lease.state is LeaseState.ACTIVE
        ]
        for lease in leases:
            self.conference(lease, done)
        return len(leases)

    def conference(self, lease: Lease, done: Done) -> None:
        """Move one; done(outcome): of the board's order, or why there is no new address."""
        board, registration = self._pool.board(lease.board_id), self._pool.registration(lease.board_id)
        needs = [] if board is None or registration is None else needs_of(board, registration.report, lease)
        if not needs:
            done(Outcome(503, f"The board {lease.board_id} is not registered"))
            return

        def decided(verdict: Grant | Refusal) -> None:
            if isinstance(verdict, Grant):
                self._log.info("moves", conference=lease.conference_id, to=verdict.lease.conference_id)
                self._orders.conference(lease.conference_id, "move", (verdict.address,), done)
            elif needs:
                self._decide(needs.pop(0), decided)
            else:
                self._log.warning("cannot move", conference=lease.conference_id, reason=verdict.reason)
                done(Outcome(verdict.status, verdict.reason))

        self._decide(needs.pop(0), decided)


def needs_of(board: ProvisionedBoard, report: BoardReport, lease: Lease) -> list[Need]:
    """Return what a new board should be able to do, the best first: what the old one can, and who is in it may use."""
    codecs = tuple(sorted(report.codec_set, key=lambda codec: (not is_wideband(codec), codec)))
    ipv6 = ":" in board.host
    wanted: list[Srtp] = ["required", "none"] if report.encrypted_legs >= lease.size else ["none"]
    return [
        Need(codecs, lease.size, srtp, lease.asked_by, ipv6, board.site, priority=True, ipv4=not ipv6)
        for srtp in wanted
    ]
