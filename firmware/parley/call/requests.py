"""Requests in the forms RFC 3261 prescribes: outside dialogs, and those made from another request."""

from parley.wire.errors import LocalError, RemoteError
from parley.wire.sip import Request, Response
from parley.wire.uri import SipUri, parse_uri

TYPE_CHECKING = False
if TYPE_CHECKING:
    HeaderList = list[tuple[str, str]] | tuple[tuple[str, str], ...]

MAX_FORWARDS = "70"  # RFC 3261 8.1.1.6
# What a URI may put into our request; RFC 3261 19.1.5 warns of the rest.
URI_HEADERS = (
    "subject",
    "replaces",
    "join",
    "referred-by",
    "in-reply-to",
    "priority",
    "accept-contact",
    "reject-contact",
)


def new_request(method: str, uri: str, from_value: str, to_value: str, call_id: str, number: int) -> Request:
    """Return a request with the header fields of RFC 3261 8.1.1 but Via, which the transaction layer adds."""
    headers = [
        ("Max-Forwards", MAX_FORWARDS),
        ("From", from_value),
        ("To", to_value),
        ("Call-ID", call_id),
        ("CSeq", f"{number} {method}"),
    ]
    return Request(method, uri, headers)


def add_all(message: "Request | Response", headers: "HeaderList") -> None:
    """Add the caller's header fields, in order."""
    for name, value in headers:
        message.add(name, value)


def check_headers(headers: "HeaderList", *values: str) -> None:
    """Raise LocalError if one of these header fields, or of further values, cannot stand in a message."""
    Request("OPTIONS", "sip:check", list(headers) + [("Subject", value) for value in values])


def target_of(text: str) -> "tuple[SipUri, list[tuple[str, str]]]":
    """Split a URI someone gave us into a Request-URI and the header fields it asks for (RFC 3261 19.1.5).

    A method parameter and headers may stand in a Refer-To or a Contact, never in a Request-URI; headers that
    would make the request another's are left out. Raises LocalError when it is no SIP URI.
    """
    try:
        uri = parse_uri(text)
    except RemoteError as error:
        raise LocalError(f"{text!r}: {error.reason}")
    asked = [(name, value) for name, value in uri.header_list() if _harmless(name, value)]
    uri.headers = ""
    uri.remove_param("method")
    return uri, asked


def _harmless(name: str, value: str) -> bool:
    name = name.lower()
    return (name in URI_HEADERS or name.startswith("x-")) and "\r" not in value and "\n" not in value


def address_of_record(uri: SipUri) -> str:
    """Return the URI as it may stand in From and To: without what only routes (RFC 3261 19.1.1, table 1)."""
    plain = parse_uri(str(uri))
    for name in ("transport", "maddr", "ttl", "lr", "method"):
        plain.remove_param(name)
    return str(plain)


def _derived(method: str, request: Request) -> Request:
    # The same Request-URI, top Via, From, Call-ID, CSeq number and Route as the request (RFC 3261 9.1,
    # 17.1.1.3).
    derived = new_request(
        method,
        request.uri,
        header_of(request, "From"),
        header_of(request, "To"),
        request.call_id(),
        request.cseq()[0],
    )
    derived.insert_first("Via", request.get_all("Via")[0])
    for route in request.get_all("Route"):
        derived.add("Route", route)
    return derived


def ack_of_failure(invite: Request, response: Response) -> Request:
    """Return the ACK of a 300-699 response to this INVITE (RFC 3261 17.1.1.3): To is the response's."""
    ack = _derived("ACK", invite)
    ack.set("To", response.get("To") or header_of(invite, "To"))
    return ack


def cancel_of(request: Request) -> Request:
    """Return the CANCEL of a request we sent (RFC 3261 9.1)."""
    return _derived("CANCEL", request)


def header_of(message: "Request | Response", name: str) -> str:
    """Return a header field that every message of ours has. Raises LocalError if it has not."""
    value = message.get(name)
    if value is None:
        raise LocalError(f"no {name} header field")
    return value
