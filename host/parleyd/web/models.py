"""What the API answers, for its OpenAPI document. The rows are made in status.py."""

from typing import Annotated, Any, Literal

from fastapi import Path, Query
from pydantic import BaseModel, Field

from parley.wire.address import MAX_GENERATION, MAX_SLOT
from parleyd.gain import LEAST_DB, MOST_DB
from parleyd.health import Health

BoardId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}$", examples=["virtual-1"])]
Slot = Annotated[int, Path(ge=0, le=MAX_SLOT)]
Generation = Annotated[int, Path(ge=1, le=MAX_GENERATION)]
Decibel = Annotated[float, Query(ge=LEAST_DB, le=MOST_DB, description="0: as he is")]
Number = Annotated[int, Path(ge=1, le=0xFFFFFFFF, description="A participant, as in `members`")]


class Board(BaseModel):
    """One board. legs_used: reserved by offers and conferences; connected: participants that are in now."""

    board_id: str
    address: str
    registered: bool
    state: Health
    reason: str = Field(description="Why it is in this state; empty while all is well")
    draining: bool
    kind: str | None
    pid: int | None
    serial: str | None = Field(description="Path of its serial port on the server")
    legs: int
    legs_used: int
    legs_free: int
    connected: int
    slots: int
    conferences: int
    codecs: list[str]
    firmware: str | None
    image: str | None = Field(description="What its firmware calls itself, a hash")
    kernels: str | None
    registered_for_s: int
    resets: dict[str, int] = Field(description="Starts seen by this server, by cause")
    last_end: list[str] = Field(description="Why it was started, and details")
    stats: dict[str, Any]


class Member(BaseModel):
    """One participant. level_dbov: while somebody watches; 0 is loudest, -127 silence (RFC 6464).

    muted: by an operator; muted_self: by his own keys; hand: raised by them; gain_db: how much louder everybody hears
    him than he is; gain_auto: the board finds that, and gain_db is what it was in the board's last report; unheard:
    numbers of those whom he does not hear.
    """

    number: int
    uri: str
    muted: bool
    muted_self: bool
    hand: bool
    gain_db: float
    gain_auto: bool
    unheard: list[int]
    level_dbov: int | None


class Conference(BaseModel):
    """One conference. address: what a phone calls to join; since: unix time."""

    id: str
    board_id: str
    address: str
    state: Literal["offered", "active"]
    size: int
    locked: bool
    participants: list[str]
    members: list[Member]
    asked_by: str
    since: int


class Participant(BaseModel):
    """Who is where."""

    uri: str
    conference: str


class Server(BaseModel):
    """The server itself. conference: what a phone calls; time: unix."""

    conference: str
    version: str
    pid: int
    going_down: bool
    time: int
    counters: dict[str, int]


class Status(BaseModel):
    """Everything."""

    server: Server
    boards: list[Board]
    conferences: list[Conference]
    participants: list[Participant]


class Done(BaseModel):
    """An order was obeyed: which, and of what."""

    done: str
    conference: str
    participant: int | None = None


class Ended(BaseModel):
    """A conference was ended."""

    ended: str


class BoardDone(BaseModel):
    """Something was done to a board."""

    done: str
    board_id: str


class Message(BaseModel):
    """One message of a ladder; `from` and `to`: "server", a board's name or a phone's URI. time: unix."""

    time: float
    sender: str = Field(alias="from")
    receiver: str = Field(alias="to")
    text: str
    told_by: str = Field(description='Whose word it is: "server", or a board (times to some 10 ms)')


class Event(BaseModel):
    """One line of the event log; further fields by the kind of event."""

    model_config = {"extra": "allow"}

    number: int
    time: float
    level: Literal["info", "warning"]
    event: str


class UpgradeRow(BaseModel):
    """An upgrade. note: how far it is, or why it failed."""

    board_id: str
    image_id: str
    firmware: str
    step: Literal["draining", "writing", "trying", "done", "failed"]
    note: str


class Console(BaseModel):
    """The end of a board's console log."""

    board_id: str
    text: str


class Who(BaseModel):
    """What the caller may do."""

    role: str
    token_needed: bool
