"""The callee's side of a call: their INVITE and what we make of it (RFC 3261 13.3)."""

from parley.call.call import Call
from parley.call.call_actions import note_contact
from parley.call.dialog import check_dialog_forming
from parley.call.reliable import ReliableProgress, is_required
from parley.call.requests import add_all, check_headers
from parley.call.session_timer import answer_headers
from parley.call.takeover import find_named, hang_up_replaced
from parley.call.timers import RINGING_LIMIT_MS
from parley.wire.errors import LocalError
from parley.wire.sip import Response, response_to

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parley.call.core import Core
    from parley.call.requests import HeaderList
    from parley.call.transaction import Address, Transaction
    from parley.wire.sip import Request

    Message = Request | Response


def receive_invite(core: "Core", transaction: "Transaction", peer: "Address", now_ms: int) -> None:
    """Take an INVITE that is outside any dialog. Raises RemoteError: 400, 481, 486, 603."""
    request = transaction.request
    check_dialog_forming(request)
    replaces, joins = find_named(core, request)
    call = Call(core, "uas", request, peer, core.new_number())
    call.replaces, call.joins = replaces, joins
    note_contact(call, request)
    call.invite = transaction

    def told(transaction: "Transaction", event: str, message: "Message | None", now_ms: int) -> None:
        if event == "ack":  # with the INVITE's own branch, as RFC 2543 did it
            receive_ack(call, message, now_ms)
        else:
            call.step("lost", None, now_ms, text=event)

    transaction.tell = told
    call.timers.start("expire", RINGING_LIMIT_MS, now_ms)
    core.calls[call.id] = call
    core.tell("incoming", call, request)


def _response(call: Call, status: int, reason: "str | None" = None, headers: "HeaderList" = ()) -> Response:
    # Record-Route goes back in whatever opens a dialog (RFC 3261 12.1.1).
    response = response_to(call.request, status, reason, call.local_tag)
    if 100 < status < 300:
        for route in call.request.get_all("Record-Route"):
            response.add("Record-Route", route)
        response.add("Contact", call.contact)
        response.add("Allow", call.core.allow)
    response.add("Server", call.core.user_agent)
    add_all(response, headers)
    return response


def provisional(call: Call, status: int, now_ms: int, headers: "HeaderList", body: bytes) -> None:
    """Send a 1xx; see Endpoint.provisional."""
    if not 100 < status < 200:
        raise LocalError(f"{status} is no provisional status of a user's")
    response = _with_sdp(_response(call, status, None, headers), body)
    if call.phase != "incoming" or not is_required(call.request):
        call.step("send progress", response, now_ms)
        return
    if call.reliable is None:
        call.reliable = ReliableProgress(call)
    call.reliable.send(response, now_ms)
    if body:
        _note_sdp(call, body)


def _with_sdp(response: Response, body: bytes) -> Response:
    if body:
        response.add("Content-Type", "application/sdp")
        response.body = body
    return response


def _note_sdp(call: Call, body: bytes) -> None:
    call.local_sdp = body
    if call.offer:
        call.answer = body


def answer(call: Call, body: bytes, now_ms: int, contact: "str | None", headers: "HeaderList") -> None:
    """Send the 200; see Endpoint.answer."""
    if call.phase != "incoming" or (call.reliable is not None and call.reliable.accept is not None):
        raise LocalError(f"no answer in state {call.state}")
    if contact is not None:
        check_headers(headers, contact)
        call.contact = contact
    response = _response(call, 200, None, headers)
    response.add("Supported", call.core.supported)
    add_all(response, answer_headers(call, call.request, now_ms))
    _with_sdp(response, body)
    if call.core.packages:
        response.add("Allow-Events", call.core.allow_events)  # RFC 6665 8.2.2
    if body:
        _note_sdp(call, body)
    reliable = call.reliable
    if reliable is not None and reliable.waiting is not None and reliable.waiting.body:
        reliable.accept = response  # RFC 3262 3: not before the PRACK of a 1xx with SDP
    else:
        call.step("send accept", response, now_ms)
    hang_up_replaced(call, now_ms)


def reject(call: Call, status: int, now_ms: int, reason: "str | None", headers: "HeaderList") -> None:
    """Send a final response of 300-699; see Endpoint.reject."""
    if not 300 <= status < 700:
        raise LocalError(f"{status} rejects nothing")
    response = _response(call, status, reason, headers)
    call.step("send refuse", response, now_ms)


def receive_ack(call: Call, ack: "Message | None", now_ms: int) -> None:
    """Take an ACK of a 2xx of ours: to the first INVITE or to a re-INVITE."""
    accept = call.accept
    if accept is None or ack is None or ack.cseq()[0] != accept.number:
        call.core.count("stray ack")
        return
    if accept.offered_by_us:
        call.answer = ack.body
    first = call.phase in ("answered", "closing")
    call.stop_accept()
    if first:
        call.step("ack", ack, now_ms)
    elif accept.offered_by_us and call.phase == "established":
        call.core.tell("renegotiated", call, ack)
