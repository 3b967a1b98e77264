"""The page of what an emulated Arm board needs, out of arm_budget's figures."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAUSE_LIMIT_MS = 15


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "| --- |" + " --: |" * (len(head) - 1)]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])


def millions(value: float) -> str:
    return f"{value / 1e6:.2f}"


def real_boards() -> list[dict]:
    """Boards of silicon with an Arm core, as boards/ has them."""
    tables = [tomllib.loads(path.read_text()) for path in sorted((ROOT / "boards").glob("*/board.toml"))]
    return [one for one in tables if "emulator" not in one and one["arch"].startswith("armv7")]


def costs(found: dict) -> str:
    """The table of instructions by class."""
    queued, portable = found["queued"], found["portable"]
    columns = [
        queued["idle"], queued["talking"]["rates"], portable["talking"]["rates"], queued["call"], portable["call"],
    ]  # fmt: skip
    head = [
        "millions of instructions", "idle, a second", "talking, a second", "the same, stock sockets", "one call",
        "the same, stock sockets",
    ]  # fmt: skip
    return table(head, [[name, *(millions(column[name]) for column in columns)] for name in columns[0]])


def clocks(found: dict) -> str:
    """What it means for boards of silicon."""
    talking, legs = found["queued"]["talking"], found["participants"]
    each = (talking["rates"]["all"] - found["queued"]["idle"]["all"]) / legs
    idle, pause = found["queued"]["idle"]["all"], talking["longest_collection"]
    rows = []
    for one in real_boards():
        need = (idle + each * one["legs"]) / 1e6
        rows.append([
            one["title"], str(one["clock_mhz"]), str(one["legs"]), f"{need:.0f}",
            f"{100 * need / one['clock_mhz']:.0f} %", f"{pause / one['clock_mhz'] / 1e3:.1f}",
        ])  # fmt: skip
    head = ["board", "MHz", "legs", "MHz needed", "of the processor", "longest collection, ms"]
    return table(head, rows)


def memory(found: dict) -> str:
    """The memory map with high-water marks."""
    sections, talking = found["sections"], found["queued"]["talking"]
    stack, code, place = (found["queued"][name] for name in ("stack", "code", "place"))
    rows = [
        ["code and constants", f"{sections['text']:,}", ""],
        ["initialised data", f"{sections['data']:,}", ""],
        ["zeroed data: lwIP's pools and heap, rings, MicroPython's state", f"{sections['bss']:,}", ""],
        ["native kernels, out of the collector's sight", f"{code[1]:,}", f"{code[0]:,}"],
        ["bytecode, executed in place in PSRAM", f"{place[1]:,}", f"{place[0]:,}"],
        ["stack", f"{stack[1]:,}", f"{stack[0]:,}"],
        ["Python's heap", f"{sections['heap']:,}", f"{talking['heap_used']:,} live"],
    ]
    return table(["part", "octets", "most in use"], rows)


def pools(found: dict) -> str:
    """lwIP's pools that were used at all."""
    rows = found["queued"]["pools"]
    return table(
        ["lwIP", "now", "most", "there are", "refused"],
        [[row[0], *(str(value) for value in row[1:])] for row in rows],
    )


def soak(figures: dict | None) -> str:
    """A thousand calls, one after another."""
    if not figures:
        return "Not measured for this page: `make soak BOARD=mps2-an500`, then `--soak out/hil/report.json`."
    rest, busy, half = figures["free_at_rest"], figures["free_busy"], len(figures["free_busy"]) // 2
    calls_a_round = figures["calls"] // len(rest)
    calls, rate = figures["calls"], figures["calls_a_second"]
    median_ms, worst_ms = figures["answer_median_ms"], figures["worst_answer_ms"]
    rows = {
        "least while calls come, first half": min(busy[:half]),
        "least while calls come, second half": min(busy[half:]),
    }
    rows |= {f"at rest after {calls_a_round * (place + 1):,}": octets for place, octets in enumerate(rest)}
    free = table(["octets", "free"], [[name, f"{octets:,}"] for name, octets in rows.items()])
    return f"""`make soak BOARD=mps2-an500`: {calls:,} calls set up and torn down one after another, {rate} a second,
INVITE to 200 in {median_ms:.0f} ms (median; {worst_ms:.0f} ms the worst). No pool of lwIP was
exhausted, no watchdog bit. Python's heap, free after a collection:

{free}"""


def page(found: dict) -> str:
    """All of it as Markdown."""
    talking = found["queued"]["talking"]
    pause_ms = talking["longest_collection"] / 216e3
    verdict = "below" if pause_ms < PAUSE_LIMIT_MS else "ABOVE"
    return f"""# What an Arm board needs

Written by `python -m hil_tests.arm_budget --board {found["board"]} --page docs/arm-board.md
--soak out/hil/report.json`; do not edit.

Counted in {found["qemu"]}, machine `{found["board"]}`, every instruction, while calls run in real time:
{found["participants"]} participants in {found["conferences"]} conferences, PCMU, 50 packets a second each way for each.
{talking["lost"]} of {talking["packets"]} packets were lost. With stock sockets, MicroPython's own, which keep one
datagram each, {found["portable"]["talking"]["lost"]} of {found["portable"]["talking"]["packets"]} were.

That traffic comes evenly, for which one place is enough. Bursts are another matter: of {found["burst_packets"]}
packets in bursts of six the queue took {found["queued"]["bursts"]}, stock sockets {found["portable"]["bursts"]}.

Instructions are not cycles: a real processor with caches and wait states needs about 0.7 to 2 cycles for one.

## Instructions

{costs(found)}

A call is INVITE to BYE with the refreshes that tell the server. The longest garbage collection with every leg in
use took {talking["longest_collection"]:,} instructions.
At 216 MHz that is {pause_ms:.1f} ms, {verdict} the limit of {PAUSE_LIMIT_MS} ms.

## Boards of silicon

At one instruction a cycle, full house; none of them has been measured.

{clocks(found)}

## Memory

{memory(found)}

{pools(found)}

## A thousand calls

{soak(found.get("soak"))}
"""
