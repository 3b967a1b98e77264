"""Three nodes of Debian's etcd for the benches, data on the disk below a folder."""

import shutil
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

NODES = 3
START_S = 20
HEALTHY = b'"health":"true"'


class Etcd:
    """A cluster; stop() ends it. Raises SystemExit when etcd is not installed or does not become healthy."""

    def __init__(self, folder: Path, pinned: list[str]) -> None:
        """pinned: words that pin a command to a core."""
        if shutil.which("etcd") is None:
            raise SystemExit("error: etcd is missing; apt-get install etcd-server")
        ports = _free_ports(2 * NODES)
        self.endpoints = [f"127.0.0.1:{port}" for port in ports[:NODES]]
        peers = [f"http://127.0.0.1:{port}" for port in ports[NODES:]]
        members = ",".join(f"n{number}={peer}" for number, peer in enumerate(peers))
        self._nodes: list[subprocess.Popen[bytes]] = []
        for number, (client, peer) in enumerate(zip(self.endpoints, peers, strict=True)):
            command = [*pinned, "etcd", "--name", f"n{number}", "--data-dir", str(folder / f"n{number}")]
            command += [
                "--listen-client-urls",
                f"http://{client}",
                "--advertise-client-urls",
                f"http://{client}",
            ]
            command += ["--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer]
            command += ["--initial-cluster", members, "--log-level", "error"]
            self._nodes.append(
                subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            )
        self._wait()

    def pids(self) -> list[int]:
        """Return the nodes' processes."""
        return [node.pid for node in self._nodes]

    def stop(self) -> None:
        """End it."""
        for node in self._nodes:
            node.kill()
            node.wait()

    def _wait(self) -> None:
        ask = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        end_s = time.monotonic() + START_S
        for endpoint in self.endpoints:
            while True:
                try:
                    if HEALTHY in ask.open(f"http://{endpoint}/health", timeout=1).read():
                        break
                except OSError:
                    pass
                if time.monotonic() > end_s:
                    self.stop()
                    raise SystemExit("error: etcd does not become healthy")
                time.sleep(0.1)


def _free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()
