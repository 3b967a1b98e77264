"""Digest from the client's side: a challenge is answered once (RFC 3261 22, RFC 7616, RFC 8760)."""

from parley.wire.auth import authorization, choose_challenge

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parley.wire.sip import Request, Response

# status -> (header with the challenges, header for the answer) (RFC 3261 22.2, 22.3)
CHALLENGES = {
    401: ("WWW-Authenticate", "Authorization"),
    407: ("Proxy-Authenticate", "Proxy-Authorization"),
}


class Credentials:
    """A user name and password, and the challenge they answer now. refused: they were, once."""

    def __init__(self, username: str, password: str) -> None:
        self.username = username
        self.password = password
        self._challenge: "dict[str, str] | None" = None
        self._status = 401
        self._nonce_count = 0
        self.refused = False

    def carry_on(self, previous: "Credentials") -> None:
        """Go on with the challenge that an earlier request of the same kind was let in with."""
        self._challenge = previous._challenge
        self._status = previous._status
        self._nonce_count = previous._nonce_count

    def take(self, response: "Response") -> bool:
        """Take a 401 or 407; False when it is none, cannot be answered, or came after an answer.

        The same credentials refused twice are wrong (RFC 3261 22.1).
        """
        if response.status not in CHALLENGES or self.refused:
            return False
        challenge = choose_challenge(response.get_all(CHALLENGES[response.status][0]))
        if challenge is None:
            return False
        self.refused = True
        self._challenge = challenge
        self._status = response.status
        self._nonce_count = 0
        return True

    def sign(self, request: "Request", cnonce: str) -> None:
        """Add Authorization or Proxy-Authorization, once a challenge is known. cnonce: fresh random text."""
        if self._challenge is None:
            return
        self._nonce_count += 1
        value = authorization(
            self._challenge,
            request.method,
            request.uri,
            self.username,
            self.password,
            self._nonce_count,
            cnonce,
        )
        request.add(CHALLENGES[self._status][1], value)
