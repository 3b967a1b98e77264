"""Where boards turn to: REGISTER and MESSAGE from them, answered and written down."""

from collections.abc import Callable

from parley.call.endpoint import Endpoint
from parley.call.server_request import ServerRequest
from parley.wire.errors import RemoteError
from parley.wire.sip import Request
from parleyd.clock import Clock
from parleyd.events import Log
from parleyd.journal import Journal
from parleyd.pool import Pool
from parleyd.registrar import Registered, Registrar
from parleyd.transmit import Reply
from parleyd.twins import MET


class BoardDesk:
    """count(name): counts an answer. changed(): a board has come, gone, or told something new."""

    def __init__(
        self,
        registrar: Registrar,
        endpoint: Endpoint,
        pool: Pool,
        journal: Journal,
        clock: Clock,
        log: Log,
        count: Callable[[str], None],
        changed: Callable[[], None],
    ) -> None:
        self._registrar = registrar
        self._endpoint = endpoint
        self._pool = pool
        self._journal = journal
        self._clock = clock
        self._log = log
        self._count = count
        self._changed = changed

    def register(self, server_request: ServerRequest, request: Request) -> None:
        """Take a REGISTER; it is answered when what it changes is durable."""
        self._registrar.handle(
            request,
            self._clock.now_s(),
            self._clock.now_ms(),
            lambda result: self._registered(server_request, request, result),
            server_request.peer[0],
        )

    def _registered(self, server_request: ServerRequest, request: Request, result: Registered) -> None:
        reply = result.reply
        self._count(f"register {reply.status}")
        for lease in result.leases:
            self._log.info("lease", conference=lease.conference_id, state=lease.state.value)
        registration = self._pool.registration(result.board_id)
        if result.change == "new" and registration is not None:
            cause, details = registration.report.last_end
            if cause in ("watchdog", "crash"):
                self._log.warning("board was reset", board=result.board_id, cause=cause, details=details)
        if result.change == "twin":
            self._log.warning(MET, board=result.board_id, reason=reply.reason)
        elif result.change == "moved":
            board = self._pool.board(result.board_id)
            self._log.info("board moved", board=result.board_id, host=board.host if board else "")
        elif result.change in ("new", "left"):
            self._log.info("board " + result.change, board=result.board_id)
        elif reply.status not in (200, 401):
            self._log.warning(
                "registration refused", status=reply.status, reason=reply.reason, to=request.get("To")
            )
        if registration is not None and result.change in ("new", "refresh", "moved"):
            self._journal.refreshed(result.board_id, registration.report, result.leases)
        self._endpoint.respond(
            server_request, reply.status, self._clock.now_ms(), reply.reason, list(reply.headers)
        )
        if result.change:
            self._changed()

    def tell(self, server_request: ServerRequest, request: Request) -> None:
        """A board tells its levels (parley/app/watch.py)."""
        now_ms = self._clock.now_ms()
        try:
            who = self._registrar.identify(request, now_ms)
            if isinstance(who, Reply):
                reply = who
            else:
                self._journal.told(who.board_id, request.body)
                reply = Reply(200, "OK")
        except RemoteError as error:
            reply = Reply(error.status or 400, error.reason)
        self._endpoint.respond(server_request, reply.status, now_ms, reply.reason, list(reply.headers))
