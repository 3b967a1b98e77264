#!/usr/bin/env python3
"""Measure what Parley is made of: tables on the screen, JSON with machine and versions and plots in out/bench.

tools/bench.py [capacity] [two-cores] [bridges] [latency] [packet-io] [kernels] [sip] [sizes] [idle] [allocate] [plots]

All of them take some 14 minutes, five of them `capacity`. What needs real time does best as root, on a quiet machine.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from parleybench.kernels import run_on
from parleybench.machine import BenchError, machine

ROOT = Path(__file__).resolve().parent.parent
OUTPUT = ROOT / "out" / "bench"
SCRIPTS = ROOT / "native" / "bench"
PARLEY = Path(sys.executable).parent / "parley"

Bench = Callable[[Console], None]


def write(name: str, document: dict[str, Any]) -> None:
    """Write out/bench/NAME.json."""
    OUTPUT.mkdir(parents=True, exist_ok=True)
    text = json.dumps({**document, "machine": machine()}, indent=1)
    (OUTPUT / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def keep_times(took: dict[str, float], faults: dict[str, str]) -> None:
    """Write out/bench/run.json: how long each bench took when it was run last, seconds."""
    path = OUTPUT / "run.json"
    earlier = json.loads(path.read_text(encoding="utf-8"))["took"] if path.exists() else {}
    known = {name: seconds for name, seconds in earlier.items() if name in BENCHES}
    write("run", {"unit": "seconds", "took": known | took, "faults": faults})


def bench_sip(console: Console) -> None:
    """Time reading and writing an INVITE on each interpreter, beside sipmessage; write out/bench/sip.json."""
    script = SCRIPTS / "sip_times.py"
    results = {}
    for name in ("CPython", "MicroPython"):
        console.print(f"  INVITE with SDP, {name}")
        results[name] = run_on(name.lower(), script)
    octets = results["CPython"]["octets"]
    title = f"INVITE with SDP, {octets} octets, read and written: messages a second of one core"
    table = Table(title=title, title_justify="left")
    table.add_column("reader")
    for interpreter in results:
        table.add_column(interpreter, justify="right")
        table.add_column("median", justify="right")
    table.add_column("times sipmessage", justify="right")
    for reader in results["CPython"]["per_s"]:
        figures = [
            result[statistic].get(reader)
            for result in results.values()
            for statistic in ("per_s", "median_per_s")
        ]
        cells = ["-" if figure is None else f"{figure:,}" for figure in figures]
        ratio = results["CPython"]["times_sipmessage"].get(reader)
        table.add_row(reader, *cells, "" if ratio is None else f"{ratio:.2f}")
    console.print(table)
    versions = {"sipmessage": version("sipmessage")}
    write("sip", {"unit": "messages a second", "versions": versions, "results": results})


def program(*command: str | Path) -> Bench:
    """Return a bench that is a program of its own: it shows its progress and table and writes its JSON itself."""

    def bench(console: Console) -> None:
        done = subprocess.run([str(word) for word in command], check=False)
        if done.returncode:
            raise BenchError(f"ended with exit code {done.returncode}")

    return bench


def parley(name: str, *options: str, output: str = "") -> Bench:
    """Return `parley bench NAME`, written to out/bench."""
    return program(PARLEY, "bench", name, *options, "--output", OUTPUT / f"{output or name}.json")


def both(*benches: Bench) -> Bench:
    """Return several benches as one."""

    def bench(console: Console) -> None:
        for one in benches:
            one(console)

    return bench


BENCHES: dict[str, Bench] = {
    "capacity": parley("capacity"),
    "two-cores": parley(
        "capacity", "--boards", "2", "--participants", "4000", "--rounds", "2", output="two-cores"
    ),
    "bridges": program(sys.executable, SCRIPTS / "bridges" / "compare.py"),
    "packet-io": program(sys.executable, SCRIPTS / "packet_io.py"),
    "latency": both(parley("latency"), parley("latency", "--legs", "4000", output="latency-crowd")),
    "kernels": parley("kernels"),
    "sip": bench_sip,
    "sizes": program(sys.executable, SCRIPTS / "sizes.py"),
    "idle": parley("idle"),
    "allocate": parley("allocate", "--rates", "6000,8000,10000"),
    "plots": program(sys.executable, ROOT / "tools" / "bench_plots.py"),
}


def main() -> int:
    """Run the benches that were asked for; exit code 1 when one of them failed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "what", nargs="*", default=list(BENCHES), help=f"of {', '.join(BENCHES)}; default: all"
    )
    wanted = parser.parse_args().what
    unknown = [name for name in wanted if name not in BENCHES]
    if unknown:
        parser.error(f"no bench {', '.join(unknown)}")
    console, started = Console(), time.monotonic()
    took: dict[str, float] = {}
    faults: dict[str, str] = {}
    for name in wanted:
        began = time.monotonic()
        console.rule(f"{name} ({len(took) + 1} of {len(wanted)}, {(began - started) / 60:.1f} min so far)")
        try:
            BENCHES[name](console)
        except BenchError as error:
            faults[name] = str(error)
            console.print(f"[red]error:[/] {error}")
        took[name] = round(time.monotonic() - began, 1)
    keep_times(took, faults)
    console.print(
        f"{sum(took.values()) / 60:.1f} minutes; figures and plots are in {OUTPUT.relative_to(ROOT)}"
    )
    for name, fault in faults.items():
        console.print(f"[red]not measured:[/] {name}: {fault}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
