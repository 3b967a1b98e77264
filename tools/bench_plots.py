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
# what a participant's frame consists of: (name in the baseline, share of it, what it is called)
PARTS = (
    ("frame_decode", 1.0, "decode"),
    ("frame_sum of 8", 1 / 8, "sum, an eighth of it"),
    ("frame_mix PCMU", 1.0, "mix minus self, encode"),
)
CORES = {"m4": "Cortex-M4", "m7": "Cortex-M7", "m55": "Cortex-M55"}
FRAMES_S = 50

Document = dict[str, Any]


def capacity(document: Document) -> None:
    """Processor time a participant against participants, beside the bare echo's, and the whole core's load."""
    rows = [row for row in document["curve"]["rows"] if row["talkers"] and row["echo_us"]]
    counts = [row["participants"] for row in rows]
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(11, 4))
    left.plot(counts, [row["board_us"] for row in rows], "o-", label="board, real calls")
    left.plot(counts, [row["echo_us"] for row in rows], "s--", label="bare echo in C")
    left.set(xlabel="participants, conferences of 4, all speak", ylabel="CPU, µs a participant and frame")
    left.set_title("One virtual board on one core", loc="left")
    left.set_xscale("log", base=2)
    left.set_xticks(counts, [str(count) for count in counts])
    left.minorticks_off()
    left.set_ylim(0, 1.15 * max(row["board_us"] for row in rows))
    left.legend(loc="upper right")
    right.plot(counts, [row["core_percent"] for row in rows], "o-", label="board, all its work")
    echoes = [row["echo_us"] * row["participants"] * FRAMES_S / 1e4 for row in rows]
    right.plot(counts, echoes, "s--", label="bare echo in C")
    right.set(xlabel="participants", ylabel="of one core, %", ylim=(0, 100), xlim=(0, None))
    right.legend(loc="upper left")
    for axes in (left, right):
        tidy(axes)
    save(figure, "capacity")


def delays(document: Document, crowd: Document | None) -> None:
    """How often which delay: a small board (four ticks in 20 ms) above, one for crowds (two) below."""
    boards = [(document, "four ticks in 20 ms")] + ([(crowd, "two ticks in 20 ms")] if crowd else [])
    figure, panels = pyplot.subplots(
        len(boards), 1, figsize=(9, 1 + 2.6 * len(boards)), squeeze=False, sharex=True
    )
    for axes, (found, ticks) in zip(panels[:, 0], boards, strict=True):
        for number, row in enumerate(found["rows"]):
            shares = [100 * count / row["heard"] for count in row["histogram"]]
            edges = [place * row["bin_ms"] for place in range(len(shares) + 1)]
            jitter = f"jitter up to {row['jitter_ms']:g} ms" if row["jitter_ms"] else "no jitter"
            name = f"{jitter}: median {row['p50_ms']:.1f}, worst {row['worst_ms']:.1f} ms"
            axes.stairs(shares, edges, fill=True, alpha=0.65, color=f"C{number}", label=name)
            if row["jitter_ms"]:
                axes.axvline(row["least_ms"], color=f"C{number}", linestyle="--", linewidth=1, ymax=0.75)
                axes.annotate(
                    "least possible ",
                    (row["least_ms"], 0.6),
                    xycoords=("data", "axes fraction"),
                    ha="right",
                    color=f"C{number}",
                )
        title = (
            f"Delay through a board for {found['legs']:,} participants, {ticks}; {found['pairs']} pairs talk"
        )
        axes.set_title(title, loc="left")
        axes.set(ylabel="bursts, %")
        axes.legend(loc="upper left", bbox_to_anchor=(0.24, 1), frameon=False)
        tidy(axes)
    longest = max(row["worst_ms"] for found, _ in boards for row in found["rows"])
    panels[-1, 0].set_xlim(0, longest + 2)
    panels[-1, 0].set_xlabel("ms from a sample's leaving the talker to its leaving the board, bins of 0.5 ms")
    save(figure, "delay")


def sizes(document: Document) -> None:
    """The bridge's own time a participant against the size of conferences."""
    figure, axes = pyplot.subplots(figsize=(7, 4))
    x = [row["size"] for row in document["rows"]]
    axes.plot(x, [row["all_ns"] for row in document["rows"]], "o-", label="all speak")
    axes.plot(x, [row["one_ns"] for row in document["rows"]], "s-", label="one speaks")
    axes.set(xlabel="participants in a conference", ylabel="CPU, ns a participant and frame")
    count = document["participants"]
    axes.set_title(
        f"The bridge alone, no network: {count} participants in conferences of one size", loc="left"
    )
    axes.set_xscale("log", base=2)
    axes.set_xticks(x, [str(size) for size in x])
    axes.minorticks_off()
    axes.set_ylim(0, 1.15 * max(row["all_ns"] for row in document["rows"]))
    axes.legend(loc="center right")
    tidy(axes)
    save(figure, "sizes")


def budget(baseline: Document) -> None:
    """Instructions a participant's frame, by what they are for."""
    forms = [(core, form) for core, form in BUDGET_FORMS if form in baseline.get(core, {})]
    figure, axes = pyplot.subplots(figsize=(9, 4))
    below = [0.0] * len(forms)
    names = [f"{CORES[core]}\n{form}" for core, form in forms]
    for part, share, label in PARTS:
        heights = [baseline[core][form][part] * share for core, form in forms]
        axes.bar(names, heights, bottom=below, label=label, width=0.65)
        below = [under + height for under, height in zip(below, heights, strict=True)]
    rest = [baseline[core][form][WHOLE] - under for (core, form), under in zip(forms, below, strict=True)]
    axes.bar(names, rest, bottom=below, label="packets, jitter buffer, the rest", width=0.65)
    for place, (core, form) in enumerate(forms):
        whole = baseline[core][form][WHOLE]
        axes.annotate(f"{whole:,.0f}", (place, whole), ha="center", va="bottom")
    axes.set(ylabel="instructions a participant and frame")
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.set_title("The whole path, PCMU, conference of 8, all speak, all mixed", loc="left")
    axes.set_ylim(0, 1.1 * max(baseline[core][form][WHOLE] for core, form in forms))
    handles, labels = axes.get_legend_handles_labels()
    axes.legend(handles[::-1], labels[::-1], loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
    tidy(axes)
    save(figure, "budget")


def tidy(axes: Any) -> None:
    """Fewer lines, and a grid to read values by."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", linewidth=0.4, alpha=0.6)
    axes.set_axisbelow(True)


def save(figure: Any, name: str) -> None:
    """Write out/bench/NAME.png."""
    figure.tight_layout()
    figure.savefig(FOLDER / f"{name}.png", dpi=110)
    pyplot.close(figure)
    print(f"drawn: out/bench/{name}.png")


def measured(name: str) -> Document | None:
    """Return out/bench/NAME.json, None when it was not measured."""
    path = FOLDER / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def main() -> int:
    """Draw what there is."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    if (found := measured("capacity")) is not None:
        capacity(found)
    if (found := measured("latency")) is not None:
        delays(found, measured("latency-crowd"))
    if (found := measured("sizes")) is not None:
        sizes(found)
    budget(json.loads(BASELINE.read_text(encoding="utf-8")))
    return 0


if __name__ == "__main__":
    sys.exit(main())
