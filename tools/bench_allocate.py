#!/usr/bin/env python3
"""What one allocation costs: SIPp asks parleyd (302 after the commit) and, in the same run, Kamailio (plain 302).

Writes out/bench/allocate.json. Needs sipp; the comparison needs Debian's kamailio and is left out without it. Server
and load generator are pinned to a core each; processor time is what the kernel's scheduler has counted.
"""

import argparse
import csv
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parent.parent
OUTPUT = ROOT / "out" / "bench" / "allocate.json"
KEY = "%064x"
BOARD_LEGS = 65535
BOARDS = 12  # times 32,767 conferences of two: room for 65 seconds of 6,000 a second
READY_S = 20
MAX_P99_MS = 20
KAMAILIO = """children=1
log_stderror=yes
debug=0
listen=udp:{host}:{port}
disable_tcp=yes
auto_aliases=no
loadmodule "sl.so"
loadmodule "textops.so"
loadmodule "pv.so"
request_route {{
  if (is_method("INVITE")) {{
    append_to_reply("Contact: <sip:0102030405@127.0.1.1:5060;transport=udp>;isfocus\\r\\n");
    sl_send_reply("302", "Moved Temporarily");
  }}
}}
"""
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
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch];rport
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


def children_of(pid: int) -> list[int]:
    """Return the process and its children."""
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    return [pid, *(int(word) for word in text.split())]


def free_port(kind: int = socket.SOCK_DGRAM) -> int:
    """Return a free port of the loopback."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def pinned(core: int) -> list[str]:
    """Return the words that pin a command to a core, none on a machine with one core."""
    return ["taskset", "-c", str(core)] if (os.cpu_count() or 1) > 1 else []


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


class Parley:
    """A parleyd with boards that are only registered: they never need to serve."""

    name = "parleyd"

    def __init__(self, folder: Path, *options: str, store: str = "sqlite") -> None:
        self.folder, self.port = folder, free_port()
        self._state = folder / "state"
        config = folder / "parley.toml"
        boards = [
            f'[[provisioned]]\nid = "b{n}"\nhost = "127.0.1.{n}"\nport = 5060\nkey = "{KEY % n}"\n'
            for n in range(1, BOARDS + 1)
        ]
        config.write_text("\n".join([*options, *boards]), encoding="utf-8")
        command = [*pinned(0), str(ROOT / ".venv" / "bin" / "parleyd"), "--config", str(config)]
        command += ["--sip", f"127.0.0.1:{self.port}", "--http", f"127.0.0.1:{free_port(socket.SOCK_STREAM)}"]
        command += ["--state", str(self._state), "--log-file", str(folder / "parleyd.log")]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        if not self._process.stdout.readline().startswith("ready "):
            raise SystemExit("error: parleyd did not start")
        self._stop = threading.Event()
        self._boards = threading.Thread(target=self._keep_registered, daemon=True)
        self._register()
        self._boards.start()

    def pids(self) -> list[int]:
        """Return the processes whose time counts."""
        return [self._process.pid]

    def stop(self) -> None:
        """End it."""
        self._stop.set()
        self._boards.join()
        self._process.send_signal(signal.SIGKILL)  # nobody is in a call
        self._process.wait()

    def _keep_registered(self) -> None:
        while not self._stop.wait(20):
            self._register()

    def _register(self) -> None:
        for number in range(1, BOARDS + 1):
            register_board(
                ("127.0.0.1", self.port), f"b{number}", f"127.0.1.{number}", bytes.fromhex(KEY % number)
            )


def register_board(server: tuple[str, int], board_id: str, host: str, key: bytes) -> None:
    """Register a board of the largest size for a minute, as a board does."""
    from parley.call.endpoint import Endpoint
    from parley.wire.address import derive

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        udp.settimeout(2)
        endpoint = Endpoint(udp.getsockname(), os.urandom)
        report = {"firmware": "0.1.0", "boot": "a1", "board": "bench", "codecs": ["PCMU", "PCMA"]}
        body = json.dumps(report | {"legs": BOARD_LEGS, "slots": BOARD_LEGS}).encode()
        contact = ("Contact", f"<sip:{host}:5060;transport=udp>;expires=60")
        identity = f"sip:{board_id}@{server[0]}"
        endpoint.request(
            "REGISTER",
            f"sip:{server[0]}:{server[1]}",
            0,
            headers=[contact, ("Content-Type", "application/json")],
            body=body,
            from_uri=identity,
            to_uri=identity,
            credentials=(board_id, derive(key, "register")),
        )
        for _ in range(4):
            for data, peer in endpoint.transmits():
                udp.sendto(data, peer[:2])
            endpoint.receive(*udp.recvfrom(65536), 0)
            for event in endpoint.events():
                if event.kind == "response" and event.status == 200:
                    return
        raise SystemExit(f"error: board {board_id} could not be registered")


class Kamailio:
    """Debian's Kamailio with one child, answering each INVITE with a plain, stateless 302."""

    name = "kamailio"

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        config = folder / "kamailio.cfg"
        config.write_text(KAMAILIO.format(host="127.0.0.1", port=self.port), encoding="ascii")
        program = shutil.which("kamailio") or "/usr/sbin/kamailio"
        command = [
            *pinned(0),
            program,
            "-DD",
            "-E",
            "-f",
            str(config),
            "-Y",
            str(folder),
            "-m",
            "64",
            "-M",
            "8",
        ]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(1.5)

    def pids(self) -> list[int]:
        """Return the processes whose time counts."""
        return children_of(self._process.pid)

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait()


