"""A resource without a call: `POST /v1/conferences` with what is needed gives an address and its lease.

For programs that arrange conferences (RFC 6917 calls it a query of a media resource broker); phones use SIP.
"""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from parley.wire.address import MAX_SIZE, MIN_SIZE
from parleyd.receive import Need
from parleyd.report import DEFAULT_RATE_HZ
from parleyd.verdict import Refusal
from parleyd.web.access import daemon_of, operator
from parleyd.web.problems import RESPONSES, Problem

CREATED = 201
# SIP status of a refusal -> HTTP status; 503 keeps its meaning and its Retry-After (RFC 9110 15.6.4)
HTTP_STATUS = {488: 422, 606: 422, 503: 503}
FORMAT = r"^[A-Za-z0-9.-]{1,32}(/[1-9][0-9]{2,5})?$"
router = APIRouter(tags=["conferences"], dependencies=[Depends(operator)], responses=RESPONSES)


class Query(BaseModel):
    """What kind of conference is needed, in the terms of an SDP offer.

    size: legs to reserve, by default the server's. codecs: `PCMU` or `G722/8000`, best first. srtp: none, optional or
    required. asked_by: for people. site: where the board should be, "" for anywhere.
    """

    model_config = ConfigDict(extra="forbid")

    size: int | None = Field(default=None, ge=MIN_SIZE, le=MAX_SIZE)
    codecs: list[Annotated[str, Field(pattern=FORMAT)]] = Field(default=["PCMU"], min_length=1, max_length=32)
    srtp: Literal["none", "optional", "required"] = "none"
    asked_by: str = Field(default="", max_length=200)
    site: str = Field(default="", max_length=64)

    def need(self, default_size: int) -> Need:
        """Return what the allocation unit understands."""
        codecs = tuple(map(_codec, self.codecs))
        return Need(codecs, self.size or default_size, self.srtp, self.asked_by or "HTTP", site=self.site)


class Offer(BaseModel):
    """An address for one conference. expires: unix time until which somebody must have called it."""

    id: str
    address: str
    board_id: str
    size: int
    expires: int
    expires_in_s: int


@router.post("/v1/conferences", status_code=CREATED)
async def ask(request: Request, response: Response, query: Query) -> Offer:
    """Have the address of a conference without calling for it; whoever calls it is in."""
    daemon = daemon_of(request)
    verdict = await daemon.allocate(query.need(daemon.server.rules.default_size))
    if isinstance(verdict, Refusal):
        wait_s = verdict.retry_after_s
        headers = None if wait_s is None else {"Retry-After": str(wait_s)}
        raise Problem(HTTP_STATUS.get(verdict.status, 502), verdict.reason, headers)
    lease = verdict.lease
    response.headers["Location"] = f"/v1/conferences/{lease.conference_id}"
    return Offer(
        id=lease.conference_id,
        address=verdict.uri,
        board_id=lease.board_id,
        size=lease.size,
        expires=lease.expires_s,
        expires_in_s=verdict.ttl_s,
    )


def _codec(text: str) -> tuple[str, int]:
    name, _, rate = text.partition("/")
    return name.upper(), int(rate) if rate else DEFAULT_RATE_HZ
