"""What a conference costs an Arm board, in instructions, counted in the emulator while real-time calls run.

    python -m hil_tests.arm_budget [--board mps2-an500] [--page docs/arm-board.md]

Needs the image and the objects of its build (tools/build.py), gcc and QEMU 7.2. A plugin counts every instruction that
is executed (native/port_mps2/count_classes.c). Writes out/bench/arm_budget.json and, with --page, the page.
Instructions are not cycles: caches, wait states and dual issue are not in them.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

from hil_tests import arm_page, ask, programs
from hil_tests.bench import Bench
from hil_tests.console import mpremote
from hil_tests.crowd_runner import CrowdRun
from hil_tests.ports import PortPicker

ROOT = programs.REPOSITORY
WORDS, ALL, RUNS, LONGEST, TIMED = 20, 14, 15, 16, 14
CLASSES = ("kernels", "Python", "collector", "sockets", "lwIP", "driver", "port", "C library")
PLACES = (
    (r"/py/gc\.o", "collector"),
    (r"/lib/lwip/|lib/lwip", "lwIP"),
    (r"modlwip|udp_queue|modsocket|modselect", "sockets"),
    (r"lan9118|network_lan", "driver"),
    (r"/(main|clock|uart|startup|modmps2)\.o", "port"),
    (r"\.a\(|libgcc|libc", "C library"),
)
PARTICIPANTS, CONFERENCES = 16, 2
WINDOW_S, CALLS = 10.0, 16


def class_of(place: str) -> str:
    """The class of an object file."""
    return next((name for pattern, name in PLACES if re.search(pattern, place)), "Python")


def read_map(path: Path) -> list[tuple[int, int, int]]:
    """(first address, last, class) of every piece of code in a linker map; gc_collect is the timed function."""
    text = path.read_text(errors="replace")
    pieces = []
    pattern = re.compile(r"^ \.text(\.\S*)?\s+0x([0-9a-f]+)\s+0x([0-9a-f]+) (\S.*)$", re.M)
    for name, first, size, place in pattern.findall(text):
        start, length = int(first, 16), int(size, 16)
        if length and start < 0x20000000 and (start or name == ".vectors"):
            kind = TIMED if name == ".gc_collect" else CLASSES.index(class_of(place))
            pieces.append((start, start + length, kind))
    return sorted(pieces)


class Counters:
    """The plugin's file, read at any time."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> list[int]:
        data = self.path.read_bytes()
        return [int.from_bytes(data[i : i + 8], "little") for i in range(0, 8 * WORDS, 8)]

    def window(self, seconds: float) -> dict[str, float]:
        """Instructions a second, by class, over a time."""
        before, start_s = self.read(), time.monotonic()
        time.sleep(seconds)
        after, span_s = self.read(), time.monotonic() - start_s
        return rates(before, after, span_s)


def rates(before: list[int], after: list[int], divisor: float) -> dict[str, float]:
    found = {name: (after[i] - before[i]) / divisor for i, name in enumerate(CLASSES)}
    return {name: round(value) for name, value in found.items()} | {
        "all": round((after[ALL] - before[ALL]) / divisor)
    }


def execute(bench: Bench, source: str) -> str:
    """Run Python on the board; what it printed."""
    done = mpremote(bench.boards()[0].serial, "exec", source)
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)
    return done.stdout.strip()


def call_cost(bench: Bench, counters: Counters, idle: dict[str, float]) -> dict[str, float]:
    """Instructions for one call: INVITE, 200, ACK, BYE, 200, and the two refreshes that tell the server."""

    async def work(caller):
        for _ in range(CALLS):
            call, _ = await ask.join_when_free(caller, bench.server, 2)
            await call.bye()

    before, start_s = counters.read(), time.monotonic()
    ask.with_caller(work)
    time.sleep(0.5)
    span_s = time.monotonic() - start_s
    cost = rates(before, counters.read(), CALLS)
    return {name: round(cost[name] - idle[name] * span_s / CALLS) for name in cost}


