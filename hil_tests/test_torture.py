"""Every torture message on the wire, to the server and to a board: the right answer, alive at once, no memory lost."""

import re
import time
from pathlib import Path

import pytest

from hil_tests import ask, torture
from hil_tests.console import mpremote
from hil_tests.torturer import Torturer

pytestmark = pytest.mark.hil

VECTORS = torture.vectors()
ALIVE_MS = 250
TARGETS = [pytest.param("server", marks=pytest.mark.once), "board"]
REPEATS = 10_000
# Of each, before anything is measured: as many transactions at once as there is room for, until the allocator has
# found its places for them (a daemon's RSS rises for two minutes of it, and then no more).
WARMING = {"server": 6_000, "board": 500}
TURN = 100  # of each in a row
WINDOW = 20  # messages between two OPTIONS: what a socket's buffer holds
MOST_PER_S = 1_500  # the same all the time: what is held at once, hence the allocator's places, grow with it
REST_S = 70.0  # all transactions and registrations of the flood are over by then
RSS_SLACK, HEAP_SLACK = 0.05, 0.01


def target_of(bench, name):
    """(address, what is peculiar to it) of `server` or `board`."""
    if name == "server":
        return ("127.0.0.1", bench.sip_port), torture.DAEMON
    return bench.boards()[0].address, torture.BOARD


def test_there_is_one_for_every_section():
    assert len(VECTORS) == 49 + 12
    assert len({vector.name for vector in VECTORS}) == len(VECTORS)


@pytest.mark.parametrize("name", TARGETS)
def test_every_message_is_answered_as_its_section_says(bench, name, figures):
    peer, peculiar = target_of(bench, name)
    wrong, slowest_ms = {}, 0.0
    with Torturer({vector.port for vector in VECTORS}) as torturer:
        torturer.ask(peer)
        for vector in torture.unheard(VECTORS):
            found, waited_ms = torturer.torment(vector, peer)
            slowest_ms = max(slowest_ms, waited_ms)
            if found != vector.expected(peculiar):
                wrong[f"{vector.section} {vector.name}"] = f"{found} instead of {vector.expected(peculiar)}"
    figures.add(
        messages=len(VECTORS), correct=len(VECTORS) - len(wrong), slowest_options_ms=round(slowest_ms, 1)
    )
    assert wrong == {}
    assert slowest_ms < ALIVE_MS
    a_real_call_works(bench)


def a_real_call_works(bench):
    async def work(caller):
        address = await ask.allocate(caller, bench.server, 2)
        call, outcome = await ask.join(caller, address)
        return outcome.status, await call.bye()

    assert ask.with_caller(work) == (200, 200)


def flood(torturer, peer, repeats, first):
    """Send each message so many times, in turns, every time in a transaction of its own, MOST_PER_S."""
    sent, begun_s = 0, time.monotonic()
    for start in range(first, first + repeats, TURN):
        for vector in VECTORS:
            for number in range(start, start + TURN):
                torturer.send(vector.numbered(number), peer, vector.port)
                if number % WINDOW == 0:
                    torturer.ask(peer, (200, 503))
            sent += TURN
            time.sleep(max(0.0, begun_s + sent / MOST_PER_S - time.monotonic()))
    time.sleep(REST_S)


def rss_kb(pid):
    """Resident memory of a process."""
    return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[1])


def heap_free(board):
    """The board's free heap after a collection, asked for at its console."""
    done = mpremote(board.serial, "exec", "import gc; gc.collect(); gc.collect(); print(gc.mem_free())")
    assert done.returncode == 0, done.stdout + done.stderr
    return int(done.stdout.split()[-1])


@pytest.mark.soak
@pytest.mark.limit_s(7200)
@pytest.mark.parametrize("name", TARGETS)
def test_ten_thousand_of_each_leave_no_memory_behind(own_bench, name, figures):
    bench = own_bench(boards=1)
    peer, _ = target_of(bench, name)
    board, pid = bench.boards()[0], bench.process.pid

    def memory() -> int:
        return rss_kb(pid) if name == "server" else heap_free(board)

    with Torturer({vector.port for vector in VECTORS}) as torturer:
        flood(torturer, peer, WARMING[name], 0)
        before = memory()
        start_s = time.monotonic()
        flood(torturer, peer, REPEATS, WARMING[name])
        per_s = len(VECTORS) * REPEATS / (time.monotonic() - start_s - REST_S)
        after = memory()
    figures.add(messages=len(VECTORS) * REPEATS, per_s=round(per_s), memory_before=before, memory_after=after)
    assert abs(after - before) <= before * (RSS_SLACK if name == "server" else HEAP_SLACK)
    a_real_call_works(bench)
