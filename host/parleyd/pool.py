"""The pool: which boards exist, and which of them are registered now.

Registrations are soft state, kept in memory only: a board repeats them every few seconds.
"""

from dataclasses import dataclass

from parleyd.report import BoardReport, Codec


@dataclass(frozen=True, slots=True)
class ProvisionedBoard:
    """A board that was given its identity: its key and the one address at which it serves SIP."""

    board_id: str
    key: bytes
    host: str
    port: int
    virtual: bool = False


@dataclass(frozen=True, slots=True)
class Registration:
    """A board's latest refresh. expires_ms: monotonic end of the registration, which is the board's own lease."""

    report: BoardReport
    since_s: int
    refreshed_ms: int
    expires_ms: int


@dataclass(frozen=True, slots=True)
class BoardView:
    """What the allocation unit sees of a registered board: address, key and capacity."""

    board_id: str
    host: str
    port: int
    key: bytes
    codecs: frozenset[Codec]
    legs: int
    slots: int
    srtp: bool


class Pool:
    """The boards by name, and their registrations.

    draining: names of boards that are to get no new conferences.
    """

    def __init__(self) -> None:
        self.draining: set[str] = set()
        self._seen_ms: dict[str, int] = {}
        self._boards: dict[str, ProvisionedBoard] = {}
        self._registrations: dict[str, Registration] = {}
        self._views: dict[str, BoardView] = {}
        self._boots: dict[str, str] = {}

    def provision(self, board: ProvisionedBoard) -> None:
        """Make the board known; a registration it may have is void."""
        self._boards[board.board_id] = board
        self.drop(board.board_id)

    def boards(self) -> list[ProvisionedBoard]:
        """Return every known board, in the order in which they were provisioned."""
        return list(self._boards.values())

    def board(self, board_id: str) -> ProvisionedBoard | None:
        """Return the known board of that name."""
        return self._boards.get(board_id)

    def registration(self, board_id: str) -> Registration | None:
        """Return the board's registration, None while it is not registered."""
        return self._registrations.get(board_id)

    def last_boot(self, board_id: str) -> str | None:
        """Return the boot id of the board's latest refresh in this daemon's life, even if it was lost since."""
        return self._boots.get(board_id)

    def last_seen_ms(self, board_id: str) -> int | None:
        """Return the monotonic time of the board's latest refresh in this daemon's life."""
        return self._seen_ms.get(board_id)

    def register(
        self, board_id: str, report: BoardReport, now_s: float, now_ms: int, expires_ms: int
    ) -> None:
        """Take a refresh of a known board. now_s: unix time; now_ms, expires_ms: monotonic."""
        board = self._boards[board_id]
        before = self._registrations.get(board_id)
        since_s = before.since_s if before and before.report.boot == report.boot else int(now_s)
        self._registrations[board_id] = Registration(report, since_s, now_ms, expires_ms)
        self._boots[board_id] = report.boot
        self._seen_ms[board_id] = now_ms
        self._views[board_id] = BoardView(
            board_id,
            board.host,
            board.port,
            board.key,
            report.codec_set,
            report.legs,
            report.slots,
            report.srtp,
        )

    def drop(self, board_id: str) -> None:
        """Take the board out of the pool; nothing happens if it is not in it."""
        self._registrations.pop(board_id, None)
        self._views.pop(board_id, None)

    def expire(self, now_ms: int) -> list[str]:
        """Drop every board whose registration is over; return their names."""
        lost = [name for name, entry in self._registrations.items() if entry.expires_ms <= now_ms]
        for board_id in lost:
            self.drop(board_id)
        return lost

    def next_expiry_ms(self) -> int | None:
        """Return when the next registration ends unless refreshed, None without any."""
        return min((entry.expires_ms for entry in self._registrations.values()), default=None)

    def view(self, now_ms: int) -> list[BoardView]:
        """Return the boards that are registered at this very moment and are not draining."""
        registered, draining = self._registrations, self.draining
        views = self._views.items()
        return [view for name, view in views if registered[name].expires_ms > now_ms and name not in draining]
