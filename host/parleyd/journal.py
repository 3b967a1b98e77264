"""What the server knows of each conference besides its lease: who said what to whom when, and how loud everybody is.

Soft state for people who look on; nothing depends on it. Bounded: KEPT_CONFERENCES of KEPT_MESSAGES each.
"""

from collections import OrderedDict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from parley.wire.errors import RemoteError
from parleyd.lease import Lease
from parleyd.live_conference import Generation
from parleyd.report import BoardReport, LegQuality, Passed

KEPT_CONFERENCES = 200
KEPT_MESSAGES = 400
LEVELS_LIVE_S = 2.0  # older levels are of the past
SILENCE_DBOV = 127

SERVER = "server"


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a ladder: unix time; who sent it to whom, "server", a board's name or a phone's URI; its text.

    told_by: whose word we have for it, "server" or the board's name. A board's times are good to some ten
    milliseconds.
    """

    at_s: float
    sender: str
    receiver: str
    text: str
    told_by: str

    def row(self) -> dict[str, Any]:
        """Return it as plain data for JSON."""
        return {
            "time": round(self.at_s, 3),
            "from": self.sender,
            "to": self.receiver,
            "text": self.text,
            "told_by": self.told_by,
        }


class _Levels(BaseModel):
    """The body of a board's MESSAGE: [slot, generation, [participant, level, participant, level ...]]."""

    model_config = ConfigDict(strict=True, extra="ignore")

    levels: list[tuple[int, Generation, list[int]]] = Field(max_length=4096)


class Journal:
    """The ladders, levels and RTCP figures of this daemon's conferences. now_s: unix time."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        self.on_levels: Callable[[dict[str, dict[int, int]]], None] = lambda levels: None
        self._now_s = now_s
        self._ladders: OrderedDict[str, list[Message]] = OrderedDict()
        self._offers: deque[tuple[float, Lease, str]] = deque(maxlen=KEPT_CONFERENCES)  # not yet in ladders
        self._levels: dict[str, tuple[float, dict[int, int]]] = {}
        self._quality: dict[str, dict[tuple[int, int, int], LegQuality]] = {}
        self._passed: dict[str, tuple[str, int]] = {}  # board -> its boot, number of the last message told

    def offered(self, offers: Iterable[tuple[Lease, str]]) -> None:
        """Phones asked, and each was sent an address at that `host:port`."""
        now_s = self._now_s()  # written out for who looks: most ladders nobody does
        self._offers.extend([(now_s, lease, place) for lease, place in offers])

    def _write_offers(self) -> None:
        offers, self._offers = self._offers, deque(maxlen=KEPT_CONFERENCES)
        for at_s, lease, place in offers:
            phone = lease.asked_by or "a phone"
            self._keep(lease.conference_id, Message(at_s, phone, SERVER, "INVITE", SERVER))
            self._keep(lease.conference_id, Message(at_s, SERVER, phone, f"302 to {place}", SERVER))

    def ordered(self, lease: Lease, order: str, status: int, reason: str) -> None:
        """The board was given an order, and answered."""
        self._note(lease.conference_id, SERVER, lease.board_id, f"MESSAGE {order}")
        self._note(lease.conference_id, lease.board_id, SERVER, f"{status} {reason}")

    def refreshed(self, board_id: str, report: BoardReport, changes: Iterable[Lease]) -> None:
        """A board registered: what it tells of its callers, and what that changed."""
        self._keep_quality(board_id, report)
        boot, last = self._passed.get(board_id, ("", 0))
        if boot != report.boot:
            last = 0
        fresh = [passed for passed in report.trail if passed.number > last]
        for passed in fresh:
            self._passed_at(board_id, passed)
        self._passed[board_id] = (report.boot, fresh[-1].number if fresh else last)
        for lease in changes:
            self._note(lease.conference_id, board_id, SERVER, f"REGISTER ({lease.state.value})")

    def _keep_quality(self, board_id: str, report: BoardReport) -> None:
        # a report has some of the legs only: the others keep what was told of them, as long as they live
        told = {(row.slot, row.generation, row.number): row for row in report.quality}
        known = self._quality.get(board_id, {}) | told
        live = {(one.slot, one.generation, number) for one in report.live for number in one.numbers}
        self._quality[board_id] = {key: row for key, row in known.items() if key in live}

    def quality(self, board_id: str) -> list[LegQuality]:
        """Return what a board told last of each of its participants."""
        return list(self._quality.get(board_id, {}).values())

    def told(self, board_id: str, body: bytes) -> None:
        """A board tells its levels. Raises RemoteError(400) for what is none."""
        try:
            told = _Levels.model_validate_json(body)
        except ValidationError as error:
            raise RemoteError(400, "Not a report of levels") from error
        now_s = self._now_s()
        found: dict[str, dict[int, int]] = {}
        for slot, generation, pairs in told.levels:
            numbers, levels = pairs[::2], pairs[1::2]
            heard = {
                number: min(max(level, 0), SILENCE_DBOV)
                for number, level in zip(numbers, levels, strict=False)
            }
            found[f"{board_id}/{slot}/{generation}"] = heard
        for conference_id, heard in found.items():
            self._levels[conference_id] = (now_s, heard)
        self._levels = {key: entry for key, entry in self._levels.items() if now_s - entry[0] < LEVELS_LIVE_S}
        self.on_levels(found)

    def ladder(self, conference_id: str) -> list[Message]:
        """Return the messages of a conference in the order of their times."""
        self._write_offers()
        return sorted(self._ladders.get(conference_id, []), key=lambda message: message.at_s)

    def conferences(self) -> list[str]:
        """Return the conferences that have a ladder, the latest last."""
        self._write_offers()
        return list(self._ladders)

    def levels(self, conference_id: str) -> dict[int, int]:
        """Return the levels of now, participant -> -dBov (0 loudest, 127 silence); {} while nobody watches."""
        at_s, levels = self._levels.get(conference_id, (0.0, {}))
        return levels if self._now_s() - at_s < LEVELS_LIVE_S else {}

    def _passed_at(self, board_id: str, passed: Passed) -> None:
        at_s = self._now_s() - passed.age_ms / 1000
        ends = (passed.uri, board_id) if passed.arrow == ">" else (board_id, passed.uri)
        conference_id = f"{board_id}/{passed.slot}/{passed.generation}"
        self._keep(conference_id, Message(at_s, ends[0], ends[1], passed.text, board_id))

    def _note(self, conference_id: str, sender: str, receiver: str, text: str) -> None:
        self._keep(conference_id, Message(self._now_s(), sender, receiver, text, SERVER))

    def _keep(self, conference_id: str, message: Message) -> None:
        if self._offers:
            self._write_offers()
        ladder = self._ladders.setdefault(conference_id, [])
        ladder.append(message)
        if len(ladder) > KEPT_MESSAGES:
            del ladder[KEPT_MESSAGES // 8]  # how it began says more than its middle
        if len(self._ladders) > KEPT_CONFERENCES:
            self._ladders.popitem(last=False)
