"""The HTTP API: what `parley status`, `board` and `conference` ask, and other programs may."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import uvicorn
from fastapi import FastAPI, HTTPException
from starlette.middleware.trustedhost import TrustedHostMiddleware

from parleyd.control import NO_ANSWER, Outcome
from parleyd.status import Row, board_rows, conference_rows, status_document

if TYPE_CHECKING:
    from parleyd.daemon import Daemon

END_S = 8.0  # longest wait for a board's answer, shorter than the command line's own
HTTP_STATUS = {404: 404, 408: 504, 503: 503}  # SIP status -> HTTP status; 502 for any other
LOCAL_NAMES = ("127.0.0.1", "localhost", "::1")


class _Server(uvicorn.Server):
    """uvicorn inside somebody else's event loop: signals are not its business."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Leave the signal handlers alone."""
        yield


def api(daemon: "Daemon") -> FastAPI:
    """Return the application for one daemon."""
    app = FastAPI(title="Parley", description="Ad hoc conferences on small boards", docs_url="/docs")
    host = daemon.settings.http[0]
    if host in LOCAL_NAMES:  # a page in a browser must not reach us by a name of its own (DNS rebinding)
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(LOCAL_NAMES))

    def status() -> Row:
        """Everything: server, boards, conferences, participants."""
        return status_document(daemon.server, daemon.boards)

    def boards() -> list[Row]:
        """Every board that was given an identity."""
        return board_rows(daemon.server, daemon.boards)

    def conferences() -> list[Row]:
        """Every conference that is offered or active."""
        return conference_rows(daemon.server)

    async def end(conference_id: str) -> Row:
        """Hang up on everybody in a conference."""
        try:
            outcome = await asyncio.wait_for(daemon.end_conference(conference_id), END_S)
        except TimeoutError:
            outcome = Outcome(NO_ANSWER, "The board does not answer")
        if outcome.done:
            return {"ended": conference_id}
        raise HTTPException(HTTP_STATUS.get(outcome.status, 502), f"{outcome.status} {outcome.reason}")

    app.get("/v1/status")(status)
    app.get("/v1/boards")(boards)
    app.get("/v1/conferences")(conferences)
    app.delete("/v1/conferences/{conference_id:path}")(end)
    return app


def api_server(daemon: "Daemon") -> uvicorn.Server:
    """Return a server for the application, to be run on a socket of the caller's."""
    return _Server(uvicorn.Config(api(daemon), log_level="warning", lifespan="off", access_log=False))