def crowd_cost(bench: Bench, counters: Counters, folder: Path) -> dict:
    """Instructions a second with everybody talking, and the longest collections."""
    each = PARTICIPANTS // CONFERENCES
    bench.wait_status(lambda status: status["boards"][0]["legs_used"] == 0, 40, "every leg to be free")
    crowd = CrowdRun(
        folder, server=f"{bench.server};size={each}", conferences=CONFERENCES, participants=each,
        seconds=WINDOW_S + 10, answer_s=10,
    ).start()  # fmt: skip
    try:
        crowd.wait_talking(40)
        time.sleep(1)
        talking = counters.window(WINDOW_S)
        runs, longest = counters.read()[RUNS], counters.read()[LONGEST]
        execute(bench, "import gc; gc.collect()")  # one at the worst moment: every leg in use
        with_console = counters.read()[LONGEST]
        heap = execute(bench, "import gc; gc.collect(); print(gc.mem_alloc(), gc.mem_free())").split()
        result = crowd.finish(60)
    finally:
        crowd.stop()
    return {
        "rates": talking,
        "collections": runs,
        "longest_collection": max(longest, with_console),
        "heap_used": int(heap[0]),
        "heap_free": int(heap[1]),
        "lost": result.lost,
        "packets": result.packets,
        "late_ticks": bench.status()["boards"][0]["stats"]["late_ticks"],
    }


def choose_sockets(bench: Bench, portable: bool) -> None:
    """Writes or removes the file that chooses them, and resets the board."""
    board = bench.boards()[0]
    execute(bench, "open('portable_sockets', 'w').close()" if portable else "pass")
    mpremote(board.serial, "reset")
    bench.wait_status(
        lambda status: (
            status["boards"][0]["registered"] and status["boards"][0]["pid"] not in (None, board.pid)
        ),
        15,
        "the board after its reset",
    )


def measure(bench: Bench, counters: Counters, folder: Path, portable: bool) -> dict:
    choose_sockets(bench, portable)
    time.sleep(2)
    kind = execute(bench, "print(type(board.sip.source))")
    assert kind == ("<class 'socket'>" if portable else "<class 'Socket'>"), kind
    idle = counters.window(9.0)  # three registrations
    calls = call_cost(bench, counters, idle)
    crowd = crowd_cost(bench, counters, folder / ("portable" if portable else "queued"))
    marks = execute(bench, "import mps2; print(mps2.stack()); print([p for p in mps2.pools() if p[2]])")
    stack, pools = marks.splitlines()
    return {"sockets": kind, "idle": idle, "call": calls, "talking": crowd, "stack": stack, "pools": pools}


def build_plugin(folder: Path) -> Path:
    library = folder / "libcount.so"
    source = ROOT / "native" / "port_mps2" / "count_classes.c"
    subprocess.run(["gcc", "-O2", "-shared", "-fPIC", "-o", str(library), str(source)], check=True)
    return library


def sections(board: str) -> dict[str, int]:
    """Octets of the parts of the firmware."""
    elf = ROOT / "build" / "mps2" / board / "firmware.elf"
    text = subprocess.run(
        ["arm-none-eabi-size", "-A", str(elf)], capture_output=True, text=True, check=True
    ).stdout
    wanted = re.findall(r"^(\.(?:text|data|bss|stack|heap))\s+(\d+)", text, re.M)
    return {name[1:]: int(size) for name, size in wanted}


def run(board: str) -> dict:
    """Everything, on one board."""
    folder = ROOT / "out" / "arm_budget"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    pieces = read_map(ROOT / "build" / "mps2" / board / "firmware.map")
    ranges = folder / "ranges"
    ranges.write_text("".join(f"{first:x} {last:x} {kind}\n" for first, last, kind in pieces))
    counters = Counters(folder / "counters")
    plugin = f"-plugin {build_plugin(folder)},ranges={ranges},counters={counters.path}"
    options = {
        "boards": 1,
        "board": board,
        "env": {"PARLEY_QEMU_OPTIONS": plugin, "PARLEY_QUARANTINE_S": "0"},
    }
    with Bench(folder / "bench", PortPicker(), **options) as bench:
        found = {
            "queued": measure(bench, counters, folder, False),
            "portable": measure(bench, counters, folder, True),
        }
    qemu = subprocess.run(["qemu-system-arm", "--version"], capture_output=True, text=True, check=True)
    return {
        "board": board,
        "participants": PARTICIPANTS,
        "conferences": CONFERENCES,
        "qemu": qemu.stdout.splitlines()[0],
        "sections": sections(board),
        **found,
    }


def main() -> int:
    """Command line; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--board", default="mps2-an500", help="an emulated board (mps2-an500)")
    parser.add_argument("--page", type=Path, help="page to write")
    arguments = parser.parse_args()
    found = run(arguments.board)
    output = ROOT / "out" / "bench" / "arm_budget.json"
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(found, indent=1) + "\n")
    text = arm_page.page(found)
    if arguments.page:
        arguments.page.write_text(text)
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
