"""Ends on purpose: the operator ends a conference, or everything; everybody is told, nothing is left behind."""

import signal
import time

import pytest

from hil_tests import ask

pytestmark = pytest.mark.hil


def told(result) -> list[str]:
    """Who got a BYE from the board."""
    return sorted(p["name"] for p in result.participants if p.get("ended_by_peer"))


@pytest.mark.parametrize(
    "number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.once)], ids=["SIGTERM", "SIGINT"]
)
def test_the_end_of_the_server_says_goodbye_to_everybody(own_bench, crowd_of, figures, number):
    bench = own_bench(boards=2)
    crowd = crowd_of(server=bench.server, conferences=2, participants=2, seconds=30)
    crowd.wait_talking()
    start = time.monotonic()
    assert bench.process.stop(grace_s=12, first=number) == 0, bench.process.tail()
    seconds = time.monotonic() - start
    assert bench.leftovers() == [], "processes of the boards are left"
    result = crowd.finish(early=True)
    figures.add(stop_s=round(seconds, 1))
    assert told(result) == ["c0p0", "c0p1", "c1p0", "c1p1"]
    assert seconds < 8


def test_an_operator_ends_one_conference(bench, crowd_of):
    ended = crowd_of("ended", server=bench.server, participants=2, seconds=30)
    spared = crowd_of("spared", server=bench.server, participants=2, seconds=30, skip_tones=2, prefix="s-")
    ended.wait_talking()
    spared.wait_talking()
    conference = next(c for c in bench.conferences() if c["address"] == ended.address())
    done = bench.parley("conference", "end", conference["id"], "--http", bench.http)
    assert done.returncode == 0, done.stdout + done.stderr
    time.sleep(2.5)
    assert [c for c in bench.conferences() if c["id"] == conference["id"]] == []
    assert ask.with_caller(lambda caller: ask.ask(caller, ended.address())).status == 410
    assert told(ended.finish(early=True)) == ["c0p0", "c0p1"]
    result = spared.finish(early=True)
    assert told(result) == []
    assert result.complaints(spoilt_seconds=0.3) == []
