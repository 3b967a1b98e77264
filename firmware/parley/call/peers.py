"""Where messages go (RFC 3261 18, RFC 3263 4.1): datagrams to (host, port), streams to (host, port, "tcp" or "tls")."""

from parley.wire.errors import RemoteError
from parley.wire.uri import parse_name_addr, parse_uri

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parley.wire.sip import Request
    from parley.wire.uri import SipUri

    Address = tuple[str, int] | tuple[str, int, str]

STREAMS = ("tcp", "tls")
MOST_DATAGRAM_BYTES = 1300  # RFC 3261 18.1.1, where the path's MTU is not known
LONGEST_VIA = 120  # what a Via, the method and the version add


def is_stream(peer: "Address") -> bool:
    """Tell whether the peer is reached over a stream, which loses and repeats nothing."""
    return len(peer) == 3


def transport_of(peer: "Address") -> str:
    """Return "udp", "tcp" or "tls"."""
    return peer[2] if len(peer) == 3 else "udp"


def destination_of(uri: "SipUri") -> "Address":
    """Return where requests to this URI go. Raises RemoteError when it is no address."""
    host, port = uri.address()
    transport = (uri.param("transport") or "").lower()
    if uri.scheme == "sips":  # RFC 3261 26.2.2: TLS, whatever else it says
        return host, port, "tls"
    if transport in STREAMS:
        return host, port, transport
    return host, port


def wants_stream(request: "Request") -> bool:
    """Tell whether a request should take TCP rather than UDP (RFC 3261 18.1.1).

    It does when a datagram with it might not get through whole, and its URI leaves the transport to us.
    """
    length = LONGEST_VIA + len(request.uri) + len(request.body)
    for name, value in request.headers:
        length += len(name) + len(value) + 4
    if length <= MOST_DATAGRAM_BYTES:
        return False
    routes = request.get_all("Route")
    try:
        uri = parse_name_addr(routes[0]).uri if routes else parse_uri(request.uri)
    except RemoteError:
        return False
    return uri.scheme == "sip" and uri.param("transport") is None


def way_back(request: "Request", peer: "Address") -> "Address":
    """Return where responses to a request of this peer go (RFC 3261 18.2.2): its connection, or as Via says.

    Raises RemoteError(400) on a Via that cannot be read.
    """
    return peer if is_stream(peer) else request.top_via().reply_address()
