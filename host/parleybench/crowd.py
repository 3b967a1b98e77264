"""Participants by the thousand, set up by real SIP calls, played by load.c, and what the boards take for them.

The first of a conference asks the server, is sent a 302, and all call the address it names. Processor time is what the
kernel accounts to the boards' processes for all they do, by participant and frame of 20 ms. Beside it, where the
boards are ours, a bare echo in C runs on the board's core under the same load while the board is stopped (SIGSTOP).
"""

import asyncio
import os
import signal
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from parleybench.boards import RTP_PORT, RealBoards, RunningServer, board_process
from parleybench.callers import Caller, Callers, call_all, hang_up_all, media_address
from parleybench.endings import Endings
from parleybench.load import LOAD_CORE, NOBODY, SETTLE_S, Background, load_command, under_load
from parleybench.machine import BenchError, Figures, cpu_s, on_cores, resident_kb, urge

ECHO = ("127.0.9.1", 12000)
BOARD_CORE = 0
FRAMES_S = 50
ECHO_S = 3.0  # a stopped board's watchdog bites after 8
TICK_US = 20000
BEAT_MS = 1000  # less than a chunk of calls takes: everybody is heard between two
LONGEST_FILL_S = 600
CHUNK = 512  # calls between two looks at who is in
SPEECH_S = 1.0  # of a round, beside what is measured: the console is asked, the load ends

Say = Callable[[str], None]


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
        self._endings = Endings()
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
            with self._heart() if self.people else self._ears(newcomers):
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
        self._endings.add(started, time.monotonic())
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

    def _heart(self) -> Background:
        """Who is in already is heard of now and then, else his place is taken back."""
        everyone = self._size
        return Background(
            load_command(self._folder, self.people, self._size, everyone, LONGEST_FILL_S, BEAT_MS)
        )

    def _ears(self, people: Sequence[Caller]) -> Background:
        """Nobody talks, all hear: each packet to a closed port would cost the board an ICMP message."""
        return Background(
            load_command(self._folder, people, self._size, 0, LONGEST_FILL_S, peer=NOBODY, mute=True)
        )

    def _totals(self) -> Any:
        with self._ears(self.people):
            return self._system.totals()

    async def leave(self) -> None:
        """Everybody hangs up. Raises BenchError."""
        self._say(f"{len(self.people)} participants hang up")
        leaving, self.people = self.people, []
        with self._ears(leaving):
            await hang_up_all(self._callers, leaving)
        await asyncio.sleep(0.5)

    def _calm(self, seconds: float) -> None:
        """Waits until no transaction ends in a round of so many seconds."""
        wait_s = self._endings.wait_s(time.monotonic(), seconds + SETTLE_S + SPEECH_S)
        if wait_s > 0:
            self._say(f"{len(self.people)} are in; {wait_s:.0f} s until their calls' transactions are over")
            with self._heart():
                time.sleep(wait_s)

    def measure(self, name: str, seconds: float, rounds: int, talkers: int | None, alike: bool) -> Figures:
        """One row: medians over the rounds, of the boards and of the echo before and after them.

        talkers: of each conference, None: all; alike: see capacity.run. Raises BenchError.
        """
        size = self._size
        talkers = size if talkers is None else talkers
        runs, echo = [], self._echo(talkers)
        for turn in range(rounds):
            self._calm(seconds)
            self._say(f"{name}: round {turn + 1} of {rounds}")
            runs.append(self._round(talkers, seconds, echo))
            echo = runs[-1]["echo_after_us"]
        often = runs[-1]["ticks_a_frame"]
        echo_alike_us = self._echo(talkers, TICK_US // often) if often and alike else None
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
            "echo_alike_us": echo_alike_us,
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
        before, began = self._totals(), time.monotonic()
        time.sleep(0.5)  # after the console's own work
        command = load_command(
            self._folder, self.people, self._size, talkers, seconds + SETTLE_S + 0.5, cores=self._cores
        )
        shares, heard = under_load(self.pids, command, seconds)
        after, frames = self._totals(), (time.monotonic() - began) * FRAMES_S
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
            with self._ears(self.people):
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
