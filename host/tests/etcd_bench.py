"""Real etcd nodes on ports of their own, started and ended by process id. Not a test."""

import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from contextlib import closing
from pathlib import Path

import pytest

PATIENCE_S = 20
HOST = "127.0.0.1"
# a commit waits for the disk; tests of durability say what they want
IN_MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None


def need_etcd():
    """Skip the test where etcd is not installed; in CI that is a failure."""
    if shutil.which("etcd") is None:
        reason = "etcd is missing: apt-get install etcd-server"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)


def free_ports(count):
    """Ports that nobody has now, each another."""
    probes = [socket.socket(socket.AF_INET, socket.SOCK_STREAM) for _ in range(count)]
    try:
        for probe in probes:
            probe.bind((HOST, 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()


class Node:
    """One node of a cluster; it keeps its data over kill() and start()."""

    def __init__(self, name, folder, client_port, peer_port, *flags):
        self.endpoint = (HOST, client_port)
        self.peer = f"{name}=http://{HOST}:{peer_port}"
        self.name, self.folder = name, folder
        self.client, self.peer_url = f"http://{HOST}:{client_port}", f"http://{HOST}:{peer_port}"
        self.flags = flags
        self.process = None

    def start(self, peers):
        command = ["etcd", "--name", self.name, "--data-dir", str(self.folder / self.name)]
        command += ["--listen-client-urls", self.client, "--advertise-client-urls", self.client]
        command += ["--listen-peer-urls", self.peer_url, "--initial-advertise-peer-urls", self.peer_url]
        command += ["--initial-cluster", peers, "--initial-cluster-state", "new", "--log-level", "error"]
        with open(self.folder / f"{self.name}.log", "ab") as log:
            self.process = subprocess.Popen(
                [*command, "--heartbeat-interval", "50", "--election-timeout", "500", *self.flags],
                stdout=log,
                stderr=log,
            )

    def kill(self, number=signal.SIGKILL):
        self.process.send_signal(number)
        self.process.wait()

    def ask(self, path, body=None):
        """The answer of its HTTP side, decoded. Raises OSError."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with closing(opener.open(self.client + path, body, timeout=1)) as answer:
            return json.loads(answer.read())

    @property
    def healthy(self):
        try:
            return self.ask("/health")["health"] == "true"
        except OSError:
            return False


class Cluster:
    """So many nodes; use as a context manager, or start() and stop()."""

    def __init__(self, folder, nodes=1, *flags):
        ports = free_ports(2 * nodes)
        self.nodes = [
            Node(f"n{index}", folder, ports[2 * index], ports[2 * index + 1], *flags)
            for index in range(nodes)
        ]
        self.peers = ",".join(node.peer for node in self.nodes)
        self.endpoints = [node.endpoint for node in self.nodes]

    def __enter__(self):
        try:
            for node in self.nodes:
                node.start(self.peers)
            self.wait_until_healthy()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *error):
        self.stop()

    def wait_until_healthy(self):
        end_s = time.monotonic() + PATIENCE_S
        while not all(node.healthy for node in self.nodes):
            assert time.monotonic() < end_s, "etcd does not become healthy; see its log"
            time.sleep(0.05)

    def stop(self):
        for node in self.nodes:
            if node.process is not None and node.process.poll() is None:
                node.kill()

    def leader(self):
        """The node that leads now, by its own status."""
        for node in self.nodes:
            try:
                status = node.ask("/v3/maintenance/status", b"{}")
            except OSError:
                continue
            if status["leader"] == status["header"]["member_id"]:
                return node
        return None
