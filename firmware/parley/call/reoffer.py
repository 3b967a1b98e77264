"""Changing a call under way: re-INVITE (RFC 3261 14) and UPDATE (RFC 3311), theirs and ours."""

from parley.call.call_actions import ack_of_success, the_dialog
from parley.call.dialog import check_dialog_forming
from parley.call.requests import add_all
from parley.call.timers import T1_MS, TIMEOUT_MS
from parley.wire.errors import LocalError, RemoteError
from parley.wire.sip import Request, Response

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parley.call.call import Call
    from parley.call.transaction import Transaction

    Message = Request | Response

GLARE_STEP_MS = 10  # RFC 3261 14.1: the random wait is a multiple of 10 ms
GLARE_OWNER_MS = (2100, 4000)  # the side that made the Call-ID waits 2.1 to 4 s
GLARE_OTHER_MS = (0, 2000)


def receive_reoffer(call: "Call", transaction: "Transaction", now_ms: int) -> None:
    """Take a re-INVITE or an UPDATE inside the call. Raises RemoteError: 481, 491 or 500."""
    request = transaction.request
    dialog = the_dialog(call)
    if call.state in ("ending", "ended"):
        raise RemoteError(481, "")
    if request.method == "UPDATE" and not request.body:
        dialog.refresh_target(request)  # RFC 3311 5.2: no offer, only a target refresh
        call.core.respond(transaction, 200, now_ms, headers=[("Contact", call.contact)])
        return
    settled = call.phase == "established" or (call.phase == "answered" and request.method == "UPDATE")
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
    if body:
        response.add("Content-Type", "application/sdp")
        response.body = body
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


def send_reoffer(call: "Call", body: bytes, now_ms: int) -> None:
    """Send a re-INVITE with this offer. Raises LocalError unless all earlier ones are settled."""
    if call.phase != "established" or call.reoffer_out is not None or call.reoffer_in is not None:
        raise LocalError(f"no re-INVITE now: {call.phase}")
    if call.accept is not None:
        raise LocalError("no re-INVITE before the ACK of theirs")
    dialog = the_dialog(call)
    request = dialog.request("INVITE")
    add_all(request, [("Contact", call.contact), ("Allow", call.core.allow)])
    request.add("User-Agent", call.core.user_agent)
    request.add("Content-Type", "application/sdp")
    request.body = body
    call.reoffer_body = body

    def told(transaction: "Transaction", event: str, message: "Message | None", now_ms: int) -> None:
        _on_reinvite(call, transaction, event, message, now_ms)

    call.timers.stop("glare")
    call.reoffer_out = call.core.layer.start_client(request, dialog.next_hop(), told, now_ms)


def _on_reinvite(
    call: "Call", transaction: "Transaction", event: str, message: "Message | None", now_ms: int
) -> None:
    if event == "1xx":
        return
    ours = call.reoffer_out is transaction
    call.reoffer_out = None if ours else call.reoffer_out
    if event == "2xx" and isinstance(message, Response):
        dialog = the_dialog(call)
        if ours:
            try:
                dialog.refresh_target(message)
            except RemoteError:
                call.core.count("bad contact")
        ack, peer = ack_of_success(
            call, dialog, message
        )  # whatever became of the call, or it is sent for ever
        call.core.layer.transmit(ack, peer)
        if ours and call.phase == "established":
            call.answer = message.body
            call.core.tell("renegotiated", call, message)
    elif ours and call.phase == "established":
        _refused(call, event, message, now_ms)


def _refused(call: "Call", event: str, message: "Message | None", now_ms: int) -> None:
    status = message.status if isinstance(message, Response) else 408  # RFC 3261 8.1.3.1
    if status in (408, 481):  # RFC 3261 12.2.1.2: the dialog is dead
        call.cause = "lost"
        call.step("hangup", message, now_ms)
        return
    if status == 491:
        shortest_ms, longest_ms = GLARE_OWNER_MS if call.role == "uac" else GLARE_OTHER_MS
        steps = (longest_ms - shortest_ms) // GLARE_STEP_MS + 1
        wait = int.from_bytes(call.core.random_bytes(2), "big") % steps
        call.timers.start("glare", shortest_ms + wait * GLARE_STEP_MS, now_ms)
        return
    call.core.tell("reoffer_refused", call, message, event if message is None else "")


def retry_after_glare(call: "Call", now_ms: int) -> None:
    """Send the re-INVITE that met theirs again (RFC 3261 14.1)."""
    if call.phase == "established" and call.reoffer_in is None and call.accept is None:
        send_reoffer(call, call.reoffer_body, now_ms)
    elif call.phase == "established":
        call.timers.start("glare", T1_MS, now_ms)
