"""What conferences cost that nobody is in: so many addresses given out, no call.

Processor time of the board's process and of the server's, as the kernel accounts it, without and with them. An address
that nobody calls is kept for 32 s, which is the time there is to measure.
"""

import json
import time
import urllib.request

from rich.table import Table

from parleybench.boards import HTTP, RealBoards
from parleybench.crowd import Say
from parleybench.machine import BenchError, Figures, cpu_s, machine

SIZE = 2
QUIET_S = 3  # after which what began is over


def allocate() -> None:
    """Ask the server for one conference. Raises BenchError."""
    asked = urllib.request.Request(
        f"http://{HTTP}/v1/conferences",
        json.dumps({"size": SIZE}).encode(),
        {"Content-Type": "application/json"},
    )
    try:
        urllib.request.urlopen(asked, timeout=10).close()  # noqa: S310
    except OSError as error:
        raise BenchError(f"the server allocates no more: {error}") from error


def allocated() -> int:
    """Return how many conferences the server knows of."""
    with urllib.request.urlopen(f"http://{HTTP}/v1/status", timeout=10) as answer:
        return len(json.load(answer)["conferences"])


def shares(boards: RealBoards, seconds: float) -> dict[str, float]:
    """Return the percent of a core that the board and the server take."""
    pids = {"board": boards.pid(1), "server": boards.server_pid}
    before, started = {name: cpu_s(pid) for name, pid in pids.items()}, time.monotonic()
    time.sleep(seconds)
    took = time.monotonic() - started
    return {name: round(100 * (cpu_s(pid) - before[name]) / took, 3) for name, pid in pids.items()}


def run(conferences: int, seconds: float, say: Say) -> Figures:
    """Return the shares without and with so many conferences. Raises BenchError."""
    say("starting the server")
    with RealBoards(1, SIZE * conferences) as boards:
        time.sleep(QUIET_S)
        say("nothing allocated")
        before = shares(boards, seconds)
        started = time.monotonic()
        for number in range(conferences):
            if number % 100 == 0:
                say(f"{number} of {conferences} conferences allocated")
            allocate()
        took = time.monotonic() - started
        time.sleep(QUIET_S)
        say(f"{conferences} conferences allocated, nobody in them")
        during = shares(boards, seconds)
        at_the_end = allocated()
    return {
        "unit": "percent of one core",
        "conferences": conferences,
        "without": before,
        "with": during,
        "allocation_s": round(took, 2),
        "conferences_at_the_end": at_the_end,
        "machine": machine(),
    }


def tables(document: Figures) -> list[Table]:
    """Return the document as a table for people."""
    table = Table(title="Conferences that nobody is in: percent of one core", title_justify="left")
    for name in ("", "without", f"with {document['conferences_at_the_end']} of them"):
        table.add_column(name, justify="right" if name else "left")
    for name in ("board", "server"):
        table.add_row(name, f"{document['without'][name]:.2f}", f"{document['with'][name]:.2f}")
    return [table]
