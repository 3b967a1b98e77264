"""The pool: which boards exist, and which of them are registered now.

Registrations are soft state, kept in memory only: a board repeats them every few seconds.
"""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from parley.wire.grammar import format_host_port
from parleyd.books import BoardKind, Books
from parleyd.clock import FOR_EVER_MS
from parleyd.report import BoardReport, Codec
from parleyd.twins import Twins

DHCP = "dhcp"  # instead of a host: the board has one by DHCP, and says which


@dataclass(frozen=True, slots=True)
class ProvisionedBoard:
    """A board that was given its identity: its key and the one address at which it serves SIP.

    dynamic: that is one by DHCP; host is DHCP until the board has said which.
    """

    board_id: str
    key: bytes
    host: str
    port: int
    virtual: bool = False
    site: str = ""
    dynamic: bool = False

    @property
    def plan(self) -> str:
        """Return what it was provisioned with: an IP address, or DHCP."""
        return DHCP if self.dynamic else self.host


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
    srtp_legs: int
    site: str = ""
    kind: BoardKind = field(init=False)
    place: str = field(init=False)  # host:port
    contact_end: str = field(init=False)  # what follows the token in a 302's Contact, see TransmissionUnit

    def __post_init__(self) -> None:
        kind = BoardKind(self.codecs, self.srtp_legs, ":" in self.host, self.site)
        place = format_host_port(self.host, self.port)
        object.__setattr__(self, "kind", kind)  # asked for at every grant, as are the others
        object.__setattr__(self, "place", place)
        object.__setattr__(self, "contact_end", f"@{place};transport=udp>;isfocus")


