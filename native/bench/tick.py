#!/usr/bin/env python3
"""A board's media tick alone, without SIP, in MicroPython: by scenario, against a bare echo in C.

    tick.py                          all scenarios (some 15 minutes)
    tick.py --participants 32,1000   the curve only, at these sizes
    tick.py --scenario 512           scenarios whose name contains this

Board and echo run on core 0, one after the other, under the same load from core 1 (load.c of host/parleybench/c).
CPU is what the kernel accounts to the process (/proc/PID/schedstat) for receiving, mixing and sending, the loopback's
delivery included, by participant and frame of 20 ms. Medians over the rounds; JSON to out/bench/tick.json. As root
both run at real-time priority for the time of a run, else whoever shares the machine is measured, too.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from parleybench.machine import build_programs, cpu_s, machine, on_cores

BENCH = Path(__file__).resolve().parent
NATIVE = BENCH.parent
ROOT = NATIVE.parent
OUTPUT = ROOT / "out" / "bench" / "tick.json"
HOST, PORT = "127.0.9.1", 12000
SETTLE_S = 2  # the load's first second is not counted, nor is ours
FRAMES_S = 50
PRESENT = 0.98  # share of the packets due that the load must have sent, else the run tells nothing
TRIES = 3


class Scenario:
    """What is on the board: participants in conferences of `size`, of whom `talkers` speak.

    silent: the others send silence (1) or nothing (0). phases: calls a frame's work is spread over. slots: how
    the load spreads its packets over a frame (1: all at once).
    """

    def __init__(self, name, participants, size=4, talkers=4, silent=1, phases=1, loudest=0, slots=20):
        self.name = name
        self.participants = participants
        self.size = size
        self.talkers = talkers
        self.silent = silent
        self.phases = phases
        self.loudest = loudest
        self.slots = slots

    def packets_in(self):
        """Packets the load sends a frame."""
        if self.silent:
            return self.participants
        whole, rest = divmod(self.participants, self.size)
        return whole * self.talkers + min(rest, self.talkers)


CURVE = (32, 512, 1000, 2000, 2500, 3000, 4000)
OTHERS = (
    Scenario("512 in one conference, 8 speak", 512, size=512, talkers=8),
    Scenario("512 in one conference, all speak", 512, size=512, talkers=512),
    Scenario("512 in one conference, all speak, 8 loudest", 512, size=512, talkers=512, loudest=8),
    Scenario("1000, one of four speaks", 1000, talkers=1),
    Scenario("1000, all send silence", 1000, talkers=0),
    Scenario("1000, nobody sends", 1000, talkers=0, silent=0),
    Scenario("1000, load in one burst", 1000, slots=1),
    Scenario("1000, tick in 5 phases", 1000, phases=5),
    Scenario("2500, tick in 5 phases", 2500, phases=5),
    Scenario("4000, tick in 5 phases", 4000, phases=5),
)


def run_tool(*command):
    """Runs a build tool; its words on failure."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{command[0]}: {done.stderr or done.stdout}")


def build(folder):
    """Builds load, echo and the native modules into `folder`."""
    build_programs(folder, "load", "echo")
    kernels = [
        *sorted((NATIVE / "src").glob("*.c")),
        *(NATIVE / "io" / name for name in ("io.c", "io_send.c", "system_libc.c")),
    ]
    includes = [f"-I{NATIVE / part}" for part in ("include", "src", "io")]
    timer = BENCH / "bridge_times.c"
    run_tool("gcc", "-std=gnu99", "-O3", *includes, timer, *kernels, "-o", folder / "bridge_times")
    builder = NATIVE / "micropython" / "build.py"
    run_tool(sys.executable, builder, "--arch", "x64", "--output", folder)


def bridge_alone(folder, scenario):
    """Returns the bridge's own work in nanoseconds a participant and frame: (receive, mix), no network."""
    terms = (scenario.participants, scenario.size, scenario.talkers, scenario.silent, scenario.loudest, 100)
    command = on_cores(0, folder / "bridge_times", *terms)
    found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return found["receive_ns"], found["mix_ns"]


