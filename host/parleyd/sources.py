"""Per-source rate limits: how many new requests one network address may send, so that nobody takes everybody's turn.

A source that is over its rate is refused with 503 and Retry-After, without a transaction; one that goes on regardless,
and much faster, is not even answered.
"""

import ipaddress
from collections.abc import Sequence
from enum import Enum

from parleyd.callers import Network

BURST_S = 2.0  # a source that was silent may send at once what it may send in so long
FEWEST_AT_ONCE = 10
REFUSALS = 10  # times the rate; faster than that, answers would only add to the flood
MAX_SOURCES = 65536
IPV6_SITE_BITS = 64  # a subscriber has at least that much of IPv6 to choose addresses from


class Ruling(Enum):
    """What becomes of a request."""

    TAKE = "take"
    REFUSE = "refuse"
    DROP = "drop"


class Bucket:
    """Generic cell rate (ITU-T I.371) for many sources: one time each, at which the source has nothing to its name."""

    def __init__(self, interval_ms: float, burst_ms: float) -> None:
        self._interval_ms = interval_ms
        self._burst_ms = burst_ms
        self._due_ms: dict[str, float] = {}

    def takes(self, source: str, now_ms: int) -> bool:
        """Tell whether one more is within the rate, and count it if so."""
        due_ms = self._due_ms.get(source, 0.0)
        if due_ms < now_ms:
            due_ms = float(now_ms)
        if due_ms - now_ms > self._burst_ms:
            return False
        if len(self._due_ms) >= MAX_SOURCES and source not in self._due_ms:
            self._forget(now_ms)
        self._due_ms[source] = due_ms + self._interval_ms
        return True

    def _forget(self, now_ms: int) -> None:
        self._due_ms = {source: due_ms for source, due_ms in self._due_ms.items() if due_ms > now_ms}
        if len(self._due_ms) >= MAX_SOURCES:  # from everywhere at once: sources are no measure any more
            self._due_ms.clear()


class Sources:
    """Rules by source address."""

    def __init__(self, per_s: float = 0, exceptions: Sequence[tuple[Network, float]] = ()) -> None:
        """per_s: new requests a second of one IPv4 address or IPv6 /64 network; 0 for no limit. exceptions: other
        rates for the addresses in a network, the most exact network counts: proxies, PBXs.
        """
        self._per_s = per_s
        self._exceptions = sorted(exceptions, key=lambda entry: -entry[0].prefixlen)
        self._buckets: dict[float, tuple[Bucket, Bucket]] = {}
        self._known: dict[str, tuple[str, tuple[Bucket, Bucket] | None]] = {}
        self.limited = per_s > 0 or bool(exceptions)

    def rule(self, host: str, now_ms: int) -> Ruling:
        """Return what becomes of a new request from this IP address. now_ms: monotonic."""
        if not self.limited:
            return Ruling.TAKE
        known = self._known.get(host)
        if known is None:
            known = self._look_up(host)
        source, buckets = known
        if buckets is None or buckets[0].takes(source, now_ms):
            return Ruling.TAKE
        return Ruling.REFUSE if buckets[1].takes(source, now_ms) else Ruling.DROP

    def _look_up(self, host: str) -> tuple[str, tuple[Bucket, Bucket] | None]:
        address = ipaddress.ip_address(host.partition("%")[0])
        source = host
        if address.version == 6:
            source = str(ipaddress.ip_network((address, IPV6_SITE_BITS), strict=False).network_address)
        found = [per_s for network, per_s in self._exceptions if address in network]
        per_s = found[0] if found else self._per_s
        if len(self._known) >= MAX_SOURCES:
            self._known.clear()
        known = self._known[host] = (source, self._of_rate(per_s) if per_s > 0 else None)
        return known

    def _of_rate(self, per_s: float) -> tuple[Bucket, Bucket]:
        if per_s not in self._buckets:
            burst_ms = 1000 * max(BURST_S, FEWEST_AT_ONCE / per_s)
            asked = Bucket(1000 / per_s, burst_ms - 1000 / per_s)
            refused = Bucket(1000 / per_s / REFUSALS, burst_ms)
            self._buckets[per_s] = (asked, refused)
        return self._buckets[per_s]
