"""How long the mixing resource holds what it hears: pairs of one who sends short bursts and one who listens (delay.c).

A burst's delay is from when its first sample was due to leave the talker to when it had left the board: onset to
onset, the packetisation of sender and board not included. With jitter every packet is held back for a random time,
and the least delay any receiver could have is the one that keeps 99.5 % of the packets.
"""

import asyncio
import json
import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.table import Table

from parleybench.boards import RealBoards, RunningServer
from parleybench.callers import Caller, Callers, call_all
from parleybench.crowd import BOARD_CORE, Say
from parleybench.load import LOAD_CORE
from parleybench.machine import BenchError, Figures, build_programs, machine, on_cores, urge

PAIR = 2
EVERY = 25  # frames between two bursts
SEED = 1
KEPT = 0.995
BIN_MS = 0.5
FORGET_S = 3  # until a running server has heard that the pairs have gone
UNIT = "ms from a sample's leaving the talker to its leaving the board"


def run(
    pairs: int,
    seconds: float,
    jitters_ms: Sequence[float],
    say: Say,
    legs: int = 64,
    server: tuple[str, int] | None = None,
    local: str = "127.0.0.1",
) -> Figures:
    """Return one row for each jitter: quantiles and the histogram.

    legs: what our own board may carry (one of more than 128 ticks half as often); server: (host, port) of a running
    server, wherever it is; local: our address towards it. Raises BenchError.
    """
    pinned = None if (os.cpu_count() or 1) == 1 else {BOARD_CORE}
    others = pinned and {LOAD_CORE}
    legs = max(legs, PAIR * pairs)
    rows = []
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work)
        build_programs(folder, "delay")
        for number, jitter_ms in enumerate(jitters_ms):
            say("starting the server" if server is None else f"calling {server[0]}:{server[1]}")
            if server is not None and number:
                time.sleep(FORGET_S)
            # one of our own for each row: what has just ended is not given out again at once
            with RunningServer(server) if server else RealBoards(1, legs, pinned, others) as system:
                if isinstance(system, RealBoards):
                    urge(system.board_pids()[0])
                rows.append(
                    asyncio.run(_measure(folder, system.server, pairs, seconds, jitter_ms, local, say))
                )
    return {
        "unit": UNIT,
        "legs": legs,
        "pairs": pairs,
        "seconds": seconds,
        "rows": rows,
        "machine": machine(),
    }


async def _measure(
    folder: Path,
    server: tuple[str, int],
    pairs: int,
    seconds: float,
    jitter_ms: float,
    local: str,
    say: Say,
) -> Figures:
    say(f"{pairs} pairs call")
    people, sockets = [], []
    callers = await Callers.open((local, 0))
    try:
        for number in range(PAIR * pairs):
            sockets.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            sockets[-1].bind((local, 0))
            people.append(Caller(number, sockets[-1].getsockname()))
        await call_all(callers, people, PAIR, server)
        say(f"{pairs} pairs talk for {seconds:g} s, jitter {jitter_ms:g} ms")
        found = await asyncio.to_thread(talk, folder, people, sockets, seconds, jitter_ms)
        await asyncio.gather(*(callers.hang_up(one) for one in people))
    finally:
        callers.close()
        for one in sockets:
            one.close()
        await asyncio.sleep(0.1)  # the address is given back in the loop's next turn
    return row_of(found, jitter_ms)


def talk(
    folder: Path, people: Sequence[Caller], sockets: Sequence[socket.socket], seconds: float, jitter_ms: float
) -> Figures:
    """Run delay.c for pairs that are in; return what it prints. Raises BenchError."""
    lines = [f"{one.fileno()} {who.rtp[0]} {who.rtp[1]}" for who, one in zip(people, sockets, strict=True)]
    core = LOAD_CORE if (os.cpu_count() or 1) > 1 else BOARD_CORE
    done = subprocess.run(
        on_cores(core, folder / "delay", seconds, jitter_ms, SEED, EVERY),
        input="\n".join(lines) + "\n",
        capture_output=True,
        text=True,
        pass_fds=[one.fileno() for one in sockets],
        check=False,
    )
    if done.returncode:
        raise BenchError(f"delay.c ended with {done.returncode}: {done.stderr.strip()}")
    return json.loads(done.stdout)


def row_of(found: Figures, jitter_ms: float) -> Figures:
    """Return the figures of one run of delay.c, in ms. Raises BenchError when nothing was heard."""
    delays = np.array(found["delays_us"]) / 1000
    if not len(delays):
        raise BenchError("the listeners heard nothing of what the talkers said")
    least = float(np.quantile(np.array(found["held_us"]) / 1000, KEPT))
    edges = np.arange(0, np.ceil(delays.max() / BIN_MS) * BIN_MS + BIN_MS, BIN_MS)
    quantiles = {"p50_ms": 0.5, "p95_ms": 0.95, "p99_ms": 0.99, "worst_ms": 1.0}
    return {
        "jitter_ms": jitter_ms,
        "said": found["said"],
        "heard": len(delays),
        **{name: round(float(np.quantile(delays, share)), 2) for name, share in quantiles.items()},
        "least_ms": round(least, 2),
        "above_least_p50_ms": round(float(np.median(delays)) - least, 2),
        "our_sends_late_p99_ms": round(float(np.quantile(found["late_us"], 0.99)) / 1000, 3),
        "bin_ms": BIN_MS,
        "histogram": np.histogram(delays, edges)[0].tolist(),
    }


def tables(document: Figures) -> list[Table]:
    """Return the document as a table for people."""
    title = f"Delay through the board, {document['pairs']} pairs: {document['unit']}"
    table = Table(title=title, title_justify="left")
    for name in ("jitter", "heard", "p50", "p95", "p99", "worst", "least possible", "p50 above it"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in document["rows"]:
        figures = (
            row[name] for name in ("p50_ms", "p95_ms", "p99_ms", "worst_ms", "least_ms", "above_least_p50_ms")
        )
        heard = f"{row['heard']} of {row['said']}"
        table.add_row(f"{row['jitter_ms']:g} ms", heard, *(f"{value:.1f}" for value in figures))
    return [table]
