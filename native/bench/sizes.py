#!/usr/bin/env python3
"""What a participant costs in conferences of every size: the bridge alone, no network; JSON to out/bench/sizes.json.

All speak, or one of each conference does. Nanoseconds of receiving and mixing by participant and frame of 20 ms.
"""

import json
import statistics
import sys
import tempfile
from pathlib import Path

from tick import ROOT, Scenario, bridge_alone, build

from parleybench.machine import machine

OUTPUT = ROOT / "out" / "bench" / "sizes.json"
PARTICIPANTS = 512
SIZES = (2, 4, 8, 16, 32, 64, 128, 256, 512)
ROUNDS = 3


def main() -> int:
    """Measures; returns the exit code."""
    rows = []
    with tempfile.TemporaryDirectory() as work:
        build(Path(work))
        for size in SIZES:
            row: dict[str, float] = {"size": size}
            for name, talkers in (("all_ns", size), ("one_ns", 1)):
                scenario = Scenario(name, PARTICIPANTS, size=size, talkers=talkers)
                times = [sum(bridge_alone(Path(work), scenario)) for _ in range(ROUNDS)]
                row[name] = round(statistics.median(times), 1)
            rows.append(row)
            print(f"conferences of {size:3}: all speak {row['all_ns']:6.1f} ns, one {row['one_ns']:6.1f} ns")
    document = {
        "unit": "ns a participant and frame of 20 ms",
        "participants": PARTICIPANTS,
        "rows": rows,
        "machine": machine(),
    }
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    OUTPUT.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    print(f"written: {OUTPUT}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
