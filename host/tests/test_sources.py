"""Per-source limits: one source's flood is its own affair."""

import ipaddress

import pytest

from parleyd import sources
from parleyd.sources import Ruling, Sources

net = ipaddress.ip_network


def taken(limits, host, count, now_ms):
    rulings = [limits.rule(host, now_ms) for _ in range(count)]
    return [rulings.count(one) for one in Ruling]


def test_a_burst_then_the_rate():
    limits = Sources(10)
    assert taken(limits, "192.0.2.1", 30, 1000) == [20, 10, 0]  # two seconds' worth at once
    assert taken(limits, "192.0.2.1", 30, 1500) == [5, 25, 0]
    assert taken(limits, "192.0.2.2", 5, 1500) == [5, 0, 0]  # the neighbour does not feel it
    assert taken(limits, "192.0.2.1", 20, 60_000) == [20, 0, 0]


def test_who_asks_within_the_rate_is_never_refused():
    limits = Sources(10)
    assert all(limits.rule("192.0.2.1", 100 * number) is Ruling.TAKE for number in range(1000))


def test_a_flood_is_not_answered():
    limits = Sources(10)
    took, refused, dropped = taken(limits, "192.0.2.1", 1000, 0)
    assert took == 20 and 100 <= refused <= 210 and dropped == 1000 - took - refused


def test_a_small_rate_lets_a_handful_in_at_once():
    assert taken(Sources(1), "192.0.2.1", 20, 0)[0] == sources.FEWEST_AT_ONCE


def test_the_addresses_of_one_ipv6_network_are_one_source():
    limits = Sources(10)
    found = [limits.rule(f"2001:db8::{number:x}", 0) for number in range(30)]
    assert found.count(Ruling.TAKE) == 20
    assert limits.rule("2001:db8:0:1::1", 0) is Ruling.TAKE
    assert limits.rule("fe80::1%eth0", 0) is Ruling.TAKE


def test_the_most_exact_exception_counts():
    limits = Sources(10, [(net("10.0.0.0/8"), 100), (net("10.1.2.3/32"), 0)])
    assert taken(limits, "10.9.9.9", 250, 0)[0] == 200
    assert taken(limits, "10.1.2.3", 5000, 0) == [5000, 0, 0]


@pytest.mark.parametrize("limits", [Sources(), Sources(0, [(net("10.0.0.0/8"), 1)])])
def test_no_limit(limits):
    assert taken(limits, "192.0.2.1", 5000, 0) == [5000, 0, 0]


def test_what_is_remembered_has_an_end(monkeypatch):
    monkeypatch.setattr(sources, "MAX_SOURCES", 50)
    limits = Sources(10)
    for number in range(500):
        limits.rule(f"10.0.{number // 250}.{number % 250}", 10 * number)
    assert len(limits._known) <= 50
    assert all(len(bucket._due_ms) <= 50 for pair in limits._buckets.values() for bucket in pair)
