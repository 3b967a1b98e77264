"""How many participants a board carries, set up by real SIP calls, beside a bare echo in C.

A server and boards of our own are started for it, each board on a core of its own, or a running server is called.
"""

import asyncio
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.table import Table

from parleybench.boards import RealBoards, RunningServer
from parleybench.callers import Callers
from parleybench.crowd import BOARD_CORE, Crowd, Say
from parleybench.load import LOAD_CORE
from parleybench.machine import BenchError, Figures, awake, build_programs, machine

CALLERS = ("127.0.9.2", 5060)
CURVE = (64, 512, 2000, 4000)
SIZE = 4
SILENT = 1000  # a row of the whole run in which nobody speaks
LARGE = 512  # participants of its one large conference
UNIT = "CPU microseconds of the board's process a participant and frame of 20 ms"


def run(
    participants: Sequence[int],
    seconds: float,
    rounds: int,
    say: Say,
    size: int = SIZE,
    boards: int = 1,
    server: tuple[str, int] | None = None,
    wakeful: bool = False,
    alike: bool = False,
) -> Figures:
    """Return the rows for so many participants each; none named: the whole curve, silence, one large conference.

    boards: so many of our own, each pinned to a core; server: (host, port) of one that runs, which is then called;
    wakeful: all cores are kept from halting the while (`awake`), for board and echo alike;
    alike: a second echo wakes as often as the board does. Raises BenchError.
    """
    if server is not None and not server[0].startswith("127."):
        raise BenchError(
            "the callers of `capacity` have loopback addresses: run it on the machine of the server"
        )
    if boards > (os.cpu_count() or 1):
        raise BenchError(f"{boards} boards, and this machine has {os.cpu_count()} cores")
    whole = not participants
    sizes = [*CURVE, SILENT] if whole else sorted(participants)
    found: Figures = {"unit": UNIT, "seconds": seconds, "rounds": rounds, "machine": machine()}
    found["awake"] = wakeful
    allowed = os.sched_getaffinity(0)
    if len(allowed) > 1:
        os.sched_setaffinity(0, {LOAD_CORE})
    try:
        with tempfile.TemporaryDirectory() as work:
            build_programs(Path(work), "load", "echo", "awake")

            def conferences(counts: Sequence[int], members: int) -> Figures:
                system = RunningServer(server) if server else _own(boards, max(counts))
                silent = SILENT if whole else None
                return asyncio.run(
                    _measure(Path(work), system, counts, members, silent, seconds, rounds, say, alike)
                )

            with awake(Path(work), sorted(allowed) if wakeful else ()):
                found["curve"] = conferences(sizes, size)
                if whole and server is None:
                    found["one"] = conferences((LARGE,), LARGE)
    finally:
        os.sched_setaffinity(0, allowed)
    return found


def _own(boards: int, participants: int) -> RealBoards:
    if boards == 1:
        return RealBoards(1, participants, cores={BOARD_CORE}, others={LOAD_CORE})
    legs = -(-participants // boards // SIZE) * SIZE + SIZE
    return RealBoards(boards, legs, cores=set(range(boards)), others={LOAD_CORE})


async def _measure(
    folder: Path,
    system: RealBoards | RunningServer,
    counts: Sequence[int],
    size: int,
    silent: int | None,
    seconds: float,
    rounds: int,
    say: Say,
    alike: bool,
) -> Figures:
    rows, setups, left = [], [], None
    say("starting the server" if system.own else f"calling {system.server[0]}:{system.server[1]}")
    cores = range(max(2, system.boards)) if system.boards > 1 else LOAD_CORE
    with system:
        callers = await Callers.open(CALLERS)
        crowd = Crowd(system, callers, folder, size, say, cores)
        try:
            for count in sorted(counts):
                setups.append(await crowd.grow(count))
                name = f"{count} in conferences of {size}" if size < count else f"{count} in one conference"
                name = f"{count}, all silent" if count == silent else name
                rows.append(crowd.measure(name, seconds, rounds, 0 if count == silent else None, alike))
        finally:
            await crowd.leave()
            callers.close()
        if system.own:
            totals = system.totals()
            left = {key: totals[key] for key in ("participants", "conferences")}
        await asyncio.sleep(0.1)  # the address is given back in the loop's next turn
    return {"setups": setups, "rows": rows, "left": left}


def rows_of(document: Figures) -> list[Figures]:
    """Return every row of a document."""
    return [*document["curve"]["rows"], *document.get("one", {"rows": []})["rows"]]


def tables(document: Figures) -> list[Table]:
    """Return the document as a table for people."""
    state = ", cores kept awake" if document["awake"] else ""
    table = Table(title=f"Participants by real calls, PCMU, 20 ms{state}", title_justify="left")
    columns = (
        "",
        "board us",
        "echo us",
        "ratio",
        "least, most",
        "echo alike",
        "of the core",
        "loss in",
        "loss out",
        "jitter p99",
        "right",
    )
    for name in columns:
        table.add_column(name, justify="right" if name else "left", no_wrap=True)

    def cell(value: float | None, form: str, unit: str = "") -> str:
        return "-" if value is None else format(value, form) + unit

    for row in rows_of(document):
        table.add_row(
            row["scenario"],
            cell(row["board_us"], ".2f"),
            cell(row["echo_us"], ".2f"),
            cell(row["ratio"], ".2f"),
            f"{cell(row['ratio_least'], '.2f')}, {cell(row['ratio_most'], '.2f')}",
            cell(row["echo_alike_us"], ".2f"),
            cell(row["core_percent"], ".1f", " %"),
            cell(row["loss_in_percent"], ".3f", " %"),
            cell(row["loss_out_percent"], ".3f", " %"),
            f"{row['interval_error_p99_ms']} ms",
            f"{row['streams_right']} of {row['streams_checked']}",
        )
    return [table]
