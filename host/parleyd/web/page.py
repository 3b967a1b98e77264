"""The dashboard: one page with its own script and style, from the package's data."""

from importlib import resources

from fastapi import APIRouter
from fastapi.responses import RedirectResponse, Response

from parleyd.web.problems import Problem

FILES = {
    "index.html": "text/html; charset=utf-8",
    "style.css": "text/css; charset=utf-8",
    "app.js": "text/javascript; charset=utf-8",
    "acts.js": "text/javascript; charset=utf-8",
    "cards.js": "text/javascript; charset=utf-8",
    "members.js": "text/javascript; charset=utf-8",
    "sound.js": "text/javascript; charset=utf-8",
    "dom.js": "text/javascript; charset=utf-8",
    "stream.js": "text/javascript; charset=utf-8",
    "ladder.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
# The page loads nothing from elsewhere, and nobody may put it into a frame.
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
router = APIRouter(include_in_schema=False)


@router.get("/")
def root() -> RedirectResponse:
    """Lead to the page."""
    return RedirectResponse("/dashboard/")


@router.get("/dashboard/")
def index() -> Response:
    """The page."""
    return _file("index.html")


@router.get("/dashboard/{name}")
def asset(name: str) -> Response:
    """What the page needs."""
    return _file(name)


def _file(name: str) -> Response:
    kind = FILES.get(name)
    if kind is None:
        raise Problem(404, "The dashboard has no such file")
    data = (resources.files("parleyd.web") / "page" / name).read_bytes()
    return Response(data, media_type=kind, headers=HEADERS)
