"""Participants by the thousand, set up by real SIP calls, played by load.c, and what the boards take for them.

The first of a conference asks the server, is sent a 302, and all call the address it names. Processor time is what the
kernel accounts to the boards' processes for all they do, by participant and frame of 20 ms. Beside it, where the
boards are ours, a bare echo in C runs on the board's core under the same load while the board is stopped (SIGSTOP).
"""

import asyncio
import json
import os
import signal
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from parleybench.boards import RTP_PORT, RealBoards, RunningServer, board_process
from parleybench.callers import Caller, Callers, call_all, hang_up_all, media_address
from parleybench.machine import BenchError, Figures, cpu_s, on_cores, resident_kb, urge

ECHO = ("127.0.9.1", 12000)
BOARD_CORE, LOAD_CORE = 0, 1
FRAMES_S = 50
SETTLE_S = 1.5  # the load's first second is not counted
ECHO_S = 3.0  # a stopped board's watchdog bites after 8
TICK_US = 20000
BEAT_MS = 1000  # less than a chunk of calls takes: everybody is heard between two
LONGEST_FILL_S = 600
CHUNK = 512  # calls between two looks at who is in
CALLS_OVER_S = 33  # transactions stay for 32 s (RFC 3261 17.2.1, RFC 6026 7.1): a crowd in talk has none

Say = Callable[[str], None]


def load_command(
    folder: Path,
    people: Sequence[Caller],
    size: int,
    talkers: int,
    seconds: float,
    frame_ms: int = 20,
    peer: tuple[str, int] | None = None,
    cores: int | Sequence[int] = LOAD_CORE,
) -> list[str]:
    """Of load.c, which plays these participants; peer: where all their packets go, instead of to their calls."""
    terms: list[object] = [*(peer or ("0.0.0.0", 9)), len(people), size, talkers, 1, 20, seconds, frame_ms]
    if peer is None:
        path = folder / "peers"
        path.write_text("".join(f"{one.rtp[0]} {one.rtp[1]}\n" for one in people), encoding="ascii")
        terms.append(path)
    return on_cores(cores, folder / "load", *terms)


