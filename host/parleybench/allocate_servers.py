"""The servers that allocate.py measures: parleyd with boards that never serve, and Kamailio with a plain 302."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from parley.call.endpoint import Endpoint
from parley.wire.address import derive
from parleybench.machine import BenchError

BESIDE = Path(sys.executable).parent
KEY = "%064x"
BOARD_LEGS = 65535
BOARDS = 12  # times 32,767 conferences of two: room for 65 seconds of 6,000 a second
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


class Parley:
    """A parleyd with boards that are only registered: they never need to serve."""

    name = "parleyd"

    def __init__(self, folder: Path, *options: str, etcd: Sequence[str] = ()) -> None:
        """etcd: host:port of its nodes; none: leases in SQLite. Raises BenchError."""
        self.folder, self.port = folder, free_port()
        self._state = folder / "state"
        config = folder / "parley.toml"
        if etcd:
            self.name = "parleyd, etcd"
            options = (*options, f"[store]\nkind = 'etcd'\nendpoints = {list(etcd)}")
        boards = [
            f'[[provisioned]]\nid = "b{n}"\nhost = "127.0.1.{n}"\nport = 5060\nkey = "{KEY % n}"\n'
            for n in range(1, BOARDS + 1)
        ]
        # One source asks for all the world here.
        config.write_text("\n".join(["source_per_s = 0", *options, *boards]), encoding="utf-8")
        command = [*pinned(0), str(BESIDE / "parleyd"), "--config", str(config)]
        command += ["--sip", f"127.0.0.1:{self.port}", "--http", f"127.0.0.1:{free_port(socket.SOCK_STREAM)}"]
        command += ["--state", str(self._state), "--log-file", str(folder / "parleyd.log")]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        if not self._process.stdout.readline().startswith("ready "):
            raise BenchError(f"parleyd did not start; see {folder / 'parleyd.log'}")
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
            try:
                endpoint.receive(*udp.recvfrom(65536), 0)
            except TimeoutError:  # under full load
                endpoint.tick(2000)
            for event in endpoint.events():
                if event.kind == "response" and event.status == 200:
                    return
        raise BenchError(f"board {board_id} could not be registered")


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


def kamailio_version() -> str | None:
    """Return the version of the Kamailio here, None without one."""
    program = shutil.which("kamailio") or shutil.which("/usr/sbin/kamailio")
    if program is None:
        return None
    return subprocess.run([program, "-v"], capture_output=True, text=True, check=False).stdout.split("\n")[0]
