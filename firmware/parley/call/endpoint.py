"""The door of parley.call: a SIP user agent without sockets, clock or threads.

The contract (as of h11, aioquic, str0m): time comes in as now_ms, integer milliseconds on a clock that never
goes backwards. There are inputs (receive, tick, transport_error) and commands (invite, answer, ...). After
EVERY one of them: send all that transmits() returns, handle all that events() returns, and wait for the next
datagram or for next_deadline(), when tick() is due. Handling an event usually means a command, so drain
again until both are empty.

Mistakes of the caller raise LocalError and change nothing. Mistakes of the peer never raise: they become a
SIP response, or silence and a counter.
"""

from parley.call import callee, caller, change, reoffer
from parley.call.call import Call
from parley.call.client_request import ClientRequest
from parley.call.core import Core
from parley.call.dispatch import receive_request, refuse_stateless
from parley.call.event_subscription import EventSubscription
from parley.call.events import Event
from parley.call.notifier import SubscribeRequest
from parley.call.peers import way_back
from parley.call.referee import ReferRequest
from parley.call.request_commands import RequestCommands
from parley.call.requests import check_headers
from parley.call.server_request import ServerRequest
from parley.call.session_terms import SESSION_EXPIRES_S
from parley.call.subscription import Subscription
from parley.wire.errors import RemoteError
from parley.wire.sip import Response, note_source, parse_message

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

    from parley.call.requests import HeaderList
    from parley.call.transaction import Address

__all__ = (
    "Call",
    "ClientRequest",
    "Endpoint",
    "Event",
    "EventSubscription",
    "ReferRequest",
    "ServerRequest",
    "SubscribeRequest",
    "Subscription",
)


