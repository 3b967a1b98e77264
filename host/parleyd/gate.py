"""The gate: phones that call for a conference prove who they are, where the operator lists users (RFC 3261 22)."""

from dataclasses import dataclass

from parley.wire.auth import Authenticator
from parley.wire.errors import RemoteError
from parley.wire.sip import Request
from parleyd.registrar import REALM
from parleyd.transmit import Reply

# status -> (header of the challenges, header of the answer): of a server itself, of a proxy (RFC 3261 22.2, 22.3)
HEADERS = {401: ("WWW-Authenticate", "Authorization"), 407: ("Proxy-Authenticate", "Proxy-Authorization")}
REASONS = {401: "Unauthorized", 407: "Proxy Authentication Required"}


@dataclass(frozen=True, slots=True)
class Users:
    """Who may call. hashes: by (name, algorithm), see ha1_of; algorithms: those offered, best first (RFC 8760 2.3)."""

    hashes: dict[tuple[str, str], str]
    algorithms: tuple[str, ...]


NOBODY = Users({}, ())


class Gate:
    """Lets everybody in while there are no users, then only those who know a password."""

    def __init__(self, users: Users, secret: bytes) -> None:
        self._users = users
        self._authenticator = Authenticator(REALM, secret, users.algorithms)

    @property
    def open(self) -> bool:
        """Whether nobody is asked."""
        return not self._users.hashes

    def stop(self, request: Request, now_s: int, status: int = 401) -> tuple[Reply | None, str]:
        """Return the challenge for this request, None when it may pass; and the name that it has proved, "" for none.

        Args:
            now_s: seconds of a clock that never goes back.
            status: 407 where the server is a proxy to this caller.
        """
        if self.open:
            return None, ""
        challenge, credentials = HEADERS[status]
        verdict = "missing"
        for value in _values(request, credentials):
            verdict, name = self._authenticator.check_hashed(value, request.method, self._hash_of, now_s)
            if verdict == "ok":
                return None, name
            if verdict != "missing":
                break
        # A wrong password is asked for again, as a wrong name is: the answer tells nothing about who exists.
        challenges = self._authenticator.challenges(now_s, verdict == "stale")
        return Reply(status, REASONS[status], tuple((challenge, text) for text in challenges)), ""

    def _hash_of(self, name: str, algorithm: str) -> str | None:
        return self._users.hashes.get((name, algorithm))


def _values(request: Request, name: str) -> list[str]:
    try:
        return request.get_all(name)
    except RemoteError:
        return []
