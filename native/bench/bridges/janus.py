"""Debian's Janus as a bridge: its AudioBridge plugin, every participant plain RTP (PCMU), rooms at 8 kHz."""

import itertools
import json
import shutil
import socket
import subprocess
import time
from pathlib import Path

from parleybench.machine import BenchError, on_cores

PROGRAM, PACKAGE = "janus", "janus"
HOST = "127.0.10.1"
LIBRARIES = Path("/usr/lib/x86_64-linux-gnu/janus")
START_S = 10
MAIN = """general: {{
  configs_folder = "{folder}"
  plugins_folder = "{libraries}/plugins"
  transports_folder = "{libraries}/transports"
  debug_level = 3
  session_timeout = 0
}}
plugins: {{ disable = "{others}" }}
transports: {{ disable = "{ways}" }}
"""
SOCKET = """general: {{ enabled = true, json = "compact", path = "{folder}/api", type = "SOCK_SEQPACKET" }}
admin: {{ admin_enabled = false }}
"""
BRIDGE = """general: {{ local_ip = "{host}", rtp_port_range = "20000-39998" }}
"""


def all_but(kind, wanted):
    """Returns the names of its libraries of a kind without one of them, with commas."""
    return ",".join(sorted(path.name for path in (LIBRARIES / kind).glob("*.so") if path.name != wanted))


class Janus:
    """One Janus on a core, its API a Unix socket. Context manager."""

    name = "Janus AudioBridge"
    most = 4000

    def __init__(self, folder, core):
        """folder: for its settings, a short path; core: what it is bound to."""
        self._folder, self._core = folder / "janus", core
        self._numbers = itertools.count(1)
        self._handles = []
        self._process = self._api = self._session = None

    @staticmethod
    def missing():
        """Why it cannot be measured, "" when it can."""
        return "" if shutil.which(PROGRAM) else f"not installed: apt-get install {PACKAGE}"

    @staticmethod
    def version():
        """Of Debian's package."""
        command = ["dpkg-query", "-W", "-f=${Version}", PACKAGE]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout or "unknown"

    def __enter__(self):
        self._folder.mkdir()
        others = all_but("plugins", "libjanus_audiobridge.so")
        ways = all_but("transports", "libjanus_pfunix.so")
        texts = {"janus": MAIN, "janus.transport.pfunix": SOCKET, "janus.plugin.audiobridge": BRIDGE}
        for name, text in texts.items():
            words = {"folder": self._folder, "libraries": LIBRARIES, "host": HOST}
            words |= {"others": others, "ways": ways}
            (self._folder / f"{name}.jcfg").write_text(text.format(**words), encoding="ascii")
        log = self._folder / "log"
        with log.open("wb") as file:
            command = on_cores(self._core, PROGRAM, "-F", self._folder, "-i", HOST)
            self._process = subprocess.Popen(command, stdout=file, stderr=file, stdin=subprocess.DEVNULL)
        self._api = self._connect(log)
        self._session = self._ask({"janus": "create"})["data"]["id"]
        return self

    def __exit__(self, *_):
        if self._api is not None:
            self._api.close()
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def pids(self):
        """Processes whose time counts."""
        return [self._process.pid]

    async def join(self, people, size):
        """Puts everybody into rooms of `size`; each has his peer's address then. Raises BenchError."""
        for first in range(0, len(people), size):
            room = next(self._numbers)
            handles = [self._attach() for _ in people[first : first + size]]
            request = {
                "request": "create",
                "room": room,
                "sampling_rate": 8000,
                "allow_rtp_participants": True,
            }
            self._message(handles[0], request)
            for one, handle in zip(people[first : first + size], handles, strict=True):
                rtp = {"ip": one.media[0], "port": one.media[1], "payload_type": 0}
                joined = self._message(
                    handle, {"request": "join", "room": room, "codec": "pcmu", "rtp": rtp}, "joined"
                )
                one.rtp = joined["rtp"]["ip"], joined["rtp"]["port"]

    async def leave(self, people):
        """Everybody goes."""
        for handle in self._handles:
            self._ask({"janus": "detach", "session_id": self._session, "handle_id": handle})
        self._handles = []

    def _connect(self, log):
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline and self._process.poll() is None:
            made = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            try:
                made.connect(str(self._folder / "api"))
                made.settimeout(START_S)
                return made
            except OSError:
                made.close()
                time.sleep(0.1)
        raise BenchError(f"Janus does not start: {log.read_text(errors='replace')[-500:]}")

    def _attach(self):
        asked = {"janus": "attach", "plugin": "janus.plugin.audiobridge", "session_id": self._session}
        self._handles.append(self._ask(asked)["data"]["id"])
        return self._handles[-1]

    def _message(self, handle, body, event=None):
        """Asks the plugin; with `event` waits for that event of it. Raises BenchError."""
        asked = {"janus": "message", "session_id": self._session, "handle_id": handle, "body": body}
        answer = self._ask(asked)
        while event is not None and answer.get("janus") != "event":
            answer = self._answer(answer["transaction"])
        data = answer.get("plugindata", {}).get("data", {})
        if "error" in data or (event is not None and data.get("audiobridge") != event):
            raise BenchError(f"Janus refuses {body['request']}: {data}")
        return data

    def _ask(self, request):
        transaction = str(next(self._numbers))
        self._api.send(json.dumps({**request, "transaction": transaction}).encode())
        return self._answer(transaction)

    def _answer(self, transaction):
        """The next answer to a request; what the rooms tell of themselves is passed over. Raises BenchError."""
        while True:
            try:
                answer = json.loads(self._api.recv(65536))
            except TimeoutError:
                raise BenchError("Janus does not answer") from None
            if answer.get("janus") == "error":
                raise BenchError(f"Janus: {answer['error']}")
            if answer.get("transaction") == transaction:
                return answer
