"""Dialogs (RFC 3261 12): the peer-to-peer state that INVITE, REFER and NOTIFY build up."""

from parley.call.peers import destination_of, transport_of
from parley.call.requests import new_request
from parley.wire.errors import RemoteError
from parley.wire.sip import Request, Response
from parley.wire.uri import NameAddr, parse_name_addr, parse_uri

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parley.call.call import Call
    from parley.call.event_subscription import EventSubscription
    from parley.call.peers import Address
    from parley.call.subscription import Subscription


def contact_of(message: "Request | Response") -> "NameAddr | None":
    """Return the first Contact, None without one. Raises RemoteError(400) when it is malformed."""
    contacts = message.get_all("Contact")
    if not contacts or contacts[0].strip() == "*":
        return None
    return parse_name_addr(contacts[0])


class Dialog:
    """One dialog, seen from this side.

    local, remote: From/To values without tags. remote_tag: None until the peer has given one (a REFER under
    way), '' for a peer of RFC 2543. remote_target: URI for requests. route_set: Route values in sending
    order. local_seq, remote_seq: last CSeq numbers; remote_seq None before their first request. call,
    subscriptions: its usages (RFC 5057); the dialog ends with the last of them. flow: the TLS connection by which their
    first request came.
    """

    flow: "Address | None" = None  # of the class: the dialogs that are not over TLS need no room for it

    def __init__(self, call_id: str, local: str, local_tag: str, remote: str, remote_target: str) -> None:
        self.call_id = call_id
        self.local = local
        self.local_tag = local_tag
        self.remote = remote
        self.remote_tag: "str | None" = None
        self.remote_target = remote_target
        self.route_set: list[str] = []
        self.local_seq = 0
        self.remote_seq: "int | None" = None
        self.call: "Call | None" = None
        self.subscriptions: "list[Subscription | EventSubscription]" = []
        self.refers_received = 0
        self.reliable_seq: "int | None" = None  # RSeq of the last reliable 1xx (RFC 3262 4)

    @property
    def key(self) -> "tuple[str, str]":
        """Call-ID and local tag; the remote tag is compared apart, for it may not be known yet."""
        return (self.call_id, self.local_tag)

    @property
    def unused(self) -> bool:
        """Whether no usage is left."""
        return not self.subscriptions and (self.call is None or self.call.state == "ended")

    def local_value(self) -> str:
        """Return our From value for requests in this dialog."""
        return f"{self.local};tag={self.local_tag}"

    def request(self, method: str, number: "int | None" = None) -> Request:
        """Build a request inside the dialog (RFC 3261 12.2.1.1); number: of the INVITE that an ACK is for."""
        if number is None:
            self.local_seq += 1
            number = self.local_seq
        to_value = f"{self.remote};tag={self.remote_tag}" if self.remote_tag else self.remote
        request = new_request(method, self.remote_target, self.local_value(), to_value, self.call_id, number)
        routes = self.route_set
        if routes and parse_name_addr(routes[0]).uri.param("lr") is None:
            # A strict router (RFC 2543): it goes into the Request-URI, the target to the end of the route.
            request.uri = parse_name_addr(routes[0]).uri_text
            routes = routes[1:] + [f"<{self.remote_target}>"]
        for route in routes:
            request.add("Route", route)
        return request

    def next_hop(self) -> "Address":
        """Return where requests of this dialog go (RFC 3261 8.1.2).

        Over TLS that is the connection by which the peer came: few phones have a certificate, without which nobody can
        connect to them (RFC 5923 3.1, RFC 5626 3.2).
        """
        uri = parse_name_addr(self.route_set[0]).uri if self.route_set else parse_uri(self.remote_target)
        destination = destination_of(uri)
        return self.flow if self.flow is not None and transport_of(destination) == "tls" else destination

    def check_cseq(self, request: Request) -> None:
        """Take the CSeq of a request of theirs; raises RemoteError(500) if it is out of order (12.2.2)."""
        number = request.cseq()[0]
        if self.remote_seq is not None and number < self.remote_seq:
            raise RemoteError(500, "CSeq out of order")
        self.remote_seq = number

    def matches(self, remote_tag: "str | None") -> bool:
        """Tell whether a request with this From tag is inside the dialog."""
        return self.remote_tag is None or self.remote_tag == (remote_tag or "")

    def refresh_target(self, message: "Request | Response") -> None:
        """Take the Contact of a target refresh (RFC 3261 12.2.1.2, 12.2.2). Raises RemoteError(400)."""
        contact = contact_of(message)
        if contact is not None:
            contact.uri.address()
            self.remote_target = contact.uri_text


