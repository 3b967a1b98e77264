"""The conference server: its three units, the registrar and the control of boards behind one SIP endpoint.

No sockets and no waiting here. The daemon feeds datagrams and ticks in, drains transmits() after each, and asks
next_deadline_ms(); that is the endpoint's own contract, passed on.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from parley.call.call import Call
from parley.call.client_request import ClientRequest
from parley.call.endpoint import Endpoint
from parley.call.events import Event
from parley.call.server_request import ServerRequest
from parley.wire.auth import Authenticator
from parley.wire.errors import RemoteError
from parley.wire.sip import Request, Response
from parleyd.allocate import OFFER_TTL_S, AllocationUnit
from parleyd.answers import REDIRECT_ALL, Answers
from parleyd.clock import Clock
from parleyd.control import Control, Done, Outcome
from parleyd.events import EventLog, Log
from parleyd.journal import Journal
from parleyd.lease import QUARANTINE_S, Lease, LeaseState
from parleyd.ledger import Ledger
from parleyd.pool import Pool
from parleyd.receive import DEFAULT_SIZE, FACTORY_USER, Need, ReceiverUnit
from parleyd.registrar import REALM, STORE_RETRY_S, Registrar
from parleyd.store.face import StoreError
from parleyd.transmit import Reply, TransmissionUnit
from parleyd.verdict import Grant, Refusal

if TYPE_CHECKING:
    from parley.call.transaction import Address

SECRET_BYTES = 32
CLOSING_RETRY_S = 10
LIMIT = 32768  # transactions at once; each INVITE's lives 5 s on after its ACK (RFC 3261 17.2.1, timer I)
RUNNING = frozenset({LeaseState.OFFERED, LeaseState.ACTIVE})


@dataclass(frozen=True, slots=True)
class Rules:
    """What an operator may choose: factory user, default size, times in seconds."""

    factory_user: str = FACTORY_USER
    default_size: int = DEFAULT_SIZE
    offer_ttl_s: int = OFFER_TTL_S
    quarantine_s: float = QUARANTINE_S
    answers: Answers = REDIRECT_ALL


class ConferenceServer:
    """Answers requests for conferences with addresses, and keeps the books on them."""

    def __init__(
        self,
        local: tuple[str, int],
        rules: Rules,
        pool: Pool,
        ledger: Ledger,
        clock: Clock,
        random_bytes: Callable[[int], bytes],
        log: Log,
    ) -> None:
        self.pool = pool
        self.ledger = ledger
        self.clock = clock
        self.local = local
        self.rules = rules
        self.closing = False
        self.counters: dict[str, int] = {}
        self.on_board_change: Callable[[], None] = lambda: None
        self.events = self._log = EventLog(log, clock.now_s)
        self.journal = Journal(clock.now_s)
        ledger.rest_anew(clock.now_s(), rules.quarantine_s)
        self._endpoint = Endpoint(
            local, random_bytes, user=rules.factory_user, methods=("REGISTER", "MESSAGE"), limit=LIMIT
        )
        self._receiver = ReceiverUnit(rules.factory_user, rules.default_size)
        self._allocation = AllocationUnit(rules.offer_ttl_s)
        self._transmission = TransmissionUnit(f"{local[0]}:{local[1]}")
        authenticator = Authenticator(REALM, random_bytes(SECRET_BYTES))
        self._registrar = Registrar(pool, ledger, authenticator, rules.quarantine_s)
        self._control = Control(self._endpoint)

    def receive(self, data: bytes, peer: "Address") -> None:
        """Take one datagram, or one message of a stream."""
        self._endpoint.receive(data, peer, self.clock.now_ms())
        self._handle_events()

    def tick(self) -> None:
        """Do what is due: transaction timers, boards whose registration is over."""
        now_ms = self.clock.now_ms()
        lost = self.pool.expire(now_ms)
        for board_id in lost:
            self._log.warning("board lost", board=board_id)
        self._endpoint.tick(now_ms)
        self._handle_events()
        if lost:
            self.on_board_change()

    def stream_lost(self, error: RemoteError, peer: "Address") -> None:
        """Answer what could not be framed on a stream, if that asks for an answer."""
        self._endpoint.stream_lost(error, peer, self.clock.now_ms())

    def transport_error(self, peer: "Address") -> None:
        """Note that a message to the peer could not be delivered."""
        self._endpoint.transport_error(peer, self.clock.now_ms())
        self._handle_events()

    def transmits(self) -> "list[tuple[bytes, Address]]":
        """Return the datagrams to send now; each once."""
        return self._endpoint.transmits()

    def next_deadline_ms(self) -> int | None:
        """Return when tick() is due next, monotonic; None when nothing is."""
        deadlines = [self._endpoint.next_deadline(), self.pool.next_expiry_ms()]
        return min((deadline for deadline in deadlines if deadline is not None), default=None)

    def running(self) -> list[Lease]:
        """Return the conferences that are offered or active."""
        leases = self.ledger.leases
        return [lease for slots in leases.values() for lease in slots.values() if lease.state in RUNNING]

    def end_conference(self, conference_id: str, done: Done) -> None:
        """Tell the board to end it; outcomes as of `order_conference`."""
        self.order_conference(conference_id, "end", (), done)

    def order_conference(self, conference_id: str, name: str, numbers: tuple[int, ...], done: Done) -> None:
        """Give an order about one conference to its board.

        Args:
            conference_id: `board/slot/generation`.
            name, numbers: the order and what follows slot and generation in it (parley/app/control.py).
            done: called once: with the board's answer, 408 without one; at once with 404 when there is no such
                conference, 503 when the board is not there to be told.
        """
        lease = self.ledger.find(conference_id)
        if lease is None or lease.state not in RUNNING:
            done(Outcome(404, "No such conference"))
            return

        def told(outcome: Outcome) -> None:
            self.journal.ordered(lease, name, outcome.status, outcome.reason)
            if outcome.done:
                self._log.info("ordered", conference=conference_id, order=name, numbers=list(numbers))
            else:
                self._log.warning("order failed", conference=conference_id, order=name, reason=outcome.reason)
            done(outcome)

        self._count(f"{name} on request")
        self.order_board(lease.board_id, name, (lease.slot, lease.generation, *numbers), told)

    def order_board(self, board_id: str, name: str, numbers: tuple[int, ...], done: Done) -> None:
        """Give an order to a board; `done` as of `order_conference`."""
        board = self.pool.board(board_id)
        if board is None:
            done(Outcome(404, "No such board"))
        elif self.pool.registration(board_id) is None:
            done(Outcome(503, f"The board {board_id} is not registered"))
        else:
            self._control.order(board, name, numbers, done, self.clock.now_ms())

    def _handle_events(self) -> None:
        while events := self._endpoint.events():
            for event in events:
                self._handle(event)

    def _handle(self, event: Event) -> None:
        subject, message = event.subject, event.message
        if event.kind == "incoming" and isinstance(subject, Call) and isinstance(message, Request):
            self._invited(subject, message)
        elif event.kind == "request" and isinstance(subject, ServerRequest) and isinstance(message, Request):
            if message.method == "MESSAGE":
                self._told(subject, message)
            else:
                self._registering(subject, message)
        elif event.kind == "referred" and isinstance(subject, ServerRequest):
            self._endpoint.respond(subject, 403, self.clock.now_ms(), "This server only gives addresses")
        elif event.kind == "response" and isinstance(subject, ClientRequest):
            self._control.answered(subject, message if isinstance(message, Response) else None)

    def _invited(self, call: Call, invite: Request) -> None:
        verdict = self._verdict(self._receiver.receive(invite))
        way = self.rules.answers.choose(invite, call.peer[0])
        if isinstance(verdict, Grant) and way == "proxy":
            self._pass_on(call, verdict)
            return
        reply = self._transmission.transmit(verdict)
        self._count(f"invite {reply.status}")
        if isinstance(verdict, Grant):
            lease = verdict.lease
            self._log.info("offered", conference=lease.conference_id, size=lease.size, to=lease.asked_by)
            self.journal.offered(lease, verdict.uri)
        else:
            self._log.info("refused", status=reply.status, reason=reply.reason, uri=invite.uri)
        self._endpoint.reject(call, reply.status, self.clock.now_ms(), reply.reason, list(reply.headers))

    def _pass_on(self, call: Call, grant: Grant) -> None:
        """Let the caller talk to the board without knowing: it sees isfocus in the 200 (RFC 4579 5.4)."""
        lease = grant.lease
        self._count("invite passed on")
        self._log.info("passed on", conference=lease.conference_id, size=lease.size, to=lease.asked_by)
        self.journal.offered(lease, grant.uri)
        self._endpoint.forward(call, grant.uri, self.clock.now_ms())

    def allocate(self, need: Need, then: Callable[[Grant | Refusal], None]) -> None:
        """Decide about a request that came by no call; then(verdict) is called once, a grant is on disk by then."""
        verdict = self._verdict(need)
        if isinstance(verdict, Grant):
            lease = verdict.lease
            self._log.info("offered", conference=lease.conference_id, size=lease.size, to=lease.asked_by)
            self.journal.offered(lease, verdict.uri)
        then(verdict)

    def _verdict(self, need: Need | Refusal) -> Grant | Refusal:
        """Decide; a grant that is returned is on disk."""
        if isinstance(need, Refusal):
            return need
        if self.closing:
            return Refusal(503, "The conference server is going down", CLOSING_RETRY_S)
        view = self.pool.view(self.clock.now_ms())
        verdict = self._allocation.allocate(view, self.ledger.leases, need, self.clock.now_s())
        if isinstance(verdict, Grant):
            try:
                self.ledger.record([verdict.lease])
            except StoreError as error:
                self._log.warning("store failed", error=str(error))
                return Refusal(503, "The conference server cannot store leases now", STORE_RETRY_S)
        return verdict

    def _registering(self, server_request: ServerRequest, request: Request) -> None:
        result = self._registrar.handle(request, self.clock.now_s(), self.clock.now_ms())
        reply = result.reply
        self._count(f"register {reply.status}")
        for lease in result.leases:
            self._log.info("lease", conference=lease.conference_id, state=lease.state.value)
        if result.change in ("new", "left"):
            self._log.info("board " + result.change, board=result.board_id)
        elif reply.status not in (200, 401):
            self._log.warning(
                "registration refused", status=reply.status, reason=reply.reason, to=request.get("To")
            )
        registration = self.pool.registration(result.board_id)
        if registration is not None and result.change in ("new", "refresh"):
            self.journal.refreshed(result.board_id, registration.report, result.leases)
        self._endpoint.respond(
            server_request, reply.status, self.clock.now_ms(), reply.reason, list(reply.headers)
        )
        if result.change:
            self.on_board_change()

    def _told(self, server_request: ServerRequest, request: Request) -> None:
        """A board tells its levels (parley/app/watch.py)."""
        now_ms = self.clock.now_ms()
        try:
            who = self._registrar.identify(request, now_ms)
            if isinstance(who, Reply):
                reply = who
            else:
                self.journal.told(who.board_id, request.body)
                reply = Reply(200, "OK")
        except RemoteError as error:
            reply = Reply(error.status or 400, error.reason)
        self._endpoint.respond(server_request, reply.status, now_ms, reply.reason, list(reply.headers))

    def _count(self, name: str) -> None:
        self.counters[name] = self.counters.get(name, 0) + 1
