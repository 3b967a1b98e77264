"""The life of a virtual board as the daemon sees it: real MicroPython, real keeper, real mpremote."""

import asyncio
import json
import os
import signal
import time
from pathlib import Path

from parleyd.health import Health, judge
from parleyd.provision import CONFIG_FILE
from parleyd.virtual import VirtualBoard
from parleyd.virtual_link import find_keeper

from .virtual_bench import (
    board_config,
    greeted,
    is_alive,
    keeper_of,
    mpremote,
    run,
    small_image,
    wait_for_text,
)


def test_a_new_board_is_provisioned_and_runs(state, image):
    async def scenario():
        seen = []
        board = VirtualBoard(
            board_config(), state, image, on_change=lambda board: seen.append((board.state, board.pid))
        )
        assert (board.state, board.pid) == ("stopped", None)
        await board.start()
        assert (board.state, board.adopted) == ("running", False)
        assert [name for name, _ in seen] == ["starting", "provisioning", "running"]
        assert seen[-1] == ("running", board.pid)
        assert set(board.deployment.written) == {*image.files, CONFIG_FILE}
        command = Path(f"/proc/{board.pid}/cmdline").read_text().split("\0")
        assert "heapsize=8192k" in command
        wait_for_text(board.log, "bench firmware up on bench-1")
        await board.stop()
        assert (board.state, board.pid) == ("stopped", None)

    run(scenario())


def test_a_stopped_board_leaves_nothing_running(state, image):
    async def scenario():
        board = VirtualBoard(board_config(), state, image)
        await board.start()
        pid, keeper = board.pid, keeper_of(board)
        await board.stop()
        assert not is_alive(pid)
        assert not is_alive(keeper)
        assert not board.serial.is_symlink()
        assert await find_keeper(board.folder, lambda status: None) is None
        await board.stop()

    run(scenario())


def test_the_second_start_has_nothing_to_deploy(state, image):
    async def scenario():
        board = VirtualBoard(board_config(), state, image)
        await board.start()
        await board.stop()
        await board.start()
        assert not board.adopted
        assert not board.deployment.changed
        await board.stop()

    run(scenario())


def test_only_a_changed_configuration_is_written(state, image):
    async def scenario():
        board = VirtualBoard(board_config(), state, image)
        await board.start()
        await board.stop()
        board = VirtualBoard(board_config(legs=4), state, image)
        await board.start()
        assert board.deployment.written == (CONFIG_FILE,)
        assert json.loads((board.folder / "flash" / CONFIG_FILE).read_bytes())["legs"] == 4
        await board.stop()

    run(scenario())


def test_mpremote_works_on_a_running_board(state, image):
    async def scenario():
        board = VirtualBoard(board_config(), state, image)
        await board.start()
        greeted(board)
        pid = board.pid
        listing = await asyncio.to_thread(mpremote, board.serial, "resume", "fs", "ls")
        assert {line.split()[-1] for line in listing.splitlines()} == {":", "parley/", "main.py", CONFIG_FILE}
        text = await asyncio.to_thread(mpremote, board.serial, "resume", "fs", "cat", CONFIG_FILE)
        assert json.loads(text)["board_id"] == "bench-1"
        assert (board.pid, board.boots) == (pid, 2)
        await board.stop()

    run(scenario())


def test_mpremote_without_resume_stops_the_firmware_like_on_silicon(state, image):
    async def scenario():
        board = VirtualBoard(board_config(), state, image)
        await board.start()
        greeted(board)
        assert "main.py" in await asyncio.to_thread(mpremote, board.serial, "fs", "ls")
        await board.stop()

    run(scenario())


def test_a_reset_over_the_port_boots_again_on_the_same_port(state, image):
    async def scenario():
        board = VirtualBoard(board_config(), state, image)
        await board.start()
        greeted(board)
        port = os.readlink(board.serial)
        changed = asyncio.Event()
        board._on_change = lambda board: changed.set() if board.boots == 3 else None
        await asyncio.to_thread(mpremote, board.serial, "resume", "reset")
        await asyncio.wait_for(changed.wait(), 5)
        greeted(board, times=2)
        assert os.readlink(board.serial) == port
        assert "main.py" in await asyncio.to_thread(mpremote, board.serial, "resume", "fs", "ls")
        await board.stop()

    run(scenario())


