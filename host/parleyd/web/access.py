"""Who is let in to which route, and what keeps other sites' pages out."""

from typing import TYPE_CHECKING, Annotated, cast

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from parleyd.tokens import Role, Tokens
from parleyd.web.problems import Problem

if TYPE_CHECKING:
    from parleyd.daemon import Daemon

UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_bearer = HTTPBearer(
    auto_error=False, description="A token of `parley token add`; not needed while there is none."
)
Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]


class Gate:
    """Tells what a request's bearer may do. own: the token of this daemon's own command line, an admin's."""

    def __init__(self, tokens: Tokens, own: str, open_to_all: bool) -> None:
        """Take open_to_all: whether everybody is an admin while there is no token (a loopback address)."""
        self._tokens = tokens
        self._own = own
        self._open_to_all = open_to_all

    def role(self, token: str | None) -> Role | None:
        """Return the role of whoever shows this token, or none; None for nobody."""
        if token is not None:
            if token == self._own:
                return Role.ADMIN
            found = self._tokens.role_of(token)
            return found[1] if found else None
        return Role.ADMIN if self._open_to_all and not self._tokens.entries() else None


def daemon_of(request: Request) -> "Daemon":
    """Return the daemon behind the application."""
    return cast("Daemon", request.app.state.daemon)


def _check(request: Request, credentials: HTTPAuthorizationCredentials | None, wanted: Role) -> None:
    origin = request.headers.get("origin")
    foreign = origin is not None and origin.partition("://")[2] != request.headers.get("host")
    if request.method in UNSAFE and foreign:
        raise Problem(403, "A page of another site may not do that")
    role = cast(Gate, request.app.state.gate).role(credentials.credentials if credentials else None)
    if role is None:
        text = "This token is not known here" if credentials else "This needs a token"
        raise Problem(401, f"{text}; make one with: parley token add NAME --role {wanted.value}")
    if not role.may(wanted):
        raise Problem(403, f"This needs the role {wanted.value}; the token's is {role.value}")


def viewer(request: Request, credentials: Credentials) -> None:
    """Let in whoever may look on."""
    _check(request, credentials, Role.VIEWER)


def operator(request: Request, credentials: Credentials) -> None:
    """Let in whoever may moderate."""
    _check(request, credentials, Role.OPERATOR)


def admin(request: Request, credentials: Credentials) -> None:
    """Let in whoever may change boards."""
    _check(request, credentials, Role.ADMIN)
