#!/usr/bin/env python3
"""How many participants one core carries, set up by real SIP calls: a virtual board against a bare echo in C.

    crowd.py                             the curve, silence, one conference of 512 (some seven minutes)
    crowd.py --participants 64,512       the curve only, at these sizes

`parley up --pin` runs on core 0 with one board, its server on core 1. Every participant calls: the first of a
conference asks the server, is sent a 302, and all call the address it names. Then load.c plays them all from core 1.
CPU is what the kernel accounts to the board's process for all it does, by participant and frame of 20 ms; the echo
runs on the same core under the same load while the board is stopped (SIGSTOP), before and after each run. As root all
of them run at real-time priority for the time of a run, else whoever shares the machine is measured, too.
JSON goes to out/bench/crowd.json.
"""

import argparse
import asyncio
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from callers import Caller, CallError, Callers, call_all, hang_up_all, media_address
from capacity import FRAMES_S, ROOT, build_programs, machine
from real_board import RTP_PORT, SERVER, BenchError, RealBoards, cpu_s, resident_kb, urge

OUTPUT = ROOT / "out" / "bench" / "crowd.json"
CALLERS = ("127.0.9.2", 5060)
ECHO = ("127.0.9.1", 12000)
BOARD_CORE, LOAD_CORE = 0, 1
CURVE = (64, 512, 2000, 4000)
SILENT = 1000
LARGE = 512
SETTLE_S = 1.5  # the load's first second is not counted
ECHO_S = 3.0  # a stopped board's watchdog bites after 8
TICK_US = 20000
BEAT_MS = 8000
LONGEST_FILL_S = 600
CALLS_OVER_S = 33  # transactions stay for 32 s (RFC 3261 17.2.1, RFC 6026 7.1): a crowd in talk has none

Figures = dict[str, Any]


def load_command(
    folder: Path,
    address: tuple[str, int],
    count: int,
    size: int,
    talkers: int,
    seconds: float,
    frame_ms: int = 20,
) -> list[str]:
    """Of load.c, which plays the first `count` participants."""
    terms = [folder / "load", *address, count, size, talkers, 1, 20, seconds, frame_ms]
    first = ["chrt", "-f", "1"] if os.geteuid() == 0 else []
    return ["taskset", "-c", str(LOAD_CORE), *first, *map(str, terms)]


