#!/usr/bin/env python3
"""Draw what the benches measured: out/bench/*.json -> out/bench/*.png. What was not measured is not drawn."""

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "out" / "bench"
BASELINE = ROOT / "native" / "bench" / "baseline.json"
BUDGET_FORMS = (
    ("m4", "plain"),
    ("m4", "dsp"),
    ("m7", "plain"),
    ("m7", "dsp"),
    ("m55", "plain"),
    ("m55", "mve"),
)
WHOLE = "tick all of 8 talk, all mixed"
# what a participant's frame consists of: (name in the baseline, share of it)
PARTS = (("frame_decode", 1.0), ("frame_sum of 8", 1 / 8), ("frame_mix PCMU", 1.0))

Document = dict[str, Any]


def capacity(crowd: Document) -> None:
    """Processor time a participant against participants, beside the bare echo's, and the whole core's load."""
    rows = [row for row in crowd["curve"]["rows"] if row["talkers"]]
    counts = [row["participants"] for row in rows]
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(11, 4))
    left.plot(counts, [row["board_us"] for row in rows], "o-", label="board, real calls")
    left.plot(counts, [row["echo_us"] for row in rows], "s--", label="bare echo in C")
    left.set(xlabel="participants, conferences of 4, all speak", ylabel="CPU us a participant and frame")
    left.set_xscale("log", base=2)
    left.set_xticks(counts, [str(count) for count in counts])
    left.set_ylim(0, 1.15 * max(row["board_us"] for row in rows))
    left.legend(loc="lower right")
    right.plot(counts, [row["core_percent"] for row in rows], "o-")
    right.set(xlabel="participants", ylabel="of one core, %", ylim=(0, 100), xlim=(0, None))
    right.axhline(100, color="grey", linewidth=0.5)
    save(figure, "capacity")


def sizes(document: Document) -> None:
    """The bridge's own time a participant against the size of conferences."""
    figure, axes = pyplot.subplots(figsize=(6, 4))
    x = [row["size"] for row in document["rows"]]
    axes.plot(x, [row["all_ns"] for row in document["rows"]], "o-", label="all speak")
    axes.plot(x, [row["one_ns"] for row in document["rows"]], "s-", label="one speaks")
    axes.set(xlabel="participants in a conference", ylabel="ns a participant and frame, no network")
    axes.set_xscale("log", base=2)
    axes.set_xticks(x, [str(size) for size in x])
    axes.set_ylim(0, 1.15 * max(row["all_ns"] for row in document["rows"]))
    axes.legend()
    save(figure, "sizes")


def budget(baseline: Document) -> None:
    """Instructions a participant's frame, by what they are for."""
    forms = [(core, form) for core, form in BUDGET_FORMS if form in baseline.get(core, {})]
    figure, axes = pyplot.subplots(figsize=(8, 4))
    below = [0.0] * len(forms)
    names = [f"{core.upper()} {form}" for core, form in forms]
    for part, share in PARTS:
        heights = [baseline[core][form][part] * share for core, form in forms]
        axes.bar(names, heights, bottom=below, label=part)
        below = [under + height for under, height in zip(below, heights, strict=True)]
    rest = [baseline[core][form][WHOLE] - under for (core, form), under in zip(forms, below, strict=True)]
    axes.bar(names, rest, bottom=below, label="packets, jitter buffer, the rest")
    for place, (core, form) in enumerate(forms):
        whole = baseline[core][form][WHOLE]
        axes.annotate(f"{whole:,.0f}", (place, whole), ha="center", va="bottom")
    axes.set(ylabel="instructions a participant and frame", title=WHOLE)
    axes.set_ylim(0, 1.1 * max(baseline[core][form][WHOLE] for core, form in forms))
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1))
    save(figure, "budget")


def save(figure: Any, name: str) -> None:
    """Write out/bench/NAME.png."""
    figure.tight_layout()
    figure.savefig(FOLDER / f"{name}.png", dpi=110)
    pyplot.close(figure)
    print(f"drawn: out/bench/{name}.png")


def main() -> int:
    """Draw what there is."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, draw in (("crowd", capacity), ("sizes", sizes)):
        if (FOLDER / f"{name}.json").exists():
            draw(json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8")))
    budget(json.loads(BASELINE.read_text(encoding="utf-8")))
    return 0


if __name__ == "__main__":
    sys.exit(main())
