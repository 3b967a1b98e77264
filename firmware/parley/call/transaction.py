"""Transactions and the transaction layer (RFC 3261 17): matching, retransmission, timers, the tables at work.

The layer's user hands over requests and responses and is told what comes in by a callable tell(transaction,
event, message, now_ms): event is "1xx", "2xx", "final", "request", "ack", "timeout" or "transport error";
message is None for the last two.
"""

from parley.call.matching import MAGIC_COOKIE, client_key, merge_key, response_event, server_key
from parley.call.peers import is_stream, transport_of, wants_stream
from parley.call.requests import ack_of_failure
from parley.call.table import Table
from parley.call.timers import T2_MS, TimerQueue, Timers
from parley.call.transaction_tables import MACHINES
from parley.call.transaction_timers import INTERVALS
from parley.wire.errors import LocalError
from parley.wire.sip import Request, Response, response_to

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

    from parley.call.peers import Address

    Message = Request | Response
    Tell = Callable[["Transaction", str, Message | None, int], None]


NO_REQUEST = Request("", "")


def nobody(transaction: "Transaction", event: str, message: "Message | None", now_ms: int) -> None:
    """Hear nothing: the user of a transaction that nobody waits for."""


class Transaction:
    """One request and its responses, on one side.

    kind: a key of MACHINES. request: the request that opened it, NO_REQUEST once that is not needed. peer:
    where our messages go. sent: what we sent last and may send again. state: as in the table; "terminated"
    once the layer has forgotten it.
    """

    def __init__(
        self,
        layer: "TransactionLayer",
        kind: str,
        key: str,
        request: Request,
        peer: "Address",
        tell: "Tell",
    ) -> None:
        self.layer = layer
        self.kind = kind
        self.key = key
        self.state = "init"
        self.request = request
        self.peer = peer
        self.tell = tell
        self.sent = b""
        self.merged = ""  # merge_key() of a request of theirs
        self.reliable = layer.reliable or is_stream(peer)
        self.datagram_peer: "Address | None" = (
            None  # where to turn when TCP, taken for its length, is not there
        )
        self._interval_ms = 0
        self._timers = Timers(layer.timers, self)

    def step(self, event: str, message: "Message | None", now_ms: int) -> bool:
        """Take one event through the table; returns False if it is one of the ignored.

        Raises LocalError, and changes nothing, for an event that is impossible in this state.
        """
        table, ignored = MACHINES[self.kind]
        row = table.get((self.state, event))
        if row is None:
            if (self.state, event) not in ignored:
                raise LocalError(f"{self.kind} transaction: no {event} in state {self.state}")
            self.layer.count(f"ignored {event}")
            return False
        self.state, actions = row
        for action in actions:
            self._act(action, event, message, now_ms)
        if self.state == "terminated":
            self.terminate()
        return True

    def terminate(self) -> None:
        """End it: no timer, no match any more."""
        self.state = "terminated"
        self._keep("key")
        self._timers.end()
        self.layer.forget(self)

    def on_timer(self, name: str, now_ms: int) -> None:
        """Timer `name` fired."""
        self.step("timer " + name, None, now_ms)

    def _act(self, action: str, event: str, message: "Message | None", now_ms: int) -> None:
        verb, _, timer = action.partition(" ")
        if verb == "start":
            self._start(timer, now_ms)
        elif verb == "stop":
            self._timers.stop(timer)
        elif verb in ("double", "back", "slow"):
            self._start_again(verb, timer[-1], now_ms)
        elif verb == "keep":
            self._keep(timer)
        elif action == "fall back":
            self._fall_back()
        elif verb == "pass":
            self.tell(self, event, message, now_ms)
        elif verb == "tell":
            self.layer.count(timer)
            self.tell(self, timer, None, now_ms)
        else:
            self._transmit(action, message)

    def _keep(self, parts: str) -> None:
        self.request = NO_REQUEST
        if "sent" not in parts:
            self.sent = b""
        if "user" not in parts:
            self.tell = nobody

    def _fall_back(self) -> None:
        # RFC 3261 18.1.1: nobody takes TCP there, so the long request goes as a datagram after all
        if self.datagram_peer is not None:
            self.peer, self.datagram_peer = self.datagram_peer, None
            self.reliable = self.layer.reliable
            via = self.request.required("Via")
            self.request.set("Via", via.replace("/TCP ", "/UDP ", 1))

    def _start(self, timer: str, now_ms: int) -> None:
        interval_ms = INTERVALS[timer][self.reliable]
        if interval_ms is not None:
            if timer in "AEG":
                self._interval_ms = interval_ms
            self._timers.start(timer, interval_ms, now_ms)

    def _start_again(self, verb: str, timer: str, now_ms: int) -> None:
        self._interval_ms *= 2  # RFC 3261 17.1.1.2: A doubles without limit, B ends it
        if verb == "slow":
            self._interval_ms = T2_MS
        elif verb == "back":
            self._interval_ms = min(self._interval_ms, T2_MS)
        self._timers.start(timer, self._interval_ms, now_ms)

    def _transmit(self, action: str, message: "Message | None") -> None:
        if action == "ack" and isinstance(message, Response):
            self.sent = self._made(ack_of_failure(self.request, message))
        elif action == "resend":
            self.layer.count("retransmitted")
            if not self.sent and self.kind.startswith("client") and self.request is not NO_REQUEST:
                self.sent = self._made(self.request)  # what there was no memory for the last time
        elif action == "send trying":
            self.sent = self._made(response_to(self.request, 100))
        elif message is not None:
            self.sent = self._made(message)
        if self.sent:  # nothing to send again while the user thinks
            self.layer.transmit(self.sent, self.peer)

    def _made(self, message: "Message") -> bytes:
        # On a board whose heap is in pieces: a message there is no room for is lost like one on the way.
        try:
            return message.to_bytes()
        except MemoryError:
            self.layer.count("no memory")
            return b""


