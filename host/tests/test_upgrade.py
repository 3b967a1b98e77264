"""Upgrades of a virtual board in service: a good firmware is confirmed, a broken one taken back, and that is seen."""

import json
import re
import shutil
import subprocess

import pytest

from .daemon_bench import free_port
from .test_cli import PARLEY, run
from .virtual_bench import ROOT, load_tool

BROKEN = {
    "crashes": (
        "app/board.py",
        "def run():\n",
        "def run():\n    raise ValueError('worn out')\n\n\ndef never():\n",
    ),
    "does-not-import": ("app/board.py", "from parley import __version__", "from parley import missing"),
    "never-registers": ("app/registration.py", 'if self.state != "asking" and', "if False and"),
}
NET = "127.0.89.0/24"


def firmware(folder, version, change=None):
    """The firmware of this tree under another version, with one change; returns its folder."""
    source = folder / f"firmware-{version}"
    shutil.copytree(ROOT / "firmware", source, ignore=shutil.ignore_patterns("tests", "__pycache__"))
    changes = [
        (
            "__init__.py",
            re.search(r'__version__ = "[^"]+"', (source / "parley/__init__.py").read_text())[0],
            f'__version__ = "{version}"',
        )
    ]
    for name, old, new in changes + ([change] if change else []):
        path = source / "parley" / name
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new, 1))
    return source


class Up:
    """`parley up` with one virtual board."""

    def __init__(self, folder):
        import socket

        self.state = folder / "state"
        self.http = f"127.0.0.1:{free_port(socket.SOCK_STREAM)}"
        sip = f"127.0.0.1:{free_port(socket.SOCK_DGRAM)}"
        command = [*PARLEY, "up", "--boards", "1", "--sip", sip, "--http", self.http, "--board-net", NET]
        self.process = subprocess.Popen(
            [*command, "--state", str(self.state), "--log-file", str(folder / "log")],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self.process.stdout.readline().startswith("ready ")

    def parley(self, *words):
        return run(*words, "--state", str(self.state))

    def board(self):
        return json.loads(self.parley("board", "show", "virtual-1", "--json").stdout)

    def image(self, source):
        build = load_tool("build")
        build.build("virtual", self.state / "images", source, native=False)

    def stop(self):
        self.process.terminate()
        assert self.process.wait(20) == 0
        self.process.stdout.close()


@pytest.fixture(scope="module")
def up(tmp_path_factory):
    made = Up(tmp_path_factory.mktemp("up"))
    yield made
    made.stop()


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_firmware_is_taken_back_and_the_server_says_why(up, tmp_path, fault):
    before = up.board()
    up.image(firmware(tmp_path, "0.9.1", BROKEN[fault]))
    done = up.parley("board", "upgrade", "virtual-1")
    assert done.returncode == 1, done.stdout
    after = up.board()
    assert (after["image"], after["firmware"]) == (before["image"], before["firmware"])
    assert (after["state"], after["draining"], after["registered"]) == ("degraded", False, True)
    words = {"crashes": "ValueError: worn out", "does-not-import": "ImportError"}
    assert words.get(fault, "did not register in 3 starts") in after["reason"]
    assert words.get(fault, "did not register in 3 starts") in done.stderr


def test_a_good_firmware_is_confirmed(up, tmp_path):
    before = up.board()
    up.image(firmware(tmp_path, "0.9.2"))
    done = up.parley("board", "upgrade", "virtual-1", "--json")
    assert done.returncode == 0, done.stderr
    after = up.board()
    assert after["firmware"] == "0.9.2" and after["image"] != before["image"]
    assert (after["state"], after["reason"], after["draining"]) == ("ready", "", False)
    assert json.loads(done.stdout)["image_id"] == after["image"]
    again = up.parley("board", "upgrade", "virtual-1")
    assert again.returncode == 1 and "runs this firmware already" in again.stderr
    log = up.parley("events", "--no-follow", "--json", "-n", "500").stdout
    events = [json.loads(line)["event"] for line in log.splitlines()]
    assert events.index("upgrade begins") < events.index("upgrade is confirmed")


def test_what_cannot_be_upgraded_says_why(up):
    assert (
        "no image for board 'toaster'"
        in up.parley("board", "upgrade", "virtual-1", "--image", "toaster").stderr
    )
    assert "There is no board virtual-9" in up.parley("board", "upgrade", "virtual-9").stderr


def test_a_reset_is_counted_by_its_cause(up):
    import time

    before = up.board()["resets"]
    assert up.parley("board", "reset", "virtual-1").returncode == 0
    end_s = time.monotonic() + 15
    while up.board()["resets"].get("reset", 0) == before.get("reset", 0):
        assert time.monotonic() < end_s
        time.sleep(0.2)
    assert up.board()["last_end"] == ["reset", ""]


def test_the_console_is_there_and_its_log_goes_on(up):
    text = up.parley("board", "console", "virtual-1", "-n", "100").stdout
    assert "registration: registered for" in text
