"""Their changes of a call under way: re-INVITE (RFC 3261 14.2) and UPDATE (RFC 3311 5.2)."""

from parley.call.call_actions import the_dialog
from parley.call.dialog import check_dialog_forming
from parley.call.requests import add_all
from parley.call.session_timer import answer_headers
from parley.call.timers import TIMEOUT_MS
from parley.wire.errors import LocalError, RemoteError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parley.call.call import Call
    from parley.call.transaction import Transaction


def receive_reoffer(call: "Call", transaction: "Transaction", now_ms: int) -> None:
    """Take a re-INVITE, an UPDATE, or the offer in a PRACK. Raises RemoteError: 481, 491 or 500."""
    request = transaction.request
    dialog = the_dialog(call)
    if call.state in ("ending", "ended"):
        raise RemoteError(481, "")
    if request.method == "UPDATE" and not request.body:
        dialog.refresh_target(request)  # RFC 3311 5.2: no offer, only a target refresh
        headers = [("Contact", call.contact)]
        if call.phase in ("established", "answered"):
            headers.extend(answer_headers(call, request, now_ms))
        call.core.respond(transaction, 200, now_ms, headers=headers)
        return
    settled = call.phase == "established"
    if request.method != "INVITE" and not settled:
        settled = call.phase == "answered" or call.early_answered
    if call.reoffer_out is not None or (call.role == "uac" and not settled):
        raise RemoteError(491, "")  # RFC 3261 14.2: our own offer is not answered yet
    unacknowledged = call.accept is not None and request.method == "INVITE"
    if not settled or call.reoffer_in is not None or unacknowledged:
        raise RemoteError(500, "")  # RFC 3261 14.2, RFC 3311 5.2; with Retry-After
    if request.get("Contact") is not None:
        check_dialog_forming(request)
    call.reoffer_in = transaction
    call.reoffer_gone = False
    call.timers.start("reoffer", TIMEOUT_MS, now_ms)
    call.core.tell("reoffer", call, request)


def answer_reoffer(call: "Call", body: "bytes | None", status: int, now_ms: int) -> None:
    """Answer a reoffer: 200 with this SDP, or with body None the refusal `status`. Raises LocalError."""
    transaction = call.reoffer_in
    if transaction is None:
        if not call.reoffer_gone:
            raise LocalError("no reoffer waits for an answer")
        call.core.count("late answer")
        return
    if body is None and not 300 <= status < 700:
        raise LocalError(f"{status} refuses nothing")
    call.reoffer_in = None
    call.timers.stop("reoffer")
    if body is None:
        call.core.respond(transaction, status, now_ms)
        return
    request = transaction.request
    the_dialog(call).refresh_target(request)
    response = call.core.response(transaction, 200, headers=[("Contact", call.contact)])
    response.add("Allow", call.core.allow)
    if call.phase == "established" and request.method != "PRACK":
        response.add("Supported", call.core.supported)
        add_all(response, answer_headers(call, request, now_ms))
    if body:
        response.add("Content-Type", "application/sdp")
        response.body = body
        call.local_sdp = body
    call.offer = request.body
    call.answer = body if request.body else b""
    if request.method == "INVITE":
        call.expect_ack(transaction, response, now_ms)
    call.core.layer.respond(transaction, response, now_ms)


def abandon_reoffer(call: "Call", status: int, now_ms: int) -> None:
    """Refuse their reoffer if one waits: cancelled (RFC 3261 9.2), overtaken by the end, or forgotten."""
    if call.reoffer_in is not None:
        call.core.respond(call.reoffer_in, status, now_ms)
        call.reoffer_in = None
        call.reoffer_gone = True
        call.timers.stop("reoffer")
