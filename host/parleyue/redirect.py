"""Where a 3xx answer sends us (RFC 3261 section 8.1.3.4)."""

from dataclasses import dataclass

from parley.wire.errors import RemoteError
from parley.wire.sip import Response
from parley.wire.uri import NameAddr, SipUri, parse_name_addr, parse_uri

MAX_REDIRECTS = 5
TRANSPORTS = ("udp", "tcp", "tls")


@dataclass(frozen=True)
class Target:
    """The address a 3xx names: its URI, whether a focus is there (RFC 4579), how many Contacts there were."""

    parsed: SipUri
    is_focus: bool
    contacts: int

    @property
    def uri(self) -> str:
        """The URI as text."""
        return str(self.parsed)


def callable_uri(text: str) -> SipUri:
    """Make a URI of somebody else fit to be called by us.

    text: a SIP URI. Returns it without its method parameter and without headers: what goes into our INVITE is
    ours to say (RFC 3261 section 19.1.5 permits to ignore them).
    Raises RemoteError(416) for a transport this phone has not, RemoteError(400) for what is no URI.
    """
    uri = parse_uri(text)
    transport = (uri.param("transport") or "udp").lower()
    if transport not in TRANSPORTS:
        raise RemoteError(416, f"it wants {transport}, this phone speaks {', '.join(TRANSPORTS)}")
    uri.remove_param("method")
    uri.headers = ""
    return uri


def next_target(response: Response, visited: list[str]) -> Target:
    """Choose the Contact to call after a 3xx.

    visited: the URIs called so far on this way. The first Contact of the highest q that can be called is
    taken; there is no second try, because a redirect names one allocated address. Raises RemoteError with a
    sentence when there is none, when it was called already, or after MAX_REDIRECTS.
    """
    if len(visited) > MAX_REDIRECTS:
        raise RemoteError(482, f"redirected more than {MAX_REDIRECTS} times")
    contacts = response.get_all("Contact")
    usable: list[tuple[float, NameAddr, SipUri]] = []
    complaint = "the redirect names no address"
    for text in contacts:
        try:
            contact = parse_name_addr(text)
            usable.append((_q(contact), contact, callable_uri(contact.uri_text)))
        except RemoteError as error:
            complaint = f"the redirect's address cannot be called: {error.reason}"
    if not usable:
        raise RemoteError(400, complaint)
    if parse_uri(visited[0]).scheme == "sips" and all(uri.scheme != "sips" for _, _, uri in usable):
        raise RemoteError(400, "the redirect leads off sips: not every hop would be secure")  # RFC 5630 3.1.2
    _, best, uri = max(usable, key=lambda choice: choice[0])  # max keeps the first among equals
    if any(uri.same_as(parse_uri(seen)) for seen in visited):
        raise RemoteError(482, f"redirected in a circle, back to {uri}")
    return Target(uri, best.param("isfocus") is not None, len(contacts))


def _q(contact: NameAddr) -> float:
    """Read q; a Contact without one counts as 1 (RFC 3261 section 20.10 leaves it open)."""
    try:
        return float(contact.param("q") or 1.0)
    except ValueError:
        return 0.0
