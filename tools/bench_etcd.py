#!/usr/bin/env python3
"""`parley bench allocate` with leases in three nodes of etcd instead of SQLite; JSON to out/bench/allocate-etcd.json.

Needs Debian's etcd-server and sipp. The nodes are pinned to the load generator's core.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from parleybench import allocate
from parleybench.machine import BenchError

ROOT = Path(__file__).resolve().parent.parent
OUTPUT = ROOT / "out" / "bench" / "allocate-etcd.json"
CORE = 1


def main() -> int:
    """Measure, print, write the JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rates", type=int, nargs="+", default=list(allocate.RATES))
    parser.add_argument("--seconds", type=float, default=allocate.SECONDS, help="of load at each rate")
    parser.add_argument("--rounds", type=int, default=allocate.ROUNDS, help="at each rate; medians count")
    arguments = parser.parse_args()
    if shutil.which("etcd") is None:
        print("error: etcd is missing: apt-get install etcd-server", file=sys.stderr)
        return 1
    sys.path.insert(0, str(ROOT))
    from host.tests.etcd_bench import Cluster

    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {CORE} & before or before)  # children inherit it
    console = Console(stderr=True)
    with tempfile.TemporaryDirectory(dir=allocate.disk()) as folder, Cluster(Path(folder), 3) as cluster:
        os.sched_setaffinity(0, before)
        endpoints = [f"{host}:{port}" for host, port in cluster.endpoints]
        try:
            document = allocate.run(
                arguments.rates, arguments.seconds, console.print, arguments.rounds, etcd=endpoints
            )
        except BenchError as error:
            print(f"error: {error}", file=sys.stderr)
            return 1
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    OUTPUT.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    for table in allocate.tables(document):
        Console().print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
