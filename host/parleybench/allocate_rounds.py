"""Rounds of a measurement: the servers take turns, and what counts is the median.

Single runs on a shared machine differ by a fifth and more, and so does what one core is worth while its neighbour
works; a ratio is taken within a round, where both had the same machine.
"""

import os
import resource
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Row = dict[str, Any]
ADDED = ("calls", "answered", "failed", "repeated")  # over the rounds; of all else the median
COMPARED = "cpu_us_per_call"
TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


def busy_s() -> float:
    """Return the time that all cores have worked since the machine's start."""
    user, nice, system, _, _, irq, softirq, steal = map(
        int, Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0].split()[1:9]
    )
    return (user + nice + system + irq + softirq + steal) / TICKS_A_SECOND


@contextmanager
def others_noted(row: Row, ours_s: Callable[[], float]) -> Iterator[None]:
    """Note in `row` how many cores' worth of work others did meanwhile.

    ours_s: processor time of what is measured; that of programs that have ended is known.
    """

    def other_work_s() -> float:
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        return busy_s() - ours_s() - children.ru_utime - children.ru_stime

    before_s, began_s = other_work_s(), time.monotonic()
    yield
    row["others_cores"] = round(max(0.0, other_work_s() - before_s) / (time.monotonic() - began_s), 2)


def median_of(rows: Sequence[Row]) -> Row:
    """Return one row for all rounds at one rate: counts added, medians, and between what the processor time lay."""
    found: Row = {
        key: sum(row[key] for row in rows)
        if key in ADDED
        else round(statistics.median(row[key] for row in rows), 2)
        for key in rows[0]
    }
    times = [row[COMPARED] for row in rows]
    return {**found, "cpu_us_least": min(times), "cpu_us_most": max(times), "rounds": list(rows)}


def ratio_of(ours: Sequence[Row], theirs: Sequence[Row]) -> Row:
    """Return how often we take what they take, round by round: median, least, most."""
    ratios = [one[COMPARED] / other[COMPARED] for one, other in zip(ours, theirs, strict=True)]
    shown = {"median": statistics.median(ratios), "least": min(ratios), "most": max(ratios)}
    return {name: round(ratio, 2) for name, ratio in shown.items()}
