"""The transmission unit: from a verdict to the second message, a SIP response with the address or the reason."""

from typing import NamedTuple

from parley.wire.grammar import quote
from parleyd.verdict import Grant, Refusal

MOVED_TEMPORARILY = 302


class Reply(NamedTuple):
    """A response without what the transaction adds: status, reason and the header fields that matter."""

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...] = ()


class TransmissionUnit:
    """Writes what the phone gets back."""

    def __init__(self, agent: str) -> None:
        """Take the server's own `host:port`, the warn-agent of Warning headers (RFC 3261 20.43)."""
        self._agent = agent

    def transmit(self, verdict: Grant | Refusal) -> Reply:
        """Return 302 with the one Contact that is the conference's address, or the refusal's response."""
        if isinstance(verdict, Grant):
            # One Contact: with most phones only the first counts. isfocus: RFC 3840 9, RFC 4579 4.1.
            # The transport is always named: some phones guess the one they came by (RFC 3263 4.1 leaves it open).
            contact = f"<{verdict.address}>;isfocus"
            headers = (("Contact", contact), ("Expires", str(verdict.ttl_s)))  # RFC 3261 8.3
            return Reply(MOVED_TEMPORARILY, "Moved Temporarily", headers)
        return Reply(verdict.status, verdict.reason, (*self._reasons(verdict), *verdict.headers))

    def _reasons(self, refusal: Refusal) -> list[tuple[str, str]]:
        headers: list[tuple[str, str]] = []
        if refusal.retry_after_s is not None:
            headers.append(("Retry-After", str(refusal.retry_after_s)))  # RFC 3261 20.33
        if refusal.warn_code is not None:
            headers.append(("Warning", f"{refusal.warn_code} {self._agent} {quote(refusal.reason)}"))
        return headers
