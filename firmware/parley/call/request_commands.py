"""The endpoint's commands for what is no call of its own: other requests, and INVITEs that are passed on."""

from parley.call import client_request
from parley.call import forward as forwarding
from parley.call.subscription_commands import SubscriptionCommands

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parley.call.call import Call
    from parley.call.client_request import ClientRequest
    from parley.call.requests import HeaderList
    from parley.call.server_request import ServerRequest
    from parley.call.transaction import Address


class RequestCommands(SubscriptionCommands):
    """What an application may command outside calls; part of Endpoint."""

    def forward(self, call: "Call", uri: str, now_ms: int) -> None:
        """Pass an incoming call on to uri as a stateful proxy that does not record its route (RFC 3261 16).

        The call is over for us; its dialog is between the caller and whoever answers. Event: "forwarded". What may not
        be passed on is refused (420, 483, 400). Raises LocalError once the call was answered, or on a bad uri.
        """
        forwarding.forward(self._core, call, uri, self._at(now_ms))

    def request(
        self,
        method: str,
        uri: str,
        now_ms: int,
        peer: "Address | None" = None,
        headers: "HeaderList" = (),
        body: bytes = b"",
        from_uri: "str | None" = None,
        to_uri: "str | None" = None,
        credentials: "tuple[str, str] | None" = None,
        previous: "ClientRequest | None" = None,
    ) -> "ClientRequest":
        """Send a request outside dialogs (REGISTER, MESSAGE, OPTIONS, ...). Event: "response".

        credentials: (user name, password); a 401 or 407 is answered with them once. previous: an earlier
        request of the same kind, whose Call-ID, CSeq count and challenge are carried on (RFC 3261 10.2). A
        body needs a Content-Type among headers.
        """
        return client_request.send_request(
            self._core,
            method,
            uri,
            self._at(now_ms),
            peer,
            headers,
            body,
            from_uri,
            to_uri,
            credentials,
            previous,
        )

    def respond(
        self,
        server_request: "ServerRequest",
        status: int,
        now_ms: int,
        reason: "str | None" = None,
        headers: "HeaderList" = (),
        body: bytes = b"",
    ) -> None:
        """Answer a "request" or refuse a "referred". Raises LocalError after a final response."""
        server_request.respond(status, self._at(now_ms), reason, headers, body)
