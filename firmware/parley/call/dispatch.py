"""Where their requests go: the UAS rules of RFC 3261 8.2 and 12.2.2, then the part the method belongs to."""

from parley.call.callee import receive_ack, receive_invite
from parley.call.core import ACCEPT, KNOWN_METHODS
from parley.call.matching import server_key
from parley.call.notifier import MIN_EXPIRES_S, receive_subscribe
from parley.call.peers import way_back
from parley.call.referee import receive_refer
from parley.call.referrer import is_refer_news, receive_notify
from parley.call.reliable import receive_prack
from parley.call.reoffer import abandon_reoffer, receive_reoffer
from parley.call.server_request import ServerRequest
from parley.call.session_terms import MIN_SE_S, check_interval
from parley.call.subscriber import receive_news
from parley.call.subscription import parse_event
from parley.call.takeover import check_no_naming
from parley.wire.errors import RemoteError
from parley.wire.sip import note_source, response_to
from parley.wire.uri import parse_name_addr, parse_uri

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parley.call.call import Call
    from parley.call.core import Core
    from parley.call.dialog import Dialog
    from parley.call.transaction import Address, Transaction
    from parley.wire.sip import Request, Response

    Message = Request | Response

SDP = "application/sdp"
RETRY_AFTER_S = "2"  # of a refusal that is only a matter of time


def receive_request(core: "Core", request: "Request", peer: "Address", now_ms: int) -> None:
    """Take a request from the network. Raises RemoteError when it is too malformed for a transaction."""
    key = server_key(request)
    note_source(request, (peer[0], peer[1]))
    transaction = core.layer.servers.get(key)
    if request.method == "ACK":
        _receive_ack(core, request, transaction, now_ms)
    elif transaction is not None:
        core.count("repeated request")
        transaction.step("request", request, now_ms)
    elif core.overloaded(request):
        core.count("overload")
        back = way_back(request, peer)
        refuse_stateless(core, request, 503, [("Retry-After", RETRY_AFTER_S)], back)
    else:
        _open(core, request, peer, now_ms)


def refuse_stateless(
    core: "Core", request: "Request", status: int, headers: "list[tuple[str, str]]", back: "Address"
) -> None:
    """Answer a request without a transaction (RFC 3261 8.2.7); back: where the response goes."""
    core.count(f"refused {status}")
    response = response_to(request, status, None, core.token(), headers)
    core.layer.transmit(response.to_bytes(), back)


def _open(core: "Core", request: "Request", peer: "Address", now_ms: int) -> None:
    merged = core.layer.is_merged(request)

    def told(transaction: "Transaction", event: str, message: "Message | None", now_ms: int) -> None:
        if event != "request":
            return
        try:
            if merged:
                raise RemoteError(482, "")  # RFC 3261 8.2.2.2
            _inspect(core, request)
            _route(core, transaction, peer, now_ms)
        except RemoteError as error:
            _refuse(core, transaction, error, now_ms)

    core.layer.start_server(request, way_back(request, peer), told, now_ms)


def _refuse(core: "Core", transaction: "Transaction", error: RemoteError, now_ms: int) -> None:
    status = error.status or 400
    core.count(f"refused {status}")
    headers: list[tuple[str, str]] = []
    if status in (405, 501):
        headers.append(("Allow", core.allow))
    elif status == 406:
        headers.append(("Warning", f'399 {core.uri.host} "No SDP is accepted"'))
    elif status == 415:
        headers.append(("Accept", SDP))
    elif status == 423:
        headers.append(("Min-Expires", str(MIN_EXPIRES_S)))
    elif status == 420:
        headers.append(("Unsupported", error.reason))
    elif status == 422:
        headers.append(("Min-SE", str(MIN_SE_S)))
    elif status == 489:
        headers.append(("Allow-Events", core.allow_events))
    elif status == 500:
        headers.append(("Retry-After", RETRY_AFTER_S))
    reason = error.reason if status == 400 else None
    core.respond(transaction, status, now_ms, reason or None, headers)