class Endpoint(RequestCommands):
    """One SIP user agent at one address.

    local: (host, port) peers reach us at. random_bytes: callable(n) -> n unpredictable bytes. user: user
    part of our own URI. methods: further methods the application answers ("request" events). contact_params:
    appended to our Contact, e.g. ";isfocus". limit: server transactions beyond which new work is refused
    with 503. reliable: the transport is TCP. extensions: option tags the application knows what to do with:
    "replaces" and "join" (see answer). packages: event packages we serve (RFC 6665) and the content type of their
    documents ("subscribe" events). session_expires_s: longest session without a sign of life, for peers that
    list `timer` (RFC 4028); 0: no session timers. streams: there is TCP, too, so a request beyond 1300 octets
    takes it where its URI allows (RFC 3261 18.1.1). tls_port: where TLS is taken, if anywhere. Hosts may be
    names: whoever sends a datagram resolves them.
    """

    def __init__(
        self,
        local: "Address",
        random_bytes: "Callable[[int], bytes]",
        user: str = "parley",
        user_agent: str = "Parley/0.1",
        methods: "tuple[str, ...]" = (),
        contact_params: str = "",
        limit: int = 4096,
        reliable: bool = False,
        extensions: "tuple[str, ...]" = (),
        packages: "dict[str, str] | None" = None,
        session_expires_s: int = SESSION_EXPIRES_S,
        streams: bool = False,
        tls_port: "int | None" = None,
    ) -> None:
        self._core = Core(
            local,
            random_bytes,
            user,
            user_agent,
            methods,
            contact_params,
            limit,
            reliable,
            extensions,
            packages,
            session_expires_s,
            streams,
            tls_port,
        )
        self._now_ms = 0
        self.counters = self._core.counters

    # -- inputs

    def receive(self, data: bytes, peer: "Address", now_ms: int, refuse_new: bool = False) -> None:
        """Take a datagram or a stream's message that came from peer (peers.py). Raises nothing.

        refuse_new: if it begins something, answer 503 without a transaction (RFC 3261 8.2.7).
        """
        now_ms = self._at(now_ms)
        self._core.refuses_new = refuse_new
        try:
            message = parse_message(data)
        except RemoteError as error:
            self._refuse_unreadable(error, peer)
            return
        try:
            if isinstance(message, Response):
                message.to_tag()
                message.from_tag()
                message.source = peer[0]
                self._core.layer.receive_response(message, now_ms)
            else:
                receive_request(self._core, message, peer, now_ms)
        except RemoteError as error:
            self._core.count("bad message")
            if not isinstance(message, Response) and message.method != "ACK":
                error.message = message
                self._refuse_unreadable(error, peer)

    def stream_lost(self, error: RemoteError, peer: "Address", now_ms: int) -> None:
        """Answer what a StreamReader refused, if it asks for that; then the connection is to be closed."""
        self._refuse_unreadable(error, peer)

    def tick(self, now_ms: int) -> None:
        """Fire the timers that are due; being late is harmless, being early does nothing."""
        self._core.timers.fire_due(self._at(now_ms))

    def transport_error(self, peer: "Address", now_ms: int) -> None:
        """A datagram to peer was refused (ICMP): what waits for it fails now rather than after 32 s."""
        self._core.layer.transport_error(peer, self._at(now_ms))

    # -- outputs

    def transmits(self) -> "list[tuple[bytes, Address]]":
        """Return and forget what is to be sent, (data, peer), in order; peer as receive() has it."""
        layer = self._core.layer
        drained, layer.outgoing = layer.outgoing, []
        return drained

    def events(self) -> "list[Event]":
        """Return and forget what the application has to know, in order."""
        drained, self._core.events = self._core.events, []
        return drained

    def next_deadline(self) -> "int | None":
        """Return when tick() is due [ms], None when nothing waits."""
        return self._core.timers.next_deadline()

    @property
    def calls(self) -> "list[Call]":
        """The calls that are not over."""
        return self._core.calls.values()

    def held(self) -> "dict[str, int]":
        """Return how many calls, dialogs, subscriptions, forwarded calls, transactions and timers there are."""
        core = self._core
        return {
            "calls": len(core.calls),
            "dialogs": len(core.dialogs),
            "subscriptions": len(core.subscriptions),
            "forwards": len(core.forwards),
            "transactions": len(core.layer.clients) + len(core.layer.servers),
            "timers": len(core.timers),
        }

    def pending(self) -> int:
        """Return how much of all that there is together; 0 at rest."""
        return sum(self.held().values())

    # -- calls

    def invite(
        self,
        uri: str,
        body: bytes,
        now_ms: int,
        peer: "Address | None" = None,
        from_uri: "str | None" = None,
        headers: "HeaderList" = (),
        redirected: "Call | None" = None,
        contact: "str | None" = None,
        credentials: "tuple[str, str] | None" = None,
    ) -> "Call":
        """Call uri with this SDP offer; peer: where to send it, by default what the URI says.

        redirected: the call whose 3xx named this URI; To, From and Call-ID are kept then (RFC 3261 8.1.3.4).
        contact: the whole Contact value, as in answer().
        credentials: (user name, password) for one 401 or 407. Events: "progress", then "answered", "redirected"
        or "rejected". Raises LocalError when uri is no SIP
        URI.
        """
        caller.check_redirected(redirected)
        return caller.invite(
            self._core, uri, body, self._at(now_ms), peer, from_uri, headers, redirected, contact, credentials
        )

    def provisional(
        self, call: "Call", status: int, now_ms: int, headers: "HeaderList" = (), body: bytes = b""
    ) -> None:
        """Send a 1xx (101-199) to an incoming call; reliably when its INVITE requires 100rel (RFC 3262).

        body: SDP. Where the INVITE had none, the first reliable 1xx has to carry our offer (LocalError), and
        "renegotiated" tells the answer.
        """
        callee.provisional(call, status, self._at(now_ms), headers, body)

    def answer(
        self, call: "Call", body: bytes, now_ms: int, contact: "str | None" = None, headers: "HeaderList" = ()
    ) -> None:
        """Answer an incoming call: 200 with this SDP, sent again until the ACK comes ("established").

        contact: the whole Contact value for this call, e.g. `<sip:token@host:port;transport=udp>;isfocus`.
        When call.replaces names a call of ours (RFC 3891), that one is hung up now: its "ended" says
        "replaced". What call.joins means (RFC 3911) is the application's affair.
        """
        callee.answer(call, body, self._at(now_ms), contact, headers)

    def reject(
        self,
        call: "Call",
        status: int,
        now_ms: int,
        reason: "str | None" = None,
        headers: "HeaderList" = (),
    ) -> None:
        """Refuse or redirect an incoming call with 300-699; headers: Contact, Retry-After. "ended" comes."""
        callee.reject(call, status, self._at(now_ms), reason, headers)

    def reinvite(self, call: "Call", body: bytes, now_ms: int) -> None:
        """Offer new SDP in an established call: "renegotiated", or "reoffer_refused" and all stays as it was.

        491 (glare) is tried again by itself (RFC 3261 14.1). Raises LocalError while another offer is under
        way.
        """
        change.send_reoffer(call, body, self._at(now_ms))

    def update(self, call: "Call", body: bytes, now_ms: int) -> None:
        """Send an UPDATE (RFC 3311), before the answer too; events and glare as for reinvite.

        body: SDP, or b"" to change nothing but our Contact. Raises LocalError while another offer is under
        way, or without a dialog.
        """
        change.send_update(call, body, self._at(now_ms))

    def answer_reoffer(self, call: "Call", body: "bytes | None", now_ms: int, status: int = 488) -> None:
        """Answer a "reoffer": 200 with this SDP, or with body None the refusal `status`.

        Raises LocalError when there was none; one that is gone meanwhile (cancelled, call over) is let be.
        """
        reoffer.answer_reoffer(call, body, status, self._at(now_ms))

    def hangup(self, call: "Call", now_ms: int, headers: "HeaderList" = ()) -> None:
        """End a call as its state asks: CANCEL, 487 or BYE (headers go into the BYE). "ended" follows.

        Again, or on a call that is over: nothing happens.
        """
        check_headers(headers)
        call.bye_headers = list(headers)
        call.step("hangup", None, self._at(now_ms))

    # -- inside

    def _at(self, now_ms: int) -> int:
        # Two clocks read in the wrong order must not turn timers back.
        self._now_ms = max(now_ms, self._now_ms)
        return self._now_ms

    def _refuse_unreadable(self, error: RemoteError, peer: "Address") -> None:
        self._core.count("unreadable")
        request = error.message
        if not error.status or request is None:
            return
        try:
            note_source(request, (peer[0], peer[1]))
            back = way_back(request, peer)
        except RemoteError:  # a Via that says nothing: back to where it came from
            back = peer
        refuse_stateless(self._core, request, error.status, [], back)