def measure(server: "Parley | Kamailio", rate: int, seconds: float) -> dict[str, float]:
    """Load the server and return what came of it, with its processor time a call."""
    pids = server.pids()
    before = cpu_us(pids)
    row = load(server.folder, server.port, rate, seconds)
    row["cpu_us_per_call"] = round((cpu_us(pids) - before) / max(1, row["answered"]), 1)
    return row


def kamailio_version() -> str | None:
    """Return the version of the Kamailio here, None without one."""
    program = shutil.which("kamailio") or shutil.which("/usr/sbin/kamailio")
    if program is None:
        return None
    return subprocess.run([program, "-v"], capture_output=True, text=True, check=False).stdout.split("\n")[0]


def run(rates: list[int], seconds: float, options: tuple[str, ...] = ()) -> dict[str, object]:
    """Measure both servers at each rate, in turns; then parleyd at 80 % of the most it sustained."""
    if shutil.which("sipp") is None:
        raise SystemExit("error: sipp is missing; apt-get install sip-tester")
    rows: dict[str, list[dict[str, float]]] = {"parleyd": []}
    version = kamailio_version()
    with tempfile.TemporaryDirectory(dir=ROOT / "build") as name:
        for rate in rates:
            makers = [Parley] if version is None else [Kamailio, Parley]
            for maker in makers:
                folder = Path(name) / f"{maker.__name__}-{rate}"
                folder.mkdir()
                server = Parley(folder, *options) if maker is Parley else Kamailio(folder)
                try:
                    rows.setdefault(server.name, []).append(measure(server, rate, seconds))
                finally:
                    server.stop()
        sustained = [
            row
            for row in rows["parleyd"]
            if not row["failed"] and row["p99_ms"] < 100 and row["reached_per_s"] > 0.9 * row["asked_per_s"]
        ]
        most = max((int(row["asked_per_s"]) for row in sustained), default=0)
        at_80: dict[str, float] = {}
        if most:
            folder = Path(name) / "at80"
            folder.mkdir()
            server = Parley(folder, *options)
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
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="setting of parleyd, TOML"
    )
    arguments = parser.parse_args()
    from bench import machine

    document = {"machine": machine(), **run(arguments.rates, arguments.seconds, tuple(arguments.set))}
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    OUTPUT.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    if arguments.json:
        print(json.dumps(document, indent=2))
    else:
        show(document, Console())
        print(f"written: {OUTPUT.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
