"""Routes of boards."""

import asyncio
from dataclasses import asdict
from pathlib import Path as FilePath
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request

from parley.wire.errors import LocalError
from parleyd.pool import ProvisionedBoard
from parleyd.status import Row, board_row, board_rows
from parleyd.web.access import admin, daemon_of, operator, viewer
from parleyd.web.models import Board, BoardDone, BoardId, Console, UpgradeRow
from parleyd.web.problems import RESPONSES, Problem

CONSOLE_BYTES = 65536
NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
look = APIRouter(tags=["boards"], dependencies=[Depends(viewer)], responses=RESPONSES)
act = APIRouter(tags=["boards"], dependencies=[Depends(operator)], responses=RESPONSES)
change = APIRouter(tags=["boards"], dependencies=[Depends(admin)], responses=RESPONSES)


def _known(request: Request, board_id: str) -> ProvisionedBoard:
    board = daemon_of(request).server.pool.board(board_id)
    if board is None:
        raise Problem(404, f"There is no board {board_id}; GET /v1/boards lists them")
    return board


@look.get("/v1/boards", response_model=list[Board])
def boards(request: Request) -> list[Row]:
    """Every board that was given an identity."""
    daemon = daemon_of(request)
    return board_rows(daemon.server, daemon.boards)


@look.get("/v1/boards/{board_id}", response_model=Board)
def board(request: Request, board_id: BoardId) -> Row:
    """One board."""
    known = _known(request, board_id)
    daemon = daemon_of(request)
    return board_row(daemon.server, daemon.boards.get(board_id), known)


@look.get("/v1/boards/{board_id}/console", response_model=Console)
def console(
    request: Request, board_id: BoardId, lines: Annotated[int, Query(ge=1, le=1000)] = 50
) -> dict[str, str]:
    """The end of what it wrote to its serial port."""
    _known(request, board_id)
    log = daemon_of(request).console_log(board_id)
    if log is None:
        raise Problem(409, f"This server does not hold the serial port of {board_id}")
    return {"board_id": board_id, "text": tail(log, lines)}


def tail(log: FilePath, lines: int) -> str:
    """Return the last lines of a log, at most CONSOLE_BYTES; "" when there is none."""
    try:
        with log.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - CONSOLE_BYTES))
            text = file.read().decode(errors="replace").replace("\r\n", "\n")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-lines:])


@act.post("/v1/boards/{board_id}/drain", response_model=BoardDone)
async def drain(
    request: Request,
    board_id: BoardId,
    move: Annotated[bool, Query(description="Move its conferences to other boards")] = False,
) -> dict[str, str]:
    """Give it no new conferences; those it has go on or move. Kept over restarts; holds at all that share an etcd."""
    _known(request, board_id)
    await _drain(request, board_id, True)
    if move:
        daemon_of(request).move_all(board_id)
    return {"done": "drain", "board_id": board_id}


@act.post("/v1/boards/{board_id}/undrain", response_model=BoardDone)
async def undrain(request: Request, board_id: BoardId) -> dict[str, str]:
    """Let it have new conferences again."""
    _known(request, board_id)
    await _drain(request, board_id, False)
    return {"done": "undrain", "board_id": board_id}


async def _drain(request: Request, board_id: str, draining: bool) -> None:
    try:
        await daemon_of(request).drains.say(board_id, draining)
    except LocalError as error:
        raise Problem(503, str(error)) from error


@change.post("/v1/boards/{board_id}/reset", response_model=BoardDone)
async def reset(request: Request, board_id: BoardId) -> dict[str, str]:
    """Start it anew; its calls are cut off, so drain it before."""
    _known(request, board_id)
    try:
        async with asyncio.timeout(30):
            await daemon_of(request).reset_board(board_id)
    except (LocalError, TimeoutError) as error:
        raise Problem(409, str(error) or f"{board_id} does not answer on its serial port") from error
    return {"done": "reset", "board_id": board_id}


@change.post("/v1/boards/{board_id}/upgrade", response_model=UpgradeRow, status_code=202)
async def upgrade(
    request: Request,
    board_id: BoardId,
    image: Annotated[
        str | None, Query(pattern=NAME, description="Name of an image; its kind by default")
    ] = None,
    now: Annotated[bool, Query(description="End its conferences instead of waiting for their end")] = False,
    if_needed: Annotated[
        bool, Query(description="Done at once where it runs that already, instead of an error")
    ] = False,
) -> Row:
    """Drain it, give it a new firmware, try that; the old one returns by itself if it does not work."""
    _known(request, board_id)
    try:
        return asdict(daemon_of(request).upgrade_board(board_id, image, now, if_needed))
    except LocalError as error:
        raise Problem(409, str(error)) from error


@look.get("/v1/boards/{board_id}/upgrade", response_model=UpgradeRow)
def latest_upgrade(request: Request, board_id: BoardId) -> Row:
    """How its latest upgrade goes, or went."""
    _known(request, board_id)
    found = daemon_of(request).upgrades.latest(board_id)
    if found is None:
        raise Problem(404, f"{board_id} has not been upgraded since this server started")
    return asdict(found)
