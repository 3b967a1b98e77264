"""The referrer's side: our REFER, and the NOTIFYs that tell what came of it (RFC 3515 2.4)."""

from parley.call.call_actions import the_dialog
from parley.call.dialog import Dialog, adopt, confirm, dialog_of_sent
from parley.call.peers import destination_of
from parley.call.requests import (
    add_all,
    address_of_record,
    check_headers,
    target_of,
)
from parley.call.subscription import Subscription, parse_event, parse_sipfrag, parse_subscription_state
from parley.wire.errors import LocalError, RemoteError
from parley.wire.sip import Request, Response

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parley.call.call import Call
    from parley.call.core import Core
    from parley.call.requests import HeaderList
    from parley.call.transaction import Address, Transaction

    Message = Request | Response

LINGER_MS = 32000  # after a final sipfrag in an active subscription


def refer(
    core: "Core", call: "Call", refer_to: str, now_ms: int, headers: "HeaderList", give_up_ms: "int | None"
) -> Subscription:
    """Send a REFER inside a call; see Endpoint.refer."""
    if call.phase != "established":
        raise LocalError(f"no REFER in state {call.state}")
    check_headers(headers, refer_to)
    dialog = the_dialog(call)
    request = dialog.request("REFER")
    return _send(core, dialog, request, refer_to, call, dialog.next_hop(), now_ms, headers, give_up_ms)


def refer_outside(
    core: "Core",
    uri: str,
    refer_to: str,
    now_ms: int,
    peer: "Address | None",
    headers: "HeaderList",
    give_up_ms: "int | None",
) -> Subscription:
    """Send a REFER outside any dialog; see Endpoint.refer_outside."""
    check_headers(headers, refer_to)
    target, _ = target_of(uri)
    request = core.new_request("REFER", str(target), None, address_of_record(target), core.new_call_id(), 1)
    dialog = dialog_of_sent(request)
    core.register_dialog(dialog)
    return _send(
        core, dialog, request, refer_to, None, peer or destination_of(target), now_ms, headers, give_up_ms
    )


def _send(
    core: "Core",
    dialog: Dialog,
    request: Request,
    refer_to: str,
    call: "Call | None",
    peer: "Address",
    now_ms: int,
    headers: "HeaderList",
    give_up_ms: "int | None",
) -> Subscription:
    request.add("Refer-To", refer_to if "<" in refer_to else f"<{refer_to}>")
    request.add("Contact", core.contact_at(peer) if call is None else call.contact)
    if "Referred-By" not in [name for name, _ in headers]:
        request.add("Referred-By", dialog.local if "<" in dialog.local else f"<{dialog.local}>")
    add_all(request, headers)
    subscription = Subscription(core, "subscriber", dialog, request, refer_to, call, _on_timer)

    def told(transaction: "Transaction", event: str, message: "Message | None", now_ms: int) -> None:
        _on_response(subscription, event, message, now_ms)

    core.layer.start_client(request, peer, told, now_ms)
    if give_up_ms is not None:
        subscription.timers.start("give up", give_up_ms, now_ms)
    return subscription


def _on_response(subscription: Subscription, event: str, message: "Message | None", now_ms: int) -> None:
    if event == "1xx" or subscription.final:
        return
    subscription.timers.stop("give up")
    if not isinstance(message, Response):
        _conclude(subscription, None, "no answer")
        return
    if message.status >= 300:
        subscription.status = message.status
        _conclude(subscription, message, "")
        return
    dialog = subscription.dialog
    if subscription.call is None and (dialog.remote_tag is None or not subscription.notified):
        try:
            confirm(dialog, message)
        except RemoteError:
            subscription.core.count("bad contact")
    if subscription.notified:  # a NOTIFY overtook the response (RFC 6665 4.4.1): there is no news in it
        return
    subscription.state = "active"
    subscription.status = message.status
    if (message.get("Refer-Sub") or "").strip().lower() == "false":  # RFC 4488 4: no NOTIFY will come
        _conclude(subscription, message, "")
        return
    subscription.limit(now_ms)
    subscription.core.tell_refer(subscription, message, "")


def _conclude(subscription: Subscription, message: "Message | None", text: str) -> None:
    subscription.final = True
    subscription.end()
    subscription.core.tell_refer(subscription, message, text)


def _on_timer(subscription: Subscription, name: str, now_ms: int) -> None:
    if name == "give up":
        _conclude(subscription, None, "no answer")
    elif subscription.final:  # "limit" of a subscription that told all and was not terminated
        subscription.end()
    else:
        _conclude(subscription, None, "expired")


def is_refer_news(request: Request) -> bool:
    """Tell whether this is a NOTIFY of the refer package, which the endpoint takes itself."""
    return request.method == "NOTIFY" and parse_event(request.get("Event") or "")[0] == "refer"


def receive_notify(core: "Core", dialog: Dialog, transaction: "Transaction", now_ms: int) -> None:
    """Take a NOTIFY inside a dialog. Raises RemoteError: 481 no subscription, 489 not of a REFER, 400."""
    request = transaction.request
    package, event_id = parse_event(request.get("Event") or "")
    if package != "refer":
        raise RemoteError(489, "")
    subscription = _find(dialog, event_id)
    if subscription is None:
        raise RemoteError(481, "")
    if dialog.remote_tag is None:  # it overtook the 202: it opens the dialog (RFC 6665 4.4.1)
        adopt(dialog, request)
    else:
        dialog.refresh_target(request)
    core.respond(transaction, 200, now_ms)
    _take_news(subscription, request, now_ms)


def _find(dialog: Dialog, event_id: str) -> "Subscription | None":
    # RFC 3515 2.4.6: the id is the CSeq of the REFER; without one it is the only or the first.
    for subscription in dialog.subscriptions:
        if not isinstance(subscription, Subscription) or subscription.role != "subscriber":
            continue
        if event_id in ("", str(subscription.number)):
            return subscription
    return None


def _take_news(subscription: Subscription, request: Request, now_ms: int) -> None:
    state, reason, expires_s = parse_subscription_state(request.get("Subscription-State") or "active")
    told_before = subscription.final
    status = parse_sipfrag(request.body)
    if status == 0:
        subscription.core.count("bad sipfrag")
    else:
        subscription.status = status
    subscription.notified = True
    subscription.timers.stop("give up")
    subscription.state = "active"
    subscription.reason = reason
    subscription.final = state == "terminated" or status >= 200
    if state == "terminated":
        subscription.end()
    elif subscription.final:
        subscription.timers.start("limit", LINGER_MS, now_ms)
    elif expires_s is not None:
        subscription.timers.start("limit", max(expires_s * 1000, LINGER_MS), now_ms)
    else:
        subscription.limit(now_ms)
    if not told_before:
        subscription.core.tell_refer(subscription, request, reason)
