"""The referee's side: their REFER, and our NOTIFYs on what came of it (RFC 3515 2.4)."""

from parley.call.dialog import Dialog, check_dialog_forming, dialog_of_request
from parley.call.requests import add_all
from parley.call.server_request import ServerRequest
from parley.call.subscription import SIPFRAG, Subscription
from parley.wire.errors import LocalError, RemoteError
from parley.wire.sip import REASONS, Request, Response
from parley.wire.uri import parse_name_addr

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parley.call.core import Core
    from parley.call.transaction import Address, Transaction

    Message = Request | Response


class ReferRequest(ServerRequest):
    """A REFER that waits for accept_refer or respond.

    refer_to: the URI as text, fit for invite(). referred_by: Referred-By as it came, or ''. call: the call
    it came in, or None.
    """

    def __init__(
        self, core: "Core", transaction: "Transaction", dialog: "Dialog | None", peer: "Address"
    ) -> None:
        super().__init__(core, transaction, None if dialog is None else dialog.call, peer)
        values = self.request.get_all("Refer-To")
        if len(values) != 1:
            raise RemoteError(400, "Bad Refer-To")  # RFC 3515 2.4.2: exactly one
        address = parse_name_addr(values[0])
        address.uri.address()
        self.dialog = dialog
        self.refer_to = address.uri_text
        self.referred_by = self.request.get("Referred-By") or ""


def receive_refer(core: "Core", transaction: "Transaction", dialog: "Dialog | None", peer: "Address") -> None:
    """Take a REFER. Raises RemoteError: 400, 416."""
    refer = ReferRequest(core, transaction, dialog, peer)
    if dialog is None:
        check_dialog_forming(transaction.request)
    else:
        dialog.refresh_target(transaction.request)
    core.tell("referred", refer, transaction.request)


def accept_refer(refer: ReferRequest, now_ms: int) -> Subscription:
    """Send 202 and the first NOTIFY; see Endpoint.accept_refer."""
    core = refer.core
    request = refer.request
    if refer.status or refer.transaction.state == "terminated":
        raise LocalError("this REFER is answered")
    dialog = refer.dialog
    if dialog is None:
        dialog = dialog_of_request(request, refer.local_tag, refer.peer)
        core.register_dialog(dialog)
    silent = (request.get("Refer-Sub") or "").strip().lower() == "false"  # RFC 4488 4
    contact = core.contact_of(request, refer.peer) if refer.call is None else refer.call.contact
    headers = [("Contact", contact)]
    for route in request.get_all("Record-Route"):
        headers.append(("Record-Route", route))
    if silent:
        headers.append(("Refer-Sub", "false"))
    refer.respond(202, now_ms, headers=headers)
    subscription = Subscription(core, "notifier", dialog, request, refer.refer_to, refer.call, _on_timer)
    subscription.contact = contact
    subscription.state = "active"
    subscription.silent = silent
    subscription.with_id = dialog.refers_received > 0
    dialog.refers_received += 1
    subscription.limit(now_ms)
    _notify(subscription, 100, "Trying", now_ms)
    return subscription


def notify_refer(subscription: Subscription, status: int, reason: "str | None", now_ms: int) -> None:
    """Tell the referrer; see Endpoint.notify_refer."""
    if subscription.role != "notifier":
        raise LocalError("only the one who was referred notifies")
    if subscription.final:
        raise LocalError("the final status is told already")
    if subscription.state == "terminated":  # the referrer has lost interest
        subscription.core.count("unwanted notify")
        return
    subscription.final = status >= 200
    reason = reason or REASONS.get(status, "")
    if subscription.in_flight:
        subscription.held = (status, reason)  # one at a time, so that they cannot overtake each other
    else:
        _notify(subscription, status, reason, now_ms)


def _notify(subscription: Subscription, status: int, reason: str, now_ms: int) -> None:
    subscription.status = status
    if subscription.silent:
        if subscription.final:
            subscription.end()
        return
    core = subscription.core
    dialog = subscription.dialog
    request = dialog.request("NOTIFY")
    event = f"refer;id={subscription.number}" if subscription.with_id else "refer"
    left_s = max(1, (subscription.expires_ms - now_ms) // 1000)
    state = "terminated;reason=noresource" if subscription.final else f"active;expires={left_s}"
    headers = [
        ("Event", event),
        ("Subscription-State", state),
        ("Contact", subscription.contact),
        ("User-Agent", core.user_agent),
        ("Content-Type", SIPFRAG + ";version=2.0"),
    ]
    add_all(request, headers)
    request.body = f"SIP/2.0 {status} {reason}\r\n".encode()

    def told(transaction: "Transaction", event: str, message: "Message | None", now_ms: int) -> None:
        _on_response(subscription, event, message, now_ms)

    subscription.in_flight = True
    core.layer.start_client(request, dialog.next_hop(), told, now_ms)


def _on_response(subscription: Subscription, event: str, message: "Message | None", now_ms: int) -> None:
    if event == "1xx" or subscription.state == "terminated":
        return
    subscription.in_flight = False
    status = message.status if isinstance(message, Response) else 408
    held = subscription.held
    if held is not None and status < 300:
        subscription.held = None
        _notify(subscription, held[0], held[1], now_ms)
    elif subscription.final or status >= 300:  # told all, or nobody listens (RFC 6665 4.2.2)
        if status >= 300:
            subscription.core.count("notify refused")
        subscription.end()


def _on_timer(subscription: Subscription, name: str, now_ms: int) -> None:
    # The application has not said what became of it.
    subscription.core.count("refer expired")
    subscription.final = True
    if subscription.in_flight or subscription.silent:
        subscription.end()
    else:
        _notify(subscription, subscription.status, REASONS.get(subscription.status, ""), now_ms)
