"""The registrar: boards register the way phones do, and every refresh reconciles the leases.

SIP REGISTER (RFC 3261 10.3) with digest (RFC 7616, RFC 8760); the body is the board's report.
"""

from collections.abc import Callable
from dataclasses import dataclass
from email.utils import formatdate

from parley.wire.address import derive
from parley.wire.auth import Authenticator
from parley.wire.errors import LocalError, RemoteError
from parley.wire.grammar import parse_decimal
from parley.wire.sip import Request
from parley.wire.uri import parse_name_addr
from parleyd.clock import FOR_EVER_MS
from parleyd.lease import QUARANTINE_S, Lease
from parleyd.ledger import Ledger
from parleyd.pool import DHCP, Pool, ProvisionedBoard
from parleyd.reconcile import Refresh, reconcile
from parleyd.report import BoardReport, parse_report
from parleyd.store.face import ConflictError, Heard, StoreError
from parleyd.transmit import Reply
from parleyd.twins import TWIN, TWIN_S

REALM = "parley"
# Of a 200 to a board: unix time at which its boot was first heard of. No address from before is good on this boot, by
# whatever clock (parley/app/clock.py).
BOOT_HEARD = "Boot-Heard"
MAX_REGISTRATION_S = 60  # a dead board must leave the pool soon, whatever it asked for
DEFAULT_REGISTRATION_S = 9
MAX_EXPIRES = 0xFFFFFFFF  # RFC 3261 20.19: delta-seconds up to 2**32-1
STORE_RETRY_S = 3
MOST_AT_ONCE = 100  # changes of one report; an etcd transaction takes 128 operations
TRIES = 8  # to decide anew when another server of the fleet was faster
NOT_FOR_OTHERS = {
    "stats",
    "trail",
    "quality",
    "unix_s",
}  # of a report: they change each time, and are nobody else's affair


@dataclass(frozen=True, slots=True)
class Registered:
    """The answer to a REGISTER, and what it changed.

    board_id: '' when nobody was let in. change: "new" (was not in the pool), "refresh", "left", "twin" (a second board
    with the identity of this one), "moved" (it has another address by DHCP) or "".
    leases: records that the refresh changed.
    """

    reply: Reply
    board_id: str = ""
    change: str = ""
    leases: tuple[Lease, ...] = ()


Done = Callable[[Registered], None]
Accepted = Callable[[tuple[Lease, ...], LocalError | None], None]


