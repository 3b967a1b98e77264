"""The notifier's side of an event package: their SUBSCRIBE, and our NOTIFYs (RFC 6665 4.2)."""

from parley.call.dialog import check_dialog_forming, dialog_of_request
from parley.call.event_subscription import EventSubscription, event_value, find_subscription
from parley.call.peers import is_stream
from parley.call.requests import add_all
from parley.call.server_request import ServerRequest
from parley.call.subscription import parse_event
from parley.call.transaction import NO_REQUEST
from parley.wire.errors import LocalError, RemoteError
from parley.wire.grammar import parse_decimal
from parley.wire.sip import Response

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parley.call.core import Core
    from parley.call.dialog import Dialog
    from parley.call.event_subscription import Document
    from parley.call.requests import HeaderList
    from parley.call.transaction import Address, Transaction
    from parley.wire.sip import Request

    Message = Request | Response

DEFAULT_EXPIRES_S = 3600  # RFC 4575 3.3
MAX_EXPIRES_S = 3600
MIN_EXPIRES_S = 30  # shorter is refused with 423 (RFC 6665 3.1.1)
REST_MS = 5000  # RFC 4575 3.9: no more than one NOTIFY in five seconds to one subscriber
DATAGRAM_BYTES = 1300  # RFC 3261 18.1.1: no larger request over UDP
STREAM_DOCUMENT_BYTES = 8192
SMALLEST_DOCUMENT_BYTES = 256


class SubscribeRequest(ServerRequest):
    """A SUBSCRIBE that waits for accept_subscribe or respond.

    package, event_id: of Event. expires_s: granted if it is accepted, 0 for a single look. call: the call it came
    in, or None.
    """

    def __init__(
        self, core: "Core", transaction: "Transaction", dialog: "Dialog | None", peer: "Address"
    ) -> None:
        super().__init__(core, transaction, None if dialog is None else dialog.call, peer)
        self.dialog = dialog
        self.package, self.event_id = parse_event(self.request.required("Event"))
        self.expires_s = granted_s(self.request)


def granted_s(request: "Request") -> int:
    """Return the seconds granted to a SUBSCRIBE, 0 for none. Raises RemoteError: 400, 423 (RFC 6665 4.2.1.1)."""
    value = request.get("Expires")
    if value is None:
        return DEFAULT_EXPIRES_S
    asked_s = parse_decimal(value.strip(), 2**32 - 1, "Expires")
    if 0 < asked_s < MIN_EXPIRES_S:
        raise RemoteError(423, "")
    return min(asked_s, MAX_EXPIRES_S)


def receive_subscribe(
    core: "Core", transaction: "Transaction", dialog: "Dialog | None", peer: "Address", now_ms: int
) -> None:
    """Take a SUBSCRIBE. Raises RemoteError: 400, 406, 423, 489 (RFC 6665 4.2.1)."""
    request = transaction.request
    package, event_id = parse_event(request.get("Event") or "")
    if package not in core.packages:
        raise RemoteError(489, "")
    _check_accept(request, core.packages[package])
    if dialog is None:
        check_dialog_forming(request)
    else:
        dialog.refresh_target(request)
    asked = SubscribeRequest(core, transaction, dialog, peer)
    known = None if dialog is None else find_subscription(dialog, "notifier", package, event_id)
    if known is None:
        core.tell("subscribe", asked, request)
        return
    _grant(asked, known, now_ms)
    known.full = True  # RFC 6665 4.2.1.2: whoever asks again is told all again
    if asked.expires_s == 0:
        known.reason = "timeout"
    known.step("refresh" if asked.expires_s else "leave", request, now_ms)


def _check_accept(request: "Request", content_type: str) -> None:
    if request.get("Accept") is None:
        return
    kinds = [value.partition(";")[0].strip().lower() for value in request.get_all("Accept")]
    if content_type not in kinds and "application/*" not in kinds and "*/*" not in kinds:
        raise RemoteError(406, "")


