#!/usr/bin/env python3
"""What one allocation costs: SIPp asks parleyd (302 after the commit) and, in the same run, Kamailio (plain 302).

Writes out/bench/allocate.json or allocate-etcd.json. Needs sipp; the comparison needs Debian's kamailio and is left out
without it. Server and load generator are pinned to a core each, etcd's nodes to the generator's; processor time is what
the kernel's scheduler has counted.
"""

import argparse
import csv
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from allocate_servers import BOARDS, Kamailio, Parley, free_port, kamailio_version, pinned
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parent.parent
OUTPUT = ROOT / "out" / "bench" / "allocate.json"
SCENARIO = """<?xml version="1.0" encoding="ISO-8859-1" ?>
<scenario name="ask">
<send retrans="500" start_rtd="1"><![CDATA[

INVITE sip:conference@[remote_ip]:[remote_port];size=2 SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch];rport
From: "Alice" <sip:alice[call_number]@[local_ip]:[local_port]>;tag=[pid]T[call_number]
To: <sip:conference@[remote_ip]:[remote_port]>
Call-ID: [call_id]
CSeq: 1 INVITE
Contact: <sip:alice@[local_ip]:[local_port]>
Max-Forwards: 70
User-Agent: sipp
Content-Type: application/sdp
Content-Length: [len]

v=0
o=user1 53655765 2353687637 IN IP[local_ip_type] [local_ip]
s=-
c=IN IP[media_ip_type] [media_ip]
t=0 0
m=audio [media_port] RTP/AVP 0 8 101
a=rtpmap:0 PCMU/8000
a=rtpmap:8 PCMA/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-16

]]></send>
<recv response="100" optional="true"/>
<recv response="302" rtd="1"/>
<send><![CDATA[

ACK sip:conference@[remote_ip]:[remote_port];size=2 SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch-3]
From: "Alice" <sip:alice[call_number]@[local_ip]:[local_port]>;tag=[pid]T[call_number]
[last_To:]
Call-ID: [call_id]
CSeq: 1 ACK
Max-Forwards: 70
Content-Length: 0

]]></send>
</scenario>
"""


def cpu_us(pids: list[int]) -> float:
    """Return the processor time of these processes so far, from the scheduler's own count."""
    total_ns = 0
    for pid in pids:
        for task in Path(f"/proc/{pid}/task").iterdir():
            total_ns += int((task / "schedstat").read_text(encoding="ascii").split()[0])
    return total_ns / 1000


