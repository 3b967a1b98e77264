"""Requests of theirs that the application answers."""

from parley.call.requests import add_all
from parley.wire.errors import LocalError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parley.call.call import Call
    from parley.call.core import Core
    from parley.call.requests import HeaderList
    from parley.call.transaction import Address, Transaction


class ServerRequest:
    """A request that waits for the application's respond().

    request: the message; method: its method. call: the call whose dialog it is in, or None. peer: where it
    came from. status: of our final response, 0 before. After 32 s the peer has given up: a response is
    counted, not sent.
    """

    def __init__(
        self, core: "Core", transaction: "Transaction", call: "Call | None", peer: "Address"
    ) -> None:
        self.core = core
        self.transaction = transaction
        self.request = transaction.request
        self.method = transaction.request.method
        self.call = call
        self.peer = peer
        self.local_tag = core.token()
        self.status = 0

    def respond(
        self,
        status: int,
        now_ms: int,
        reason: "str | None" = None,
        headers: "HeaderList" = (),
        body: bytes = b"",
    ) -> None:
        """Send a response; see Endpoint.respond."""
        if not 100 <= status < 700:
            raise LocalError(f"{status} is no status")
        response = self.core.response(self.transaction, status, reason, tag=self.local_tag)
        add_all(response, headers)
        if body:
            if response.get("Content-Type") is None:
                raise LocalError("a body without Content-Type")
            response.body = body
        self.core.layer.respond(self.transaction, response, now_ms)
        if status >= 200:
            self.status = status
