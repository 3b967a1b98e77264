"""A conference over IPv6 alone: the daemon, a board under MicroPython and our phones at ::1, over UDP and TCP."""

import asyncio
import json
import socket

import pytest

from parleyue import outcome
from parleyue.audio import Microphone
from parleyue.equipment import CallPlan
from parleyue.flow import Initiator
from parleyue.listen import Listener, ListenPlan
from parleyue.phone import Phone
from parleyue.report import Report
from parleyue.sound import Sound

from .board_bench import KEY_HEX, BoardProcess, build_native_kernels, configuration
from .daemon_bench import Daemon, free_port

LIMIT_S = 40
CODECS = [("PCMU", 8000)]
HOST = "::1"


def free_port_6(kind):
    with socket.socket(socket.AF_INET6, kind) as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


class Daemon6(Daemon):
    """parleyd at ::1, whose one board is provisioned there."""

    def __init__(self, folder):
        super().__init__(folder)
        self.server = (HOST, free_port_6(socket.SOCK_DGRAM))
        self.http = f"127.0.0.1:{free_port(socket.SOCK_STREAM)}"

    def command(self, *flags):
        words = super().command(*flags)
        words[words.index("--sip") + 1] = f"[{HOST}]:{self.server[1]}"
        return words


class Bench:
    def __init__(self, folder, native):
        self.daemon = Daemon6(folder)
        port = free_port_6(socket.SOCK_DGRAM)
        board = f'[[provisioned]]\nid = "virtual-1"\nhost = "{HOST}"\nport = {port}\nkey = "{KEY_HEX}"\n'
        (folder / "parley.toml").write_text(board)
        self.ready = self.daemon.start("--config", str(folder / "parley.toml"))
        config = configuration(HOST, self.daemon.server) | {"sip_port": port}
        flash = folder / "flash"
        flash.mkdir()
        (flash / "board_config.json").write_text(json.dumps(config))
        self.board = BoardProcess(flash, folders=[native])
        self.board.cable.wait_for(b"registered")
        self.uri = f"sip:conference@[{HOST}]:{self.daemon.server[1]}"

    def close(self):
        self.board.close()
        self.daemon.process.kill()
        self.daemon.process.communicate()


@pytest.fixture
def bench(tmp_path):
    try:
        free_port_6(socket.SOCK_DGRAM)
    except OSError:
        pytest.skip("no IPv6 on this machine's loopback")
    made = Bench(tmp_path, build_native_kernels(tmp_path))
    yield made
    made.close()


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_two_phones_in_a_conference(bench, transport):
    async def talk():
        tone = bytes([0x10, 0x27]) * 8000
        async with (
            Phone((HOST, 0), "bob", Sound(Microphone(tone))) as bob,
            Phone((HOST, 0), "alice", Sound(Microphone(tone))) as alice,
        ):
            listener = Listener(bob.equipment(Report(), CODECS), ListenPlan(calls=2))
            plan = CallPlan(f"{bench.uri};transport={transport}", [bob.address_of_record], duration_ms=1000)
            flow = Initiator(alice.equipment(Report(), CODECS), plan)
            listening = asyncio.create_task(bob.run(listener))
            await asyncio.wait_for(alice.run(flow), LIMIT_S)
            bob.hang_up()
            await asyncio.wait_for(listening, LIMIT_S)
            return alice, flow

    alice, flow = asyncio.run(talk())
    assert bench.ready.startswith(f"ready conference=sip:conference@[{HOST}]:")
    assert flow.outcome.code == outcome.OK, flow.outcome
    assert alice.streams[0].stats()["received"] > 20
    assert f"@[{HOST}]:" in flow._visited[-1]
    assert f";transport={transport}" in flow._visited[-1]
