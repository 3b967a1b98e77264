#!/usr/bin/env python3
"""Ways to move a tick's packets on Linux, each an echo in C (packet_io.c) under the load of load.c, on one core.

    packet_io.py [--participants 2000] [--seconds 2] [--rounds 2]        JSON to out/bench/packet-io.json

Processor time as the kernel accounts it, microseconds a packet received and sent back. Every way is set against the
batches of recvmmsg and sendmmsg measured in the same round; the median of the rounds counts.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from parleybench.callers import Caller, media_address
from parleybench.crowd import FRAMES_S
from parleybench.load import SETTLE_S, load_command, under_load
from parleybench.machine import build_programs, machine, on_cores

BENCH = Path(__file__).resolve().parent
OUTPUT = BENCH.parents[1] / "out" / "bench" / "packet-io.json"
HOST, PORT = "127.0.9.1", 12000
CORE, SIZE, TICK_US = 0, 4, 20000
WIDE = 130  # characters
REFUSED = 3  # packet_io's exit code
WAYS = {
    "mmsg": "recvmmsg and sendmmsg, 64 at a time, one socket",
    "single": "recvfrom and sendto, one socket",
    "uring": "io_uring by raw system calls, batches of 64 RECVMSG and SENDMSG",
    "busy": "recvmmsg and sendmmsg, SO_BUSY_POLL 50 us",
    "reuseport": "recvmmsg and sendmmsg, four sockets with SO_REUSEPORT",
    "connected": "recv and send, a connected socket for each participant",
    "uring-connected": "io_uring, batches of 64 RECV and SEND, a connected socket for each participant",
    "gro": "recvmmsg and sendmmsg, UDP_GRO",
    "gso": "recvmmsg and sendmmsg, UDP_GRO and UDP_SEGMENT",
}


def build(folder):
    """Compiles the echo; ends the program with the compiler's words when it cannot."""
    command = ["gcc", "-O2", "-Wall", "-Wextra", BENCH / "packet_io.c", BENCH / "packet_uring.c"]
    done = subprocess.run([*command, "-o", folder / "packet_io"], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"error: packet_io.c: {done.stderr}")


def measure(folder, way, people, seconds):
    """Returns one run's figures, or {"refused": why} when the system does not let us."""
    length = seconds + SETTLE_S + 1.5
    terms = (folder / "packet_io", way, HOST, PORT, TICK_US, length, len(people))
    with subprocess.Popen(
        on_cores(CORE, *terms), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as echo:
        time.sleep(0.6 if "connected" in way else 0.1)  # so many sockets take a moment
        if echo.poll() == REFUSED:
            return {"refused": echo.communicate()[1].strip()}
        command = load_command(folder, people, SIZE, SIZE, seconds + SETTLE_S + 0.2, peer=(HOST, PORT))
        shares, heard = under_load([echo.pid], command, seconds)
        told = json.loads(echo.communicate()[0])
    return {
        "us": 1e6 * shares[0] / FRAMES_S / len(people),
        "lost_percent": 100 * max(0, heard["sent"] - told["echoed"]) / heard["sent"],
        "merged": told["merged"],
    }


def row_of(way, runs, plain):
    """Returns a way's row. plain: the runs of mmsg in the same rounds."""
    row = {"way": way, "title": WAYS[way], "refused": runs[0].get("refused", "")}
    if not row["refused"]:
        pairs = zip(runs, plain, strict=True)
        row["us"] = round(statistics.median(run["us"] for run in runs), 3)
        row["ratio"] = round(statistics.median(run["us"] / other["us"] for run, other in pairs), 3)
        row["lost_percent"] = round(max(run["lost_percent"] for run in runs), 3)
        row["merged"] = sum(run["merged"] for run in runs)
    return row


def main():
    """Measures; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--participants", type=int, default=2000)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--rounds", type=int, default=2)
    arguments = parser.parse_args()
    people = [Caller(number, media_address(number)) for number in range(arguments.participants)]
    screen = Console(stderr=True, highlight=False)
    runs = {way: [] for way in WAYS}
    with tempfile.TemporaryDirectory() as work:
        build(Path(work))
        build_programs(Path(work), "load")
        for turn in range(arguments.rounds):
            for way, title in WAYS.items():
                screen.print(f"  round {turn + 1} of {arguments.rounds}: {title}")
                runs[way].append(measure(Path(work), way, people, arguments.seconds))
    rows = [row_of(way, runs[way], runs["mmsg"]) for way in WAYS]
    table = Table(title=f"Packet I/O, {arguments.participants} participants", title_justify="left")
    for name in ("way", "CPU us a packet in and out", "of mmsg", "lost", "merged"):
        table.add_column(name, justify="left" if name == "way" else "right")
    for row in rows:
        if row["refused"]:
            table.add_row(row["title"], f"refused: {row['refused']}")
        else:
            lost = f"{row['lost_percent']:.3f} %"
            table.add_row(row["title"], f"{row['us']:.2f}", f"{row['ratio']:.2f}", lost, str(row["merged"]))
    Console(width=WIDE).print(table)
    document = {
        "unit": "CPU us a packet received and sent back",
        "participants": arguments.participants,
        "seconds": arguments.seconds,
        "rounds": arguments.rounds,
        "rows": rows,
        "machine": machine(),
    }
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    OUTPUT.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