def under_load(pid: int, command: Sequence[str], seconds: float) -> tuple[float, Figures]:
    """(share of a core that process `pid` takes under the load, what the load heard)."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as load:
        time.sleep(SETTLE_S)
        before, started = cpu_s(pid), time.monotonic()
        time.sleep(seconds)
        share = (cpu_s(pid) - before) / (time.monotonic() - started)
        return share, json.loads(load.communicate()[0])


def echo_us(folder: Path, count: int, size: int, talkers: int) -> float:
    """CPU microseconds a participant and frame of the bare echo."""
    first = ["chrt", "-f", "1"] if os.geteuid() == 0 else []
    length = ECHO_S + SETTLE_S + 0.5
    command = ["taskset", "-c", str(BOARD_CORE), *first, folder / "echo", *ECHO, TICK_US, length]
    with subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL) as echo:
        time.sleep(0.1)
        load = load_command(folder, ECHO, count, size, talkers, ECHO_S + SETTLE_S)
        share, _ = under_load(echo.pid, load, ECHO_S - 0.2)
    return share / FRAMES_S / count * 1e6


class Crowd:
    """The participants of one board, called and counted. size: of their conferences."""

    def __init__(self, boards: RealBoards, callers: Callers, folder: Path, size: int) -> None:
        self._boards = boards
        self._callers = callers
        self._folder = folder
        self._size = size
        self._pid = boards.pid(1)
        self.people: list[Caller] = []
        urge(self._pid)

    async def grow(self, count: int) -> Figures:
        """Sets up calls up to `count`; returns how long that took. Raises CallError, BenchError."""
        known = len(self.people)
        newcomers = [Caller(number, media_address(number)) for number in range(known, count)]
        self.people += newcomers
        host = self._boards.host(1)
        # who is in already is heard of now and then, else his place is taken back
        beat = load_command(
            self._folder, (host, RTP_PORT), count, self._size, self._size, LONGEST_FILL_S, BEAT_MS
        )
        with subprocess.Popen(beat, stdout=subprocess.DEVNULL) as heart:
            started, cpu = time.monotonic(), cpu_s(self._pid)
            try:
                await call_all(self._callers, newcomers, self._size, SERVER)
                took, cpu = time.monotonic() - started, cpu_s(self._pid) - cpu
                await asyncio.sleep(CALLS_OVER_S)
            finally:
                heart.kill()
        lines = [one for one in newcomers if one.rtp != (host, RTP_PORT)]
        if lines:
            raise BenchError(f"{len(lines)} participants are not on the board's shared port")
        setups = sorted(one.setup_s for one in newcomers)
        calls = len(newcomers)
        return {
            "calls": calls,
            "seconds": round(took, 1),
            "cpu_ms_a_call": round(1000 * cpu / calls, 2),
            "setup_p50_ms": round(1000 * setups[calls // 2]),
            "setup_p99_ms": round(1000 * setups[calls * 99 // 100]),
            "repeated_requests": self._callers.repeats,
            "resident_kb": resident_kb(self._pid),
        }

    async def leave(self) -> None:
        """Everybody hangs up. Raises CallError."""
        leaving, self.people = self.people, []
        await hang_up_all(self._callers, leaving)
        await asyncio.sleep(0.5)

    def measure(self, name: str, seconds: float, rounds: int, talkers: int | None = None) -> Figures:
        """One row: medians over the rounds, of the board and of the echo around it."""
        count, size = len(self.people), self._size
        talkers = size if talkers is None else talkers
        runs = [self._round(count, size, talkers, seconds) for _ in range(rounds)]
        heard = [run["load"] for run in runs]
        row = {
            "scenario": name,
            "participants": count,
            "size": size,
            "talkers": talkers,
            "board_us": round(statistics.median(run["board_us"] for run in runs), 3),
            "echo_us": round(statistics.median(run["echo_us"] for run in runs), 3),
            "ratio": round(statistics.median(run["board_us"] / run["echo_us"] for run in runs), 3),
            "core_percent": round(statistics.median(run["core_percent"] for run in runs), 1),
            "loss_in_percent": round(max(run["loss_in_percent"] for run in runs), 4),
            "loss_out_percent": round(max(run["loss_out_percent"] for run in runs), 4),
            "late_ticks": sum(run["late_ticks"] for run in runs),
            "skipped_ticks": sum(run["skipped_ticks"] for run in runs),
            "interval_error_p99_ms": max(one["interval_error_p99_ms"] for one in heard),
            "streams_right": sum(one["streams_right"] for one in heard),
            "streams_checked": sum(one["streams_checked"] for one in heard),
            "runs": runs,
        }
        show(row)
        return row

    def _round(self, count: int, size: int, talkers: int, seconds: float) -> Figures:
        echoes = [self._echo(count, size, talkers)]
        before = self._boards.ask(1)
        time.sleep(0.5)  # after the console's own work
        command = self._load(talkers, seconds + SETTLE_S + 0.5)
        share, heard = under_load(self._pid, command, seconds)
        after = self._boards.ask(1)
        echoes.append(self._echo(count, size, talkers))
        taken = after["media"]["taken"] - before["media"]["taken"]
        unread = heard["sent"] - (after["media"]["received"] - before["media"]["received"])
        outgoing = heard["received"] + heard["lost"]
        return {
            "board_us": share / FRAMES_S / count * 1e6,
            "echo_us": statistics.mean(echoes),
            "core_percent": 100 * share,
            "loss_in_percent": 100 * (1 - taken / heard["sent"]),
            "unread": unread,
            "loss_out_percent": 100 * heard["lost"] / outgoing if outgoing else 100.0,
            "late_ticks": sum(after["late"].values()) - sum(before["late"].values()),
            "skipped_ticks": after["skipped"] - before["skipped"],
            "participants_at_the_end": after["participants"],
            "heap_free": after["heap_free"],
            "load": heard,
        }

    def _load(self, talkers: int, seconds: float) -> list[str]:
        host = self._boards.host(1)
        return load_command(self._folder, (host, RTP_PORT), len(self.people), self._size, talkers, seconds)

    def _echo(self, count: int, size: int, talkers: int) -> float:
        os.kill(self._pid, signal.SIGSTOP)
        try:
            return echo_us(self._folder, count, size, talkers)
        finally:
            os.kill(self._pid, signal.SIGCONT)
            time.sleep(1)  # it makes good what it has missed


def show(row: Figures) -> None:
    """Prints a row of the table."""
    print(
        f"{row['scenario']:44} {row['board_us']:6.2f} {row['echo_us']:6.2f} {row['ratio']:5.2f}  "
        f"{row['core_percent']:5.1f} %  {row['loss_in_percent']:7.4f} {row['loss_out_percent']:7.4f}  "
        f"{row['interval_error_p99_ms']:3d}  {row['streams_right']}/{row['streams_checked']}",
        flush=True,
    )


async def conferences(folder: Path, sizes: Sequence[int], size: int, seconds: float, rounds: int) -> Figures:
    """Rows for conferences of `size`, each crowd larger than the one before."""
    rows: list[Figures] = []
    setups: list[Figures] = []
    with RealBoards(1, max(sizes), {BOARD_CORE}, {LOAD_CORE}) as boards:
        urge(boards.server_pid)
        callers = await Callers.open(CALLERS)
        crowd = Crowd(boards, callers, folder, size)
        for count in sorted(sizes):
            setups.append(await crowd.grow(count))
            if count == SILENT:
                rows.append(crowd.measure(f"{count}, all silent", seconds, rounds, talkers=0))
                continue
            name = f"{count} in conferences of {size}" if size < count else f"{count} in one conference"
            rows.append(crowd.measure(name, seconds, rounds))
        await crowd.leave()
        left = boards.ask(1)
        callers.close()
        await asyncio.sleep(0.1)  # the address is given back in the loop's next turn
    return {
        "setups": setups,
        "rows": rows,
        "left": {key: left[key] for key in ("participants", "conferences")},
    }


async def run(arguments: argparse.Namespace) -> Figures:
    """Measures what was asked for."""
    words = arguments.participants
    sizes = [int(word) for word in words.split(",")] if words else [*CURVE, SILENT]
    os.sched_setaffinity(0, {LOAD_CORE})
    found: Figures = {"unit": "CPU microseconds of the board's process a participant and frame of 20 ms"}
    found |= {"seconds": arguments.seconds, "rounds": arguments.rounds, "before": machine()}
    print(f"{'':44}  board   echo ratio  core      loss in     out  p99 ms  streams")
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work)
        build_programs(folder)
        found["curve"] = await conferences(folder, sizes, 4, arguments.seconds, arguments.rounds)
        if not arguments.participants:
            found["one"] = await conferences(folder, (LARGE,), LARGE, arguments.seconds, arguments.rounds)
    return found | {"after": machine()}


def main() -> int:
    """Runs what was asked for; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--participants", help="sizes of the curve, with commas")
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--output", type=Path, default=OUTPUT)
    arguments = parser.parse_args()
    try:
        document = asyncio.run(run(arguments))
    except (BenchError, CallError) as fault:
        print(f"crowd: {fault}", file=sys.stderr)
        return 1
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    print(f"written: {arguments.output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