class Pool:
    """The boards by name, and their registrations.

    draining: names of boards that are to get no new conferences. on_drop(board_id, registration): a board is out of
    the pool.
    """

    def __init__(self) -> None:
        self.draining: set[str] = set()
        self.twins = Twins()
        self.on_drop: Callable[[str, Registration], None] = lambda board_id, registration: None
        self._seen_ms: dict[str, int] = {}
        self._books: Books | None = None
        self._expiries: list[tuple[int, str]] = []  # with those that were refreshed since
        self._starts: dict[str, dict[str, int]] = {}
        self._boards: dict[str, ProvisionedBoard] = {}
        self._hosts: set[str] = set()
        self._registrations: dict[str, Registration] = {}
        self._views: dict[str, BoardView] = {}
        self._boots: dict[str, str] = {}
        self._vouchers: dict[str, set[str]] = {}  # board -> other servers with which it is registered

    def attach(self, books: Books) -> None:
        """Keep the books told of the boards that may be asked, from now on."""
        self._books = books
        for board_id in self._views:
            self._show(board_id)

    def look_again(self, board_id: str) -> None:
        """Take note that the board was put into `draining`, or taken out of it."""
        self._show(board_id)

    def _show(self, board_id: str) -> None:
        if self._books is None:
            return
        view = self._views.get(board_id)
        if view is None or board_id in self.draining:
            self._books.hide(board_id)
        else:
            self._books.show(view)

    def provision(self, board: ProvisionedBoard) -> None:
        """Make the board known; a registration it may have is void."""
        self._boards[board.board_id] = board
        self._hosts.add(board.host)
        self.drop(board.board_id)

    def _move(self, board: ProvisionedBoard, host: str) -> ProvisionedBoard:
        """Take note that a board has another address by DHCP; whoever had that one before has it no more."""
        self.drop(board.board_id)
        for other in self.boards():
            if other.dynamic and (other.host, other.port) == (host, board.port):
                self._boards[other.board_id] = replace(other, host=DHCP)
                self.drop(other.board_id)
        moved = self._boards[board.board_id] = replace(board, host=host)
        self._hosts = {one.host for one in self._boards.values()}
        return moved

    def boards(self) -> list[ProvisionedBoard]:
        """Return every known board, in the order in which they were provisioned."""
        return list(self._boards.values())

    def board(self, board_id: str) -> ProvisionedBoard | None:
        """Return the known board of that name."""
        return self._boards.get(board_id)

    def key_of(self, board_id: str) -> bytes:
        """Return the key of a known board, b"" of any other."""
        board = self._boards.get(board_id)
        return b"" if board is None else board.key

    def is_board_at(self, host: str) -> bool:
        """Tell whether a known board has this IP address."""
        return host in self._hosts

    def registration(self, board_id: str) -> Registration | None:
        """Return the board's registration, None while it is not registered."""
        return self._registrations.get(board_id)

    def runs(self, board_id: str, conference_id: str) -> bool:
        """Tell whether the board's latest report has this conference."""
        registration = self._registrations.get(board_id)
        live = () if registration is None else registration.report.live
        return any(one.name_on(board_id) == conference_id for one in live)

    def last_boot(self, board_id: str) -> str | None:
        """Return the boot id of the board's latest refresh in this daemon's life, even if it was lost since."""
        return self._boots.get(board_id)

    def starts(self, board_id: str) -> dict[str, int]:
        """Return how often the board was seen to have been started in this daemon's life, by cause."""
        return dict(self._starts.get(board_id, {}))

    def last_seen_ms(self, board_id: str) -> int | None:
        """Return the monotonic time of the board's latest refresh in this daemon's life."""
        return self._seen_ms.get(board_id)

    def register(
        self, board_id: str, report: BoardReport, now_s: float, now_ms: int, expires_ms: int
    ) -> None:
        """Take a refresh of a known board. now_s: unix time; now_ms, expires_ms: monotonic."""
        board = self._boards[board_id]
        if board.dynamic and report.host != board.host:
            board = self._move(board, report.host)
        before = self._registrations.get(board_id)
        known = None if before is None else before.report
        report = report.with_names_of(known).with_dialogs_of(known)
        if before is not None and before.report.boot != report.boot:  # quicker back than it was missed
            self.on_drop(board_id, before)
        since_s = before.since_s if before and before.report.boot == report.boot else int(now_s)
        self._registrations[board_id] = Registration(report, since_s, now_ms, expires_ms)
        if self._boots.get(board_id) != report.boot:
            causes = self._starts.setdefault(board_id, {})
            cause = report.last_end.cause or "unknown"
            causes[cause] = causes.get(cause, 0) + 1
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
            report.encrypted_legs,
            board.site,
        )
        if expires_ms < FOR_EVER_MS:
            heapq.heappush(self._expiries, (expires_ms, board_id))
        self._show(board_id)

    def vouch(self, board_id: str, server: str, report: BoardReport, now_s: float, now_ms: int) -> None:
        """Take another server's word that a known board is registered with it, until it takes that back."""
        self._vouchers.setdefault(board_id, set()).add(server)
        direct = self._registrations.get(board_id)
        if direct is None or direct.expires_ms >= FOR_EVER_MS or direct.report.boot != report.boot:
            self.register(board_id, report, now_s, now_ms, FOR_EVER_MS)

    def vouch_no_more(self, board_id: str, server: str) -> bool:
        """Take note that the server has lost the board; tell whether the board is out of the pool by that."""
        vouchers = self._vouchers.get(board_id, set())
        vouchers.discard(server)
        registration = self._registrations.get(board_id)
        if vouchers or registration is None or registration.expires_ms < FOR_EVER_MS:
            return False
        self.drop(board_id)
        return True

    def drop(self, board_id: str) -> None:
        """Take the board out of the pool; nothing happens if it is not in it."""
        registration = self._registrations.pop(board_id, None)
        self._views.pop(board_id, None)
        self._show(board_id)
        if registration is not None:
            self.on_drop(board_id, registration)

    def expire(self, now_ms: int) -> list[str]:
        """Drop every board whose registration is over, here and at the other servers; return their names."""
        lost: list[str] = []
        while (expires_ms := self.next_expiry_ms()) is not None and expires_ms <= now_ms:
            board_id = heapq.heappop(self._expiries)[1]
            if self._vouchers.get(board_id):
                vouched = replace(self._registrations[board_id], expires_ms=FOR_EVER_MS)
                self._registrations[board_id] = vouched
                continue
            lost.append(board_id)
            self.drop(board_id)
        return lost

    def next_expiry_ms(self) -> int | None:
        """Return when the next registration ends unless refreshed, None without any."""
        while self._expiries:
            expires_ms, board_id = self._expiries[0]
            entry = self._registrations.get(board_id)
            if entry is not None and entry.expires_ms == expires_ms:
                return expires_ms
            heapq.heappop(self._expiries)
        return None

    def view(self, now_ms: int) -> list[BoardView]:
        """Return the boards that are registered at this very moment and are not draining."""
        registered, draining = self._registrations, self.draining
        views = self._views.items()
        return [view for name, view in views if registered[name].expires_ms > now_ms and name not in draining]
