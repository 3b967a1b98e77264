#!/usr/bin/env python3
"""Other bridges under the load of `parley bench capacity`: processor time, loss, sound, how many one core holds.

    compare.py [--seconds 4]        JSON to out/bench/bridges.json

Each runs on core 0, the load (load.c) on core 1: PCMU, 20 ms, conferences of 4, all speak. First 64 participants give
the processor time a participant and frame; then larger crowds are tried, shares of what that time would allow, until
one hears more than 0.1 % too few packets, one in a hundred a frame off its time, or something wrong; and one between.
How long each holds what it hears is measured as `parley bench latency` does it. What is not installed is skipped with
a reason.
"""

import argparse
import asyncio
import json
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from janus import Janus
from pjsua import Pjsua
from rich.console import Console
from rich.table import Table

from parleybench.callers import Caller, media_address
from parleybench.crowd import FRAMES_S
from parleybench.latency import row_of, talk
from parleybench.load import load_command, under_load
from parleybench.machine import BenchError, build_programs, machine

ROOT = Path(__file__).resolve().parents[3]
OUTPUT = ROOT / "out" / "bench" / "bridges.json"
CORE, SIZE, FIRST = 0, 4, 64
HOST, PAIRS, DELAY_S = "127.0.0.1", 16, 12
SHARES = (0.5, 0.8, 0.95, 1.1)  # of what the processor time would allow
LOST_PERCENT = 0.1
FRAME_MS = 20  # a packet later than that comes with the next one
WIDE = 130  # characters
MODULES = Path("/usr/lib/baresip/modules")


def baresip_reason():
    """Why baresip is not measured: its bridge is the module mixminus."""
    if not MODULES.is_dir():
        return "baresip-core is not installed"
    if (MODULES / "mixminus.so").exists():
        return "mixminus is there, but nobody has written how to drive it: it mixes all calls of one process"
    done = subprocess.run(
        ["dpkg-query", "-W", "-f=${Version}", "baresip-core"], capture_output=True, text=True, check=False
    )
    return f"Debian's baresip-core {done.stdout} has no module mixminus"


def measure(kind, folder, count, seconds):
    """Returns the figures of so many participants. Raises BenchError."""
    work = folder / f"{kind.__name__}{count}"
    work.mkdir()
    people = [Caller(number, media_address(number)) for number in range(count)]

    async def run():
        with kind(work, CORE) as bridge:
            await bridge.join(people, SIZE)
            await asyncio.sleep(0.5)
            found = under_load(bridge.pids(), load_command(folder, people, SIZE, SIZE, seconds + 2), seconds)
            await bridge.leave(people)
            return found

    shares, heard = asyncio.run(run())
    # from the second second on everybody should hear a packet every 20 ms
    due = count * FRAMES_S * (heard["seconds"] - 1)
    return {
        "participants": count,
        "us": round(sum(shares) / FRAMES_S / count * 1e6, 2),
        "core_percent": round(100 * sum(shares), 1),
        "lost_percent": round(max(0.0, 100 * (1 - heard["received"] / due)), 3),
        "streams_right": heard["streams_right"],
        "streams_checked": heard["streams_checked"],
        "interval_error_p99_ms": heard["interval_error_p99_ms"],
        "load": heard,
    }


def held(row):
    """Whether loss, time and sound are as they should be."""
    kept = row["lost_percent"] <= LOST_PERCENT and row["interval_error_p99_ms"] < FRAME_MS
    return kept and row["streams_right"] == row["streams_checked"]


def climb(kind, folder, seconds, say):
    """Returns a bridge's rows: 64 participants, then more until one is too many."""
    say(f"{kind.name}: {FIRST} participants")
    rows = [measure(kind, folder, FIRST, seconds)]
    allowed = 1e6 / FRAMES_S / rows[0]["us"]
    for share in SHARES:
        count = min(kind.most, int(allowed * share) // SIZE * SIZE)
        if not held(rows[-1]) or count <= rows[-1]["participants"]:
            break
        say(f"{kind.name}: {count} participants")
        rows.append(measure(kind, folder, count, seconds))
    if len(rows) > 1 and not held(rows[-1]):
        between = (rows[-2]["participants"] + rows[-1]["participants"]) // 2 // SIZE * SIZE
        say(f"{kind.name}: {between} participants, between the last that held and the first that did not")
        rows.append(measure(kind, folder, between, seconds))
    return rows


def delay_of(kind, folder):
    """Returns how long a bridge holds what it hears, a row as of `parley bench latency`. Raises BenchError."""
    work = folder / f"{kind.__name__}delay"
    work.mkdir()

    async def run():
        sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2 * PAIRS)]
        people = []
        for number, one in enumerate(sockets):
            one.bind((HOST, 0))
            people.append(Caller(number, one.getsockname()))
        with kind(work, CORE) as bridge:
            await bridge.join(people, 2)
            found = await asyncio.to_thread(talk, folder, people, sockets, DELAY_S, 0)
            await bridge.leave(people)
        for one in sockets:
            one.close()
        return found

    return row_of(asyncio.run(run()), 0)


def table_of(document):
    """Returns it for people."""
    table = Table(title="Other bridges, the same load: PCMU, 20 ms, conferences of 4", title_justify="left")
    for name in ("bridge", "participants", "CPU us", "of the core", "lost", "jitter p99", "right"):
        table.add_column(name, justify="left" if name == "bridge" else "right")
    for bridge in document["bridges"]:
        if bridge["skipped"]:
            table.add_row(bridge["name"], f"skipped: {bridge['skipped']}")
        if bridge["delay"]:
            median, worst = bridge["delay"]["p50_ms"], bridge["delay"]["worst_ms"]
            table.caption = (
                table.caption or ""
            ) + f"{bridge['name']} holds sound {median:.1f} ms (worst {worst:.1f}). "
        for row in bridge["rows"]:
            table.add_row(
                bridge["name"],
                str(row["participants"]),
                f"{row['us']:.2f}",
                f"{row['core_percent']:.1f} %",
                f"{row['lost_percent']:.3f} %",
                f"{row['interval_error_p99_ms']} ms",
                f"{row['streams_right']} of {row['streams_checked']}",
            )
    return table


def main():
    """Measures what is there; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--only", choices=("Janus", "Pjsua"))
    arguments = parser.parse_args()
    screen = Console(stderr=True, highlight=False)
    found = []
    with tempfile.TemporaryDirectory(prefix="pb") as work:
        folder = Path(work)
        build_programs(folder, "load", "delay")
        for kind in (Janus, Pjsua):
            if arguments.only not in (None, kind.__name__):
                continue
            entry = {
                "name": kind.name,
                "version": "",
                "skipped": kind.missing(),
                "rows": [],
                "most": 0,
                "delay": None,
            }
            if not entry["skipped"]:
                entry["version"] = kind.version()
                try:
                    screen.print(f"  {kind.name}: delay, {PAIRS} pairs")
                    entry["delay"] = delay_of(kind, folder)
                    entry["rows"] = climb(
                        kind, folder, arguments.seconds, lambda text: screen.print(f"  {text}")
                    )
                except BenchError as error:
                    entry["skipped"] = str(error)
            found.append(entry)
    found.append({"name": "baresip", "version": "", "skipped": baresip_reason(), "rows": [], "delay": None})
    document = {"unit": "us of CPU a participant and frame", "bridges": found, "machine": machine()}
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    OUTPUT.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    Console(width=WIDE).print(table_of(document))
    return 0


if __name__ == "__main__":
    sys.exit(main())
