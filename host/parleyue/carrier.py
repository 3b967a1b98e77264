"""What the three carriers of message 3 share: one invitee, its clock, its result. Sans-I/O."""

from typing import Any

from parley.call.events import Event
from parley.wire.errors import RemoteError
from parley.wire.sip import Response
from parley.wire.uri import SipUri, parse_uri
from parleyue.equipment import Equipment, Hop
from parleyue.facts import body_of, response_of
from parleyue.machine import Machine
from parleyue.outcome import Result
from parleyue.redirect import callable_uri
from parleyue.refusal import in_words


class Carrier(Machine):
    """What the three carriers share: the invitee, its name, the clock, the result.

    invitee: the SIP URI to tell; conference: the URI to tell it.
    """

    KIND = ""

    def __init__(self, equipment: Equipment, invitee: str, conference: str, patience_ms: int) -> None:
        super().__init__()
        self.invitee = invitee
        self.name = callable_uri(invitee).user or invitee
        self.result: Result | None = None
        self.now_ms = 0
        self._equipment = equipment
        self._conference = conference
        self._patience_ms = patience_ms
        self._deadline: int | None = None
        self._visited = [str(callable_uri(invitee))]

    @property
    def done(self) -> bool:
        """Whether nothing of this invitee is under way any more."""
        return self.state == "done"

    def owns(self, subject: object) -> bool:
        """Whether an event's subject belongs to this invitee."""
        raise NotImplementedError

    def start(self, now_ms: int) -> None:
        """Begin to tell."""
        self.now_ms = now_ms
        self.fire("start")

    def stop(self, now_ms: int) -> None:
        """We leave: drop what is under way."""
        self.now_ms = now_ms
        self.fire("stop")

    def seen(self, uri: str) -> None:
        """Somebody was seen in the conference; if that is our invitee, no carrier could have said more (M8)."""
        if self.result is not None and self.result.told_only and same_person(uri, self.invitee):
            self.result = Result(200, "in the conference, as its focus says", True)
            self._note("M8", "seen in the conference", status=200, mark=True)

    def tick(self, now_ms: int) -> None:
        """Time has come to next_deadline(), perhaps."""
        self.now_ms = now_ms
        if self._deadline is not None and now_ms >= self._deadline:
            self._deadline = None
            self.fire("out_of_patience")

    def next_deadline(self) -> int | None:
        """When tick() is due."""
        return None if self.done else self._deadline

    def event(self, event: Event, now_ms: int) -> None:
        """Take an event whose subject this carrier owns."""
        self.now_ms = now_ms
        kind = _meaning(event)
        if kind is not None:
            self.fire(kind, event)

    # ---- actions all share

    def _look_up(self, _fact: object) -> None:
        self._wait(self._patience_ms)
        self._equipment.resolve(self._target(), self._looked_up)

    def _looked_up(self, address: Hop | None, now_ms: int) -> None:
        self.now_ms = now_ms
        self.fire("unresolved" if address is None else "resolved", address)

    def _stopped(self, _fact: object) -> None:
        self._settle(Result(0, "we left before it came", False))

    def _unresolvable(self, _fact: object) -> None:
        self._settle(Result(0, f"no such host: {self._target().host}", False))

    def _unanswered(self, event: Event | None) -> None:
        if event is not None and event.text == "transport error":
            self._settle(Result(0, f"nobody listens at {self._visited[-1]}", False))
        else:
            self._settle(Result(0, f"{self.name}'s phone did not answer", False))

    def _note_accepted(self, event: Event) -> None:
        self._wait(self._patience_ms)
        self._note("M6", "REFER accepted", status=response_of(event).status)

    def _note_trying(self, event: Event) -> None:
        self._wait(self._patience_ms)
        self._note("M7", f"NOTIFY {event.status} received", status=event.status, mark=True)

    def _note_notified(self, event: Event) -> None:
        ok = 200 <= event.status < 300
        self._note("M8", f"NOTIFY {event.status} received", status=event.status, mark=ok)
        text = "in the conference" if ok else f"could not join: {_sipfrag_line(body_of(event))}"
        self._settle(Result(event.status, text, ok))

    def _not_notified(self, _fact: object) -> None:
        self._settle(Result(0, "took the REFER but never said whether it came", False))

    def _refer_refused(self, event: Event) -> None:
        self._settle(
            Result(response_of(event).status, f"refused REFER: {in_words(response_of(event))}", False)
        )

    def _refer_unheard(self, _fact: object) -> None:
        self._settle(Result(0, f"{self.name}'s phone did not answer REFER", False))

    def _refer_headers(self) -> list[tuple[str, str]]:
        return [("Referred-By", f"<{self._equipment.address_of_record}>")]  # RFC 3892

    def _target(self) -> SipUri:
        return callable_uri(self._visited[-1])

    def _wait(self, limit_ms: int) -> None:
        self._deadline = self.now_ms + limit_ms

    def _settle(self, result: Result) -> None:
        if self.result is None:
            self.result = result
            outcome = {"problem" if result.failed else "result": result.text}
            self._note("", "settled", status=result.status, notified=result.notified, **outcome)

    def _note(self, message: str, event: str, **fields: Any) -> None:
        self._equipment.report.step(self.now_ms, message, event, to=self.invitee, carrier=self.KIND, **fields)


def same_person(uri: str, other: str) -> bool:
    """Whether two URIs name one user at one host (RFC 3261 19.1.1, table 1: what only routes is left out)."""
    try:
        one, two = parse_uri(uri), parse_uri(other)
    except RemoteError:
        return False
    return (one.user, one.address()) == (two.user, two.address())


def _sipfrag_line(body: bytes) -> str:
    """Status and reason of a NOTIFY's sipfrag (RFC 3515 section 2.4.5), for people."""
    return body.split(b"\r\n")[0].decode("utf-8", "replace").partition(" ")[2]


def _meaning(event: Event) -> str | None:
    """Translate the endpoint's event into one of carrier_tables.EVENTS; None for what does not matter."""
    if event.kind == "refer_progress":
        if event.message is None:
            return "unheard"
        if isinstance(event.message, Response):
            return "accepted" if response_of(event).status < 300 else "refused"
        return "notified" if event.final else "trying"
    if event.kind == "response":
        if event.message is None:
            return "unheard"
        return "accepted" if response_of(event).status < 300 else "refused"
    if event.kind == "rejected" and event.message is None:
        return "no_answer"
    if event.kind == "renegotiated":
        return "reoffer"
    known = ("progress", "answered", "redirected", "rejected", "ended", "reoffer")
    return event.kind if event.kind in known else None
