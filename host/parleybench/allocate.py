"""What one allocation costs: SIPp asks parleyd (302 after the commit) and, in the same run, Kamailio (plain 302).

Needs sipp; the comparison needs Debian's kamailio and is left out without it. Server and load generator are pinned to
a core each; processor time is what the kernel's scheduler has counted.
"""

import csv
import itertools
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.table import Table

from parleybench.allocate_rounds import Row, median_of, others_noted, ratio_of
from parleybench.allocate_servers import BOARDS, Kamailio, Parley, free_port, kamailio_version, pinned
from parleybench.crowd import Say
from parleybench.machine import BenchError, Figures, cpu_s, machine, share_of

RATES = (1000, 2000, 4000, 6000, 8000, 10000)
SECONDS = 5.0
ROUNDS = 3
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


def disk() -> Path:
    """Return a folder on a disk, which /tmp need not be: a commit waits for it."""
    cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    folder = Path(cache) / "parley-bench"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


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


def measure(server: "Parley | Kamailio", rate: int, seconds: float) -> Row:
    """Load the server and return what came of it, with its processor time a call and what others did meanwhile."""

    def taken_s() -> float:
        return sum(map(cpu_s, server.pids()))

    before_s, noted = taken_s(), {}
    with others_noted(noted, taken_s):
        row = load(server.folder, server.port, rate, seconds)
    row["cpu_us_per_call"] = round(1e6 * (taken_s() - before_s) / max(1, row["answered"]), 1)
    return row | noted


Start = Callable[[str], "Parley | Kamailio"]  # which of them, in a folder of its own


def run(
    rates: Sequence[int],
    seconds: float,
    say: Say,
    rounds: int = ROUNDS,
    options: tuple[str, ...] = (),
    etcd: Sequence[str] = (),
) -> Figures:
    """Measure both servers at each rate, in turns; then parleyd at 80 % of the most it sustained.

    rounds: at each rate, see allocate_rounds. options: more lines of parleyd's settings (TOML); etcd: as Parley takes
    it. Raises BenchError.
    """
    if shutil.which("sipp") is None:
        raise BenchError("SIPp makes the load, and there is none: apt-get install sip-tester")
    version = kamailio_version()
    ours = "parleyd, etcd" if etcd else Parley.name
    both = [ours] if version is None else [Kamailio.name, ours]
    with tempfile.TemporaryDirectory(dir=disk()) as name:

        def start(which: str) -> "Parley | Kamailio":
            folder = Path(tempfile.mkdtemp(prefix=which.replace(", ", "-"), dir=name))
            return Kamailio(folder) if which == Kamailio.name else Parley(folder, *options, etcd=etcd)

        found = {rate: take_turns(start, both, rate, seconds, rounds, say) for rate in rates}
        rows = {which: [median_of(found[rate][which]) for rate in rates] for which in both}
        most = most_of(rows[ours])
        at_80 = {}
        if most:
            say(f"80 % of the most that {ours} held")
            at_80 = median_of(take_turns(start, [ours], int(0.8 * most), seconds, rounds, say)[ours])
    return {
        "rows": rows,
        "ratios": [
            {"asked_per_s": rate, **ratio_of(found[rate][ours], found[rate][Kamailio.name])}
            for rate in (rates if version is not None else ())
        ],
        "most_per_s": most,
        "at_80_percent": at_80,
        "kamailio": version or "not installed: no comparison",
        "sipp": sipp_version(),
        "boards": BOARDS,
        "seconds": seconds,
        "options": list(options),
        "machine": machine(),
    }


def take_turns(
    start: Start, servers: Sequence[str], rate: int, seconds: float, rounds: int, say: Say
) -> dict[str, list[Row]]:
    """Measure each server once a round, each time started anew."""
    found: dict[str, list[Row]] = {which: [] for which in servers}
    for number, which in itertools.product(range(rounds), servers):
        say(f"{which} at {rate} a second, round {number + 1} of {rounds}")
        found[which].append(measured(start(which), rate, seconds))
    return found


def measured(server: "Parley | Kamailio", rate: int, seconds: float) -> Row:
    """Measure a server that was started for it, and end it."""
    try:
        return measure(server, rate, seconds)
    finally:
        server.stop()


def most_of(rows: Sequence[Row]) -> int:
    """Return the highest rate that was held in every round, 0 for none."""
    held = [
        one["asked_per_s"]
        for one in rows
        if not any(row["failed"] for row in one["rounds"])
        and one["p99_ms"] < 100
        and one["reached_per_s"] > 0.9 * one["asked_per_s"]
    ]
    return int(max(held, default=0))


def sipp_version() -> str:
    """Return what SIPp calls itself."""
    told = subprocess.run(["sipp", "-v"], capture_output=True, text=True, check=False).stdout
    return told.strip().split("\n")[0][:40]


def tables(document: Figures) -> list[Table]:
    """Return the document as a table for people."""
    table = Table(title="INVITE, 302, ACK; medians of rounds", title_justify="left")
    columns = (
        "server",
        "asked/s",
        "reached/s",
        "failed",
        "repeated",
        "p50 ms",
        "p99 ms",
        "CPU us/call",
        "from",
        "to",
    )
    for column in (*columns, "others, cores"):
        table.add_column(column, justify="left" if column == "server" else "right")
    rows, last = document["rows"], document["at_80_percent"]
    listed = [(name, row) for name in rows for row in rows[name]]
    listed += [("parleyd at 80 %", last)] if last else []
    keys = ("asked_per_s", "reached_per_s", "failed", "repeated", "p50_ms", "p99_ms", "cpu_us_per_call")
    for name, row in listed:
        table.add_row(
            name, *(f"{row[key]:g}" for key in (*keys, "cpu_us_least", "cpu_us_most", "others_cores"))
        )
    ratios = Table(title="parleyd / Kamailio, CPU a call in the same round", title_justify="left")
    for column in ("asked/s", "median", "from", "to"):
        ratios.add_column(column, justify="right")
    for row in document["ratios"]:
        ratios.add_row(*(f"{row[key]:g}" for key in ("asked_per_s", "median", "least", "most")))
    return [table, ratios] if document["ratios"] else [table]
