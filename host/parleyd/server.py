"""The conference server: its three units, the registrar and the control of boards behind one SIP endpoint.

No sockets and no waiting here. The daemon feeds datagrams and ticks in, drains transmits() after each, and asks
next_deadline_ms(); that is the endpoint's own contract, passed on.
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from parley.call.call import Call
from parley.call.client_request import ClientRequest
from parley.call.endpoint import Endpoint
from parley.call.events import Event
from parley.call.server_request import ServerRequest
from parley.wire.auth import Authenticator
from parley.wire.errors import RemoteError
from parley.wire.sip import Request, Response
from parleyd.admission import Admission
from parleyd.allocate import AllocationUnit
from parleyd.board_desk import BoardDesk
from parleyd.clock import Clock
from parleyd.control import Control
from parleyd.decisions import Decisions, Then
from parleyd.events import EventLog, Log
from parleyd.fetches import Fetches
from parleyd.gate import Gate
from parleyd.invitations import Invitations
from parleyd.journal import Journal
from parleyd.lane import Lane
from parleyd.lease import RUNNING, Lease
from parleyd.ledger import Ledger
from parleyd.moves import Moves
from parleyd.orders import Orders
from parleyd.plain import Kind
from parleyd.pool import Pool, Registration
from parleyd.receive import Need, ReceiverUnit
from parleyd.redirects import NEW_INVITE, Redirects
from parleyd.registrar import REALM, Registrar
from parleyd.reunions import Reunions
from parleyd.server_rules import Rules
from parleyd.sources import Ruling
from parleyd.transmit import Reply, TransmissionUnit
from parleyd.verdict import Grant, Refusal

try:
    from parleyd.native_redirects import NativeRedirects as ShortestWay
except ImportError:  # not Linux
    ShortestWay = Redirects

if TYPE_CHECKING:
    from parley.call.transaction import Address
    from parley_sip import Asked, Transactions

SECRET_BYTES = 32
PLAIN_LIMIT = 131072  # the same of those that Redirects keeps, which are small
AGENT = "Parley/0.1"
LIMIT = 32768  # transactions at once; each INVITE's lives 5 s on after its ACK (RFC 3261 17.2.1, timer I)


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
        tls_port: int | None = None,
    ) -> None:
        self.pool = pool
        self.ledger = ledger
        self.clock = clock
        self.local = local
        self.rules = rules
        self.closing = False
        self.busy = False  # more comes in than can be answered: new requests are refused, and nothing else
        self.counters: dict[str, int] = {}
        self.on_board_change: Callable[[], None] = lambda: None
        self.events = self._log = EventLog(log, clock.now_s)
        self.journal = Journal(clock.now_s)
        ledger.rest_anew(clock.now_s(), rules.quarantine_s)
        pool.attach(ledger.books)
        self._endpoint = Endpoint(
            local,
            random_bytes,
            user=rules.factory_user,
            methods=("REGISTER", "MESSAGE"),
            limit=LIMIT,
            streams=True,
            tls_port=tls_port,
        )
        near = ledger.books.pattern.near
        self._receiver = ReceiverUnit(rules.factory_user, rules.default_size, rules.callers, near)
        trust = rules.reunion_trust
        self._reunions = Reunions(rules.offer_ttl_s, rules.reunion_s, trust, pool.runs, pool.key_of)
        pool.on_drop = self._dropped
        self._decisions = Decisions(
            AllocationUnit(rules.offer_ttl_s, rules.spared_share),
            ledger,
            self,
            clock,
            self.journal,
            self._log,
            self._count,
            lambda: self._expire(clock.now_ms()),
            self._reunions,
        )
        self._transmission = TransmissionUnit(f"{local[0]}:{local[1]}")
        authenticator = Authenticator(REALM, random_bytes(SECRET_BYTES))
        self._desk = BoardDesk(
            Registrar(pool, ledger, authenticator, rules.quarantine_s),
            self._endpoint,
            pool,
            self.journal,
            clock,
            self._log,
            self._count,
            self._changed,
        )
        self._control = Control(self._endpoint)
        self.orders = Orders(pool, ledger, self._control, self.journal, clock, self._log, self._count)
        self.moves = Moves(pool, ledger, self.orders, self._decisions.decide, self._log)
        self._fetches = Fetches(pool, ledger, self.orders, self._decisions.meet, rules.reunion_s, self._log)
        self._gate = Gate(rules.users, random_bytes(SECRET_BYTES))
        self._invitations = Invitations(
            self._endpoint,
            rules.answers,
            self._gate,
            self._receiver,
            pool,
            clock,
            self._count,
            self.allocate,
            self._reply,
        )
        self._plainly = rules.answers.always_redirect and self._gate.open
        self._redirects = ShortestWay(
            random_bytes, self._asked_plainly, self._reply, AGENT, self._count, PLAIN_LIMIT
        )
        self._decisions.tell = self._redirects.tell
        self._admission = Admission(rules.sources, pool, self._log, self._count)

    @property
    def transactions(self) -> "Transactions | None":
        """Return those that the native module may take from sockets."""
        return self._redirects.transactions if self._plainly else None

    def receive(self, data: bytes, peer: "Address") -> None:
        """Take one datagram, or one message of a stream. What it changes is durable, and answered, by transmits()."""
        self.receive_all(iter(((data, peer, None),)))

    @property
    def takes_all(self) -> bool:
        """Tell whether nothing is refused by its source or for want of time."""
        return not self._admission.watches(self.busy)

    def receive_all(self, messages: "Iterable[tuple[bytes, Address, Asked | None]]") -> None:
        """Do the same with several, and for each what `transactions` have begun for it."""
        now_ms, ruling = self._decisions.look(), Ruling.TAKE
        watched = not self.takes_all
        lanes: dict[Kind, Lane | None] = {}
        last: Asked | None = None  # those that are to be decided about together
        for data, peer, asked in messages:
            if watched:
                ruling = self._admission.rule(data, peer[0], now_ms, self.busy)
            new = asked if asked and asked[0] == NEW_INVITE and ruling is Ruling.TAKE else None
            if new and last and new[2] is last[2]:
                last[1].extend(new[1])
                last[3].extend(new[3])
                last[4].extend(new[4])
                continue
            if last:
                self._ask(last, lanes)
            last = new
            if not new:
                self._receive(data, peer, asked, ruling, now_ms)
                lanes.clear()  # whatever that has changed
        if last:
            self._ask(last, lanes)

    def _ask(self, asked: "Asked", lanes: "dict[Kind, Lane | None]") -> None:
        """Decide about plain INVITEs that say the same."""
        _, numbers, kind, askers, hosts = asked
        if kind not in lanes:
            lanes[kind] = self._decisions.lane(self._receiver.common(kind))
        lane, done = lanes[kind], 0
        while done < len(numbers):
            if lane is not None:
                done += self._decisions.grant_by(lane, askers[done:], numbers[done:])
            if done < len(numbers):
                self._asked_plainly(kind, askers[done], hosts[done], numbers[done])
                done += 1

    def _receive(
        self, data: bytes, peer: "Address", asked: "Asked | None", ruling: Ruling, now_ms: int
    ) -> None:
        if asked is not None and self._redirects.asked(asked, data, peer, ruling):
            return
        if ruling is Ruling.DROP:
            return
        refuse_new = ruling is Ruling.REFUSE
        if not self._plainly or not self._redirects.receive(data, peer, now_ms, refuse_new):
            self._endpoint.receive(data, peer, now_ms, refuse_new)
            self._handle_events(peer)

    def tick(self) -> None:
        """Do what is due: transaction timers, boards whose registration is over."""
        now_ms = self.clock.now_ms()
        self._expire(now_ms)
        self._redirects.tick(now_ms)
        self._endpoint.tick(now_ms)
        self._handle_events()

    def stream_lost(self, error: RemoteError, peer: "Address") -> None:
        """Answer what could not be framed on a stream, if that asks for an answer."""
        self._endpoint.stream_lost(error, peer, self.clock.now_ms())

    def transport_error(self, peer: "Address") -> None:
        """Note that a message to the peer could not be delivered."""
        self._endpoint.transport_error(peer, self.clock.now_ms())
        self._handle_events()

    def transmits(self) -> "list[tuple[bytes, Address]]":
        """Make durable what was decided since the last call (one commit for all), then return what may leave now."""
        self.ledger.flush()
        self._decisions.note_grants()
        return self._redirects.transmits() + self._endpoint.transmits()

    def next_deadline_ms(self) -> int | None:
        """Return when tick() is due next, monotonic; None when nothing is."""
        due = (self._endpoint.next_deadline(), self._redirects.next_deadline(), self.pool.next_expiry_ms())
        return min((deadline_ms for deadline_ms in due if deadline_ms is not None), default=None)

    def held(self) -> dict[str, int]:
        """Return how many calls, dialogs, transactions and so on the server holds now."""
        return {**self._endpoint.held(), "redirects": len(self._redirects)}

    def running(self) -> list[Lease]:
        """Return the conferences that are offered or active."""
        leases = self.ledger.leases
        return [lease for slots in leases.values() for lease in slots.values() if lease.state in RUNNING]

    def _expire(self, now_ms: int) -> None:
        lost = self.pool.expire(now_ms)
        for board_id in lost:
            self._log.warning("board lost", board=board_id)
        if lost:
            self._changed()

    def _dropped(self, board_id: str, registration: Registration) -> None:
        now_ms = self.clock.now_ms()
        self._fetches.lose(board_id, registration.report, now_ms)
        lost = self._reunions.lose(board_id, registration.report.live, now_ms)
        if lost:
            self._log.warning("conferences lost", board=board_id, conferences=lost)

    def _changed(self) -> None:
        self._fetches.look_again(self.clock.now_ms())
        self.on_board_change()

    def _handle_events(self, peer: "Address | None" = None) -> None:
        while events := self._endpoint.events():
            for event in events:
                self._handle(event, peer[0] if peer else "")

    def _handle(self, event: Event, source: str) -> None:
        subject, message = event.subject, event.message
        if event.kind == "incoming" and isinstance(subject, Call) and isinstance(message, Request):
            self._invitations.take(subject, message, source)
        elif event.kind == "request" and isinstance(subject, ServerRequest) and isinstance(message, Request):
            if message.method == "MESSAGE":
                self._desk.tell(subject, message)
            else:
                self._desk.register(subject, message)
        elif event.kind == "referred" and isinstance(subject, ServerRequest):
            self._endpoint.respond(subject, 403, self.clock.now_ms(), "This server only gives addresses")
        elif event.kind == "response" and isinstance(subject, ClientRequest):
            self._control.answered(subject, message if isinstance(message, Response) else None)

    def _asked_plainly(self, kind: Kind, asker: str, host: str, item: Any) -> None:
        self._decisions.decide_one_of_many(self._receiver.plain(kind, asker, host), item)

    def _reply(self, verdict: Grant | Refusal) -> Reply:
        reply = self._transmission.transmit(verdict)
        self._count(f"invite {reply.status}")
        return reply

    def allocate(self, need: Need | Refusal, then: Then) -> None:
        """Decide about a request, however it came; then(verdict) is called once, see Decisions.decide()."""
        self._decisions.decide(need, then)

    def _count(self, name: str, times: int = 1, /) -> None:
        self.counters[name] = self.counters.get(name, 0) + times
