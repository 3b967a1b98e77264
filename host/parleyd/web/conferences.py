"""Routes of conferences and their participants."""

import asyncio

from fastapi import APIRouter, Depends, Request

from parleyd.control import NO_ANSWER, Outcome
from parleyd.gain import AUTOMATIC, gain_of
from parleyd.status import Row, conference_row, conference_rows
from parleyd.web.access import daemon_of, operator, viewer
from parleyd.web.models import (
    BoardId,
    Conference,
    Decibel,
    Done,
    Ended,
    Generation,
    Member,
    Message,
    Number,
    Slot,
)
from parleyd.web.problems import RESPONSES, Problem, SipProblem

ANSWER_S = 8.0  # longest wait for a board's answer, shorter than the command line's own
ONE = "/v1/conferences/{board_id}/{slot}/{generation}"
look = APIRouter(tags=["conferences"], dependencies=[Depends(viewer)], responses=RESPONSES)
act = APIRouter(tags=["conferences"], dependencies=[Depends(operator)], responses=RESPONSES)


async def _order(request: Request, conference_id: str, name: str, *numbers: int) -> None:
    """Give the order and wait for what comes of it. Raises SipProblem."""
    try:
        outcome = await asyncio.wait_for(daemon_of(request).order(conference_id, name, *numbers), ANSWER_S)
    except TimeoutError:
        outcome = Outcome(NO_ANSWER, "The board does not answer")
    if not outcome.done:
        raise SipProblem(outcome.status, outcome.reason)


def _one(request: Request, board_id: str, slot: int, generation: int) -> Row:
    server = daemon_of(request).server
    lease = server.ledger.find(f"{board_id}/{slot}/{generation}")
    if lease is None or lease not in server.running() or server.pool.board(board_id) is None:
        raise SipProblem(404, "No such conference")
    return conference_row(server, lease)


@look.get("/v1/conferences", response_model=list[Conference])
def conferences(request: Request) -> list[Row]:
    """Every conference that is offered or active."""
    return conference_rows(daemon_of(request).server)


@look.get(ONE, response_model=Conference)
def conference(request: Request, board_id: BoardId, slot: Slot, generation: Generation) -> Row:
    """One conference."""
    return _one(request, board_id, slot, generation)


@look.get(ONE + "/participants", response_model=list[Member])
def participants(request: Request, board_id: BoardId, slot: Slot, generation: Generation) -> list[Row]:
    """Its participants."""
    return _one(request, board_id, slot, generation)["members"]


@look.get(ONE + "/ladder", response_model=list[Message])
def ladder(request: Request, board_id: BoardId, slot: Slot, generation: Generation) -> list[Row]:
    """What was said between phones, server and board, as far as the two of ours know; also of ended ones."""
    found = daemon_of(request).server.journal.ladder(f"{board_id}/{slot}/{generation}")
    if not found:
        raise Problem(404, "Nothing is known of this conference")
    return [message.row() for message in found]


@act.delete(ONE, response_model=Ended)
async def end(request: Request, board_id: BoardId, slot: Slot, generation: Generation) -> Row:
    """Hang up on everybody; the address is void from then on."""
    conference_id = f"{board_id}/{slot}/{generation}"
    await _order(request, conference_id, "end")
    return {"ended": conference_id}


@act.post(ONE + "/lock", response_model=Done)
async def lock(request: Request, board_id: BoardId, slot: Slot, generation: Generation) -> Row:
    """Let nobody else in."""
    return await _locked(request, f"{board_id}/{slot}/{generation}", True)


@act.post(ONE + "/unlock", response_model=Done)
async def unlock(request: Request, board_id: BoardId, slot: Slot, generation: Generation) -> Row:
    """Let in whoever has the address again."""
    return await _locked(request, f"{board_id}/{slot}/{generation}", False)


@act.post(ONE + "/participants/{number}/mute", response_model=Done)
async def mute(
    request: Request, board_id: BoardId, slot: Slot, generation: Generation, number: Number
) -> Row:
    """Let nobody hear this participant."""
    return await _muted(request, f"{board_id}/{slot}/{generation}", number, True)


@act.post(ONE + "/participants/{number}/unmute", response_model=Done)
async def unmute(
    request: Request, board_id: BoardId, slot: Slot, generation: Generation, number: Number
) -> Row:
    """Let everybody hear this participant again."""
    return await _muted(request, f"{board_id}/{slot}/{generation}", number, False)


@act.post(ONE + "/participants/{number}/gain", response_model=Done)
async def gain(
    request: Request, board_id: BoardId, slot: Slot, generation: Generation, number: Number, db: Decibel
) -> Row:
    """Let everybody hear this participant so much louder, or softer, than he is."""
    conference_id = f"{board_id}/{slot}/{generation}"
    await _order(request, conference_id, "gain", number, gain_of(db))
    return {"done": "gain", "conference": conference_id, "participant": number}


@act.post(ONE + "/participants/{number}/gain/auto", response_model=Done)
async def gain_auto(
    request: Request, board_id: BoardId, slot: Slot, generation: Generation, number: Number
) -> Row:
    """Let the board make this participant as loud as the others (-24 dBov), and his noise unheard."""
    conference_id = f"{board_id}/{slot}/{generation}"
    await _order(request, conference_id, "gain", number, AUTOMATIC)
    return {"done": "gain auto", "conference": conference_id, "participant": number}


@act.post(ONE + "/participants/{number}/hear/{other}", response_model=Done)
async def hear(
    request: Request, board_id: BoardId, slot: Slot, generation: Generation, number: Number, other: Number
) -> Row:
    """Let this participant hear the other one again."""
    return await _heard(request, f"{board_id}/{slot}/{generation}", number, other, True)


@act.post(ONE + "/participants/{number}/unhear/{other}", response_model=Done)
async def unhear(
    request: Request, board_id: BoardId, slot: Slot, generation: Generation, number: Number, other: Number
) -> Row:
    """Let this participant hear the other one no more; everybody else does, and the other one hears him."""
    return await _heard(request, f"{board_id}/{slot}/{generation}", number, other, False)


@act.delete(ONE + "/participants/{number}", response_model=Done)
async def kick(
    request: Request, board_id: BoardId, slot: Slot, generation: Generation, number: Number
) -> Row:
    """Hang up on one participant. Whoever has the address may come again unless the conference is locked."""
    conference_id = f"{board_id}/{slot}/{generation}"
    await _order(request, conference_id, "kick", number)
    return {"done": "kick", "conference": conference_id, "participant": number}


async def _locked(request: Request, conference_id: str, locked: bool) -> Row:
    await _order(request, conference_id, "lock", int(locked))
    return {"done": "lock" if locked else "unlock", "conference": conference_id}


async def _heard(request: Request, conference_id: str, number: int, other: int, heard: bool) -> Row:
    await _order(request, conference_id, "hear", number, other, int(heard))
    return {"done": "hear" if heard else "unhear", "conference": conference_id, "participant": number}


async def _muted(request: Request, conference_id: str, number: int, muted: bool) -> Row:
    await _order(request, conference_id, "mute", number, int(muted))
    return {"done": "mute" if muted else "unmute", "conference": conference_id, "participant": number}