def allows_update(message: "Request | Response") -> bool:
    """Tell whether the sender of this message takes UPDATE (RFC 3311 4)."""
    return "UPDATE" in [method.strip() for method in message.get_all("Allow")]


def dialog_of_sent(request: Request) -> Dialog:
    """Return the half of a dialog that a request of ours, sent outside any, begins (RFC 3261 12.1.2)."""
    sender = parse_name_addr(request.required("From"))
    receiver = parse_name_addr(request.required("To"))
    dialog = Dialog(
        request.call_id(), _without_tag(sender), sender.tag or "", _without_tag(receiver), request.uri
    )
    dialog.local_seq = request.cseq()[0]
    return dialog


def confirm(dialog: Dialog, response: Response) -> None:
    """Let a 1xx or 2xx complete our half: remote tag, target and route set (RFC 3261 12.1.2, 13.2.2.4).

    Raises RemoteError(400) on a malformed Contact or Record-Route; then the tag alone is taken.
    """
    dialog.remote_tag = response.to_tag() or ""
    routes = response.get_all("Record-Route")
    routes.reverse()
    _check_routes(routes)
    dialog.refresh_target(response)
    dialog.route_set = routes


def check_dialog_forming(request: Request) -> NameAddr:
    """Return the one Contact of a request that can open a dialog (8.1.1.8). Raises RemoteError(400)."""
    contacts = request.get_all("Contact")
    if len(contacts) == 1 and contacts[0] != "*":
        contact = parse_name_addr(contacts[0])
    elif not contacts and not request.top_via().branch and request.from_tag() is None:
        contact = parse_name_addr(request.required("From"))  # RFC 2543 did not ask for one (RFC 4475 3.4.1)
    else:
        raise RemoteError(400, "Not one Contact" if contacts else "Missing Contact")
    contact.uri.address()
    _check_routes(request.get_all("Record-Route"))
    return contact


def adopt(dialog: Dialog, request: Request) -> None:
    """Let their request complete our half: a NOTIFY that overtook the 202 (RFC 6665 4.4.1).

    Raises RemoteError(400) on a malformed Contact or Record-Route.
    """
    routes = request.get_all("Record-Route")
    _check_routes(routes)
    dialog.refresh_target(request)
    dialog.remote_tag = request.from_tag() or ""
    dialog.route_set = routes


def dialog_of_request(request: Request, local_tag: str, peer: "Address") -> Dialog:
    """Return the dialog that our 1xx or 2xx to this request, which came from peer, opens (RFC 3261 12.1.1).

    Raises RemoteError(400) on a missing or malformed Contact, or a malformed Record-Route.
    """
    contact = check_dialog_forming(request)
    local = parse_name_addr(request.required("To"))
    remote = parse_name_addr(request.required("From"))
    dialog = Dialog(request.call_id(), _without_tag(local), local_tag, _without_tag(remote), contact.uri_text)
    dialog.remote_tag = remote.tag or ""
    dialog.remote_seq = request.cseq()[0]
    dialog.route_set = request.get_all("Record-Route")
    if transport_of(peer) == "tls":
        dialog.flow = peer
    return dialog


def _check_routes(routes: "list[str]") -> None:
    for route in routes:
        parse_name_addr(route).uri.address()


def _without_tag(address: NameAddr) -> str:
    plain = NameAddr(address.uri_text, address.display, [])
    plain.params = [pair for pair in address.params if pair[0].lower() != "tag"]
    return str(plain)
