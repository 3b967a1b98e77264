#!/usr/bin/env python3
"""Write the README's performance section and docs/packet-io.md from docs/performance.json.

tools/bench_readme.py            write both
tools/bench_readme.py --check    fail if they are not what the figures say
tools/bench_readme.py --record   take the figures and pictures of out/bench first (make bench)
"""

import argparse
import json
import shutil
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
RECORD = ROOT / "docs" / "performance.json"
MEASURED = ROOT / "out" / "bench"
BASELINE = ROOT / "native" / "bench" / "baseline.json"
BEGIN, END = "<!-- performance: written by tools/bench_readme.py -->\n", "<!-- /performance -->\n"
PICTURES = ("capacity", "delay")
MACHINE = ("processor", "cores", "system", "micropython", "parley")
ROW = (
    "scenario",
    "participants",
    "board_us",
    "echo_us",
    "ratio",
    "core_percent",
    "loss_in_percent",
    "loss_out_percent",
    "streams_right",
    "streams_checked",
)
DELAY = ("jitter_ms", "heard", "p50_ms", "p99_ms", "worst_ms", "least_ms")
BRIDGE = ("participants", "us", "core_percent", "lost_percent", "streams_right", "streams_checked")
TALK, LOUDEST = "tick all of 8 talk, all mixed", "tick 3 of 8 talk, 3 loudest mixed"

Document = dict[str, Any]


def measured(name: str) -> Document:
    """Return out/bench/NAME.json; SystemExit when it was not measured."""
    path = MEASURED / f"{name}.json"
    if not path.exists():
        raise SystemExit(f"error: {path.relative_to(ROOT)} is not there: make bench")
    return json.loads(path.read_text(encoding="utf-8"))


def only(names: tuple[str, ...], rows: list[Document]) -> list[Document]:
    """Return the rows with these of their figures."""
    return [{name: row[name] for name in names} for row in rows]


def record() -> Document:
    """Return what out/bench holds of the pages' figures."""
    capacity, idle, run = measured("capacity"), measured("idle"), measured("run")
    return {
        "machine": {name: capacity["machine"][name] for name in MACHINE},
        "minutes": round(sum(run["took"].values()) / 60, 1),
        "seconds": capacity["seconds"],
        "rounds": capacity["rounds"],
        "capacity": only(ROW, [*capacity["curve"]["rows"], *capacity["one"]["rows"]]),
        "idle": {name: idle[name] for name in ("conferences_at_the_end", "without", "with")},
        "latency": {
            str(found["legs"]): only(DELAY, found["rows"])
            for found in (measured("latency"), measured("latency-crowd"))
        },
    }


def capacity_table(found: Document) -> list[str]:
    """Return the rows of real calls."""
    lines = [
        "| participants | board | echo | ratio | of the core | loss in, out | right |",
        "| --- | --: | --: | --: | --: | --: | --: |",
    ]
    for row in found["capacity"]:
        lines.append(
            f"| {row['scenario']} | {row['board_us']:.2f} | {row['echo_us']:.2f} | {row['ratio']:.2f} "
            f"| {row['core_percent']:.1f} % | {row['loss_in_percent']:.3f} %, {row['loss_out_percent']:.3f} % "
            f"| {row['streams_right']} of {row['streams_checked']} |"
        )
    return lines


def latency_table(found: Document) -> list[str]:
    """Return how long boards hold what they hear."""
    lines = [
        "Delay from a sample's leaving the talker to its leaving the board (packetisation not included), in ms;",
        "*least* is what keeps 99.5 % of the talker's packets, whoever receives them:",
        "",
        "| board, jitter of the packets | median | p99 | worst | least |",
        "| --- | --: | --: | --: | --: |",
    ]
    for legs, rows in found["latency"].items():
        for row in rows:
            jitter = f"up to {row['jitter_ms']:g} ms" if row["jitter_ms"] else "none"
            lines.append(
                f"| of {int(legs):,} legs, {jitter} | {row['p50_ms']:.1f} | {row['p99_ms']:.1f} "
                f"| {row['worst_ms']:.1f} | {row['least_ms']:.1f} |"
            )
    return lines


def section(found: Document, baseline: Document) -> str:
    """Return the README's section."""
    machine, idle = found["machine"], found["idle"]
    m7, m55 = baseline["m7"]["dsp"], baseline["m55"]["mve"]
    empty, without, during = idle["conferences_at_the_end"], idle["without"], idle["with"]
    lines = [
        f"`make bench`, {found['minutes']:.0f} minutes; {machine['processor']}, {machine['cores']} cores,",
        f"{machine['system']}, Parley {machine['parley']}, MicroPython {machine['micropython']}.",
        "",
        "A virtual board on one pinned core, every participant a real SIP call, PCMU at 20 ms, everyone sending;",
        "beside it, on the same core and under the same load, a bare recvmmsg/sendmmsg echo in C. CPU is what the",
        "kernel accounts to the process, in microseconds a participant and frame; *right* are the streams whose sound",
        "was checked and held the others' tones and nothing else; `parley bench capacity`,",
        f"{found['seconds']:g} s each.",
        "",
        *capacity_table(found),
        "",
        "![CPU a participant and share of the core, against participants](docs/performance-capacity.png)",
        "",
        *latency_table(found),
        "",
        "![How often which delay](docs/performance-delay.png)",
        "",
        f"{empty:,} allocated conferences that nobody is in: the board takes {during['board']:.2f} %",
        f"of a core ({without['board']:.2f} % without them), the server {during['server']:.2f} %",
        f"({without['server']:.2f} %).",
        f"On Cortex-M7 a participant's frame takes {m7[TALK]:,.0f} instructions with everybody mixed and",
        f"{m7[LOUDEST]:,.0f} with the loudest three, on Cortex-M55 {m55[TALK]:,.0f}:",
        "[docs/instruction-budget.md](docs/instruction-budget.md).",
    ]
    return "\n".join(lines) + "\n"


def put(path: Path, text: str, check: bool) -> bool:
    """Write a generated page, or only look; whether it was as it should be."""
    same = path.exists() and path.read_text(encoding="utf-8") == text
    if not check:
        path.write_text(text, encoding="utf-8")
    elif not same:
        print(f"{path.relative_to(ROOT)} is not what docs/performance.json says: tools/bench_readme.py")
    return same


def main() -> int:
    """Write or check the pages; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--record", action="store_true")
    arguments = parser.parse_args()
    if arguments.record:
        RECORD.write_text(json.dumps(record(), indent=1) + "\n", encoding="utf-8")
        for name in PICTURES:
            shutil.copy(MEASURED / f"{name}.png", ROOT / "docs" / f"performance-{name}.png")
    found = json.loads(RECORD.read_text(encoding="utf-8"))
    readme = ROOT / "README.md"
    before, _, rest = readme.read_text(encoding="utf-8").partition(BEGIN)
    baseline = json.loads(BASELINE.read_text(encoding="utf-8"))
    text = before + BEGIN + section(found, baseline) + END + rest.partition(END)[2]
    right = put(readme, text, arguments.check)
    return int(arguments.check and not right)


if __name__ == "__main__":
    sys.exit(main())
