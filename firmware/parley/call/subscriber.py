"""The subscriber's side of an event package: our SUBSCRIBE, and their NOTIFYs (RFC 6665 4.1)."""

from parley.call.dialog import adopt, confirm, dialog_of_sent
from parley.call.event_subscription import EventSubscription, event_value, find_subscription
from parley.call.peers import destination_of
from parley.call.requests import add_all, address_of_record, check_headers, target_of
from parley.call.subscription import parse_event, parse_subscription_state
from parley.call.timers import TIMEOUT_MS
from parley.wire.errors import LocalError, RemoteError
from parley.wire.grammar import parse_decimal
from parley.wire.sip import Response

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parley.call.call import Call
    from parley.call.core import Core
    from parley.call.dialog import Dialog
    from parley.call.requests import HeaderList
    from parley.call.transaction import Address, Transaction
    from parley.wire.sip import Request

    Message = Request | Response

# What ends the subscription that a SUBSCRIBE was to refresh (RFC 6665 4.1.2.2, RFC 5057 5.1).
ENDING = (404, 405, 408, 410, 416, 480, 481, 482, 483, 484, 485, 489, 501, 604)
REFRESH_AT = 0.8  # of the time that is left; RFC 6665 asks for "well before" its end


def subscribe(
    core: "Core",
    uri: str,
    package: str,
    now_ms: int,
    expires_s: int,
    call: "Call | None",
    peer: "Address | None",
    headers: "HeaderList",
) -> EventSubscription:
    """Send a SUBSCRIBE; see Endpoint.subscribe."""
    check_headers(headers, package)
    if call is not None:
        if call.phase != "established" or call.dialog is None:
            raise LocalError(f"no SUBSCRIBE in state {call.state}")
        dialog = call.dialog
        request = dialog.request("SUBSCRIBE")
        peer = dialog.next_hop()
    else:
        target, _ = target_of(uri)
        number = core.new_call_id()
        request = core.new_request("SUBSCRIBE", str(target), None, address_of_record(target), number, 1)
        dialog = dialog_of_sent(request)
        core.register_dialog(dialog)
        peer = peer or destination_of(target)
    subscription = EventSubscription(core, "subscriber", dialog, request, package, "", ACTIONS)
    subscription.asked_s = expires_s
    subscription.headers = headers
    _transmit(subscription, request, expires_s, peer, now_ms)
    return subscription


def _transmit(
    subscription: EventSubscription, request: "Request", expires_s: int, peer: "Address", now_ms: int
) -> None:
    core = subscription.core
    call = subscription.call
    request.add("Event", event_value(subscription.package, subscription.event_id))
    request.add("Expires", str(expires_s))
    request.add("Contact", core.contact_at(peer) if call is None else call.contact)
    add_all(request, subscription.headers)

    def told(transaction: "Transaction", event: str, message: "Message | None", now_ms: int) -> None:
        if event != "1xx":
            _answered(subscription, message, now_ms)

    core.layer.start_client(request, peer, told, now_ms)


def _answered(subscription: EventSubscription, message: "Message | None", now_ms: int) -> None:
    if not isinstance(message, Response):
        subscription.reason = subscription.reason or "no answer"
        subscription.step("gone", message, now_ms)
    elif message.status < 300:
        subscription.step("accepted", message, now_ms)
    else:
        event = "gone" if message.status in ENDING else "refused"
        if event == "gone" or subscription.state in ("asking", "withdrawn", "leaving"):
            subscription.reason = subscription.reason or f"{message.status} {message.reason}"
        subscription.step(event, message, now_ms)