class TransactionLayer:
    """All transactions of an endpoint.

    timers: the endpoint's queue. token: callable() -> fresh random text. via: `SIP/2.0/UDP host:port`.
    count: callable(name), told what happened. reliable: the transport retransmits by itself (RFC 3261 17:
    timers A, E, G off, D, I, J, K 0).
    """

    def __init__(
        self,
        timers: TimerQueue,
        token: "Callable[[], str]",
        via: str,
        count: "Callable[[str], None]",
        reliable: bool = False,
    ) -> None:
        self.timers = timers
        self.count = count
        self.reliable = reliable
        self.outgoing: "list[tuple[bytes, Address]]" = []
        self.clients = Table()  # key -> Transaction
        self.servers = Table()
        self._merged = Table()
        self.streams = False
        self.tls_via = via
        self._token = token
        self._via = via

    def transmit(self, data: bytes, peer: "Address") -> None:
        """Queue a datagram."""
        self.outgoing.append((data, peer))

    def new_via(self, peer: "Address") -> str:
        """Return a Via value with a fresh branch (RFC 3261 8.1.1.7) that asks for rport (RFC 3581)."""
        transport = transport_of(peer)
        via = self._via
        if transport == "tls":
            via = self.tls_via
        elif transport == "tcp":
            via = via.replace("/UDP ", "/TCP ", 1)
        return f"{via};branch={MAGIC_COOKIE}{self._token()};rport"

    def start_client(self, request: Request, peer: "Address", tell: "Tell", now_ms: int) -> Transaction:
        """Send a request in a transaction of its own. A Via is added unless it has one (a CANCEL)."""
        datagram_peer: "Address | None" = None
        if request.get("Via") is None:
            if self.streams and not is_stream(peer) and wants_stream(request):
                datagram_peer, peer = peer, (peer[0], peer[1], "tcp")
                self.count("too long for UDP")
            request.insert_first("Via", self.new_via(peer))
        kind = "client INVITE" if request.method == "INVITE" else "client non-INVITE"
        key = client_key(request)
        transaction = Transaction(self, kind, key, request, peer, tell)
        transaction.datagram_peer = datagram_peer
        self.clients[key] = transaction
        self._open(transaction, "send request", request, now_ms)
        return transaction

    def receive_response(self, response: Response, now_ms: int) -> None:
        """Hand a response to its client transaction (RFC 3261 17.1.3). Raises RemoteError(400)."""
        transaction = self.clients.get(client_key(response))
        if transaction is None:
            self.count("stray response")
            return
        transaction.step(response_event(response), response, now_ms)

    def start_server(self, request: Request, peer: "Address", tell: "Tell", now_ms: int) -> Transaction:
        """Open the transaction of a request that belongs to none. peer: where its responses go."""
        kind = "server INVITE" if request.method == "INVITE" else "server non-INVITE"
        key, merged = server_key(request), merge_key(request)
        transaction = Transaction(self, kind, key, request, peer, tell)
        transaction.merged = merged
        self.servers[key] = transaction
        if merged not in self._merged:
            self._merged[merged] = transaction
        self._open(transaction, "request", request, now_ms)
        return transaction

    def _open(self, transaction: Transaction, event: str, request: Request, now_ms: int) -> None:
        try:
            transaction.step(event, request, now_ms)
        except MemoryError:  # on a board: half begun it would stay for ever, and swallow what is sent again
            transaction.terminate()
            raise

    def is_merged(self, request: Request) -> bool:
        """Tell whether a request without a transaction came before by another path (RFC 3261 8.2.2.2)."""
        return request.to_tag() is None and merge_key(request) in self._merged

    def respond(self, transaction: Transaction, response: Response, now_ms: int) -> None:
        """Send a response of ours. Raises LocalError after a final one."""
        if response.status < 200:
            event = "send 1xx"
        elif response.status < 300 and transaction.kind == "server INVITE":
            event = "send 2xx"
        else:
            event = "send final"
        transaction.step(event, response, now_ms)

    def transport_error(self, peer: "Address", now_ms: int) -> None:
        """A datagram to this peer was refused (ICMP): every transaction with it learns of it."""
        for transaction in self.clients.values() + self.servers.values():
            if transaction.peer != peer or transaction.state == "terminated":
                continue
            if transaction.datagram_peer is not None and transaction.state in ("calling", "trying"):
                transaction.step("no stream", transaction.request, now_ms)
            else:
                transaction.step("transport error", None, now_ms)

    def forget(self, transaction: Transaction) -> None:
        """Drop a terminated transaction."""
        if transaction.kind.startswith("client"):
            self.clients.pop(transaction.key, None)
            return
        self.servers.pop(transaction.key, None)
        if self._merged.get(transaction.merged) is transaction:
            self._merged.pop(transaction.merged)
