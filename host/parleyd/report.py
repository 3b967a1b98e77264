"""What a board says of itself: the JSON body of its REGISTER, fully checked."""

from typing import Annotated, Literal, NamedTuple

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from parley.wire.errors import RemoteError
from parleyd.live_conference import (
    U16,
    BriefConference,
    Generation,
    LiveConference,
    Page,
    ParticipantNumber,
    UriText,
    named_as_before,
    paged,
    shown,
)

DEFAULT_RATE_HZ = 8000
MAX_UNIX_S = 0xFFFFFFFF
Word = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[!-~]+$")]
SipText = Annotated[str, StringConstraints(min_length=1, max_length=400, pattern=r"^[!-~]+$")]
Codec = tuple[str, int]  # name in capitals, clock rate in Hz


class LastEnd(NamedTuple):
    """Why the board was started: "power on", "reset", "watchdog", "crash" or ""; details, such as the exception."""

    cause: UriText
    details: UriText


class Upgraded(NamedTuple):
    """How the latest upgrade went: id of the new firmware; "staged", "trial", "confirmed", "rolled back"; why."""

    image: UriText
    state: UriText
    reason: UriText


class Passed(NamedTuple):
    """One message between the board and a caller: counted on this boot, its age, arrow ">" to the board or "<"."""

    number: Annotated[int, Field(ge=1)]
    age_ms: Annotated[int, Field(ge=0)]
    slot: U16
    generation: Generation
    arrow: Literal["<", ">"]
    text: UriText
    uri: UriText


class LegQuality(NamedTuple):
    """How one participant's RTP comes, and how much of it waits (RFC 3550 6.4.1)."""

    slot: U16
    generation: Generation
    number: ParticipantNumber
    lost_per_mille: Annotated[int, Field(ge=0, le=1000)]
    jitter_ms: Annotated[int, Field(ge=0)]
    round_trip_ms: Annotated[int, Field(ge=0)] | None
    depth_ms: Annotated[int, Field(ge=0)]


class Dialog(NamedTuple):
    """A participant's call, as another board may replace it (RFC 3891), and the board's word for it (dialog_mac)."""

    slot: U16
    generation: Generation
    number: ParticipantNumber
    contact: SipText
    name: SipText
    mac: Annotated[str, StringConstraints(min_length=32, max_length=32)]


class EndedConference(NamedTuple):
    """One of the last conferences that ended on the board."""

    slot: U16
    generation: Generation


