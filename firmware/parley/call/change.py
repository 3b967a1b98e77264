"""Changing a call of our own accord: re-INVITE (RFC 3261 14.1) and UPDATE (RFC 3311 5.1), glare, refreshes."""

from parley.call.call_actions import ack_of_success, the_dialog
from parley.call.requests import add_all
from parley.call.session_timer import concluded, raise_interval, request_headers, session_of
from parley.call.timers import T1_MS
from parley.wire.errors import LocalError, RemoteError
from parley.wire.sip import Response

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parley.call.call import Call
    from parley.call.transaction import Transaction
    from parley.wire.sip import Request

    Message = Request | Response

GLARE_STEP_MS = 10  # RFC 3261 14.1: the random wait is a multiple of 10 ms
GLARE_OWNER_MS = (2100, 4000)  # the side that made the Call-ID waits 2.1 to 4 s
GLARE_OTHER_MS = (0, 2000)
NO_UPDATE = (405, 501)


class Change:
    """A re-INVITE or UPDATE of ours. is_refresh: it changes nothing, it only says that we are there."""

    def __init__(self, method: str, body: bytes, is_refresh: bool) -> None:
        self.method = method
        self.body = body
        self.is_refresh = is_refresh


def is_free(call: "Call") -> bool:
    """Tell whether no offer is under way in an established call."""
    return (
        call.phase == "established"
        and call.reoffer_out is None
        and call.reoffer_in is None
        and call.accept is None
    )


def send_reoffer(call: "Call", body: bytes, now_ms: int) -> None:
    """Send a re-INVITE with this SDP; see Endpoint.reinvite."""
    if call.phase != "established":
        raise LocalError(f"no re-INVITE in state {call.state}")
    if call.reoffer_out is not None or call.reoffer_in is not None:
        raise LocalError("another offer is under way")  # RFC 3261 14.1
    if call.accept is not None:
        raise LocalError("no re-INVITE before the ACK of theirs")
    _send(call, Change("INVITE", body, False), now_ms)


def send_update(call: "Call", body: bytes, now_ms: int) -> None:
    """Send an UPDATE, with SDP or without; see Endpoint.update."""
    early = call.phase in ("early", "incoming") and call.dialog is not None
    if call.phase != "established" and not early:
        raise LocalError(f"no UPDATE in state {call.state}")
    if call.reoffer_out is not None:
        raise LocalError("another request is under way")
    if body and (call.reoffer_in is not None or (early and not call.early_answered)):
        raise LocalError("another offer is under way")  # RFC 3311 5.1
    _send(call, Change("UPDATE", body, False), now_ms)


def refresh(call: "Call", now_ms: int) -> None:
    """Refresh the session (RFC 4028 10): an UPDATE without SDP, or the same offer again in a re-INVITE."""
    if call.peer_updates:
        _send(call, Change("UPDATE", b"", True), now_ms)
    else:
        _send(call, Change("INVITE", call.local_sdp, True), now_ms)


def _send(call: "Call", change: Change, now_ms: int) -> None:
    dialog = the_dialog(call)
    core = call.core
    request = dialog.request(change.method)
    add_all(request, [("Contact", call.contact), ("Allow", core.allow), ("Supported", core.supported)])
    add_all(request, request_headers(call))
    request.add("User-Agent", core.user_agent)
    if change.body:
        request.add("Content-Type", "application/sdp")
        request.body = change.body

    def told(transaction: "Transaction", event: str, message: "Message | None", now_ms: int) -> None:
        _told(call, change, transaction, event, message, now_ms)

    call.timers.stop("glare")
    call.reoffer_out = core.layer.start_client(request, dialog.next_hop(), told, now_ms)


def _told(
    call: "Call",
    change: Change,
    transaction: "Transaction",
    event: str,
    message: "Message | None",
    now_ms: int,
) -> None:
    if event == "1xx":
        return
    ours = call.reoffer_out is transaction
    call.reoffer_out = None if ours else call.reoffer_out
    answer = message if isinstance(message, Response) and message.status < 300 else None
    if answer is not None:
        if ours:
            try:
                the_dialog(call).refresh_target(answer)
            except RemoteError:
                call.core.count("bad contact")
        if change.method == "INVITE":  # whatever became of the call, or the 2xx is sent for ever
            ack, peer = ack_of_success(call, the_dialog(call), answer)
            call.core.layer.transmit(ack, peer)
    if not ours or call.state in ("ending", "ended"):
        return
    if answer is not None:
        _accepted(call, change, answer, now_ms)
    else:
        _refused(call, change, event, message, now_ms)


def _accepted(call: "Call", change: Change, answer: Response, now_ms: int) -> None:
    if call.phase == "established":
        concluded(call, answer, now_ms)
    changed = answer.body != call.answer
    if change.body:
        call.local_sdp = change.body
        call.answer = answer.body
    if not change.is_refresh or (change.body and changed):
        call.core.tell("renegotiated", call, answer)


def _refused(call: "Call", change: Change, event: str, message: "Message | None", now_ms: int) -> None:
    status = message.status if isinstance(message, Response) else 408  # RFC 3261 8.1.3.1
    if status in (408, 481):  # RFC 3261 12.2.1.2: the dialog is dead
        call.cause = "lost"
        call.step("hangup", message, now_ms)
    elif status == 422 and isinstance(message, Response) and raise_interval(call, message):
        _send(call, change, now_ms)
    elif change.is_refresh:
        if status in NO_UPDATE and change.method == "UPDATE":
            call.peer_updates = False
            refresh(call, now_ms)
        else:
            session_of(call).step("later", now_ms)
    elif status == 491:
        shortest_ms, longest_ms = GLARE_OWNER_MS if call.role == "uac" else GLARE_OTHER_MS
        steps = (longest_ms - shortest_ms) // GLARE_STEP_MS + 1
        wait = int.from_bytes(call.core.random_bytes(2), "big") % steps
        call.change_again = change
        call.timers.start("glare", shortest_ms + wait * GLARE_STEP_MS, now_ms)
    else:
        call.core.tell("reoffer_refused", call, message, event if message is None else "")


def retry_after_glare(call: "Call", now_ms: int) -> None:
    """Send the request that met theirs again (RFC 3261 14.1)."""
    change = call.change_again
    if change is None or call.state in ("ending", "ended"):
        return
    busy = call.reoffer_in is not None or call.reoffer_out is not None or call.accept is not None
    if busy:
        call.timers.start("glare", T1_MS, now_ms)
    elif call.phase == "established" or change.method == "UPDATE":
        call.change_again = None
        _send(call, change, now_ms)
