"""What the other servers of the fleet do, taken into our books and our pool."""

from collections.abc import Callable, Iterable, Sequence

from parley.wire.errors import RemoteError
from parleyd.clock import Clock
from parleyd.drains import Drains
from parleyd.events import Log
from parleyd.lease import Lease
from parleyd.ledger import Ledger
from parleyd.pool import DHCP, Pool, ProvisionedBoard
from parleyd.report import parse_report
from parleyd.store.face import BoardKey, Heard
from parleyd.twins import MET, TWIN


class Neighbours:
    """The follower of a shared store.

    on_change: a board came or went by another server's word. settled: answers are to be sent. drains: are told what an
    operator has said at any server. log: hears what other servers have met.
    """

    def __init__(
        self,
        ledger: Ledger,
        pool: Pool,
        clock: Clock,
        settled: Callable[[], None],
        on_change: Callable[[], None] = lambda: None,
        drains: Drains | None = None,
        log: Log | None = None,
    ) -> None:
        self.settled = settled
        self._drains = drains
        self._log = log
        self._ledger = ledger
        self._pool = pool
        self._clock = clock
        self._on_change = on_change
        self._lent: set[str] = set()  # boards that we know from the store alone

    def meet(self) -> None:
        """Make known all boards of the store, after those of our settings."""
        for key in self._ledger.identities():
            self.learn_key(key)

    def learn(self, leases: Sequence[Lease], heard: Heard | None) -> None:
        """See Follower.learn."""
        self._ledger.learn(leases, heard)

    def learn_board(self, board_id: str, leases: Sequence[Lease], heard: Heard | None) -> None:
        """See Follower.learn_board."""
        self._ledger.learn_board(board_id, leases, heard)

    def learn_key(self, key: BoardKey) -> None:
        """See Follower.learn_key. A board that our own settings name stays as they say."""
        self._ledger.learn_key(key)
        known = self._pool.board(key.board_id)
        place = (key.key, key.host, key.port)
        if not key.host or (known is not None and key.board_id not in self._lent):
            return
        if known is None or (known.key, known.plan, known.port) != place:
            self._lent.add(key.board_id)
            self._pool.provision(
                ProvisionedBoard(key.board_id, *place, site=key.site, dynamic=key.host == DHCP)
            )
            self._on_change()

    def drains(self, board_id: str, draining: bool) -> None:
        """See Follower.drains."""
        if self._drains is not None:
            self._drains.heard(board_id, draining)

    def all_drains(self, boards: Iterable[str]) -> None:
        """See Follower.all_drains."""
        if self._drains is not None:
            self._drains.heard_all(boards)

    def heard(self, board_id: str) -> Heard | None:
        """See Follower.heard."""
        return self._ledger.heard(board_id)

    def twin(self, board_id: str, server: str, boot: str | None) -> None:
        """See Follower.twin."""
        if self._pool.twins.told(board_id, server, boot, self._clock.now_ms()) and self._log is not None:
            self._log.warning(MET, board=board_id, reason=str(TWIN))
        self._on_change()

    def present(self, board_id: str, server: str, told: str | None) -> None:
        """See Follower.present. A board of which we have no key cannot be asked; one of a boot that is over is another
        one with the same identity, which that server has yet to turn away.
        """
        board = self._pool.board(board_id)
        if board is None:
            return
        report = None
        if told is not None:
            try:
                report = parse_report(told.encode())
            except RemoteError:  # of a newer server; it will serve the board itself
                return
        heard = self._ledger.heard(board_id)
        if report is None or (heard is not None and report.boot in heard.past):
            if self._pool.vouch_no_more(board_id, server):
                self._on_change()
            return
        if board.dynamic and not report.host:
            return  # a server that does not know where it is
        self._pool.vouch(board_id, server, report, self._clock.now_s(), self._clock.now_ms())
        self._on_change()
