"""Who may use the HTTP API: tokens with roles, kept as hashes in the state folder.

A token is 32 random bytes, so one round of SHA-256 is enough: there is nothing to guess (as for OAuth, RFC 6749
10.10). Without any token the API is open, which the daemon allows on a loopback address only.
"""

import hashlib
import json
import os
import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, cast

from parley.wire.errors import LocalError

FILE = "tokens.json"
PREFIX = "parley_"  # lets scanners of leaked secrets, and people, see what it is
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")


class Role(StrEnum):
    """What somebody may do; each role may all that the ones before it may."""

    VIEWER = "viewer"  # look on
    OPERATOR = "operator"  # moderate conferences, drain boards, ask for conferences
    ADMIN = "admin"  # reset, provision and upgrade boards

    def may(self, wanted: "Role") -> bool:
        """Tell whether this role includes the wanted one."""
        order = list(Role)
        return order.index(self) >= order.index(wanted)


class TokenError(LocalError):
    """A token cannot be made or revoked, or the file of tokens is damaged; one sentence says why."""


@dataclass(frozen=True, slots=True)
class TokenEntry:
    """One token without its secret: name, role, SHA-256 in hex, unix time it was made."""

    name: str
    role: Role
    sha256: str
    created_s: int


class Tokens:
    """The tokens of a state folder; the file is read again whenever it has changed."""

    def __init__(self, state: Path) -> None:
        self._path = state / FILE
        self._seen: tuple[int, int] | None = None
        self._entries: dict[str, TokenEntry] = {}

    def entries(self) -> list[TokenEntry]:
        """Return all of them. Raises TokenError when the file is damaged."""
        self._refresh()
        return list(self._entries.values())

    def role_of(self, token: str) -> tuple[str, Role] | None:
        """Return name and role of whoever shows this token; None for nobody. Raises TokenError."""
        self._refresh()
        digest = _digest(token)
        for entry in self._entries.values():
            if secrets.compare_digest(entry.sha256, digest):
                return entry.name, entry.role
        return None

    def add(self, name: str, role: Role) -> str:
        """Make a token and return it; nobody can read it again. Raises TokenError for a bad or a taken name."""
        self._refresh()
        if not NAME.fullmatch(name):
            raise TokenError(f"{name!r} is no name for a token: use letters, digits, '.', '_', '@', '-'")
        if name in self._entries:
            raise TokenError(
                f"there is a token of the name {name!r}; revoke it first: parley token revoke {name}"
            )
        token = PREFIX + secrets.token_urlsafe(32)
        entry = TokenEntry(name, role, _digest(token), int(time.time()))
        self._write({**self._entries, name: entry})
        return token

    def revoke(self, name: str) -> None:
        """Forget a token. Raises TokenError when there is none of that name."""
        self._refresh()
        if name not in self._entries:
            raise TokenError(f"there is no token of the name {name!r}; see: parley token list")
        self._write({key: entry for key, entry in self._entries.items() if key != name})

    def _refresh(self) -> None:
        try:
            facts = self._path.stat()
        except FileNotFoundError:
            self._seen, self._entries = None, {}
            return
        seen = (facts.st_mtime_ns, facts.st_ino)
        if seen != self._seen:
            self._entries, self._seen = _read(self._path), seen

    def _write(self, entries: Mapping[str, TokenEntry]) -> None:
        fresh = self._path.with_suffix(".new")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with open(handle, "w", encoding="utf-8") as file:
                json.dump([asdict(entry) for entry in entries.values()], file, indent=2)
            fresh.replace(self._path)
        except OSError as error:
            raise TokenError(f"cannot write {self._path}: {error.strerror}") from error


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _read(path: Path) -> dict[str, TokenEntry]:
    try:
        rows = cast(list[dict[str, Any]], json.loads(path.read_text(encoding="utf-8")))
        entries = [
            TokenEntry(str(row["name"]), Role(row["role"]), str(row["sha256"]), int(row["created_s"]))
            for row in rows
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TokenError(f"{path} is damaged ({error}); remove it and add the tokens again") from error
    return {entry.name: entry for entry in entries}
