"""Starts of virtual boards that cannot be: each says why and leaves nothing running."""

import asyncio
import shutil

import pytest

from parleyd.images import ImageError, load_image
from parleyd.virtual import VirtualBoard
from parleyd.virtual_link import VirtualBoardError, find_keeper

from .virtual_bench import board_config, keeper_of, run, wait_until_gone


def failing_start(board, message):
    async def scenario():
        with pytest.raises(VirtualBoardError, match=message):
            await board.start()
        assert (board.state, board.pid) == ("failed", None)
        assert await find_keeper(board.folder, lambda status: None) is None

    run(scenario())


def test_an_image_for_silicon_is_no_virtual_board(state, image, tmp_path):
    shutil.copytree(image.folder, tmp_path / "images" / "virtual")
    shutil.rmtree(tmp_path / "images" / "virtual" / "rom")
    silicon = load_image("virtual", tmp_path / "images")
    failing_start(VirtualBoard(board_config(), state, silicon), "is for silicon")


def test_a_micropython_that_cannot_be_started_is_said_so(state, image, monkeypatch):
    monkeypatch.setattr("parleyd.machines.micropython_path", lambda: "/nowhere/micropython")
    failing_start(VirtualBoard(board_config(), state, image), "cannot be started")
    log = state / "boards" / "bench-1" / "console.log"
    assert "cannot start /nowhere/micropython: No such file" in log.read_text()


def test_a_damaged_image_fails_the_start_and_leaves_nothing(state, image, tmp_path):
    shutil.copytree(image.folder, tmp_path / "images" / "virtual")
    damaged = load_image("virtual", tmp_path / "images")
    (damaged.folder / "flash" / "parley" / "greeting.mpy").write_bytes(b"rotten")

    async def scenario():
        board = VirtualBoard(board_config(), state, damaged)
        with pytest.raises(ImageError, match="is not what the manifest says"):
            await board.start()
        assert board.state == "failed"
        assert await find_keeper(board.folder, lambda status: None) is None

    run(scenario())


def test_a_start_given_up_half_way_leaves_nothing(state, image):
    async def scenario():
        board = VirtualBoard(board_config(), state, image)
        start = asyncio.create_task(board.start())
        await board.wait_for("provisioning", 10)
        keeper = keeper_of(board)
        start.cancel()
        with pytest.raises(asyncio.CancelledError):
            await start
        await asyncio.to_thread(wait_until_gone, keeper)
        assert board.state == "failed"

    run(scenario())
