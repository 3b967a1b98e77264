"""The user agent core (RFC 3261 6): what calls, requests and subscriptions of one endpoint share."""

from parley.call.events import Event
from parley.call.peers import is_stream, transport_of
from parley.call.requests import add_all, new_request
from parley.call.session_terms import SESSION_EXPIRES_S
from parley.call.table import Table
from parley.call.timers import TimerQueue
from parley.call.transaction import TransactionLayer
from parley.wire.sip import Request, Response, response_to
from parley.wire.uri import SipUri

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

    from parley.call.call import Call
    from parley.call.dialog import Dialog
    from parley.call.event_subscription import EventSubscription
    from parley.call.events import Subject
    from parley.call.forward import Forward
    from parley.call.requests import HeaderList
    from parley.call.subscription import Subscription
    from parley.call.transaction import Address, Transaction

    Message = Request | Response

# What the endpoint does by itself; an application adds its own.
METHODS = ("INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "PRACK", "UPDATE", "REFER", "NOTIFY")
# Known from RFCs 3261, 3262, 3265, 3428, 3903, 6086: refused with 405 rather than 501 (RFC 3261 8.2.1,
# 21.5.2).
KNOWN_METHODS = METHODS + ("REGISTER", "MESSAGE", "SUBSCRIBE", "PUBLISH", "INFO")
SUPPORTED = "norefersub, 100rel, timer"  # RFC 4488, RFC 3262, RFC 4028
ACCEPT = "application/sdp, message/sipfrag"


class Core:
    """Identity, randomness, timers, transactions, dialogs and the queue of events of one endpoint."""

    def __init__(
        self,
        local: "Address",
        random_bytes: "Callable[[int], bytes]",
        user: str,
        user_agent: str,
        methods: "tuple[str, ...]",
        contact_params: str,
        limit: int,
        reliable: bool,
        extensions: "tuple[str, ...]" = (),
        packages: "dict[str, str] | None" = None,
        session_expires_s: int = SESSION_EXPIRES_S,
        streams: bool = False,
        tls_port: "int | None" = None,
    ) -> None:
        host, port = local[0], local[1]
        self.random_bytes = random_bytes
        self.user_agent = user_agent
        self.app_methods = methods
        self.packages = packages or {}  # event packages we serve -> content type of their documents
        self.methods = METHODS + (("SUBSCRIBE",) if packages else ())
        self.allow = ", ".join(self.methods + tuple([one for one in methods if one not in self.methods]))
        self.allow_events = ", ".join(["refer"] + list(self.packages))  # RFC 6665 8.2.2
        self.uri = SipUri("sip", user, host, port)
        transport = "TCP" if reliable else "UDP"
        self._contact_params = contact_params
        self._tls_port = tls_port or port
        self.contact = self._contact(transport.lower(), False)
        self.counters: dict[str, int] = {}
        self.timers = TimerQueue()
        sent_by = str(SipUri("sip", None, host, port))[4:]
        self.layer = TransactionLayer(
            self.timers, self.token, f"SIP/2.0/{transport} {sent_by}", self.count, reliable
        )
        self.layer.tls_via = "SIP/2.0/TLS " + str(SipUri("sip", None, host, self._tls_port))[4:]
        self.layer.streams = streams
        self.dialogs = Table()  # (Call-ID, our tag) -> Dialog
        self.calls = Table()  # number -> Call
        self.forwards: "dict[str, Forward]" = {}  # key of the server transaction ->
        self.subscriptions: "list[Subscription | EventSubscription]" = []
        self.events: list[Event] = []
        self.supported = ", ".join((SUPPORTED,) + extensions)
        self.supported_tags = self.supported.split(", ")
        self.session_expires_s = session_expires_s
        self.contact_for: "Callable[[str, Address], str] | None" = None
        self.refuses_new = False  # the application wants nothing but work in progress
        self._limit = limit
        self._number = 0

    def contact_of(self, request: Request, peer: "Address") -> str:
        """Return our Contact value in answers to a request outside any call: what the URI it came to stands for."""
        named = "" if self.contact_for is None else self.contact_for(request.uri, peer)
        return named or self.contact_at(peer)

    def contact_at(self, peer: "Address", uri: str = "") -> str:
        """Return our Contact value for this peer: what came over a stream goes on over one.

        uri: the Request-URI; where it is sips, so is the Contact (RFC 3261 8.1.1.8, 12.1.1).
        """
        secure = uri[:5].lower() == "sips:"
        return self._contact(transport_of(peer), secure) if secure or is_stream(peer) else self.contact

    def _contact(self, transport: str, secure: bool) -> str:
        local = self.uri
        port = self._tls_port if secure or transport == "tls" else local.port
        uri = SipUri("sips" if secure else "sip", local.user, local.host, port)
        if not secure:
            uri.params = [("transport", transport)]
        return f"<{uri}>{self._contact_params}"

    def token(self) -> str:
        """Return 16 random hex digits: for tags and branches (RFC 3261 19.3 asks for 32 bits at least)."""
        return self.random_bytes(8).hex()

    def new_call_id(self) -> str:
        """Return a fresh Call-ID (RFC 3261 8.1.1.4)."""
        return self.random_bytes(12).hex()

    def new_number(self) -> int:
        """Return the next number of a call."""
        self._number += 1
        return self._number

    def response(
        self,
        transaction: "Transaction",
        status: int,
        reason: "str | None" = None,
        headers: "HeaderList" = (),
        tag: "str | None" = None,
    ) -> Response:
        """Return a response to the request of this transaction; tag: for its To, a fresh one by default."""
        response = response_to(transaction.request, status, reason, tag or self.token())
        response.add("Server", self.user_agent)
        add_all(response, headers)
        return response

    def respond(
        self,
        transaction: "Transaction",
        status: int,
        now_ms: int,
        reason: "str | None" = None,
        headers: "HeaderList" = (),
    ) -> None:
        """Send a response without a body."""
        self.layer.respond(transaction, self.response(transaction, status, reason, headers), now_ms)

    def count(self, name: str) -> None:
        """Count one more of this name."""
        self.counters[name] = self.counters.get(name, 0) + 1

    def tell(
        self, kind: str, subject: "Subject", message: "Request | Response | None" = None, text: str = ""
    ) -> None:
        """Queue an event for the application."""
        status = message.status if isinstance(message, Response) else 0
        self.events.append(Event(kind, subject, message, text, status))

    def tell_refer(self, subscription: "Subscription", message: "Message | None", text: str) -> None:
        """Queue a "refer_progress", with the state of this moment."""
        event = Event("refer_progress", subscription, message, text, subscription.status, subscription.final)
        self.events.append(event)

    def new_request(
        self, method: str, uri: str, from_uri: "str | None", to_uri: str, call_id: str, number: int
    ) -> Request:
        """Return a request outside any dialog, with a fresh From tag."""
        from_value = f"<{from_uri or self.uri}>;tag={self.token()}"
        request = new_request(method, uri, from_value, f"<{to_uri}>", call_id, number)
        request.add("User-Agent", self.user_agent)
        return request

    def register_dialog(self, dialog: "Dialog") -> None:
        """Let requests find the dialog."""
        self.dialogs[dialog.key] = dialog

    def release_dialog(self, dialog: "Dialog | None") -> None:
        """Forget the dialog if no usage of it is left (RFC 5057)."""
        if dialog is not None and dialog.unused and self.dialogs.get(dialog.key) is dialog:
            self.dialogs.pop(dialog.key)
            dialog.call = None  # no ring of references waits for a collector

    def overloaded(self, request: Request) -> bool:
        """Tell whether there is no room for this request; those in dialogs have twice the room."""
        held = len(self.layer.servers)
        if self.refuses_new and request.to_tag() is None and request.method != "CANCEL":
            return True
        return held >= self._limit and (request.to_tag() is None or held >= 2 * self._limit)

    def call_of(self, transaction: "Transaction") -> "Call | None":
        """Return the call that a server INVITE transaction belongs to."""
        for call in self.calls.values():
            if transaction is call.invite or transaction is call.reoffer_in:
                return call
        return None

    def find_dialog(self, request: Request) -> "Dialog | None":
        """Return the dialog a request is in (RFC 3261 12.2.2), None without one."""
        dialog = self.dialogs.get((request.call_id(), request.to_tag() or ""))
        if dialog is None or dialog.matches(request.from_tag()):
            return dialog
        forks = None if dialog.call is None else dialog.call.early
        return None if forks is None else forks.get(request.from_tag() or "")
