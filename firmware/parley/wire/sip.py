"""SIP messages: the door to message.py and parser.py, and what a server does first with a request."""

from parley.wire.errors import RemoteError
from parley.wire.grammar import split_outside
from parley.wire.message import REASONS, Request, Response, SipMessage
from parley.wire.parser import MAX_HEADERS, MAX_LINE, MAX_MESSAGE_BYTES, parse_message
from parley.wire.uri import parse_via

__all__ = (
    "MAX_HEADERS",
    "MAX_LINE",
    "MAX_MESSAGE_BYTES",
    "REASONS",
    "Request",
    "Response",
    "SipMessage",
    "note_source",
    "parse_message",
    "response_to",
)

_COPIED = ("Via", "From", "To", "Call-ID", "CSeq")  # RFC 3261 8.2.6.2


def response_to(
    request: Request,
    status: int,
    reason: "str | None" = None,
    to_tag: "str | None" = None,
    headers: "list[tuple[str, str]] | tuple[tuple[str, str], ...]" = (),
) -> Response:
    """Build the response to a request by RFC 3261 8.2.6: it takes over Via, From, To, Call-ID and CSeq.

    status: 100..699; reason: phrase, the usual one by default; to_tag: added to To when it has no tag;
    headers: further pairs of name and value. Works on half-read requests (RemoteError.message) too: what is
    missing there is missing here. Record-Route is left to the dialog (RFC 3261 12.1.1). Raises LocalError on
    a bad header.
    """
    response = Response(status, reason or "")
    response.octets = request.octets
    copied: list[tuple[str, str]] = []
    for name, value in request.headers:
        if name in _COPIED or (name == "Timestamp" and status == 100):  # RFC 3261 8.2.6.1
            copied.append((name, value))
    response.headers = copied
    if to_tag and not _has_to_tag(request):
        response.headers = [(n, v + ";tag=" + to_tag if n == "To" else v) for n, v in copied]
    for name, value in headers:
        response.add(name, value)
    return response


def _has_to_tag(request: Request) -> bool:
    try:
        return request.to_tag() is not None
    except RemoteError:  # a To that cannot be read goes back as it came
        return True


def note_source(request: Request, peer: "tuple[str, int]") -> None:
    """Write the datagram's true source into the topmost Via, as a server must on reception.

    peer: host and port the datagram came from. received is set when sent-by names another host (RFC 3261
    18.2.1) or rport was asked for, which is then filled in too (RFC 3581 4). A received or rport value the
    peer made up is overwritten: answers go where the request came from. Raises RemoteError(400) on a Via that
    cannot be read.
    """
    value = request.required("Via")
    elements = split_outside(value, ",") if "," in value else [value]
    via = parse_via(elements[0])
    rport = via.param("rport")
    if via.host.lower() == peer[0].lower() and rport is None and via.param("received") is None:
        return
    if rport is not None:
        via.set_param("rport", str(peer[1]))
    via.set_param("received", peer[0])
    elements[0] = str(via)
    for index, (name, _) in enumerate(request.headers):
        if name == "Via":
            request.headers[index] = (name, ", ".join(elements))
            return
