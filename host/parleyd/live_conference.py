"""One conference as its board tells of it: in full, in brief, or a page of its participants at a time."""

from typing import Annotated, NamedTuple

from pydantic import AfterValidator, Field

from parley.wire.address import MAX_GENERATION, MAX_SIZE, MIN_SIZE
from parleyd.gain import AUTOMATIC, GAIN_MOST

U16 = Annotated[int, Field(ge=0, le=0xFFFF)]
ParticipantNumber = Annotated[int, Field(ge=1, le=0xFFFFFFFF)]
Generation = Annotated[int, Field(ge=1, le=MAX_GENERATION)]
URI_CHARACTERS = (
    200  # shown of a participant; whatever a phone calls itself must not make its board's report bad
)


def shown(text: str) -> str:
    """Return a text as people may be shown it: ASCII, and not too much of it."""
    return "".join(c if " " <= c <= "~" else "?" for c in text[:URI_CHARACTERS])


UriText = Annotated[str, AfterValidator(shown)]


class Gain(NamedTuple):
    """How loud everybody hears a participant, in 1/256 or AUTOMATIC; now: an automatic one at the moment, if told."""

    number: ParticipantNumber
    gain: Annotated[int, Field(ge=0, le=AUTOMATIC)]
    now: Annotated[int, Field(ge=0, le=GAIN_MOST)] | None = None


class LiveConference(NamedTuple):
    """One conference that runs on the board; participants are the URIs of those connected now.

    numbers: what the board calls them, in the same order; muted: the numbers of those whom nobody hears; locked:
    nobody else is let in; muted_self: the numbers of those who muted themselves; hands: of those who raised their
    hands; gains: of those heard louder or softer; unheard: pairs of numbers, the second of
    whom the first does not hear. Boards of older firmware send none of these. unnamed: how many participants there
    are beside those named: all of them, in a report of a board with a crowd; below 0: so many of those named have left.
    """

    slot: U16
    generation: Generation
    size: Annotated[int, Field(ge=MIN_SIZE, le=MAX_SIZE)]
    participants: list[UriText]
    numbers: list[ParticipantNumber] = []
    muted: list[ParticipantNumber] = []
    locked: bool = False
    muted_self: list[ParticipantNumber] = []
    hands: list[ParticipantNumber] = []
    gains: list[Gain] = []
    unheard: list[tuple[ParticipantNumber, ParticipantNumber]] = []
    unnamed: Annotated[int, Field(ge=0, le=MAX_SIZE)] = 0

    @property
    def connected(self) -> int:
        """Return how many participants are connected now."""
        return len(self.participants) + self.unnamed

    def name_on(self, board_id: str) -> str:
        """Return the conference's name, as Lease.conference_id."""
        return f"{board_id}/{self.slot}/{self.generation}"


class BriefConference(NamedTuple):
    """One conference of a crowded board whose participants are not named in this report."""

    slot: U16
    generation: Generation
    size: Annotated[int, Field(ge=MIN_SIZE, le=MAX_SIZE)]
    connected: Annotated[int, Field(ge=0, le=MAX_SIZE)]
    locked: bool


class Page(NamedTuple):
    """Some of a large conference's participants: all whose numbers are from `first` up to `until`, 0 for no end."""

    slot: U16
    generation: Generation
    first: Annotated[int, Field(ge=0, le=0xFFFFFFFF)]
    until: Annotated[int, Field(ge=0, le=0xFFFFFFFF)]
    participants: list[UriText]
    numbers: list[ParticipantNumber]
    muted: list[ParticipantNumber] = []
    muted_self: list[ParticipantNumber] = []
    hands: list[ParticipantNumber] = []
    gains: list[Gain] = []
    unheard: list[tuple[ParticipantNumber, ParticipantNumber]] = []

    def covers(self, number: int) -> bool:
        """Tell whether this page would name the participant, were he there."""
        return number >= self.first and (self.until == 0 or number < self.until)


def named_as_before(brief: LiveConference, before: LiveConference | None) -> LiveConference:
    """Return a conference that is not named in this report with its names of before."""
    if before is None or not brief.unnamed or before.connected != brief.unnamed:
        return brief
    return before._replace(size=brief.size, locked=brief.locked)


def paged(brief: LiveConference, page: Page, before: LiveConference | None) -> LiveConference:
    """Return a conference of which some are named in this report; `unnamed` is below 0 for who left unnoticed."""
    old = brief if before is None else before

    def merged(numbers: list[int], news: list[int]) -> list[int]:
        return [*(number for number in numbers if not page.covers(number)), *news]

    kept = [pair for pair in zip(old.numbers, old.participants, strict=False) if not page.covers(pair[0])]
    people = [*kept, *zip(page.numbers, page.participants, strict=False)]
    return brief._replace(
        participants=[uri for _, uri in people],
        numbers=[number for number, _ in people],
        muted=merged(old.muted, page.muted),
        muted_self=merged(old.muted_self, page.muted_self),
        hands=merged(old.hands, page.hands),
        gains=[*(one for one in old.gains if not page.covers(one.number)), *page.gains],
        unheard=[*(pair for pair in old.unheard if not page.covers(pair[0])), *page.unheard],
        unnamed=brief.connected - len(people),
    )