def under_load(pids: Sequence[int], command: Sequence[str], seconds: float) -> tuple[list[float], Figures]:
    """([share of a core that each process takes under the load], what the load heard). Raises BenchError."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as load:
        try:
            time.sleep(SETTLE_S)
            before, started = [cpu_s(pid) for pid in pids], time.monotonic()
            time.sleep(seconds)
            took = time.monotonic() - started
            shares = [(cpu_s(pid) - earlier) / took for pid, earlier in zip(pids, before, strict=True)]
            words = load.communicate()[0]
        except BaseException:
            load.kill()
            raise
    if load.returncode:
        raise BenchError(f"the load generator ended with {load.returncode}: is one of its ports in use?")
    return shares, json.loads(words)


def echo_us(folder: Path, people: Sequence[Caller], size: int, talkers: int, tick_us: int = TICK_US) -> float:
    """CPU microseconds a participant and frame of the bare echo, which wakes every tick_us."""
    length = ECHO_S + SETTLE_S + 0.5
    command = on_cores(BOARD_CORE, folder / "echo", *ECHO, tick_us, length)
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as echo:
        time.sleep(0.1)
        load = load_command(folder, people, size, talkers, ECHO_S + SETTLE_S, peer=ECHO)
        shares, _ = under_load([echo.pid], load, ECHO_S - 0.2)
    return shares[0] / FRAMES_S / len(people) * 1e6


class Crowd:
    """The participants of a server's boards, called and counted. size: of their conferences."""

    def __init__(
        self,
        system: RealBoards | RunningServer,
        callers: Callers,
        folder: Path,
        size: int,
        say: Say,
        cores: int | Sequence[int] = LOAD_CORE,
    ) -> None:
        """cores: where the load generator may run."""
        self._system = system
        self._callers = callers
        self._folder = folder
        self._size = size
        self._say = say
        self._cores = cores
        self.people: list[Caller] = []
        self.pids: list[int] = []

    async def grow(self, count: int) -> Figures:
        """Sets up calls up to `count`; returns how long that took. Raises BenchError."""
        known = len(self.people)
        newcomers = [Caller(number, media_address(number)) for number in range(known, count)]
        if not newcomers:
            return {"calls": 0}
        started, before = time.monotonic(), self._cpu()
        chunk = max(self._size, CHUNK // self._size * self._size)
        for first in range(0, len(newcomers), chunk):
            self._say(f"calling: {known + first} of {count} participants")
            with self._heart():
                part = newcomers[first : first + chunk]
                try:
                    await call_all(self._callers, part, self._size, self._system.server)
                finally:
                    self.people += [one for one in part if one.rtp[1]]
        self._find_boards()
        lines = [one for one in newcomers if self._system.own and one.rtp[1] != RTP_PORT]
        if lines:
            raise BenchError(f"{len(lines)} participants are not on their board's shared port")
        took, used = time.monotonic() - started, self._cpu() - before
        with self._heart():
            self._say(f"{count} participants are in; waiting until their calls' transactions are over")
            await asyncio.sleep(CALLS_OVER_S)
        setups = sorted(one.setup_s for one in newcomers)
        calls = len(newcomers)
        return {
            "calls": calls,
            "seconds": round(took, 1),
            "cpu_ms_a_call": round(1000 * used / calls, 2),
            "setup_p50_ms": round(1000 * setups[calls // 2]),
            "setup_p99_ms": round(1000 * setups[calls * 99 // 100]),
            "repeated_requests": self._callers.repeats,
            "resident_kb": sum(resident_kb(pid) for pid in self.pids),
        }

    def _cpu(self) -> float:
        return sum(cpu_s(pid) for pid in self.pids)

    def _find_boards(self) -> None:
        """The boards' processes, by the addresses that callers were given."""
        hosts = sorted({one.rtp[0] for one in self.people})
        found = [board_process(host) for host in hosts]
        self.pids = [pid for pid in found if pid is not None]
        if len(self.pids) < len(hosts):
            self.pids = []  # part of the time would be no figure
        if self._system.own:
            for pid in self.pids:
                urge(pid)

    def _heart(self) -> "_Heart":
        """Who is in already is heard of now and then, else his place is taken back."""
        if not self.people:
            return _Heart(None)
        return _Heart(
            load_command(self._folder, self.people, self._size, self._size, LONGEST_FILL_S, BEAT_MS)
        )

    async def leave(self) -> None:
        """Everybody hangs up. Raises BenchError."""
        self._say(f"{len(self.people)} participants hang up")
        leaving, self.people = self.people, []
        await hang_up_all(self._callers, leaving)
        await asyncio.sleep(0.5)

    def measure(self, name: str, seconds: float, rounds: int, talkers: int | None = None) -> Figures:
        """One row: medians over the rounds, of the boards and of the echo before and after them. Raises BenchError."""
        size = self._size
        talkers = size if talkers is None else talkers
        runs, echo = [], self._echo(talkers)
        for turn in range(rounds):
            self._say(f"{name}: round {turn + 1} of {rounds}")
            runs.append(self._round(talkers, seconds, echo))
            echo = runs[-1]["echo_after_us"]
        often = runs[-1]["ticks_a_frame"]
        alike = self._echo(talkers, TICK_US // often) if often else None
        heard = [run["load"] for run in runs]

        def median(key: str, digits: int) -> float | None:
            known = [run[key] for run in runs if run[key] is not None]
            return round(statistics.median(known), digits) if known else None

        def extreme(choice: Callable[[list[float]], float], key: str) -> float | None:
            known = [run[key] for run in runs if run[key] is not None]
            return round(choice(known), 4) if known else None

        def worst(key: str) -> float | None:
            return extreme(max, key)

        return {
            "scenario": name,
            "participants": len(self.people),
            "size": size,
            "talkers": talkers,
            "boards": len({one.rtp[0] for one in self.people}),
            "board_us": median("board_us", 3),
            "echo_us": median("echo_us", 3),
            "ratio": median("ratio", 3),
            "ratio_least": extreme(min, "ratio"),
            "ratio_most": extreme(max, "ratio"),
            "ticks_a_frame": often,
            "echo_alike_us": alike,
            "core_percent": median("core_percent", 1),
            "loss_in_percent": worst("loss_in_percent"),
            "loss_out_percent": worst("loss_out_percent"),
            "late_ticks": worst("late_ticks"),
            "skipped_ticks": worst("skipped_ticks"),
            "interval_error_p99_ms": max(one["interval_error_p99_ms"] for one in heard),
            "streams_right": sum(one["streams_right"] for one in heard),
            "streams_checked": sum(one["streams_checked"] for one in heard),
            "runs": runs,
        }

    def _round(self, talkers: int, seconds: float, echo: float | None) -> Figures:
        count = len(self.people)
        before, began = self._system.totals(), time.monotonic()
        time.sleep(0.5)  # after the console's own work
        command = load_command(
            self._folder, self.people, self._size, talkers, seconds + SETTLE_S + 0.5, cores=self._cores
        )
        shares, heard = under_load(self.pids, command, seconds)
        after, frames = self._system.totals(), (time.monotonic() - began) * FRAMES_S
        echoes = [echo, self._echo(talkers)]
        outgoing = heard["received"] + heard["lost"]
        board_us = sum(shares) / FRAMES_S / count * 1e6 if shares else None
        known = [echo for echo in echoes if echo is not None]
        run: Figures = {
            "board_us": board_us,
            "echo_us": statistics.mean(known) if known else None,
            "echo_after_us": echoes[1],
            "ratio": board_us / statistics.mean(known) if known and board_us else None,
            "core_percent": 100 * sum(shares) if shares else None,
            "core_percent_by_board": [round(100 * share, 1) for share in shares],
            "loss_out_percent": 100 * heard["lost"] / outgoing if outgoing else 100.0,
            "ticks_a_frame": None,
            "loss_in_percent": None,
            "late_ticks": None,
            "skipped_ticks": None,
            "load": heard,
        }
        if after and after["participants"] != count:
            raise BenchError(f"{count} participants called, and the boards know {after['participants']}")
        return run | (counted(before, after, heard["sent"], frames) if after else {})

    def _echo(self, talkers: int, tick_us: int = TICK_US) -> float | None:
        """Of the echo on the board's core; None where the board is not ours to stop, or has the load's core too."""
        if not self._system.own or len(self.pids) != 1:
            return None
        os.kill(self.pids[0], signal.SIGSTOP)
        try:
            return echo_us(self._folder, self.people, self._size, talkers, tick_us)
        finally:
            os.kill(self.pids[0], signal.SIGCONT)
            time.sleep(1)  # it makes good what it has missed


def counted(before: Figures, after: Figures, sent: int, frames: float) -> Figures:
    """What the boards' own counters say of a run of so many frames' time in which the load sent so many packets."""
    taken = after["media"]["taken"] - before["media"]["taken"]
    return {
        "loss_in_percent": 100 * (1 - taken / sent),
        "unread": sent - (after["media"]["received"] - before["media"]["received"]),
        "late_ticks": after["late"] - before["late"],
        "skipped_ticks": after["skipped"] - before["skipped"],
        "ticks_a_frame": max(1, round((after["ticks"] - before["ticks"]) / frames)),
        "participants_at_the_end": after["participants"],
        "heap_free": after["heap_free"],
    }


class _Heart:
    """load.c in the background, or nothing."""

    def __init__(self, command: Sequence[str] | None) -> None:
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> None:
        if self._command is not None:
            self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
