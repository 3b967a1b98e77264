"""Keepers: boards outlive the daemon and are adopted, never outlive their keeper, and are never left over."""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys

from parleyd import virtual_link
from parleyd.provision import CONFIG_FILE
from parleyd.virtual import VirtualBoard, stop_left_boards

from .virtual_bench import (
    board_config,
    is_alive,
    keeper_of,
    mpremote,
    order_keeper,
    run,
    small_image,
    wait_until_gone,
)

DAEMON = """\
import asyncio, os, signal, sys
from pathlib import Path
from parleyd.images import load_image
from parleyd.provision import read_config
from parleyd.virtual import VirtualBoard

async def main():
    state, images, config = map(Path, sys.argv[1:])
    board = VirtualBoard(read_config(config), state, load_image("virtual", images))
    await board.start()
    print(board.pid, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


def killed_daemon(state, image, config):
    """Starts a board from a process that then dies of kill -9; returns the board's pid."""
    state.mkdir(exist_ok=True)
    (state / "config.json").write_bytes(config.to_bytes())
    command = [sys.executable, "-c", DAEMON, str(state), str(image.folder.parent), str(state / "config.json")]
    done = subprocess.run(command, stdout=subprocess.PIPE, timeout=30)
    assert done.returncode == -signal.SIGKILL
    return int(done.stdout)


def test_a_board_outlives_a_killed_daemon_and_is_adopted_by_the_next(state, image):
    pid = killed_daemon(state, image, board_config())
    assert is_alive(pid)

    async def scenario():
        board = VirtualBoard(board_config(), state, image)
        await board.start()
        assert (board.adopted, board.pid, board.state) == (True, pid, "running")
        assert "main.py" in await asyncio.to_thread(mpremote, board.serial, "resume", "fs", "ls")
        await board.kill()
        await board.wait_for("running", 5)
        assert board.pid != pid
        await board.stop()
        assert not is_alive(pid)

    run(scenario())


def test_a_left_board_with_another_configuration_is_replaced(state, image):
    pid = killed_daemon(state, image, board_config())

    async def scenario():
        board = VirtualBoard(board_config(server=("127.0.0.9", 5060)), state, image)
        await board.start()
        assert not board.adopted
        assert not is_alive(pid)
        config = json.loads((board.folder / "flash" / CONFIG_FILE).read_bytes())
        assert config["server"] == ["127.0.0.9", 5060]
        await board.stop()

    run(scenario())


def test_a_board_that_is_to_have_a_core_of_its_own_stays_on_it(state, image):
    pid = killed_daemon(state, image, board_config())
    core = max(os.sched_getaffinity(0))

    async def scenario():
        board = VirtualBoard(board_config(), state, image, core=core)
        await board.start()
        assert not board.adopted
        assert not is_alive(pid)
        assert os.sched_getaffinity(board.pid) == {core}
        await board.kill()
        await board.wait_for("running", 5)
        assert os.sched_getaffinity(board.pid) == {core}
        await board.stop()

    run(scenario())


def test_a_left_board_with_another_image_is_replaced(state, image, tmp_path):
    pid = killed_daemon(state, image, board_config())
    other = small_image(tmp_path / "other", main="from parley import greeting\nprint('new main')\n")

    async def scenario():
        board = VirtualBoard(board_config(), state, other)
        await board.start()
        assert not board.adopted
        assert not is_alive(pid)
        assert board.deployment.written == ("main.py",)
        await board.stop()

    run(scenario())


def test_boards_nobody_wants_any_more_can_be_stopped(state, image):
    pids = [killed_daemon(state, image, board_config(number)) for number in (1, 2)]
    stopped = asyncio.run(stop_left_boards(state, keep={"bench-2"}))
    assert stopped == ["bench-1"]
    assert not is_alive(pids[0])
    assert is_alive(pids[1])
    assert asyncio.run(stop_left_boards(state)) == ["bench-2"]
    assert asyncio.run(stop_left_boards(state)) == []


def test_a_board_does_not_outlive_its_keeper_and_both_come_back(state, image):
    async def scenario():
        board = VirtualBoard(board_config(), state, image)
        await board.start()
        pid, keeper = board.pid, keeper_of(board)
        os.kill(keeper, signal.SIGKILL)
        await asyncio.to_thread(wait_until_gone, pid)
        await board.wait_for("restarting", 5)
        await board.wait_for("running", 10)
        assert keeper_of(board) != keeper
        await board.stop()

    run(scenario())


def test_a_board_that_ignores_its_port_ends_with_its_keeper_all_the_same(state, tmp_path):
    image = small_image(tmp_path / "image", main="import time\nwhile True:\n    time.sleep(60)\n")

    async def scenario():
        board = VirtualBoard(board_config(), state, image)
        await board.start()
        pid, keeper = board.pid, keeper_of(board)
        await board.leave()
        os.kill(keeper, signal.SIGKILL)
        await asyncio.to_thread(wait_until_gone, pid)

    run(scenario())


def test_a_keeper_that_hangs_is_replaced(state, image, monkeypatch):
    monkeypatch.setattr(virtual_link, "ANSWER_S", 1.0)

    async def scenario():
        board = VirtualBoard(board_config(), state, image)
        await board.start()
        pid, keeper = board.pid, keeper_of(board)
        await board.leave()
        os.kill(keeper, signal.SIGSTOP)
        board = VirtualBoard(board_config(), state, image)
        await board.start()
        assert not board.adopted
        await asyncio.to_thread(wait_until_gone, keeper)
        await asyncio.to_thread(wait_until_gone, pid)
        await board.stop()

    run(scenario())


def test_a_keeper_ends_when_its_folder_is_taken_away(state, image):
    async def scenario():
        board = VirtualBoard(board_config(), state, image)
        await board.start()
        pid, keeper = board.pid, keeper_of(board)
        await board.leave()
        with open(board.serial, "wb", buffering=0) as port:
            shutil.rmtree(state, ignore_errors=True)  # the keeper may notice at once and tidy up, too
            with contextlib.suppress(OSError):  # gone already
                port.write(b"\r")  # any byte turns its loop; alone it would look within five seconds
        await asyncio.to_thread(wait_until_gone, keeper)
        await asyncio.to_thread(wait_until_gone, pid)

    run(scenario())


def test_nonsense_on_the_control_socket_is_ignored(state, image):
    async def scenario():
        board = VirtualBoard(board_config(), state, image)
        await board.start()
        for nonsense in (b"\n", b"{}\n", b'{"do": 1}\n', b"\xff\n", b"[" * 10_000):
            order_keeper(board.folder, nonsense)
        pid = board.pid
        await board.kill()
        assert board.pid != pid
        await board.stop()

    run(scenario())


def test_the_state_path_may_be_longer_than_a_sockets_path(state, image):
    async def scenario():
        board = VirtualBoard(board_config(), state / ("d" * 100) / ("e" * 100), image)
        await board.start()
        assert board.state == "running"
        await board.stop()

    run(scenario())