def _inspect(core: "Core", request: "Request") -> None:
    # What cannot be read is refused first; then RFC 3261 8.2.1 to 8.2.3, in the RFC's order.
    method = request.method
    scheme_error = _check_syntax(request)
    if method not in core.methods and method not in core.app_methods:
        raise RemoteError(405 if method in KNOWN_METHODS else 501, "")
    if method == "CANCEL":  # RFC 3261 9.2: what it asks for was asked already
        return
    if scheme_error is not None:
        raise scheme_error  # 8.2.2.1
    wanted = [tag for tag in request.get_all("Require") if tag.strip().lower() not in core.supported_tags]
    if wanted:
        raise RemoteError(420, ", ".join(wanted))
    if method != "INVITE":
        check_no_naming(core, request)
    if method in ("INVITE", "UPDATE"):
        _check_content(request)
        check_interval(core, request)
    elif method == "REGISTER":
        _check_address_of_record(request)


def _check_syntax(request: "Request") -> "RemoteError | None":
    # Raises RemoteError(400) on addresses that cannot be read; returns the 416 of an unknown scheme.
    for value in request.get_all("Contact"):
        if value != "*" or request.method != "REGISTER":
            parse_name_addr(value)
    try:
        uri = parse_uri(request.uri)
    except RemoteError as error:
        if error.status == 416:
            return error
        raise
    if uri.headers:  # RFC 3261 19.1.1: not allowed in a Request-URI (RFC 4475 3.1.2.11)
        raise RemoteError(400, "Headers in Request-URI")
    return None


def _check_address_of_record(request: "Request") -> None:
    # RFC 3261 10.2: what is registered is a SIP or SIPS address, in To.
    scheme = parse_name_addr(request.required("To")).uri_text.partition(":")[0]
    if scheme.lower() not in ("sip", "sips"):
        raise RemoteError(400, "To is no SIP address")


def _check_content(request: "Request") -> None:
    # RFC 3261 8.2.3: a body we cannot read, 20.1: an answer they could not read.
    if request.body:
        kind = (request.get("Content-Type") or SDP).partition(";")[0].strip().lower()
        if kind != SDP or request.get_all("Content-Encoding") not in ([], ["identity"]):
            disposition = (request.get("Content-Disposition") or "").replace(" ", "").lower()
            if ";handling=optional" not in disposition:
                raise RemoteError(415, "")
            request.body = b""  # as if it were not there
    if request.get("Accept") is not None:
        kinds = [value.partition(";")[0].strip().lower() for value in request.get_all("Accept")]
        if SDP not in kinds and "application/*" not in kinds and "*/*" not in kinds:
            raise RemoteError(406, "")  # RFC 4475 3.3.15


def _route(core: "Core", transaction: "Transaction", peer: "Address", now_ms: int) -> None:
    request = transaction.request
    if request.method == "CANCEL":
        _receive_cancel(core, transaction, now_ms)
    elif request.to_tag() is None:
        _outside(core, transaction, peer, now_ms)
    else:
        dialog = core.find_dialog(request)
        if dialog is None:
            raise RemoteError(481, "")  # RFC 3261 12.2.2
        dialog.check_cseq(request)
        _inside(core, transaction, dialog, peer, now_ms)


def _outside(core: "Core", transaction: "Transaction", peer: "Address", now_ms: int) -> None:
    method = transaction.request.method
    if method in core.app_methods:
        _for_application(core, transaction, None, peer)
    elif method == "INVITE":
        receive_invite(core, transaction, peer, now_ms)
    elif method == "REFER":
        receive_refer(core, transaction, None, peer)
    elif method == "SUBSCRIBE":
        receive_subscribe(core, transaction, None, peer, now_ms)
    elif method == "OPTIONS":
        _answer_options(core, transaction, core.contact_of(transaction.request, peer), now_ms)
    else:  # BYE, PRACK, UPDATE, NOTIFY
        raise RemoteError(481, "")


