"""The real mpremote against a real board process: MicroPython running the bridge on a serial port."""

import json
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from .board_bench import BESIDE, BoardProcess, configuration, own_address


@pytest.fixture
def board(tmp_path: Path) -> Iterator[BoardProcess]:
    """A running board without configuration."""
    started = BoardProcess(tmp_path)
    started.cable.wait_for(b"unprovisioned")
    yield started
    started.close()


@pytest.fixture
def silent_server() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        yield server


@pytest.fixture
def running_board(tmp_path: Path, silent_server: socket.socket) -> Iterator[BoardProcess]:
    """A board on the network, asking a server in vain."""
    config = configuration(own_address(), silent_server.getsockname())
    (tmp_path / "board_config.json").write_text(json.dumps(config))
    started = BoardProcess(tmp_path)
    started.cable.wait_for(b"info board: virtual-1 at")
    yield started
    started.close()


def test_exec_prints_and_names_live_on(board: BoardProcess) -> None:
    assert board.mpremote("exec", "x = 6", "exec", "print(x * 7)").stdout == "42\n"
    assert board.mpremote("exec", "print(x)").stdout == "6\n"


def test_eval(board: BoardProcess) -> None:
    assert board.mpremote("eval", "2 ** 10").stdout.strip() == "1024"


def test_exception_comes_back_as_a_traceback(board: BoardProcess) -> None:
    ended = board.mpremote("exec", "1 / 0")
    assert ended.returncode != 0
    assert "ZeroDivisionError" in ended.stdout + ended.stderr


def test_files_travel_both_ways(board: BoardProcess, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside")
    contents = bytes(range(256)) * 20
    (outside / "there.bin").write_bytes(contents)
    assert board.mpremote("fs", "cp", str(outside / "there.bin"), ":there.bin").returncode == 0
    assert (board.flash / "there.bin").read_bytes() == contents
    listing = board.mpremote("fs", "ls").stdout
    assert re.search(r"\d+ there\.bin", listing), listing  # the unix port's ilistdir tells no sizes
    assert board.mpremote("fs", "cp", ":there.bin", str(outside / "back.bin")).returncode == 0
    assert (outside / "back.bin").read_bytes() == contents
    assert board.mpremote("fs", "sha256sum", ":there.bin").returncode == 0


def test_folders_and_removal(board: BoardProcess) -> None:
    assert board.mpremote("fs", "mkdir", ":folder", "+", "fs", "touch", ":folder/empty").returncode == 0
    assert (board.flash / "folder" / "empty").is_file()
    assert board.mpremote("fs", "rm", ":folder/empty", "+", "fs", "rmdir", ":folder").returncode == 0
    assert not (board.flash / "folder").exists()
    assert board.mpremote("fs", "cat", ":no-such-file").returncode != 0


def test_whole_file_runs(board: BoardProcess, tmp_path_factory: pytest.TempPathFactory) -> None:
    script = tmp_path_factory.mktemp("outside") / "long.py"
    script.write_text("".join(f"a{number} = {number}\n" for number in range(800)) + "print(a799)\n")
    assert board.mpremote("run", str(script)).stdout == "799\n"


def test_log_waits_for_the_end_of_a_raw_session(running_board: BoardProcess) -> None:
    noise = "board.console._log.info('test', 'noise'); print('signal')"
    assert running_board.mpremote("exec", noise).stdout == "signal\n"
    running_board.cable.wait_for(b"info test: noise")
    said = running_board.cable.said
    assert said.index(b"info test: noise") > said.index(b">>> ")


def test_running_board_answers_and_runs_on(running_board: BoardProcess, silent_server: socket.socket) -> None:
    assert running_board.mpremote("exec", "print(board.state)").stdout == "running\n"
    silent_server.settimeout(20)
    first, _ = silent_server.recvfrom(4096)
    assert first.startswith(b"REGISTER sip:")
    assert silent_server.recvfrom(4096)[0] == first  # the loop still runs: it was sent again


def test_soft_reset_stops_the_bridge_and_keeps_the_console(running_board: BoardProcess) -> None:
    command = [
        BESIDE / "mpremote",
        "connect",
        running_board.cable.device,
        "exec",
        "print('board' in globals())",
    ]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)  # no "resume"
    assert ended.stdout == "False\n"
    assert running_board.process.poll() is None
    running_board.cable.type(b"\x04")  # in the friendly mode: for good
    assert running_board.process.wait(20) == 0


def test_ctrl_d_in_friendly_mode_ends_the_process_with_0(board: BoardProcess) -> None:
    board.cable.type(b"\x04")
    assert board.process.wait(20) == 0
    board.cable.wait_for(b"soft reboot\r\n")


def test_reset_through_the_raw_session(board: BoardProcess) -> None:
    board.mpremote("exec", "--no-follow", "import sys; sys.exit(0)")
    assert board.process.wait(20) == 0


def test_crash_after_long_work_is_a_reset(running_board: BoardProcess) -> None:
    running_board.mpremote("exec", "board.clock._now_ms += 20000; board.poller.wait = None")
    assert running_board.process.wait(20) == 0
    running_board.cable.wait_for(b"error board: crash")


def test_crash_at_once_is_left_to_the_owner(running_board: BoardProcess) -> None:
    running_board.mpremote("exec", "board.poller.wait = None")
    assert running_board.process.wait(20) == 1
    running_board.cable.wait_for(b"TypeError")


def test_tools_are_here() -> None:
    assert shutil.which("mpremote", path=str(BESIDE))
    assert shutil.which("micropython", path=str(BESIDE))
