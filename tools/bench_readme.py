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

from bench_tables import bridges_table, capacity_table, cores_text, latency_table, packet_table, paragraph

ROOT = Path(__file__).resolve().parent.parent
RECORD = ROOT / "docs" / "performance.json"
MEASURED = ROOT / "out" / "bench"
BASELINE = ROOT / "native" / "bench" / "baseline.json"
BEGIN, END = "<!-- performance: written by tools/bench_readme.py -->\n", "<!-- /performance -->\n"
TABLE, TABLE_END = "<!-- table -->\n", "<!-- /table -->\n"
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
    "interval_error_p99_ms",
    "streams_right",
    "streams_checked",
)
DELAY = ("jitter_ms", "heard", "p50_ms", "p99_ms", "worst_ms", "least_ms")
BRIDGE = (
    "participants",
    "us",
    "core_percent",
    "lost_percent",
    "interval_error_p99_ms",
    "streams_right",
    "streams_checked",
)
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
        "pairs": measured("latency")["pairs"],
        "latency": {
            str(found["legs"]): only(DELAY, found["rows"])
            for found in (measured("latency"), measured("latency-crowd"))
        },
        "two_cores": two_cores(),
        "bridges": [bridge_of(one) for one in measured("bridges")["bridges"]],
        "packet_io": {
            name: measured("packet-io")[name]
            for name in ("participants", "seconds", "rounds", "machine", "rows")
        },
    }


def two_cores() -> Document:
    """Return what two boards on two cores did, beside one board with half as many participants."""
    (both,) = measured("two-cores")["curve"]["rows"]
    half = both["participants"] // 2
    (one,) = [row for row in measured("capacity")["curve"]["rows"] if row["participants"] == half]
    found = {name: both[name] for name in (*ROW, "boards")}
    found["one_board_us"] = one["board_us"]
    found["scaling"] = round(2 * one["board_us"] / both["board_us"], 2)
    found["core_percent_by_board"] = both["runs"][0]["core_percent_by_board"]
    load = both["runs"][0]["load"]
    found["load_core_percent"] = round(100 * load["cpu_seconds"] / load["seconds"], 1)
    return found


def bridge_of(found: Document) -> Document:
    """Return a bridge's part of the page."""
    kept = {name: found[name] for name in ("name", "version", "skipped")}
    delay = found["delay"] and {name: found["delay"][name] for name in DELAY}
    return kept | {"delay": delay, "rows": only(BRIDGE, found["rows"])}


def section(found: Document, baseline: Document) -> str:
    """Return the README's section."""
    machine, idle = found["machine"], found["idle"]
    m7, m55 = baseline["m7"]["dsp"], baseline["m55"]["mve"]
    without, during = idle["without"], idle["with"]
    run = f"""`make bench`, {found["minutes"]:.0f} minutes; {machine["processor"]}, {machine["cores"]} cores,
    {machine["system"]}, Parley {machine["parley"]}, MicroPython {machine["micropython"]}."""
    calls = f"""A virtual board on one pinned core, every participant a real SIP call, PCMU at 20 ms, everyone
    sending; beside it, on the same core and under the same load, a bare recvmmsg/sendmmsg echo in C. CPU is what
    the kernel accounts to the process, in microseconds a participant and frame; *right* are the streams whose
    sound was checked and held the others' tones and nothing else (`parley bench capacity`,
    {found["seconds"]:g} s each)."""
    rest = f"""{idle["conferences_at_the_end"]:,} allocated conferences that nobody is in: the board takes
    {during["board"]:.2f} % of a core ({without["board"]:.2f} % without them), the server {during["server"]:.2f} %
    ({without["server"]:.2f} %). On Cortex-M7 a participant's frame takes {m7[TALK]:,.0f} instructions with
    everybody mixed and {m7[LOUDEST]:,.0f} with the loudest three, on Cortex-M55 {m55[TALK]:,.0f}:
    [docs/instruction-budget.md](docs/instruction-budget.md). Other ways to move packets than the board's,
    measured: [docs/packet-io.md](docs/packet-io.md)."""
    parts = [
        paragraph(run),
        paragraph(calls),
        capacity_table(found),
        ["![CPU a participant and share of the core, against participants](docs/performance-capacity.png)"],
        latency_table(found),
        ["![How often which delay](docs/performance-delay.png)"],
        bridges_table(found),
        cores_text(found),
        paragraph(rest),
    ]
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


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
    page = ROOT / "docs" / "packet-io.md"
    before, _, rest = page.read_text(encoding="utf-8").partition(TABLE)
    text = before + TABLE + "\n".join(packet_table(found)) + "\n" + TABLE_END + rest.partition(TABLE_END)[2]
    right &= put(page, text, arguments.check)
    return int(arguments.check and not right)


if __name__ == "__main__":
    sys.exit(main())