def test_the_hosts_files_are_out_of_the_boards_reach(state, image):
    async def scenario():
        board = VirtualBoard(board_config(), state, image)
        await board.start()
        code = "import os; print(sorted(os.listdir('/')), os.getcwd())"
        answer = await asyncio.to_thread(mpremote, board.serial, "resume", "exec", code)
        assert answer.strip() == f"{sorted([CONFIG_FILE, 'main.py', 'parley'])} /"
        await board.stop()

    run(scenario())


def test_a_killed_board_comes_back_after_a_second(state, image):
    async def scenario():
        board = VirtualBoard(board_config(), state, image)
        await board.start()
        greeted(board)
        pid, started_s = board.pid, time.monotonic()
        os.kill(pid, signal.SIGKILL)
        await board.wait_for("restarting", 5)
        assert board.pid is None
        await board.wait_for("running", 5)
        assert 0.9 < time.monotonic() - started_s < 4
        assert board.pid not in (pid, None)
        greeted(board, times=2)
        await board.stop()

    run(scenario())


def test_a_board_without_restart_stays_down(state, image):
    async def scenario():
        board = VirtualBoard(board_config(), state, image, restart=False)
        await board.start()
        await board.kill()
        await board.wait_for("failed", 5)
        assert board.pid is None
        await board.stop()
        assert board.state == "stopped"

    run(scenario())


def test_firmware_that_crashes_leaves_its_traceback_and_an_open_port(state, tmp_path):
    image = small_image(tmp_path / "image", main="import parley.greeting\nraise ValueError('worn out')\n")

    async def scenario():
        board = VirtualBoard(board_config(), state, image)
        await board.start()
        text = wait_for_text(board.log, "ValueError: worn out")
        assert 'File "main.py", line 2' in text
        assert "main.py" in await asyncio.to_thread(mpremote, board.serial, "resume", "fs", "ls")
        await board.stop()

    run(scenario())


def test_firmware_that_crashes_at_once_is_started_ever_later_and_that_is_seen(state, tmp_path):
    image = small_image(tmp_path / "image", main="raise ValueError('worn out')\n")

    async def scenario():
        board = VirtualBoard(board_config(), state, image)
        await board.start()
        await board.wait_for("restarting", 10)
        await board.wait_for("running", 5)
        verdict = judge(None, False, board.facts, None)
        assert verdict.state is Health.LOST
        assert "ended once (an exception) and is started again" in verdict.reason
        await asyncio.to_thread(wait_for_text, board.log, "its firmware crashed), next boot in 2 s", 10)
        await board.stop()

    run(scenario())


def test_the_watchdog_bites_a_firmware_that_hangs_and_the_next_boot_knows(state, tmp_path):
    main = """\
import machine, time
print("cause", machine.reset_cause())
dog = machine.WDT(timeout=400)
for _ in range(10):
    time.sleep_ms(100)
    dog.feed()
print("hangs now")
while True:
    pass
"""
    image = small_image(tmp_path / "image", main=main)

    async def scenario():
        board = VirtualBoard(board_config(), state, image)
        await board.start()
        text = await asyncio.to_thread(wait_for_text, board.log, "cause 3", 10)
        assert text.index("cause 1") < text.index("hangs now") < text.index("watchdog: the firmware makes no")
        await board.stop()

    run(scenario())


def test_a_board_left_at_its_prompt_is_not_bitten(state, tmp_path):
    image = small_image(tmp_path / "image", main="import machine\nmachine.WDT(timeout=300)\n")

    async def scenario():
        board = VirtualBoard(board_config(), state, image)
        await board.start()
        await asyncio.to_thread(wait_for_text, board.log, "main.py has ended")
        await asyncio.sleep(1)
        assert "watchdog" not in board.log.read_text()
        await board.stop()

    run(scenario())


def test_firmware_that_resets_without_end_is_slowed_down(state, tmp_path):
    image = small_image(tmp_path / "image", main="raise SystemExit(0)\n")

    async def scenario():
        board = VirtualBoard(board_config(), state, image)
        await board.start()
        await asyncio.to_thread(wait_for_text, board.log, "next boot in 1 s")
        assert board.boots <= 8
        await board.stop()

    run(scenario())


def test_two_boards_start_side_by_side(state, image):
    async def scenario():
        boards = [VirtualBoard(board_config(number), state, image) for number in (1, 2)]
        await asyncio.gather(*(board.start() for board in boards))
        assert len({board.pid for board in boards} | {keeper_of(board) for board in boards}) == 4
        for board in boards:
            wait_for_text(board.log, f"bench firmware up on {board.board_id}")
            await board.stop()

    run(scenario())