class BoardReport(BaseModel):
    """The body of a board's REGISTER. Fields this server does not know are ignored, so boards may be newer."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")

    firmware: Word
    boot: Word
    number: Annotated[int, Field(ge=0)] = 0  # of the boot's reports; 0: older firmware does not count them
    unix_s: Annotated[int, Field(ge=0, le=MAX_UNIX_S)] | None = None  # the board's own clock
    board: Word
    host: UriText = ""  # by DHCP; never the board's own word, but where its server has it from
    image: UriText = ""
    last_end: LastEnd = LastEnd("", "")
    upgrade: Upgraded | None = None
    codecs: Annotated[list[Word], Field(min_length=1, max_length=32)]
    legs: Annotated[int, Field(ge=1, le=0xFFFF)]
    slots: Annotated[int, Field(ge=1, le=0xFFFF)]
    srtp: bool = False
    srtp_legs: Annotated[int, Field(ge=0, le=0xFFFF)] | None = None
    transports: Annotated[list[Word], Field(max_length=8)] = ["udp"]
    tls_port: Annotated[int, Field(ge=1, le=0xFFFF)] | None = None  # None: the board takes no TLS
    kernels: Word = "native"
    live: Annotated[list[LiveConference], Field(max_length=4096)] = []
    brief: Annotated[list[BriefConference], Field(max_length=4096)] = []
    pages: Annotated[list[Page], Field(max_length=4096)] = []
    ended: Annotated[list[EndedConference], Field(max_length=4096)] = []
    trail: Annotated[list[Passed], Field(max_length=256)] = []
    quality: Annotated[list[LegQuality], Field(max_length=256)] = []
    dialogs: Annotated[list[Dialog], Field(max_length=256)] = []
    stats: dict[str, int | float | str | None] = {}

    @property
    def encrypted_legs(self) -> int:
        """Return how many legs may be encrypted; a board that names no number encrypts all it has or none."""
        most = self.legs if self.srtp_legs is None else min(self.legs, self.srtp_legs)
        return most if self.srtp else 0

    @model_validator(mode="after")
    def _one_conference_a_slot(self) -> "BoardReport":
        slots = [conference.slot for conference in [*self.live, *self.brief]]
        if len(set(slots)) != len(slots):
            raise ValueError("two live conferences on one slot")
        return self

    @property
    def codec_set(self) -> frozenset[Codec]:
        """Return the codecs as (name, rate); `PCMU` means `PCMU/8000`."""
        return frozenset(parse_codec(text) for text in self.codecs)

    @property
    def connected(self) -> int:
        """Return how many participants are connected now."""
        return sum(conference.connected for conference in self.live)

    def told_in_full(self) -> "BoardReport":
        """Return the report with all its conferences in `live`."""
        if not self.brief:
            return self
        listed = [
            LiveConference(*one[:3], [], locked=one.locked, unnamed=one.connected) for one in self.brief
        ]
        return self.model_copy(update={"live": [*self.live, *listed], "brief": []})

    def with_dialogs_of(self, before: "BoardReport | None") -> "BoardReport":
        """Return the report with the dialogs that earlier ones of the same boot told: of many, each tells some."""
        if before is None or before.boot != self.boot or not before.dialogs:
            return self
        here = {(one.slot, one.generation): one for one in self.live}
        known = {one[:3]: one for one in before.dialogs}
        known.update({one[:3]: one for one in self.dialogs})
        kept = [
            one
            for one in known.values()
            if (place := here.get(one[:2])) is not None and (one.number in place.numbers or place.unnamed)
        ]
        return self if kept == self.dialogs else self.model_copy(update={"dialogs": kept})

    def with_names_of(self, before: "BoardReport | None") -> "BoardReport":
        """Return the report with the names on its pages, and those that an earlier one of the same boot told.

        A conference without a page keeps names while as many are there; of one with a page those on other pages stay
        until these come round.
        """
        if not any(one.unnamed for one in self.live):
            return self
        same_boot = before is not None and before.boot == self.boot
        known = {(one.slot, one.generation): one for one in before.live} if before and same_boot else {}
        pages = {(page.slot, page.generation): page for page in self.pages}
        live: list[LiveConference] = []
        for one in self.live:
            key = (one.slot, one.generation)
            page = pages.get(key)
            live.append(
                named_as_before(one, known.get(key)) if page is None else paged(one, page, known.get(key))
            )
        return self.model_copy(update={"live": live, "pages": []})


def parse_codec(text: str) -> Codec:
    """Read `NAME` or `NAME/RATE`; a rate that is no number counts as the default 8000 Hz."""
    name, _, rate = text.partition("/")
    return name.upper(), int(rate) if rate.isascii() and rate.isdigit() else DEFAULT_RATE_HZ


def is_wideband(codec: Codec) -> bool:
    """Tell whether the codec carries 7 kHz of sound or more. G.722's RTP clock says 8000 (RFC 3551 4.5.2)."""
    name, rate_hz = codec
    return rate_hz >= 16000 or name == "G722"


def parse_report(body: bytes) -> BoardReport:
    """Read the body of a REGISTER. Raises RemoteError(400) whose reason names the first bad field."""
    try:
        return BoardReport.model_validate_json(body).told_in_full()
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise RemoteError(
            400, shown(f"Bad board report: {place + ': ' if place else ''}{first['msg']}")
        ) from error
