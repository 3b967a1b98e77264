#!/usr/bin/env python3
"""Write the README's performance section from docs/performance.json.

tools/bench_readme.py            write the section
tools/bench_readme.py --check    fail if it is not what the figures say
tools/bench_readme.py --record   take the figures of out/bench first
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
RECORD = ROOT / "docs" / "performance.json"
MEASURED = ROOT / "out" / "bench"
BASELINE = ROOT / "native" / "bench" / "baseline.json"
BEGIN, END = "<!-- performance: written by tools/bench_readme.py -->\n", "<!-- /performance -->\n"
MACHINE = ("processor", "cores", "system", "micropython")
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
TALK, LOUDEST = "tick all of 8 talk, all mixed", "tick 3 of 8 talk, 3 loudest mixed"

Document = dict[str, Any]


def record() -> Document:
    """Return what out/bench holds of the section's figures."""
    crowd = json.loads((MEASURED / "crowd.json").read_text(encoding="utf-8"))
    idle = json.loads((MEASURED / "idle.json").read_text(encoding="utf-8"))
    rows = [*crowd["curve"]["rows"], *crowd["one"]["rows"]]
    return {
        "machine": {name: crowd["before"][name] for name in MACHINE},
        "seconds": crowd["seconds"],
        "rounds": crowd["rounds"],
        "capacity": [{name: row[name] for name in ROW} for row in rows],
        "idle": {name: idle[name] for name in ("conferences_at_the_end", "without", "with")},
    }


def section(found: Document, baseline: Document) -> str:
    """Return the section's text."""
    machine, idle = found["machine"], found["idle"]
    lines = [
        "A virtual board on one pinned core, every participant a real SIP call, PCMU at 20 ms, everyone sending;",
        "beside it, on the same core and under the same load, a bare recvmmsg/sendmmsg echo in C. CPU is what the",
        "kernel accounts to the process, in microseconds a participant and frame; *right* are the streams whose sound",
        f"was checked and held the others' tones and nothing else. {machine['processor']}, {machine['cores']} cores,",
        f"MicroPython {machine['micropython']}; `native/bench/crowd.py --rounds {found['rounds']}`,"
        f" {found['seconds']:g} s each.",
        "",
        "| participants | board | echo | ratio | of the core | loss in, out | right |",
        "| --- | --: | --: | --: | --: | --: | --: |",
    ]
    for row in found["capacity"]:
        lines.append(
            f"| {row['scenario']} | {row['board_us']:.2f} | {row['echo_us']:.2f} | {row['ratio']:.2f} "
            f"| {row['core_percent']:.1f} % | {row['loss_in_percent']:.3f} %, {row['loss_out_percent']:.3f} % "
            f"| {row['streams_right']} of {row['streams_checked']} |"
        )
    m7, m55 = baseline["m7"]["dsp"], baseline["m55"]["mve"]
    empty, without, during = idle["conferences_at_the_end"], idle["without"], idle["with"]
    lines += [
        "",
        f"{empty:,} allocated conferences that nobody is in: the board takes {during['board']:.2f} %",
        f"of a core ({without['board']:.2f} % without them), the server {during['server']:.2f} %",
        f"({without['server']:.2f} %).",
        f"On Cortex-M7 a participant's frame takes {m7[TALK]:,.0f} instructions with everybody mixed and",
        f"{m7[LOUDEST]:,.0f} with the loudest three, on Cortex-M55 {m55[TALK]:,.0f}:",
        "[docs/instruction-budget.md](docs/instruction-budget.md).",
    ]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Write or check the section; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--record", action="store_true")
    arguments = parser.parse_args()
    if arguments.record:
        RECORD.write_text(json.dumps(record(), indent=1) + "\n", encoding="utf-8")
    text = README.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    baseline = json.loads(BASELINE.read_text(encoding="utf-8"))
    wanted = section(json.loads(RECORD.read_text(encoding="utf-8")), baseline)
    new = before + BEGIN + wanted + END + after
    if arguments.check:
        if new != text:
            print(
                "README.md: the performance section is not what docs/performance.json says: tools/bench_readme.py"
            )
        return int(new != text)
    README.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
