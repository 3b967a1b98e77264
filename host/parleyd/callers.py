"""What the operator has laid down for single callers and for the networks that phones are in."""

import ipaddress
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from parley.wire.errors import RemoteError
from parley.wire.uri import parse_uri

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
MAX_REMEMBERED = 65536


class CallerRule(NamedTuple):
    """size: legs reserved when the caller names no size, 0 for the server's default. quota: conferences that the
    caller may hold at once, 0 for no limit. priority: may take the legs spared for such calls. site: where the caller
    wants its boards, "" for anywhere.
    """

    size: int = 0
    quota: int = 0
    priority: bool = False
    site: str = ""


EVERYBODY = CallerRule()


class Callers:
    """Rules by user@host, and sites by network."""

    def __init__(
        self,
        rules: Mapping[str, CallerRule] | None = None,
        everybody: CallerRule = EVERYBODY,
        sites: Sequence[tuple[Network, str]] = (),
    ) -> None:
        """everybody: the rule of those without one of their own. sites: the most exact network counts."""
        self._rules = dict(rules or {})
        self._everybody = everybody
        self._sites = sorted(sites, key=lambda entry: -entry[0].prefixlen)
        self._site_of: dict[str, str] = {}
        self.alike = not self._rules  # nobody has a rule of his own

    def rule(self, caller: str) -> CallerRule:
        """Return the rule of a SIP URI. What From says is not proved: a rule is a help, not a lock."""
        return self._rules.get(user_at_host(caller), self._everybody) if self._rules else self._everybody

    def site(self, source: str) -> str:
        """Return the site of the network that an IP address is in, "" when none is known."""
        if not self._sites or not source:
            return ""
        site = self._site_of.get(source)
        if site is None:
            if len(self._site_of) >= MAX_REMEMBERED:
                self._site_of.clear()
            address = ipaddress.ip_address(source.partition("%")[0])
            found = [site for network, site in self._sites if address in network]
            site = self._site_of[source] = found[0] if found else ""
        return site


def user_at_host(uri: str) -> str:
    """Return what a caller is known by; the text itself when it is no SIP URI."""
    try:
        parsed = parse_uri(uri)
    except RemoteError:
        return uri
    return f"{parsed.user}@{parsed.host.lower()}" if parsed.user else parsed.host.lower()