class Registrar:
    """Lets known boards into the pool and out of it."""

    def __init__(
        self, pool: Pool, ledger: Ledger, authenticator: Authenticator, quarantine_s: float = QUARANTINE_S
    ) -> None:
        self._pool = pool
        self._ledger = ledger
        self._authenticator = authenticator
        self._quarantine_s = quarantine_s

    def handle(self, request: Request, now_s: float, now_ms: int, done: Done, source: str = "") -> None:
        """Answer one REGISTER by `done`: at once, or when the ledger's next flush is through.

        now_s unix time, now_ms monotonic; source: the host that it came from.
        """
        try:
            board = self.identify(request, now_ms)
            if isinstance(board, Reply):
                done(Registered(board))
                return
            if parse_name_addr(request.get("To") or "").uri.user != board.board_id:
                raise RemoteError(403, "A board registers only itself")
            self._registered(board, request, now_s, now_ms, done, source)
        except RemoteError as error:
            done(Registered(Reply(error.status or 400, error.reason)))

    def identify(self, request: Request, now_ms: int) -> ProvisionedBoard | Reply:
        """Return the board that has proved who it is, or the challenge. Raises RemoteError(403)."""
        header, seconds = request.get("Authorization"), now_ms // 1000
        verdict, name = self._authenticator.check(header, request.method, self._password_of, seconds)
        if verdict in ("missing", "stale"):
            challenges = self._authenticator.challenges(seconds, verdict == "stale")
            return Reply(401, "Unauthorized", tuple(("WWW-Authenticate", text) for text in challenges))
        board = self._pool.board(name)
        if verdict != "ok" or board is None:
            raise RemoteError(403, "Wrong name or key")
        return board

    def _password_of(self, board_id: str) -> str | None:
        board = self._pool.board(board_id)
        return derive(board.key, "register") if board else None

    def _registered(
        self, board: ProvisionedBoard, request: Request, now_s: float, now_ms: int, done: Done, source: str
    ) -> None:
        try:
            contact, expires_s, host = _binding(board, request, source)
        except RemoteError as error:
            boot = self._boot_elsewhere(board.board_id, request) if error.status == 403 else ""
            if not boot:
                raise
            done(self._turned_away(board.board_id, boot, now_ms))
            return
        date = ("Date", formatdate(int(now_s), usegmt=True))  # the board sets its clock by it
        if expires_s == 0:
            self._pool.drop(board.board_id)
            self._ledger.withdraw(board.board_id)
            done(Registered(Reply(200, "OK", (date,)), board.board_id, "left"))
            return
        report = parse_report(request.body).model_copy(update={"host": host if board.dynamic else ""})
        was_at = board.host
        change = "refresh" if self._pool.registration(board.board_id) else "new"
        headers = (date, ("Contact", f"<{contact}>;expires={expires_s}"))

        def accepted(changes: tuple[Lease, ...], error: LocalError | None) -> None:
            if error is TWIN:
                done(self._turned_away(board.board_id, report.boot, now_ms))
            elif error is not None:
                retry = (("Retry-After", str(STORE_RETRY_S)),)
                done(Registered(Reply(503, "The server cannot store leases now", retry)))
            else:
                known = self._ledger.heard(board.board_id)
                moved = board.dynamic and host != was_at != DHCP
                since = () if known is None else ((BOOT_HEARD, str(known.since_s)),)
                done(
                    Registered(
                        Reply(200, "OK", headers + since),
                        board.board_id,
                        "moved" if moved else change,
                        changes,
                    )
                )

        self.accept(board.board_id, report, expires_s, now_s, now_ms, accepted)

    def _boot_elsewhere(self, board_id: str, request: Request) -> str:
        """Return the boot of a board that is not where it ought to be, beside the one in service; "" without that."""
        registration = self._pool.registration(board_id)
        boot = parse_report(request.body).boot if registration else ""
        return "" if registration is None or registration.report.boot == boot else boot

    def _turned_away(self, board_id: str, boot: str, now_ms: int) -> Registered:
        """Let nobody count on a second board with this identity, and everybody know of it."""
        registration = self._pool.registration(board_id)
        if registration is None or registration.report.boot == boot or registration.expires_ms >= FOR_EVER_MS:
            self._ledger.withdraw(board_id)  # what we told of it before we knew
        if registration is not None and registration.report.boot == boot:
            self._pool.drop(board_id)
        self._ledger.tell_twin(board_id, boot, TWIN_S)
        news = self._pool.twins.met(board_id, boot, now_ms)
        return Registered(Reply(403, str(TWIN)), board_id, "twin" if news else "")

    def accept(
        self, board_id: str, report: BoardReport, expires_s: int, now_s: float, now_ms: int, done: Accepted
    ) -> None:
        """Take the report of a board that has proved who it is; `done` is given the records it changed.

        The leases are reconciled before the board is in the pool, so nothing is granted against its word. If they
        cannot be stored, neither has happened; TWIN when the report is of a boot that is over.
        """
        self._try(board_id, report, expires_s, now_s, now_ms, done, TRIES)

    def _try(
        self,
        board_id: str,
        report: BoardReport,
        expires_s: int,
        now_s: float,
        now_ms: int,
        done: Accepted,
        tries: int,
    ) -> None:
        before = self._ledger.heard(board_id)
        if before is not None and report.boot in before.past:
            # A board that was started anew never comes back as it was. Asked at each try: another server may have met
            # the other board since.
            done((), TWIN)
            return
        refresh = self._refresh(board_id, report)
        heard = self._hear(board_id, report, now_s)
        changes: tuple[Lease, ...] = ()
        if refresh is not None:
            records = self._ledger.leases.get(board_id, {})
            changes = tuple(reconcile(refresh, records, now_s, self._quarantine_s))
        part, rest = changes[:MOST_AT_ONCE], changes[MOST_AT_ONCE:]

        def go_on(tries: int, done: Accepted) -> None:
            self._try(board_id, report, expires_s, now_s, now_ms, done, tries)

        def stored(error: StoreError | None) -> None:
            if isinstance(error, ConflictError) and tries > 1:  # another server knew more
                go_on(tries - 1, done)
            elif error is None and rest:
                go_on(tries, lambda others, fault: done((*part, *others), fault))
            else:
                if error is None:
                    self._pool.register(board_id, report, now_s, now_ms, now_ms + expires_s * 1000)
                    registration = self._pool.registration(board_id)
                    dialogs = [] if registration is None else registration.report.dialogs
                    news = report.model_copy(update={"dialogs": dialogs})
                    told = news.model_dump_json(exclude=NOT_FOR_OTHERS)
                    self._ledger.announce(board_id, told, expires_s)
                done(part, error)

        if part or (refresh is not None and (before is None or before.boot != heard.boot)):
            self._ledger.stage(board_id, part, stored, None if rest else heard)
        else:
            stored(None)

    def _hear(self, board_id: str, report: BoardReport, now_s: float) -> Heard:
        before = self._ledger.heard(board_id)
        if before is None:
            return Heard(board_id, report.boot, report.number, int(now_s))
        return before.followed_by(report.boot, report.number, int(now_s))

    def _refresh(self, board_id: str, report: BoardReport) -> Refresh | None:
        """Return what the report says of the leases, None when another server has heard a later one."""
        heard = self._ledger.heard(board_id)
        if heard is not None and heard.boot == report.boot and 0 < report.number <= heard.number:
            return None
        told_boot = self._pool.last_boot(board_id)
        last_boot = heard.boot if heard is not None else told_boot
        return Refresh(
            board_id,
            report,
            new_boot=last_boot is not None and last_boot != report.boot,
            clock_told=told_boot == report.boot,
        )


def _binding(board: ProvisionedBoard, request: Request, source: str) -> tuple[str, int, str]:
    """Return the contact URI, for how many seconds it is granted, and its host. Raises RemoteError(400 or 403).

    A board with DHCP may say only what its packets say as well (source): digest does not cover the Contact.
    """
    contacts = request.get_all("Contact")
    header = request.get("Expires")
    expires_s = (
        DEFAULT_REGISTRATION_S if header is None else parse_decimal(header.strip(), MAX_EXPIRES, "Expires")
    )
    if len(contacts) != 1:
        raise RemoteError(400, "A board registers exactly one Contact")
    if contacts[0].strip() == "*":
        if expires_s != 0:
            raise RemoteError(400, "Contact * goes with Expires: 0 only")  # RFC 3261 10.2.2
        return "*", 0, board.host
    contact = parse_name_addr(contacts[0])
    own = contact.param("expires")
    if own is not None:
        expires_s = parse_decimal(own, MAX_EXPIRES, "expires")
    host, port = contact.uri.address()
    if board.dynamic and host != source:
        raise RemoteError(403, f"This board calls from {source} and says to be at {host}")
    if port != board.port or (host != board.host and not board.dynamic):
        raise RemoteError(403, f"This board was given the address {board.host}:{board.port}")
    return contact.uri_text, min(expires_s, MAX_REGISTRATION_S), host
