#!/usr/bin/env python3
"""What conferences cost that nobody is in: so many addresses given out, no call; JSON to out/bench/idle.json.

    idle.py [--conferences 1000] [--seconds 10]

Processor time of the board's process and of the server's, as the kernel accounts it, without and with them. An address
that nobody calls is kept for 32 s, which is the time there is to measure.
"""

import argparse
import json
import sys
import time
from pathlib import Path

import httpx
from capacity import ROOT, machine
from real_board import HTTP, BenchError, RealBoards, cpu_s

OUTPUT = ROOT / "out" / "bench" / "idle.json"
SIZE = 2
QUIET_S = 3  # after which what began is over


def allocate(client: httpx.Client) -> None:
    """Asks the server for one conference. Raises BenchError."""
    answer = client.post("/v1/conferences", json={"size": SIZE})
    if answer.status_code != 201:
        raise BenchError(f"the server says {answer.status_code} {answer.text}")


def shares(boards: RealBoards, seconds: float) -> dict[str, float]:
    """Percent of a core that the board and the server take."""
    pids = {"board": boards.pid(1), "server": boards.server_pid}
    before, started = {name: cpu_s(pid) for name, pid in pids.items()}, time.monotonic()
    time.sleep(seconds)
    took = time.monotonic() - started
    return {name: round(100 * (cpu_s(pid) - before[name]) / took, 3) for name, pid in pids.items()}


def main() -> int:
    """Measures; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--conferences", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--output", type=Path, default=OUTPUT)
    arguments = parser.parse_args()
    count = arguments.conferences
    with RealBoards(1, SIZE * count) as boards:
        time.sleep(QUIET_S)
        before = shares(boards, arguments.seconds)
        started = time.monotonic()
        with httpx.Client(base_url=f"http://{HTTP}") as client:
            for _ in range(count):
                allocate(client)
        took = time.monotonic() - started
        time.sleep(QUIET_S)
        during = shares(boards, arguments.seconds)
        status = httpx.get(f"http://{HTTP}/v1/status").json()
    document = {
        "unit": "percent of one core",
        "conferences": count,
        "without": before,
        "with": during,
        "allocation_s": round(took, 2),
        "conferences_at_the_end": len(status["conferences"]),
        "machine": machine(),
    }
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    print(f"board: {before['board']} % of a core without, {during['board']} % with {count} empty conferences")
    print(f"server: {before['server']} % and {during['server']} %\nwritten: {arguments.output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
