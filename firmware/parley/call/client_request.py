"""Our requests outside dialogs, other than INVITE and REFER, with digest answered once (RFC 3261 8.1, 22)."""

from parley.call.challenge import CHALLENGES, Credentials
from parley.call.peers import destination_of
from parley.call.requests import add_all, address_of_record, target_of
from parley.wire.errors import LocalError
from parley.wire.sip import Response

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parley.call.core import Core
    from parley.call.requests import HeaderList
    from parley.call.transaction import Address, Transaction
    from parley.wire.sip import Request

    Message = Request | Response


class ClientRequest:
    """One request of ours.

    method, uri; request: the message last sent; response: the final one, None before. done: whether the
    "response" event was told. user_data is the application's.
    """

    def __init__(self, core: "Core", method: str, uri: str, peer: "Address") -> None:
        self.core = core
        self.method = method
        self.uri = uri
        self.peer = peer
        self.headers: "HeaderList" = ()
        self.body = b""
        self.credentials: "Credentials | None" = None
        self.from_value = ""
        self.to_value = ""
        self.call_id = ""
        self.number = 0
        self.request: "Request | None" = None
        self.response: "Response | None" = None
        self.done = False
        self.user_data: object = None

    def send(self, now_ms: int) -> None:
        """Send the request, with an Authorization once a challenge is known."""
        self.number += 1
        request = self.core.new_request(self.method, self.uri, None, "", self.call_id, self.number)
        request.set("From", self.from_value)
        request.set("To", self.to_value)
        add_all(request, self.headers)
        if self.credentials is not None:
            self.credentials.sign(request, self.core.token())
        if self.body and request.get("Content-Type") is None:
            raise LocalError("a body without Content-Type")
        request.body = self.body
        self.request = request
        self.core.layer.start_client(request, self.peer, self._told, now_ms)

    def _told(self, transaction: "Transaction", event: str, message: "Message | None", now_ms: int) -> None:
        if event == "1xx":
            return
        if isinstance(message, Response):
            self.response = message
            if self._take_challenge(message):
                self.send(now_ms)
                return
        self.done = True
        self.core.tell("response", self, message, event if message is None else "")

    def _take_challenge(self, response: Response) -> bool:
        credentials = self.credentials
        if credentials is None or response.status not in CHALLENGES or credentials.refused:
            return False
        if credentials.take(response):
            return True
        self.core.count("unusable challenge")
        return False


def send_request(
    core: "Core",
    method: str,
    uri: str,
    now_ms: int,
    peer: "Address | None",
    headers: "HeaderList",
    body: bytes,
    from_uri: "str | None",
    to_uri: "str | None",
    credentials: "tuple[str, str] | None",
    previous: "ClientRequest | None",
) -> ClientRequest:
    """Send a request outside a dialog; see Endpoint.request."""
    if method in ("INVITE", "ACK", "CANCEL", "BYE"):
        raise LocalError(f"{method} belongs to a call")
    target, uri_headers = target_of(uri)
    client = ClientRequest(core, method, str(target), peer or destination_of(target))
    client.headers = list(uri_headers) + list(headers)
    client.body = body
    if credentials is not None:
        client.credentials = Credentials(credentials[0], credentials[1])
    client.to_value = f"<{to_uri or address_of_record(target)}>"
    client.from_value = f"<{from_uri or core.uri}>;tag={core.token()}"
    client.call_id = core.new_call_id()
    if previous is not None:  # RFC 3261 10.2: registrations of one client share Call-ID and counting CSeq
        client.call_id = previous.call_id
        client.number = previous.number
        if client.credentials is not None and previous.credentials is not None:
            client.credentials.carry_on(previous.credentials)
    client.send(now_ms)
    return client
