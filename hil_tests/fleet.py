"""Several servers on a real etcd, each with boards of its own kind of process, and ways to pull their plugs."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from hil_tests import programs
from hil_tests.bench import Bench
from hil_tests.http_api import get
from hil_tests.ports import PortPicker
from hil_tests.processes import Process, wait_until

HOST = "127.0.0.1"


class EtcdNode:
    """One node; it keeps its data over kill() and start()."""

    def __init__(self, folder: Path, name: str, ports: PortPicker) -> None:
        self.folder, self.name = folder, name
        self.client_port, self.peer_port = ports.take(), ports.take()
        self.url = f"http://{HOST}:{self.client_port}"
        self.peer = f"{name}=http://{HOST}:{self.peer_port}"
        self.process: Process | None = None

    def start(self, peers: str) -> None:
        """Start it; it need not be healthy yet."""
        at = f"http://{HOST}:{self.peer_port}"
        args = [programs.tool("etcd", "etcd-server"), "--name", self.name]
        args += ["--data-dir", str(self.folder / self.name), "--initial-cluster", peers]
        args += ["--listen-client-urls", self.url, "--advertise-client-urls", self.url]
        args += ["--log-level", "error"]
        args += ["--listen-peer-urls", at, "--initial-advertise-peer-urls", at]
        starts = len(list(self.folder.glob(f"{self.name}*.log")))
        self.process = Process(self.name, args, self.folder / f"{self.name}-{starts}.log")

    def healthy(self) -> bool:
        """Whether it serves."""
        try:
            return get(self.url + "/health")["health"] == "true"
        except (OSError, ValueError):
            return False

    def leads(self) -> bool:
        """Whether it is the leader, by its own word."""
        try:
            status = get(self.url + "/v3/maintenance/status", b"{}")
        except (OSError, ValueError):
            return False
        return status.get("leader") == status["header"]["member_id"]  # absent while there is none


@dataclass(frozen=True)
class Fault:
    """What was done to whom, and for how long: monotonic times; `board` is its IP address when it hit a board."""

    kind: str
    whom: str
    begun_s: float
    ended_s: float
    board: str = ""


class Fleet:
    """Servers and etcd nodes. Boards are shared out among the servers that start them."""

    def __init__(
        self, folder: Path, ports: PortPicker, boards: tuple[int, ...], legs: int, settings: str
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder.resolve()
        self.nodes = [EtcdNode(self.folder, f"etcd{number}", ports) for number in range(3)]
        self.peers = ",".join(node.peer for node in self.nodes)
        self.config = self.folder / "parley.toml"
        extra = ("--config", str(self.config))
        self.servers = [
            Bench(self.folder / f"server{number}", ports, count, legs, extra)
            for number, count in enumerate(boards)
        ]
        nets = set()
        for server in self.servers:  # each has a loopback network of its own
            third = 1 + len(nets)
            server.board_net = f"127.0.{40 + third}.0/24"
            nets.add(server.board_net)
        places = [f"{HOST}:{server.sip_port}" for server in self.servers]
        ends = [f"{HOST}:{node.client_port}" for node in self.nodes]
        self.config.write_text(
            f"servers = {places}\n{settings}\n[store]\nkind = 'etcd'\nendpoints = {ends}\n"
        )
        interfaces = {name for _, name in socket.if_nameindex()}
        self.may_cut = os.geteuid() == 0 and interfaces == {
            "lo"
        }  # a network of our own: nobody else is cut off

    def start(self) -> Fleet:
        """Start everything; ready when every server knows every board."""
        for node in self.nodes:
            node.start(self.peers)
        wait_until(lambda: all(node.healthy() for node in self.nodes), 20, "three etcd nodes")
        for server in self.servers:
            server.launch()
        for server in self.servers:
            server.wait_ready(60)
        wait_until(self.whole, 20, "every server to know every board", 0.3)
        return self

    def stop(self) -> None:
        """End everything that is left."""
        self.mend()
        for server in self.servers:
            if server.process is not None and server.process.running():
                server.process.send_signal(signal.SIGCONT)
            server.stop()
        for node in self.nodes:
            if node.process is not None and node.process.running():
                node.process.send_signal(signal.SIGCONT)
                node.process.stop(first=signal.SIGKILL)

    def whole(self) -> bool:
        """Whether every server answers and has every board registered."""
        wanted = sum(server.boards_wanted for server in self.servers)
        try:
            rows = self.boards()
        except (OSError, ValueError):
            return False
        return all(len(boards) == wanted and all(one["registered"] for one in boards) for boards in rows)

    def boards(self) -> list[list[dict]]:
        """What each server says of all boards. OSError when one does not answer."""
        return [get(server.http + "/v1/status")["boards"] for server in self.servers]

    # ---- faults: each does its harm, waits, and makes it good

    def _kill(self, process: Process | None) -> float:
        """SIGKILL; returns when."""
        assert process is not None
        begun_s = time.monotonic()
        process.send_signal(signal.SIGKILL)
        process.wait(5)
        return begun_s

    def kill_server(self, draw: random.Random) -> Fault:
        """SIGKILL to a server, which its service manager starts again; its boards go on."""
        server = draw.choice(self.servers)
        begun_s = self._kill(server.process)
        time.sleep(draw.uniform(0.5, 3))
        server.launch()
        server.wait_ready(60)
        return Fault("server killed", str(server.sip_port), begun_s, time.monotonic())

    def kill_node(self, draw: random.Random, leader: bool = False) -> Fault:
        """SIGKILL to an etcd node, perhaps the one that leads."""
        node = next((one for one in self.nodes if one.leads()), self.nodes[0])
        if not leader:
            node = draw.choice(self.nodes)
        begun_s = self._kill(node.process)
        time.sleep(draw.uniform(0.5, 4))
        node.start(self.peers)
        wait_until(node.healthy, 20, "the etcd node to come back")
        kind = "etcd leader killed" if leader else "etcd node killed"
        return Fault(kind, node.name, begun_s, time.monotonic())

    def kill_leader(self, draw: random.Random) -> Fault:
        """The same to the leader."""
        return self.kill_node(draw, leader=True)

    def kill_board(self, draw: random.Random) -> Fault:
        """SIGKILL to a board, which its keeper starts again."""
        server = draw.choice(self.servers)
        board = draw.choice([one for one in server.boards() if one.pid])
        begun_s = time.monotonic()
        os.kill(board.pid, signal.SIGKILL)
        time.sleep(draw.uniform(0.5, 2))
        return Fault("board killed", board.board_id, begun_s, time.monotonic(), board.host)

    def freeze_server(self, draw: random.Random) -> Fault:
        """A server stands still and comes back with what it believed before."""
        return self._freeze(draw, draw.choice(self.servers), 6)

    def freeze_node(self, draw: random.Random) -> Fault:
        """An etcd node stands still."""
        return self._freeze(draw, draw.choice(self.nodes), 5)

    def _freeze(self, draw: random.Random, whom: Bench | EtcdNode, longest_s: float) -> Fault:
        begun_s = time.monotonic()
        assert whom.process is not None
        whom.process.send_signal(signal.SIGSTOP)
        time.sleep(draw.uniform(1, longest_s))
        whom.process.send_signal(signal.SIGCONT)
        return Fault("frozen", whom.process.name, begun_s, time.monotonic())

    def cut_server(self, draw: random.Random) -> Fault:
        """Nothing reaches a server from boards and phones, nor they it."""
        port = draw.choice(self.servers).sip_port
        return self._cut(draw, f"udp sport {port} drop; udp dport {port} drop", f"server {port}")

    def cut_node(self, draw: random.Random) -> Fault:
        """Nothing reaches an etcd node, from servers or the other nodes."""
        node = draw.choice(self.nodes)
        ports = f"{{ {node.client_port}, {node.peer_port} }}"
        return self._cut(draw, f"tcp sport {ports} drop; tcp dport {ports} drop", node.name)

    def _cut(self, draw: random.Random, rules: str, whom: str) -> Fault:
        begun_s = time.monotonic()
        chain = f"chain input {{ type filter hook input priority 0; {rules}; }}"
        subprocess.run(
            [programs.tool("nft", "nftables"), f"table inet chaos {{ {chain}; }}\n"], check=True, timeout=5
        )
        time.sleep(draw.uniform(1, 5))
        self.mend()
        return Fault("cut off", whom, begun_s, time.monotonic())

    def mend(self) -> None:
        """Take back a cut."""
        if self.may_cut:
            subprocess.run(
                [programs.tool("nft", "nftables"), "delete table inet chaos"],
                check=False,
                capture_output=True,
                timeout=5,
            )