def server_command(kind, folder, scenario, seconds):
    """Returns the command of "echo" or "board" that runs for so long."""
    if kind == "echo":
        return on_cores(0, folder / "echo", HOST, PORT, 20000 // scenario.phases, seconds)
    micropython = Path(sys.executable).parent / "micropython"
    terms = (scenario.participants, scenario.size, scenario.phases, scenario.loudest, scenario.slots, seconds)
    return on_cores(0, micropython, "-X", "heapsize=8m", BENCH / "board.py", HOST, PORT, *terms)


def measure(kind, folder, scenario, seconds):
    """Runs a server under load once; returns its figures."""
    environment = {**os.environ, "MICROPYPATH": f"{folder}:.frozen"}
    command = server_command(kind, folder, scenario, seconds + SETTLE_S + 3)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as server:
        if kind == "board":
            server.stdout.readline()  # "ready"
        terms = (scenario.participants, scenario.size, scenario.talkers, scenario.silent, scenario.slots)
        load = subprocess.Popen(
            on_cores(1, folder / "load", HOST, PORT, *terms, seconds + SETTLE_S + 1),
            stdout=subprocess.PIPE,
            text=True,
        )
        time.sleep(SETTLE_S)
        before, started = cpu_s(server.pid), time.monotonic()
        time.sleep(seconds)
        used, took = cpu_s(server.pid) - before, time.monotonic() - started
        heard = json.loads(load.communicate()[0])
        told = json.loads(server.communicate()[0])
    due = scenario.packets_in() * FRAMES_S * heard["seconds"]
    return {
        "us": used / (took * FRAMES_S * scenario.participants) * 1e6,
        "core_percent": 100 * used / took,
        "load_present": heard["sent"] / due if due else 1.0,
        "load": heard,
        "server": told,
    }


def measure_well(kind, folder, scenario, seconds):
    """Repeats a run in which the load could not keep its pace; the machine may be shared."""
    for _ in range(TRIES):
        found = measure(kind, folder, scenario, seconds)
        if found["load_present"] >= PRESENT:
            break
    return found


def loss_percent(board):
    """Returns (loss on the way in, on the way out) of a board's run in percent."""
    sent, taken = board["load"]["sent"], board["server"]["bridge"]["received"]
    received, lost = board["load"]["received"], board["load"]["lost"]
    return 100 * (1 - taken / sent) if sent else 0.0, 100 * lost / (received + lost) if received else 0.0


def compare(folder, scenario, seconds, rounds):
    """Returns a scenario's row: medians of both servers, ratio, loss, and what every run gave."""
    runs = []
    for _ in range(rounds):
        echo = measure_well("echo", folder, scenario, seconds) if scenario.packets_in() else None
        runs.append((echo, measure_well("board", folder, scenario, seconds)))
    alone = bridge_alone(folder, scenario)
    board_us = statistics.median(board["us"] for _, board in runs)
    echo_us = statistics.median(echo["us"] for echo, _ in runs) if runs[0][0] else None
    ratios = [board["us"] / echo["us"] for echo, board in runs if echo]
    losses = [loss_percent(board) for _, board in runs]
    return {
        "scenario": scenario.name,
        **{key: value for key, value in vars(scenario).items() if key != "name"},
        "bridge_receive_ns": alone[0],
        "bridge_mix_ns": alone[1],
        "board_us": round(board_us, 3),
        "echo_us": echo_us and round(echo_us, 3),
        "ratio": round(statistics.median(ratios), 3) if ratios else None,
        "core_percent": round(statistics.median(board["core_percent"] for _, board in runs), 1),
        "loss_in_percent": round(statistics.median(loss for loss, _ in losses), 3),
        "loss_out_percent": round(statistics.median(loss for _, loss in losses), 3),
        "late_ticks": statistics.median(board["server"]["late_ticks"] for _, board in runs),
        "interval_error_p99_ms": statistics.median(
            board["load"]["interval_error_p99_ms"] for _, board in runs
        ),
        "streams_right": sum(board["load"]["streams_right"] for _, board in runs),
        "streams_checked": sum(board["load"]["streams_checked"] for _, board in runs),
        "runs": [{"echo": echo, "board": board} for echo, board in runs],
    }


def show(row):
    """Prints a row of the table."""
    echo = f"{row['echo_us']:6.2f}" if row["echo_us"] else "     -"
    ratio = f"{row['ratio']:5.2f}" if row["ratio"] else "    -"
    print(
        f"{row['scenario']:44} {row['board_us']:6.2f} {echo} {ratio}  {row['core_percent']:5.1f} %  "
        f"{row['loss_in_percent']:6.3f} {row['loss_out_percent']:6.3f}  {row['interval_error_p99_ms']:3.0f}  "
        f"{row['streams_right']}/{row['streams_checked']}  {row['bridge_receive_ns'] + row['bridge_mix_ns']:4.0f}",
        flush=True,
    )


def chosen(arguments):
    """Returns the scenarios asked for."""
    sizes = [int(word) for word in arguments.participants.split(",")] if arguments.participants else CURVE
    curve = [Scenario(f"{count} in conferences of 4", count) for count in sizes]
    if arguments.participants:
        return curve
    every = [*curve, *OTHERS]
    return [one for one in every if arguments.scenario is None or arguments.scenario in one.name]


def main():
    """Runs what was asked for; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--participants", help="sizes of the curve, with commas")
    parser.add_argument("--scenario", help="part of a scenario's name")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--output", type=Path, default=OUTPUT)
    arguments = parser.parse_args()
    if shutil.which("taskset") is None:
        sys.exit("taskset is missing: apt-get install util-linux")
    before = machine()
    print(f"{'':44}  board   echo ratio  core      loss in    out  p99 ms  streams bridge alone ns")
    rows = []
    with tempfile.TemporaryDirectory() as work:
        build(Path(work))
        for scenario in chosen(arguments):
            rows.append(compare(Path(work), scenario, arguments.seconds, arguments.rounds))
            show(rows[-1])
    document = {
        "unit": "CPU microseconds of the server a participant and frame of 20 ms",
        "seconds": arguments.seconds,
        "rounds": arguments.rounds,
        "machine": {"before": before, "after": machine()},
        "rows": rows,
    }
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    print(f"written: {arguments.output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
