"""Where messages go: datagrams to (host, port), streams to (host, port, "tcp") (RFC 3261 18, RFC 3263 4.1)."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parley.wire.sip import Request
    from parley.wire.uri import SipUri

    Address = tuple[str, int] | tuple[str, int, str]


def is_stream(peer: "Address") -> bool:
    """Tell whether the peer is reached over a stream, which loses and repeats nothing."""
    return len(peer) == 3


def destination_of(uri: "SipUri") -> "Address":
    """Return where requests to this URI go. Raises RemoteError when it is no address."""
    host, port = uri.address()
    if (uri.param("transport") or "").lower() == "tcp":
        return host, port, "tcp"
    return host, port


def way_back(request: "Request", peer: "Address") -> "Address":
    """Return where responses to a request of this peer go (RFC 3261 18.2.2): its connection, or as Via says.

    Raises RemoteError(400) on a Via that cannot be read.
    """
    return peer if is_stream(peer) else request.top_via().reply_address()
