"""What tells which transaction a message belongs to (RFC 3261 17.1.3, 17.2.3, 8.2.2.2)."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parley.wire.sip import Request, Response

    Message = Request | Response

MAGIC_COOKIE = "z9hG4bK"  # RFC 3261 8.1.1.7
_COOKIE = MAGIC_COOKIE.lower()  # a token is compared without regard to case (7.3.1)


def response_event(response: "Response") -> str:
    """Name the event that a response is for a client transaction."""
    if response.status < 200:
        return "1xx"
    invite = response.cseq()[1] == "INVITE"
    return "2xx" if invite and response.status < 300 else "final"


def client_key(message: "Message") -> str:
    """Return what a response has in common with our request (RFC 3261 17.1.3). Raises RemoteError(400)."""
    return f"{message.top_via().branch.lower()}\n{message.cseq()[1]}"


def server_key(request: "Request", method: str = "") -> str:
    """Return what identifies the transaction of a request (RFC 3261 17.2.3); an ACK has its INVITE's key.

    method: in place of the request's own; a CANCEL has its INVITE's key but for the method (9.2).

    Raises RemoteError(400) without usable Via, CSeq, From or Call-ID.
    """
    via = request.top_via()
    number, own_method = request.cseq()
    method = method or ("INVITE" if own_method == "ACK" else own_method)
    branch = via.branch.lower()
    sent_by = f"{branch}\n{via.host.lower()}\n{via.port}\n{method}"  # none of them holds a line end
    if branch.startswith(_COOKIE) and branch != _COOKIE:  # the cookie alone names nothing (RFC 4475 3.2.1)
        return sent_by
    # An RFC 2543 peer. The To tag is left out: it is the only part in which an ACK differs from its INVITE.
    # Of Via only what the peer wrote: we add received and rport ourselves.
    return f"{request.uri}\n{request.from_tag() or ''}\n{request.call_id()}\n{number}\n{sent_by}"


def merge_key(request: "Request") -> str:
    """Return what two copies of one request have in common that came by two paths (RFC 3261 8.2.2.2)."""
    number, method = request.cseq()
    return f"{request.from_tag() or ''}\n{request.call_id()}\n{number}\n{method}"