def share_of(ordered: list[float], share: float) -> float:
    """Return the value below which this share of the ordered values lies; 0 of none."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def load(folder: Path, port: int, rate: int, seconds: float) -> dict[str, float]:
    """Let SIPp ask at this rate; return its counts and response times."""
    for old in folder.glob("uac_*"):
        old.unlink()
    (folder / "uac.xml").write_text(SCENARIO, encoding="ascii")
    count = int(rate * seconds)
    command = [*pinned(1), "sipp", f"127.0.0.1:{port}", "-sf", "uac.xml", "-i", "127.0.0.1"]
    command += ["-p", str(free_port()), "-r", str(rate), "-m", str(count), "-l", "30000", "-nostdin"]
    command += ["-trace_stat", "-fd", "1", "-trace_rtt", "-rtt_freq", "1000", "-buff_size", "8388608"]
    command += ["-timeout", f"{int(seconds * 2 + 20)}s"]
    started = time.monotonic()
    subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    elapsed_s = time.monotonic() - started
    times_ms: list[float] = []
    for path in folder.glob("uac_*_rtt.csv"):
        for row in path.read_text(encoding="ascii").splitlines()[1:]:
            times_ms.append(float(row.split(";")[1]))
    (statistics,) = [path for path in folder.glob("uac_*_.csv") if "rtt" not in path.name]
    last = list(csv.DictReader(statistics.open(encoding="ascii"), delimiter=";"))[-1]
    times_ms.sort()
    return {
        "asked_per_s": rate,
        "calls": count,
        "answered": int(last["SuccessfulCall(C)"]),
        "failed": int(last["FailedCall(C)"]) + count - int(last["TotalCallCreated"]),
        "repeated": int(last["Retransmissions(C)"]),
        "reached_per_s": round(int(last["SuccessfulCall(C)"]) / elapsed_s),
        "p50_ms": share_of(times_ms, 0.5),
        "p99_ms": share_of(times_ms, 0.99),
        "max_ms": share_of(times_ms, 1),
    }


def measure(server: "Parley | Kamailio", rate: int, seconds: float) -> dict[str, float]:
    """Load the server and return what came of it, with its processor time a call."""
    pids = server.pids()
    before = cpu_us(pids)
    row = load(server.folder, server.port, rate, seconds)
    row["cpu_us_per_call"] = round((cpu_us(pids) - before) / max(1, row["answered"]), 1)
    return row


def run(
    rates: list[int], seconds: float, options: tuple[str, ...] = (), etcd: bool = False
) -> dict[str, object]:
    """Measure both servers at each rate, in turns; then parleyd at 80 % of the most it sustained."""
    if shutil.which("sipp") is None:
        raise SystemExit("error: sipp is missing; apt-get install sip-tester")
    rows: dict[str, list[dict[str, float]]] = {}
    ours = "parleyd, etcd" if etcd else "parleyd"
    version = kamailio_version()
    (ROOT / "build").mkdir(exist_ok=True)  # a disk, which /tmp need not be
    with tempfile.TemporaryDirectory(dir=ROOT / "build") as name:
        for rate in rates:
            makers = [Parley] if version is None else [Kamailio, Parley]
            for maker in makers:
                folder = Path(name) / f"{maker.__name__}-{rate}"
                folder.mkdir()
                server = Parley(folder, *options, etcd=etcd) if maker is Parley else Kamailio(folder)
                try:
                    rows.setdefault(server.name, []).append(measure(server, rate, seconds))
                finally:
                    server.stop()
        sustained = [
            row
            for row in rows[ours]
            if not row["failed"] and row["p99_ms"] < 100 and row["reached_per_s"] > 0.9 * row["asked_per_s"]
        ]
        most = max((int(row["asked_per_s"]) for row in sustained), default=0)
        at_80: dict[str, float] = {}
        if most:
            folder = Path(name) / "at80"
            folder.mkdir()
            server = Parley(folder, *options, etcd=etcd)
            try:
                at_80 = measure(server, int(0.8 * most), 2 * seconds)
            finally:
                server.stop()
    return {
        "rows": rows,
        "most_per_s": most,
        "at_80_percent": at_80,
        "kamailio": version or "not installed: no comparison",
        "sipp": subprocess.run(["sipp", "-v"], capture_output=True, text=True, check=False).stdout.strip()[
            :40
        ],
        "boards": BOARDS,
        "seconds": seconds,
        "options": list(options),
    }


def show(document: dict[str, object], console: Console) -> None:
    """Print the table."""
    table = Table(title="INVITE, 302, ACK", title_justify="left")
    for column in ("server", "asked/s", "reached/s", "failed", "repeated", "p50 ms", "p99 ms", "CPU us/call"):
        table.add_column(column, justify="left" if column == "server" else "right")
    rows = document["rows"]
    assert isinstance(rows, dict)
    last = document["at_80_percent"]
    listed = [(name, row) for name in rows for row in rows[name]] + (
        [("parleyd at 80 %", last)] if last else []
    )
    for name, row in listed:
        keys = ("asked_per_s", "reached_per_s", "failed", "repeated", "p50_ms", "p99_ms", "cpu_us_per_call")
        table.add_row(name, *(f"{row[key]:g}" for key in keys))
    console.print(table)


def main() -> int:
    """Measure, print, write the JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rates", type=int, nargs="+", default=[1000, 2000, 4000, 6000, 8000, 10000])
    parser.add_argument("--seconds", type=float, default=5, help="of load at each rate [5]")
    parser.add_argument("--etcd", action="store_true", help="leases in three nodes of etcd instead of SQLite")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="setting of parleyd, TOML"
    )
    arguments = parser.parse_args()
    from bench import machine

    document = {
        "machine": machine(),
        **run(arguments.rates, arguments.seconds, tuple(arguments.set), arguments.etcd),
    }
    output = OUTPUT.with_stem("allocate-etcd") if arguments.etcd else OUTPUT
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    if arguments.json:
        print(json.dumps(document, indent=2))
    else:
        show(document, Console())
        print(f"written: {output.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
