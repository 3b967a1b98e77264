"""The HTTP API: what `parley status`, `board` and `conference` ask, and other programs may."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import uvicorn
from fastapi import FastAPI, HTTPException

from parleyd.status import Row, board_rows, conference_rows, status_document

if TYPE_CHECKING:
    from parleyd.daemon import Daemon


class _Server(uvicorn.Server):
    """uvicorn inside somebody else's event loop: signals are not its business."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Leave the signal handlers alone."""
        yield


def api(daemon: "Daemon") -> FastAPI:
    """Return the application for one daemon."""
    app = FastAPI(title="Parley", description="Ad hoc conferences on small boards", docs_url="/docs")

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
        outcome = await daemon.end_conference(conference_id)
        if outcome.done:
            return {"ended": conference_id}
        code = 404 if outcome.status == 404 else 504 if outcome.status == 408 else 502
        raise HTTPException(code, f"{outcome.status} {outcome.reason}")

    app.get("/v1/status")(status)
    app.get("/v1/boards")(boards)
    app.get("/v1/conferences")(conferences)
    app.delete("/v1/conferences/{conference_id:path}")(end)
    return app


def api_server(daemon: "Daemon") -> uvicorn.Server:
    """Return a server for the application, to be run on a socket of the caller's."""
    return _Server(uvicorn.Config(api(daemon), log_level="warning", lifespan="off", access_log=False))
