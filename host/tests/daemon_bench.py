"""A real `parleyd` process, and a board and a phone on real sockets to talk to it. Not a test."""

import json
import os
import random
import select
import signal
import socket
import subprocess
import sys
import time

from parley.call.endpoint import Endpoint
from parley.call.negotiate import make_offer
from parley.wire.address import derive, read_token
from parley.wire.uri import parse_name_addr

KEY = bytes(range(32))
PATIENCE_S = 15


def free_port(kind, host="127.0.0.1"):
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind((host, 0))
        return probe.getsockname()[1]


class Peer:
    """An Endpoint on a UDP socket of its own; `until` runs it."""

    def __init__(self, host, **options):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((host, 0))
        self.address = self.socket.getsockname()
        self.endpoint = Endpoint(self.address, random.Random(host).randbytes, **options)
        self.events = []

    def now_ms(self):
        return time.monotonic_ns() // 1_000_000

    def until(self, found, what):
        """Run until found() is true, and return that; fails after PATIENCE_S."""
        end_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < end_s:
            self.run_once()
            if result := found():
                return result
        raise AssertionError(f"waited in vain for {what}")

    def run_once(self):
        for data, peer in self.endpoint.transmits():
            self.socket.sendto(data, peer[:2])
        if select.select([self.socket], [], [], 0.05)[0]:
            data, peer = self.socket.recvfrom(65536)
            self.endpoint.receive(data, peer, self.now_ms())
        self.endpoint.tick(self.now_ms())
        for event in self.endpoint.events():
            self.take(event)
        for data, peer in self.endpoint.transmits():
            self.socket.sendto(data, peer[:2])

    def take(self, event):
        self.events.append(event)

    def last(self, kind):
        return next((event for event in reversed(self.events) if event.kind == kind), None)


class Board(Peer):
    """A provisioned board: registers, and ends conferences when told to."""

    def __init__(self, server, contact=None):
        """contact: where it says to be, by default where it is."""
        super().__init__("127.0.0.1", methods=("MESSAGE",))
        self.contact = contact or self.address
        self.server = server
        self.orders = []
        self.obeys = 200  # what orders are answered
        self.report = {"firmware": "0.1.0", "boot": "a1", "board": "bench", "codecs": ["PCMU"], "legs": 16}
        self.report |= {"slots": 8, "live": [], "ended": []}

    def toml(self):
        host, port = self.address
        return f'[[provisioned]]\nid = "bench-1"\nhost = "{host}"\nport = {port}\nkey = "{KEY.hex()}"\n'

    def register(self):
        self.events.clear()
        identity = f"sip:bench-1@{self.server[0]}"
        self.endpoint.request(
            "REGISTER",
            f"sip:{self.server[0]}:{self.server[1]}",
            self.now_ms(),
            headers=[
                ("Contact", f"<sip:{self.contact[0]}:{self.contact[1]};transport=udp>;expires=30"),
                ("Content-Type", "application/json"),
            ],
            body=json.dumps(self.report).encode(),
            from_uri=identity,
            to_uri=identity,
            credentials=("bench-1", derive(KEY, "register")),
        )
        self.until(lambda: self.last("response"), "the registration's answer")
        return self.last("response").message

    def take(self, event):
        super().take(event)
        if event.kind == "request":
            ((name, numbers),) = json.loads(event.message.body).items()
            self.orders.append((name, *numbers))
            if name == "end":
                self.report["live"] = []
                self.report["ended"] = [numbers]
            self.endpoint.respond(event.subject, self.obeys, self.now_ms())

    def begin(self, contact):
        """Say that a phone is in the conference at this address."""
        found = read_token(KEY, parse_name_addr(contact).uri.user)
        self.report["live"] = [
            [found.slot, found.generation, found.size, ["sip:alice@127.0.0.1"], [1], [], False]
        ]
        self.report["quality"] = [[found.slot, found.generation, 1, 20, 7, None, 30]]
        assert self.register().status == 200
        return found


class Phone(Peer):
    """Asks for conferences."""

    def __init__(self, server):
        super().__init__("127.0.0.1")
        self.server = server

    def ask(self):
        """Return the final response to a call for a conference."""
        self.events.clear()
        offer = make_offer([("PCMU", 8000)], "127.0.0.1", 6000, 1, 1).to_bytes()
        self.endpoint.invite(f"sip:conference@{self.server[0]}:{self.server[1]}", offer, self.now_ms())
        self.until(lambda: self.last("redirected") or self.last("rejected"), "an answer to the INVITE")
        return (self.last("redirected") or self.last("rejected")).message


class Daemon:
    """`parleyd` as a process; `start` returns when it has printed its ready line."""

    def __init__(self, folder):
        self.folder = folder
        self.server = ("127.0.0.1", free_port(socket.SOCK_DGRAM))
        self.http = f"127.0.0.1:{free_port(socket.SOCK_STREAM)}"
        self.state = folder / "state"
        self.log = folder / "parleyd.log"
        self.process = None

    def command(self, *flags):
        program = [sys.executable, "-c", "from parleyd.cli import daemon_main; daemon_main()"]
        places = ["--sip", f"{self.server[0]}:{self.server[1]}", "--http", self.http]
        return [*program, *places, "--state", str(self.state), "--log-file", str(self.log), *flags]

    def start(self, *flags, **environment):
        self.process = subprocess.Popen(
            self.command(*flags),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **environment},
        )
        return self.process.stdout.readline()

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_S)

    def ask(self, path, method="GET", host=None, token=None, json=None, **headers):
        """Return status and decoded body of a request to the API. headers: further ones."""
        import httpx

        headers |= {"Host": host} if host else {}
        headers |= {"Authorization": f"Bearer {token}"} if token else {}
        answer = httpx.request(
            method, f"http://{self.http}{path}", headers=headers, json=json, trust_env=False
        )
        return answer.status_code, answer.json() if "json" in answer.headers["content-type"] else answer.text
