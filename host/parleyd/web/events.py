"""The events stream (server-sent events, WHATWG HTML 9.2) and the event log."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import StreamingResponse

from parleyd.status import Row
from parleyd.web.access import daemon_of, viewer
from parleyd.web.broadcast import Piece
from parleyd.web.models import Event
from parleyd.web.problems import RESPONSES

HEARTBEAT_S = 15.0
KINDS = ("log", "status", "levels")
router = APIRouter(tags=["events"], dependencies=[Depends(viewer)], responses=RESPONSES)


@router.get("/v1/log", response_model=list[Event])
def log(
    request: Request,
    after: Annotated[int, Query(ge=0, description="Only lines after the one of this number")] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> list[Row]:
    """The newest lines of the event log, oldest first."""
    return [happening.row() for happening in daemon_of(request).server.events.since(after, limit)]


@router.get("/v1/events", response_class=StreamingResponse)
async def events(
    request: Request,
    kinds: Annotated[str, Query(pattern="^[a-z,]+$", description="log, status, levels")] = "log",
    last_event_id: Annotated[str | None, Header()] = None,
) -> StreamingResponse:
    """A stream for as long as you read it.

    `log`: each line of the event log, after the one of Last-Event-ID if that is given. `status`: what /v1/status
    answers, at once and after each change. `levels`: `{conference: {participant: level}}` several times a second
    (0 loudest, 127 silence); the boards measure only while somebody asks for them.
    """
    wanted = frozenset(kinds.split(",")) & frozenset(KINDS)
    after = int(last_event_id) if last_event_id and last_event_id.isdigit() else None
    stream = _stream(request, wanted, after)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(stream, media_type="text/event-stream", headers=headers)


async def _stream(request: Request, wanted: frozenset[str], after: int | None) -> AsyncIterator[str]:
    daemon = daemon_of(request)
    if "log" in wanted:
        missed = daemon.server.events.since(after) if after is not None else []
        for happening in missed:
            yield _text(Piece("log", json.dumps(happening.row()), happening.number))
    with daemon.broadcast.subscribe(wanted) as queue:
        yield "retry: 2000\n\n"
        while not daemon.server.closing:
            try:
                piece = await asyncio.wait_for(queue.get(), HEARTBEAT_S)
            except TimeoutError:
                yield ": still here\n\n"
                continue
            if piece is None:  # it read too slowly, or the daemon ends
                return
            yield _text(piece)


def _text(piece: Piece) -> str:
    number = f"id: {piece.number}\n" if piece.number is not None else ""
    return f"event: {piece.kind}\n{number}data: {piece.data}\n\n"