def _inside(core: "Core", transaction: "Transaction", dialog: "Dialog", peer: "Address", now_ms: int) -> None:
    request = transaction.request
    method = request.method
    call = dialog.call
    if call is not None and call.state == "ended":
        call = None  # only its subscriptions are left (RFC 5057)
    if method in core.app_methods and not is_refer_news(request):
        _for_application(core, transaction, dialog, peer)
    elif method == "NOTIFY":
        _receive_notify(core, dialog, transaction, now_ms)
    elif method == "SUBSCRIBE":
        receive_subscribe(core, transaction, dialog, peer, now_ms)
    elif method == "OPTIONS":
        _answer_options(core, transaction, core.contact_at(peer) if call is None else call.contact, now_ms)
    elif call is None:
        raise RemoteError(481, "")
    elif dialog is not call.dialog:
        _in_fork(core, transaction, call, dialog, now_ms)
    elif method == "REFER":
        receive_refer(core, transaction, dialog, peer)
    elif method == "BYE":
        core.respond(transaction, 200, now_ms)
        call.step("bye", request, now_ms)
    elif method == "PRACK":
        receive_prack(call, transaction, now_ms)
    else:  # INVITE, UPDATE
        receive_reoffer(call, transaction, now_ms)


def _receive_notify(core: "Core", dialog: "Dialog", transaction: "Transaction", now_ms: int) -> None:
    package = parse_event(transaction.request.get("Event") or "")[0]
    if package in [known.package for known in dialog.subscriptions if known.package != "refer"]:
        receive_news(core, dialog, transaction, now_ms)
    else:
        receive_notify(core, dialog, transaction, now_ms)


def _in_fork(core: "Core", transaction: "Transaction", call: "Call", dialog: "Dialog", now_ms: int) -> None:
    # An early dialog of our INVITE that is not the call's: another phone that rings, too.
    if transaction.request.method != "BYE":
        raise RemoteError(481, "")
    core.respond(transaction, 200, now_ms)
    if call.early is not None:
        call.early.pop(dialog.remote_tag or "", None)


def _for_application(
    core: "Core", transaction: "Transaction", dialog: "Dialog | None", peer: "Address"
) -> None:
    call = None if dialog is None else dialog.call
    core.tell("request", ServerRequest(core, transaction, call, peer), transaction.request)


def _answer_options(core: "Core", transaction: "Transaction", contact: str, now_ms: int) -> None:
    # RFC 3261 11.2
    headers = [("Allow", core.allow), ("Accept", ACCEPT), ("Supported", core.supported)]
    headers += [("Allow-Events", core.allow_events), ("Contact", contact)]
    core.respond(transaction, 200, now_ms, headers=headers)


def _receive_cancel(core: "Core", transaction: "Transaction", now_ms: int) -> None:
    invite = core.layer.servers.get(server_key(transaction.request, "INVITE"))  # RFC 3261 9.2
    if invite is None:
        raise RemoteError(481, "")
    cancel = transaction.request  # an answered transaction lets go of it
    call = core.call_of(invite)
    tag = None if call is None else call.local_tag
    core.layer.respond(transaction, core.response(transaction, 200, tag=tag), now_ms)
    way = core.forwards.get(invite.key)
    if way is not None:
        way.step("cancel", cancel, now_ms)
    if call is None:
        return
    if call.reoffer_in is invite:
        abandon_reoffer(call, 487, now_ms)
    elif call.invite is invite:
        call.step("cancel", cancel, now_ms)


def _receive_ack(core: "Core", ack: "Request", invite: "Transaction | None", now_ms: int) -> None:
    if invite is not None:
        invite.step("ack", ack, now_ms)
        return
    dialog = core.find_dialog(ack)  # the ACK of a 2xx has a branch of its own (RFC 3261 13.2.2.4)
    if dialog is None or dialog.call is None:
        core.count("stray ack")
        return
    receive_ack(dialog.call, ack, now_ms)
