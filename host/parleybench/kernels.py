"""What the media kernels take, on each interpreter of this machine: kernel_times.py, run by all of them."""

import importlib.resources
import json
import os
import subprocess
import sys
from pathlib import Path

from rich.table import Table

from parleybench.crowd import Say
from parleybench.machine import BenchError, Figures, machine

SCRIPT = Path(__file__).with_name("kernel_times.py")
# column -> (interpreter, kernels)
RUNS = {
    "CPython, native": ("cpython", "native"),
    "MicroPython, native": ("micropython", "native"),
    "MicroPython, plain Python": ("micropython", "slow"),
}
UNIT = "ns a call of 160 samples, the call included"


def run_on(interpreter: str, script: Path, *arguments: str) -> Figures:
    """Run a timing script under "cpython" or "micropython"; return the JSON it prints. Raises BenchError."""
    flash = Path(str(importlib.resources.files("parleyd"))) / "images" / "virtual" / "flash"
    command = [sys.executable]
    if interpreter == "micropython":
        if not flash.is_dir():
            raise BenchError("the virtual board's image is not built here: make build, or tools/build.py")
        command = [str(Path(sys.executable).parent / "micropython"), "-X", "heapsize=8m"]
    done = subprocess.run(
        [*command, str(script), *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, "MICROPYPATH": f"{flash}:.frozen"},
        check=False,
    )
    if done.returncode:
        raise BenchError(f"{interpreter} {script.name}: {done.stderr.strip() or done.stdout.strip()}")
    return json.loads(done.stdout)


def run(say: Say) -> Figures:
    """Return kernel -> time, for each interpreter. Raises BenchError."""
    results: dict[str, Figures] = {}
    for title, (interpreter, kernels) in RUNS.items():
        say(title)
        results[title] = run_on(interpreter, SCRIPT, kernels)
    return {"unit": UNIT, "results": results, "machine": machine()}


def tables(document: Figures) -> list[Table]:
    """Return the document as a table for people."""
    results = document["results"]
    title = "Kernels, 160 samples: microseconds a call, the call included"
    table = Table(title=title, title_justify="left")
    table.add_column("kernel")
    for name in results:
        table.add_column(name, justify="right")
    for kernel in results["CPython, native"]:
        table.add_row(kernel, *(f"{results[name][kernel] / 1000:.2f}" for name in results))
    return [table]