def receive_news(core: "Core", dialog: "Dialog", transaction: "Transaction", now_ms: int) -> None:
    """Take a NOTIFY of an event package. Raises RemoteError: 481 no such subscription, 400."""
    request = transaction.request
    package, event_id = parse_event(request.get("Event") or "")
    subscription = find_subscription(dialog, "subscriber", package, event_id)
    if subscription is None:
        raise RemoteError(481, "")  # RFC 6665 4.1.3
    state, reason, expires_s = parse_subscription_state(request.required("Subscription-State"))
    if dialog.remote_tag is None:
        adopt(dialog, request)  # RFC 6665 4.4.1: it opens the dialog
    else:
        dialog.refresh_target(request)
    core.respond(transaction, 200, now_ms)
    if state == "terminated":
        subscription.reason = subscription.reason or reason or "terminated"
    elif expires_s is not None:
        _last(subscription, expires_s, now_ms)
    known = state if state in ("pending", "terminated") else "active"
    subscription.step("told " + known, request, now_ms)


def _last(subscription: EventSubscription, expires_s: int, now_ms: int) -> None:
    # Refresh in time, or end with it.
    if subscription.state in ("withdrawn", "leaving"):
        return
    subscription.expires_ms = now_ms + 1000 * expires_s
    subscription.timers.start("expire", 1000 * expires_s, now_ms)
    subscription.timers.start("refresh", int(1000 * expires_s * REFRESH_AT), now_ms)


def leave(subscription: EventSubscription, now_ms: int) -> None:
    """Give up a subscription; see Endpoint.end_subscription."""
    subscription.reason = subscription.reason or "unsubscribed"
    subscription.step("leave", None, now_ms)


def _take_expiry(subscription: EventSubscription, message: "Message | None", now_ms: int) -> None:
    if not isinstance(message, Response):
        return
    dialog = subscription.dialog
    try:
        if dialog.remote_tag is None:
            confirm(dialog, message)
        value = (message.get("Expires") or str(subscription.asked_s)).strip()
        granted_s = min(parse_decimal(value, 2**32 - 1), max(subscription.asked_s, 1))
    except RemoteError:
        subscription.core.count("bad 2xx to SUBSCRIBE")
        granted_s = subscription.asked_s
    _last(subscription, granted_s, now_ms)


def _await_notify(subscription: EventSubscription, message: "Message | None", now_ms: int) -> None:
    subscription.timers.start("unheard", TIMEOUT_MS, now_ms)  # RFC 6665 4.1.2.4: timer N


def _heard(subscription: EventSubscription, message: "Message | None", now_ms: int) -> None:
    subscription.timers.stop("unheard")


def _again(subscription: EventSubscription, expires_s: int, now_ms: int) -> None:
    dialog = subscription.dialog
    _transmit(subscription, dialog.request("SUBSCRIBE"), expires_s, dialog.next_hop(), now_ms)


def _send_refresh(subscription: EventSubscription, message: "Message | None", now_ms: int) -> None:
    _again(subscription, subscription.asked_s, now_ms)


def _send_leave(subscription: EventSubscription, message: "Message | None", now_ms: int) -> None:
    if isinstance(message, Response) and subscription.dialog.remote_tag is None:
        try:
            confirm(subscription.dialog, message)
        except RemoteError:
            subscription.core.count("bad 2xx to SUBSCRIBE")
    subscription.timers.stop_all()
    _again(subscription, 0, now_ms)


def _tell_news(subscription: EventSubscription, message: "Message | None", now_ms: int) -> None:
    if message is not None and message.body:
        subscription.core.tell("news", subscription, message)


def _tell_over(subscription: EventSubscription, message: "Message | None", now_ms: int) -> None:
    subscription.core.tell("subscription_over", subscription, message, subscription.reason)


def _forget(subscription: EventSubscription, message: "Message | None", now_ms: int) -> None:
    subscription.forget()


ACTIONS = {
    "take expiry": _take_expiry,
    "await notify": _await_notify,
    "heard": _heard,
    "send refresh": _send_refresh,
    "send leave": _send_leave,
    "tell news": _tell_news,
    "tell over": _tell_over,
    "forget": _forget,
}
