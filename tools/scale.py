#!/usr/bin/env python3
"""How a fleet of 10,000 boards fares: the real allocation code in virtual time, by pattern, before and after
a site is lost.

Writes out/bench/scale.json, and with --page the figures of docs/scale.md.
"""

import argparse
import json
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table
from scale_fleet import Fleet, Model

from parleyd.pattern import PATTERNS

ROOT = Path(__file__).resolve().parent.parent
OUTPUT = ROOT / "out" / "bench" / "scale.json"
PAGE = ROOT / "docs" / "scale.md"
BEGIN, END = "<!-- figures -->", "<!-- /figures -->"
COLUMNS = (
    ("asked", "asked"),
    ("refused_percent", "refused %"),
    ("near_percent", "own site %"),
    ("conflicts_per_1000", "conflicts per 1000"),
    ("latency_p50_ms", "p50 ms"),
    ("latency_p99_ms", "p99 ms"),
    ("latency_max_ms", "worst ms"),
    ("decision_p50_us", "decision p50 us"),
    ("decision_p99_us", "decision p99 us"),
)


def run(model: Model, name: str, console: Console) -> list[dict[str, object]]:
    """Play one fleet; return a row for each part of it that had requests."""
    started = time.monotonic()
    fleet = Fleet(model).run()
    console.print(f"{name}: {time.monotonic() - started:.0f} s", style="dim")
    if fleet.oversold:
        raise SystemExit(f"error: {name}: a board was sold over {fleet.oversold} times")
    rows: list[dict[str, object]] = []
    for part, outcome in fleet.outcomes.items():
        if outcome.asked:
            label = f"{name}, {part} the loss"
            peak = round(100 * fleet.peak_legs / fleet.capacity(), 1)
            rows.append({"run": label, "peak_legs_percent": peak, **outcome.row()})
    return rows


def page_of(rows: list[dict[str, object]], command: str) -> str:
    """Return the table for docs/scale.md."""
    lines = [f"`{command}`", "", "| run | " + " | ".join(title for _, title in COLUMNS) + " |"]
    lines.append("| --- |" + " ---: |" * len(COLUMNS))
    for row in rows:
        lines.append(f"| {row['run']} | " + " | ".join(f"{row[key]:,}" for key, _ in COLUMNS) + " |")
    return "\n".join(lines)


def main() -> int:
    """Play, print, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--boards", type=int, default=Model.boards, help=f"[{Model.boards}]")
    parser.add_argument("--conferences", type=int, default=Model.conferences_a_day, help="a day [1000000]")
    parser.add_argument("--patterns", nargs="+", default=list(PATTERNS), choices=list(PATTERNS), help="[all]")
    parser.add_argument("--hours", type=float, nargs=2, default=[9, 10.25], metavar=("FROM", "UNTIL"))
    parser.add_argument(
        "--lost-at", type=float, default=10, help="hour at which the largest site is lost [10]"
    )
    parser.add_argument("--commit-ms", type=float, default=5, help="of a transaction in etcd [5]")
    parser.add_argument("--service-us", type=float, default=150, help="processor time of one request [150]")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--page", action="store_true", help="write the figures into docs/scale.md")
    arguments = parser.parse_args()
    console = Console(stderr=True)
    given = {
        "boards": arguments.boards,
        "conferences_a_day": arguments.conferences,
        "from_h": arguments.hours[0],
        "until_h": arguments.hours[1],
        "lost_at_h": arguments.lost_at,
        "commit_s": arguments.commit_ms / 1000,
        "service_s": arguments.service_us / 1e6,
        "seed": arguments.seed,
    }
    rows: list[dict[str, object]] = []
    for pattern in arguments.patterns:
        rows += run(Model(pattern=pattern, **given), pattern, console)
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    OUTPUT.write_text(json.dumps({"model": given, "rows": rows}, indent=2) + "\n", encoding="utf-8")
    command = "tools/scale.py --page"
    if arguments.page:
        text = PAGE.read_text(encoding="utf-8")
        head, _, rest = text.partition(BEGIN)
        PAGE.write_text(
            f"{head}{BEGIN}\n{page_of(rows, command)}\n{END}{rest.partition(END)[2]}", encoding="utf-8"
        )
    if arguments.json:
        print(json.dumps(rows, indent=2))
        return 0
    table = Table(title="Allocation in a fleet, virtual time", title_justify="left")
    for title in ("run", "peak legs %", *(title for _, title in COLUMNS)):
        table.add_column(title)
    for row in rows:
        table.add_row(
            str(row["run"]), str(row["peak_legs_percent"]), *(f"{row[key]:,}" for key, _ in COLUMNS)
        )
    Console().print(table)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
