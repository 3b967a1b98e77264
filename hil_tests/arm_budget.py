"""What a conference costs an Arm board, in instructions, counted in the emulator while real-time calls run.

    python -m hil_tests.arm_budget [--board mps2-an500] [--page docs/arm-board.md] [--soak out/hil/report.json]

Needs the image and the objects of its build (tools/build.py), gcc and QEMU 7.2. A plugin counts every instruction that
is executed (native/port_mps2/count_classes.c). Writes out/bench/arm_budget.json and, with --page, the page.
Instructions are not cycles: caches, wait states and dual issue are not in them.
"""

import argparse
import ast
import json
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

from hil_tests import arm_page, ask
from hil_tests.arm_counters import LONGEST, ROOT, RUNS, Counters, attach, rates
from hil_tests.bench import Bench
from hil_tests.bursts import SENT, received_of_bursts
from hil_tests.crowd_runner import CrowdRun
from hil_tests.emulated import execute, reset
from hil_tests.ports import PortPicker

PARTICIPANTS, CONFERENCES = 16, 2
SOAK = "test_a_thousand_calls_leave_no_trace"
WINDOW_S, CALLS = 10.0, 16
LEAST_TICKS_A_SECOND = 48.5  # fewer, and what a second costs is told too low
TICKS = "print(board.ticker.ticks)"
# High-water marks: stack, native code, bytecode executed in place (the length in its image's head), lwIP's pools.
MARKS = """
import mps2
print(mps2.stack())
print(mps2.code())
size = 0
for octet in mps2.place()[3:7]:
    size = size << 7 | octet & 127
print((size + 7, len(mps2.place())))
print([pool for pool in mps2.pools() if pool[2]])
"""


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
    time.sleep(4)  # and every slot to have rested
    crowd = CrowdRun(
        folder, server=f"{bench.server};size={each}", conferences=CONFERENCES, participants=each,
        seconds=WINDOW_S + 10, answer_s=10,
    ).start()  # fmt: skip
    try:
        crowd.wait_talking(40)
        time.sleep(1)
        start_s, ticks = time.monotonic(), int(execute(bench, TICKS))
        talking = counters.window(WINDOW_S)
        ticks_a_second = (int(execute(bench, TICKS)) - ticks) / (time.monotonic() - start_s)
        runs, longest = counters.read()[RUNS], counters.read()[LONGEST]
        execute(bench, "import gc; gc.collect()")  # one at the worst moment: every leg in use
        with_console = counters.read()[LONGEST]
        heap = execute(bench, "import gc; gc.collect(); print(gc.mem_alloc(), gc.mem_free())").split()
        result = crowd.finish(60)
    finally:
        crowd.stop()
    return {
        "rates": talking,
        "ticks_a_second": round(ticks_a_second, 1),
        "collections": runs,
        "longest_collection": max(longest, with_console),
        "heap_used": int(heap[0]),
        "heap_free": int(heap[1]),
        "lost": result.lost,
        "packets": result.packets,
        "late_ticks": bench.status()["boards"][0]["stats"]["late_ticks"],
    }


def slowest(found: dict) -> float:
    """Media ticks a second of the board while it was counted, where there were the fewest; 50 are due."""
    return min(found[name]["talking"]["ticks_a_second"] for name in ("queued", "portable"))


def choose_sockets(bench: Bench, portable: bool) -> None:
    """Writes the file that chooses stock sockets, or does not, and resets the board."""
    if portable:
        execute(bench, "open('portable_sockets', 'w').close()")
    reset(bench, 15)


def measure(bench: Bench, counters: Counters, folder: Path, portable: bool) -> dict:
    choose_sockets(bench, portable)
    time.sleep(2)
    kind = execute(bench, "print(type(board.sip.source))")
    assert kind == ("<class 'socket'>" if portable else "<class 'Socket'>"), kind
    idle = counters.window(9.0)  # three registrations
    bursts = received_of_bursts(bench)  # before the crowd, whose goodbyes stock sockets lose
    calls = call_cost(bench, counters, idle)
    crowd = crowd_cost(bench, counters, folder / ("portable" if portable else "queued"))
    stack, code, place, pools = map(ast.literal_eval, execute(bench, MARKS).splitlines())
    return {
        "sockets": kind, "idle": idle, "call": calls, "talking": crowd, "bursts": bursts,
        "stack": stack, "code": code, "place": place, "pools": pools,
    }  # fmt: skip


def sections(board: str) -> dict[str, int]:
    """Octets of the parts of the firmware."""
    elf = ROOT / "build" / "mps2" / board / "firmware.elf"
    text = subprocess.run(
        ["arm-none-eabi-size", "-A", str(elf)], capture_output=True, text=True, check=True
    ).stdout
    wanted = re.findall(r"^(\.(?:text|data|bss|native|stack|heap))\s+(\d+)", text, re.M)
    return {name[1:]: int(size) for name, size in wanted}


def run(board: str) -> dict:
    """Everything, on one board."""
    folder = ROOT / "out" / "arm_budget"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    counters, environment = attach(board, folder)
    options = {"boards": 1, "board": board, "env": environment | {"PARLEY_QUARANTINE_S": "0"}}
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
        "burst_packets": SENT,
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
    parser.add_argument(
        "--soak", type=Path, help="report.json of a run of test_arm_soak.py, to be told on the page"
    )
    arguments = parser.parse_args()
    soak = json.loads(arguments.soak.read_text())["figures"][SOAK] if arguments.soak else None
    found = {**run(arguments.board), "soak": soak}
    output = ROOT / "out" / "bench" / "arm_budget.json"
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(found, indent=1) + "\n")
    text = arm_page.page(found)
    if slowest(found) < LEAST_TICKS_A_SECOND:
        print(
            f"{slowest(found)} of 50 media ticks a second: this machine is too busy to count on",
            file=sys.stderr,
        )
        return 1
    if arguments.page:
        arguments.page.write_text(text)
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
