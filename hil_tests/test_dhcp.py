"""A board that has its address by DHCP: an emulated one on an Ethernet of its own, with a real DHCP server."""

import json
import re
import time

import pytest

from hil_tests import emulated, lan, programs, sip_text
from hil_tests.lan import OURS, EmulatedBoard, Lan
from hil_tests.processes import wait_until

KIND = "mps2-an500"
FIRST, SECOND = "10.77.0.20", "10.77.0.30"
HTTP = "127.0.0.1:8060"
NAME = "lan-1"

pytestmark = [pytest.mark.hil, pytest.mark.emulated(KIND), pytest.mark.limit_s(150)]


@pytest.fixture
def network(tmp_path):
    reason = lan.missing()
    if reason:
        (pytest.fail if emulated.in_ci() else pytest.skip)(reason)
    made = Lan(tmp_path)
    yield made
    made.stop()


class Site:
    """The server and the board on that network."""

    def __init__(self, network: Lan) -> None:
        self.network = network
        self.state = network.folder / "state"
        self.board = EmulatedBoard(network, KIND)

    def parley(self, *words: str) -> str:
        """What a command prints; it must succeed."""
        done = self.network.run(programs.parley(), *words, "--state", str(self.state))
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def provision(self) -> None:
        """Over the board's serial port, as anybody would."""
        self.board.power_up()
        at = ("--port", str(self.board.serial), "--host", "dhcp", "--server", f"{OURS}:5060")
        self.parley("board", "provision", NAME, "--kind", KIND, *at)
        wait_until(lambda: not self.board.process.running(), 10, "the board's reset")

    def serve(self) -> None:
        """Start the server and the board."""
        places = ("--sip", f"{OURS}:5060", "--http", HTTP, "--state", str(self.state))
        log = str(self.network.folder / "parleyd.jsonl")
        self.network.start("parleyd", programs.parley("parleyd"), *places, "--log-file", log)
        self.board.power_up()

    def row(self) -> dict:
        """What the server says of the board."""
        done = self.network.run(programs.parley(), "board", "show", NAME, "--json", "--http", HTTP)
        return json.loads(done.stdout) if done.returncode == 0 else {}

    def is_at(self, host: str) -> bool:
        """Whether the board is registered there."""
        row = self.row()
        return bool(row) and row["registered"] and row["address"] == f"{host}:5060"

    def call(self) -> list[dict]:
        """A phone asks for a conference and calls it; what it says."""
        words = ("call", f"sip:conference@{OURS}", "--sip", f"{OURS}:5070", "--duration", "2", "--json")
        done = self.network.run(programs.parley(), *words)
        assert done.returncode == 0, done.stdout + done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]


def host_called(steps: list[dict]) -> str:
    """Where the address leads to that a phone was given and called."""
    (address,) = {step["address"] for step in steps if step.get("message") == "M4"}
    assert any(step.get("message") == "M5" for step in steps)
    return sip_text.address_of(address)[0]


def test_a_board_with_dhcp_serves_renews_and_moves(network, figures):
    site = Site(network)
    dhcp = network.serve_dhcp(FIRST)
    site.provision()
    site.serve()
    wait_until(lambda: site.is_at(FIRST), 30, "the board at its first address", 0.3)
    assert host_called(site.call()) == FIRST
    granted = dhcp.log().count(f"sending ACK to {FIRST}")
    wait_until(lambda: dhcp.log().count(f"sending ACK to {FIRST}") > granted, 15, "the lease's renewal", 0.2)
    assert site.is_at(FIRST)
    network.serve_dhcp(SECOND)
    start_s = time.monotonic()
    wait_until(lambda: not site.board.process.running(), 30, "the board's reset")
    site.board.power_up()
    wait_until(lambda: site.is_at(SECOND), 40, "the board at its second address", 0.3)
    figures.add(moved_after_s=round(time.monotonic() - start_s, 1))
    assert host_called(site.call()) == SECOND
    assert sum(site.row()["resets"].values()) == 2
    said = site.parley("board", "console", NAME, "-n", "200", "--http", HTTP)
    assert re.search(f"address by DHCP: ({SECOND}|none), was {FIRST}", said)
    assert "board moved" in (network.folder / "parleyd.jsonl").read_text()
