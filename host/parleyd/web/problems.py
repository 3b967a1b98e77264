"""Errors as problem documents (RFC 9457): `application/problem+json` with title, status and a detail to act on."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

MEDIA_TYPE = "application/problem+json"
# SIP status of a board's answer -> HTTP status; 502 for any other
HTTP_STATUS = {403: 403, 404: 404, 408: 504, 486: 409, 503: 503}


class ProblemDocument(BaseModel):
    """What went wrong. detail: one sentence for a person."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str


class Problem(HTTPException):
    """Raised where a request cannot be met."""


class SipProblem(Problem):
    """A board's answer to an order that was not 2xx; its own status stands first in the detail."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(HTTP_STATUS.get(status, 502), f"{status} {reason}")


# What every route may answer besides, for the OpenAPI document.
RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {"model": ProblemDocument, "description": text}
    for status, text in (
        (401, "No token, or one that is not known"),
        (403, "The token's role does not suffice"),
        (404, "There is no such thing"),
        (409, "Not in its present state"),
        (422, "A parameter is not what it should be"),
        (502, "The board refused"),
        (503, "The board is not there"),
        (504, "The board does not answer"),
    )
}


def _document(status: int, detail: str, further: Mapping[str, str] | None = None) -> JSONResponse:
    title = HTTPStatus(status).phrase
    headers = dict(further or {}) | ({"WWW-Authenticate": "Bearer"} if status == 401 else {})
    body = ProblemDocument(title=title, status=status, detail=detail).model_dump()
    return JSONResponse(body, status, headers, MEDIA_TYPE)


async def _http(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return _document(error.status_code, str(error.detail), error.headers)


async def _validation(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"][1:]) or str(first["loc"][0])
    return _document(422, f"{place}: {first['msg']}")


def install(app: FastAPI) -> None:
    """Let every error of the application be a problem document."""
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _validation)