def accept_subscribe(asked: SubscribeRequest, document: "Document", now_ms: int) -> EventSubscription:
    """Send 200 and the first NOTIFY; see Endpoint.accept_subscribe."""
    core = asked.core
    if asked.status or asked.transaction.state == "terminated":
        raise LocalError("this SUBSCRIBE is answered")
    dialog = asked.dialog
    if dialog is None:
        dialog = dialog_of_request(asked.request, asked.local_tag, asked.peer)
        core.register_dialog(dialog)
    subscription = EventSubscription(
        core, "notifier", dialog, asked.request, asked.package, asked.event_id, ACTIONS
    )
    subscription.document = document
    _grant(asked, subscription, now_ms)
    subscription.request = NO_REQUEST  # memory is short on a board, and a subscription may last for long
    if asked.expires_s == 0:
        subscription.reason = "timeout"
    subscription.step("accept" if asked.expires_s else "leave", asked.request, now_ms)
    return subscription


def _grant(asked: SubscribeRequest, subscription: EventSubscription, now_ms: int) -> None:
    call = subscription.call
    if not subscription.contact:
        contact = asked.core.contact_of(asked.request, asked.peer) if call is None else call.contact
        subscription.contact = contact
    headers: HeaderList = [("Expires", str(asked.expires_s)), ("Contact", subscription.contact)]
    for route in asked.request.get_all("Record-Route"):
        headers.append(("Record-Route", route))
    asked.respond(200, now_ms, headers=headers)
    subscription.expires_ms = now_ms + 1000 * asked.expires_s
    if asked.expires_s:
        subscription.timers.start("expire", 1000 * asked.expires_s, now_ms)


def publish(subscription: EventSubscription, now_ms: int) -> None:
    """Tell the subscriber that there is news; see Endpoint.publish."""
    if subscription.role != "notifier":
        raise LocalError("only the notifier has news")
    subscription.step("news", None, now_ms)


def close(subscription: EventSubscription, reason: str, now_ms: int) -> None:
    """End a subscription from the notifier's side; see Endpoint.end_subscription."""
    subscription.reason = subscription.reason or reason
    subscription.step("close", None, now_ms)


def _send(subscription: EventSubscription, message: "Message | None", now_ms: int) -> None:
    _notify(subscription, now_ms, False)


def _send_last(subscription: EventSubscription, message: "Message | None", now_ms: int) -> None:
    _notify(subscription, now_ms, True)


def _notify(subscription: EventSubscription, now_ms: int, is_last: bool) -> None:
    core = subscription.core
    dialog = subscription.dialog
    subscription.timers.stop("rested")
    request = dialog.request("NOTIFY")
    peer = dialog.next_hop()
    left_s = max(0, (subscription.expires_ms - now_ms) // 1000)
    state = f"terminated;reason={subscription.reason or 'timeout'}" if is_last else f"active;expires={left_s}"
    headers = [
        ("Event", event_value(subscription.package, subscription.event_id)),
        ("Subscription-State", state),
        ("Contact", subscription.contact),
        ("Content-Type", core.packages[subscription.package]),
    ]
    add_all(request, headers)
    request.insert_first("Via", core.layer.new_via(peer))
    limit = STREAM_DOCUMENT_BYTES if is_stream(peer) else DATAGRAM_BYTES - len(request.to_bytes()) - 4
    if subscription.document is not None:
        full, subscription.full = subscription.full, False
        request.body, whole = subscription.document(subscription, full, max(limit, SMALLEST_DOCUMENT_BYTES))
        subscription.more = not whole

    def told(transaction: "Transaction", event: str, message: "Message | None", now_ms: int) -> None:
        if event != "1xx":
            _answered(subscription, message, now_ms)

    core.layer.start_client(request, peer, told, now_ms)


def _answered(subscription: EventSubscription, message: "Message | None", now_ms: int) -> None:
    if isinstance(message, Response) and message.status < 300:
        subscription.step("more" if subscription.more else "answered", message, now_ms)
        return
    subscription.core.count("notify refused")
    subscription.reason = "refused"
    subscription.step("refused", message, now_ms)


def _rest(subscription: EventSubscription, message: "Message | None", now_ms: int) -> None:
    subscription.timers.start("rested", REST_MS, now_ms)


def _forget(subscription: EventSubscription, message: "Message | None", now_ms: int) -> None:
    subscription.forget()
    subscription.core.tell("subscription_over", subscription, message, subscription.reason)


ACTIONS = {"send": _send, "send last": _send_last, "rest": _rest, "forget": _forget}
