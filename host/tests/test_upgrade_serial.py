"""Boards on serial ports of the server's computer are upgraded, and reset, as those are that it starts itself."""

import asyncio
import json
import socket
import subprocess
import time

import pytest

from parleyd.images import load_image
from parleyd.roster import Enrolled, read_roster
from parleyd.serial_consoles import SerialBoard, SerialConsole
from parleyd.serial_link import SerialFault

from .test_cli import PARLEYD, free_port, run
from .test_serial_consoles import Port
from .test_upgrade import BROKEN, firmware
from .virtual_bench import bare_board, load_tool, small_image, wait_for_text

HOST = "127.0.92.7"
PATIENCE_S = 30


class Bench:
    """A daemon that starts no board, and one that was provisioned over its serial port; another is not plugged in."""

    def __init__(self, folder):
        self.state, self.port = folder / "state", folder / "bare" / "serial"
        self.sip = f"127.0.0.1:{free_port()}"
        self.http = f"127.0.0.1:{free_port(socket.SOCK_STREAM)}"
        self.log = folder / "log"

    def image(self, source):
        load_tool("build").build("virtual", self.state / "images", source, native=False)

    def provision(self):
        words = ["--kind", "virtual", "--host", HOST, "--server", self.sip, "--port", str(self.port)]
        done = self.parley("provision", "bench-1", *words)
        assert done.returncode == 0, done.stderr
        read_roster(self.state).enrol(Enrolled("away-1", "192.0.2.9", 5060, "a" * 64, "virtual", "0099"))

    def start(self):
        command = [*PARLEYD, "--sip", self.sip, "--http", self.http, "--state", str(self.state)]
        self.process = subprocess.Popen(
            [*command, "--log-file", str(self.log)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self.process.stdout.readline().startswith("ready ")
        end_s = time.monotonic() + PATIENCE_S
        while not self.board()["registered"]:
            assert time.monotonic() < end_s, self.log.read_text()
            time.sleep(0.2)

    def parley(self, *words):
        return run("board", *words, "--state", str(self.state))

    def board(self):
        return json.loads(self.parley("show", "bench-1", "--json").stdout)

    def stop(self):
        self.process.terminate()
        assert self.process.wait(20) == 0
        self.process.stdout.close()


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    folder = tmp_path_factory.mktemp("serial")
    made = Bench(folder)
    made.image(firmware(folder, "0.8.0"))
    with bare_board(folder / "bare", load_image("virtual", made.state / "images")):
        made.provision()
        made.start()
        yield made
        made.stop()


def test_all_boards_get_their_firmware_and_who_has_it_is_left_alone(bench, tmp_path):
    bench.image(firmware(tmp_path, "0.8.1"))
    for note in ("", "ran it already"):
        done = bench.parley("upgrade", "--all", "--json")
        assert done.returncode == 0, done.stderr
        rows = {row["board_id"]: row for row in json.loads(done.stdout)}
        assert (rows["bench-1"]["step"], rows["bench-1"]["note"]) == ("done", note)
        assert rows["away-1"]["step"] == "left" and "is not registered" in rows["away-1"]["note"]
    board = bench.board()
    assert (board["firmware"], board["registered"], board["draining"]) == ("0.8.1", True, False)
    assert board["reason"].startswith("runs without its native kernels")  # which this test leaves out


def test_a_broken_firmware_is_taken_back(bench, tmp_path):
    before = bench.board()
    bench.image(firmware(tmp_path, "0.8.2", BROKEN["crashes"]))
    done = bench.parley("upgrade", "--all")
    assert done.returncode == 1
    assert "bench-1 keeps its firmware" in done.stderr and "ValueError: worn out" in done.stderr
    after = bench.board()
    assert (after["image"], after["state"], after["registered"]) == (before["image"], "degraded", True)
    assert "ValueError: worn out" in after["reason"]
    console = bench.parley("console", "bench-1", "-n", "1000").stdout
    assert "parley: " in console and "is closed: lent to a command" in console


def test_a_board_is_named_by_its_usb_serial_number(bench):
    away = bench.parley("upgrade", "--usb-serial", "0099")
    assert away.returncode == 1 and "away-1 is not registered" in away.stderr
    unknown = bench.parley("upgrade", "--usb-serial", "0042")
    assert "no board was provisioned here with the USB serial number 0042; there are: 0099" in unknown.stderr
    for words in ((), ("bench-1", "--all"), ("bench-1", "--usb-serial", "0099")):
        assert bench.parley("upgrade", *words).returncode == 2


def test_a_board_is_found_by_its_usb_serial_number_for_resets_and_upgrades(tmp_path):
    state, bare = tmp_path / "state", tmp_path / "bare"
    (state / "images").mkdir(parents=True)
    image = small_image(state)
    with bare_board(bare, image):
        ports = [Port("/dev/null", "0041"), Port(str(bare / "serial"), "0042")]
        enrolled = Enrolled("bench-1", HOST, 5060, "k", "virtual", "0042")
        board = SerialBoard(SerialConsole(state, enrolled, 115200, lambda: ports), "virtual", state)
        asyncio.run(board.reset())
        wait_for_text(bare / "console.log", "parley: boot 2")
        with pytest.raises(SerialFault, match="ENOENT"):  # there is no firmware that it could stand beside
            asyncio.run(board.upgrade(image, lambda done, total: None))
        del ports[1]
        with pytest.raises(Exception, match="bench-1 is not plugged in"):
            asyncio.run(board.reset())
        asyncio.run(board.press_reset())  # nothing to be done, and nothing to be said
