"""The caller's side of a call: the INVITE and what comes of it (RFC 3261 13.2)."""

from parley.call.call import Call
from parley.call.call_actions import ack_of_success, early_dialog, the_dialog
from parley.call.challenge import Credentials
from parley.call.peers import destination_of
from parley.call.reliable import take_progress
from parley.call.requests import add_all, address_of_record, check_headers, header_of, target_of
from parley.call.session_timer import raise_interval, request_headers
from parley.call.transaction import nobody
from parley.wire.errors import LocalError, RemoteError
from parley.wire.sip import Response
from parley.wire.uri import parse_name_addr

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parley.call.core import Core
    from parley.call.requests import HeaderList
    from parley.call.transaction import Address, Transaction
    from parley.wire.sip import Request

    Message = Request | Response


def invite(
    core: "Core",
    uri: str,
    body: bytes,
    now_ms: int,
    peer: "Address | None",
    from_uri: "str | None",
    headers: "HeaderList",
    redirected: "Call | None",
    contact: "str | None",
    credentials: "tuple[str, str] | None",
) -> Call:
    """Send an INVITE; see Endpoint.invite."""
    target, uri_headers = target_of(uri)
    if from_uri is not None:
        target_of(from_uri)
    if redirected is None:
        request = core.new_request(
            "INVITE", str(target), from_uri, address_of_record(target), core.new_call_id(), 1
        )
    else:
        # RFC 3261 8.1.3.4: To, From and Call-ID are kept, the CSeq number goes up.
        before = redirected.request
        request = core.new_request("INVITE", str(target), None, "", before.call_id(), before.cseq()[0] + 1)
        request.set("From", header_of(before, "From"))
        request.set("To", header_of(before, "To"))
    call = Call(core, "uac", request, peer or destination_of(target), core.new_number())
    if contact is not None:
        check_headers((), contact)
        call.contact = contact
    request.add("Contact", call.contact)
    request.add("Allow", core.allow)
    # Without an offer of ours a reliable 1xx would want an answer in our PRACK (RFC 3262 5).
    request.add("Supported", core.supported if body else core.supported.replace("100rel, ", ""))
    add_all(request, request_headers(call))
    if core.packages:
        request.add("Allow-Events", core.allow_events)  # RFC 6665 8.2.2
    add_all(request, uri_headers)
    add_all(request, headers)
    if body:
        if request.get("Content-Type") is None:
            request.add("Content-Type", "application/sdp")
        request.body = body
    call.local_sdp = body
    if credentials is not None:
        call.credentials = Credentials(credentials[0], credentials[1])

    def told(transaction: "Transaction", event: str, message: "Message | None", now_ms: int) -> None:
        if call.invite is None or transaction is call.invite:  # not of one that was asked better since
            _on_invite(call, event, message, now_ms)

    call.told = told
    call.invite = core.layer.start_client(request, call.peer, told, now_ms)
    core.calls[call.id] = call
    return call


def _on_invite(call: Call, event: str, message: "Message | None", now_ms: int) -> None:
    if not isinstance(message, Response):
        call.step("lost", None, now_ms, text=event)  # timeout, transport error
    elif event == "1xx":
        if not take_progress(call, message, now_ms):
            return
        early = message.status > 100 and message.to_tag() is not None
        call.step("early" if early else "progress", message, now_ms)
    elif event == "2xx" and call.ack:
        _accepted_again(call, message, now_ms)
    elif event == "2xx":
        call.step("accepted", message, now_ms)
    elif _asks_better(call, message):
        call.step("again", message, now_ms)
    else:
        call.step("redirect" if message.status < 400 else "refuse", message, now_ms)


def _asks_better(call: Call, refusal: Response) -> bool:
    # RFC 3261 8.1.3.5: a refusal that says what it wants instead, and what we can give
    if refusal.status == 422:
        return raise_interval(call, refusal)
    return call.credentials is not None and call.credentials.take(refusal)


def _accepted_again(call: Call, response: Response, now_ms: int) -> None:
    # A 2xx repeated gets its ACK again, whatever became of the call; one of another fork gets ACK and BYE
    # (RFC 3261 13.2.2.4).
    core = call.core
    if the_dialog(call).remote_tag == (response.to_tag() or ""):
        core.count("repeated 2xx")
        core.layer.transmit(call.ack, call.ack_peer)
        return
    core.count("forked 2xx")
    fork = early_dialog(call, response)
    ack, peer = ack_of_success(call, fork, response)
    core.layer.transmit(ack, peer)
    core.layer.start_client(fork.request("BYE"), fork.next_hop(), nobody, now_ms)


def check_redirected(call: "Call | None") -> None:
    """Raise LocalError unless this call (if any) ended with a 3xx."""
    if call is not None and (call.role != "uac" or call.state != "ended"):
        raise LocalError("only a redirected call can be followed")


def contacts_of(response: Response) -> "list[str]":
    """Return the SIP URIs of a 3xx's Contacts, best q first, equal ones as listed (RFC 3261 8.1.3.4)."""
    found: list[tuple[float, int, str]] = []
    try:
        values = response.get_all("Contact")
    except RemoteError:
        values = []
    for order, value in enumerate(values):
        try:
            contact = parse_name_addr(value)
            contact.uri.address()
            quality = float(contact.param("q") or "1")
        except (RemoteError, ValueError):
            continue
        found.append((-quality, order, contact.uri_text))
    found.sort()
    return [entry[2] for entry in found]
