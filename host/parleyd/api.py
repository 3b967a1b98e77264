"""The HTTP API: what `parley`, the dashboard and other programs ask. Its routes are in web/."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import uvicorn
from fastapi import APIRouter, Depends, FastAPI, Request
from starlette.middleware.trustedhost import TrustedHostMiddleware

from parley import __version__
from parleyd.settings import is_loopback
from parleyd.status import Row, status_document
from parleyd.web import access, boards, conferences, events, metrics, page, problems, query
from parleyd.web.models import Status, Who

if TYPE_CHECKING:
    from parleyd.daemon import Daemon

DATE_S = 1.0  # RFC 9110 6.6.1: whole seconds
LOCAL_NAMES = ("127.0.0.1", "localhost", "[::1]", "::1")
TITLE = "Parley"
ABOUT = """\
Ad hoc conferences on small boards. Errors are problem documents (RFC 9457). On a loopback address nothing is asked
while there is no token; anywhere else each request needs `Authorization: Bearer TOKEN` (`parley token add`). Roles:
a *viewer* looks on, an *operator* moderates and drains, an *admin* changes boards."""

general = APIRouter(tags=["server"], dependencies=[Depends(access.viewer)], responses=problems.RESPONSES)


class ApiServer(uvicorn.Server):
    """uvicorn inside somebody else's event loop: signals are not its business.

    Its clock strikes once a second, for the answers' Date, and not ten times: it is all that an idle server does.
    """

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._ending = asyncio.Event()

    def end(self) -> None:
        """Take no more connections; `serve` returns when those that there are have their answers."""
        self.should_exit = True
        self._ending.set()

    async def main_loop(self) -> None:
        """Wait for the end."""
        while not await self.on_tick(0):
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), DATE_S)

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Leave the signal handlers alone."""
        yield


@general.get("/v1/status", response_model=Status)
def status(request: Request) -> Row:
    """Everything: server, boards, conferences, participants."""
    daemon = access.daemon_of(request)
    return status_document(daemon.server, daemon.boards)


@general.get("/v1/me", response_model=Who)
def me(request: Request) -> Row:
    """What you may do with the token you show."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    gate: access.Gate = request.app.state.gate
    role = gate.role(token if scheme.lower() == "bearer" else None)
    return {"role": role.value if role else "", "token_needed": gate.role(None) is None}


def api(daemon: "Daemon") -> FastAPI:
    """Return the application for one daemon."""
    app = FastAPI(title=TITLE, description=ABOUT, version=__version__, docs_url="/docs", redoc_url=None)
    app.state.daemon = daemon
    host = daemon.settings.http[0]
    app.state.gate = access.Gate(daemon.tokens, daemon.own_token, is_loopback(host))
    if is_loopback(host):  # a page in a browser must not reach us by a name of its own (DNS rebinding)
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=[*LOCAL_NAMES, host])
    problems.install(app)
    for router in (
        general,
        boards.look,
        boards.act,
        boards.change,
        conferences.look,
        conferences.act,
        query.router,
        events.router,
        metrics.router,
        page.router,
    ):
        app.include_router(router)
    return app


def api_server(daemon: "Daemon") -> ApiServer:
    """Return a server for the application, to be run on a socket of the caller's."""
    config = uvicorn.Config(
        api(daemon), log_level="warning", lifespan="off", access_log=False, timeout_graceful_shutdown=2
    )
    return ApiServer(config)
