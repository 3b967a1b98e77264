"""Call the address somebody told us, and tell him how it went (RFC 3515 section 2.4). Sans-I/O."""

from typing import Any

from parley.call.call import Call
from parley.call.events import Event
from parley.call.subscription import Subscription
from parley.wire.errors import RemoteError
from parley.wire.uri import SipUri
from parleyue.equipment import LEAVE_LIMIT_MS, Equipment, Hop
from parleyue.facts import body_of, response_of
from parleyue.machine import Machine, Table, ignored
from parleyue.redirect import next_target
from parleyue.refusal import in_words
from parleyue.session import Session

STATES = ("idle", "looking_up", "calling", "talking", "leaving", "done")

EVENTS = (
    "start",
    "resolved",
    "unresolved",
    "progress",
    "redirected",
    "bad_address",  # what the 3xx names cannot be called
    "answered",
    "media_bad",  # the answer's SDP cannot be used
    "rejected",
    "no_answer",
    "reoffer",
    "ended",
    "out_of_patience",
    "stop",
)

REFERRAL: Table = {
    ("idle", "start"): ("looking_up", ("look_up",)),
    ("idle", "stop"): ("done", ("tell_487",)),
    ("looking_up", "resolved"): ("calling", ("send_invite",)),
    ("looking_up", "unresolved"): ("done", ("tell_404",)),
    ("looking_up", "bad_address"): ("done", ("tell_redirect",)),
    ("looking_up", "out_of_patience"): ("done", ("tell_408",)),
    ("looking_up", "stop"): ("done", ("tell_487",)),
    ("calling", "progress"): ("calling", ("note_progress",)),
    ("calling", "redirected"): ("looking_up", ("follow",)),
    ("calling", "answered"): ("talking", ("open_media",)),
    ("calling", "rejected"): ("done", ("tell_refusal",)),
    ("calling", "no_answer"): ("done", ("tell_408",)),
    ("calling", "ended"): ("done", ("tell_408",)),
    ("calling", "out_of_patience"): ("leaving", ("tell_408", "hang_up")),
    ("calling", "stop"): ("leaving", ("tell_487", "hang_up")),
    ("talking", "media_bad"): ("leaving", ("tell_488", "hang_up")),
    ("talking", "reoffer"): ("talking", ("answer_reoffer",)),
    ("talking", "ended"): ("done", ("note_ended",)),
    ("talking", "stop"): ("leaving", ("hang_up",)),
    ("leaving", "ended"): ("done", ()),
    ("leaving", "out_of_patience"): ("done", ()),
}

_NAMES = ("resolved", "unresolved", "bad_address")
_CALL = ("progress", "redirected", "answered", "media_bad", "rejected", "no_answer", "reoffer", "ended")

REFERRAL_IGNORED = (
    ignored(("idle",), (*_NAMES, *_CALL, "out_of_patience"))
    | ignored(("looking_up",), ("start", *_CALL))
    | ignored(("calling",), ("start", *_NAMES, "media_bad", "reoffer"))
    | ignored(("talking",), ("start", *_NAMES, "progress", "redirected", "answered", "rejected", "no_answer"))
    | ignored(("talking",), ("out_of_patience",))
    # of a call that was hung up the endpoint tells nothing but "ended", whatever crossed our CANCEL
    | ignored(("leaving",), ("start", *_NAMES, *_CALL[:-1], "stop"))
    | ignored(("done",), EVENTS)
)

_REASONS = {404: "Not Found", 408: "Request Timeout", 487: "Request Terminated", 488: "Not Acceptable Here"}


class Referral(Machine):
    """One address we were sent to.

    target: the URI to call. subscription: who wants to be notified, None when nobody can be (MESSAGE).
    """

    TABLE = REFERRAL
    IGNORED = REFERRAL_IGNORED

    def __init__(
        self, equipment: Equipment, target: SipUri, subscription: Subscription | None, patience_ms: int
    ) -> None:
        super().__init__()
        self.call: Call | None = None
        self.joined = False
        self.now_ms = 0
        self.deadline: int | None = None
        self._equipment = equipment
        self._visited = [str(target)]
        self._subscription = subscription
        self._patience_ms = patience_ms
        self._redirected: Call | None = None
        self._session: Session | None = None
        self._target = target

    @property
    def done(self) -> bool:
        """Whether nothing is under way any more."""
        return self.state == "done"

    def take(self, event: str, now_ms: int, fact: Any = None) -> None:
        """One event of EVENTS at now_ms; fact: the endpoint's event, if it is one."""
        self.now_ms = now_ms
        self.fire(event, fact)

    def tick(self, now_ms: int) -> None:
        """Time has come to deadline, perhaps."""
        if self.deadline is not None and now_ms >= self.deadline:
            self.deadline = None
            self.take("out_of_patience", now_ms)

    def _step(self, event: str, fact: Any) -> None:
        super()._step(event, fact)
        if self.state in ("leaving", "done") and self._session is not None:
            self._session.stop()
            self._session = None
        if self.state in ("talking", "done"):
            self.deadline = None

    def _look_up(self, _fact: object) -> None:
        self.deadline = self.now_ms + self._patience_ms
        self._equipment.resolve(self._target, self._looked_up)

    def _looked_up(self, address: Hop | None, now_ms: int) -> None:
        self.take("unresolved" if address is None else "resolved", now_ms, address)

    def _send_invite(self, address: Hop) -> None:
        self._session = self._session or Session(self._equipment, "conference")
        endpoint = self._equipment.endpoint
        body = self._session.offer()
        self.call = endpoint.invite(
            str(self._target), body, self.now_ms, peer=address, redirected=self._redirected
        )
        self._note("M7", "INVITE sent")

    def _note_progress(self, event: Event) -> None:
        if response_of(event).status > 100:
            self._note("M7", f"{response_of(event).status} received", status=response_of(event).status)

    def _follow(self, event: Event) -> None:
        self._redirected, self.call = self.call, None
        status = response_of(event).status
        try:
            found = next_target(response_of(event), self._visited)
        except RemoteError as error:
            self._note("M7", f"{status} received", status=status, problem=error.reason)
            self.fire("bad_address", event)
            return
        self._note("M7", f"{status} received", status=status, address=found.uri)
        self._visited.append(found.uri)
        self._target = found.parsed
        self._look_up(None)

    def _open_media(self, event: Event) -> None:
        assert self._session is not None
        try:
            self._session.take_answer(body_of(event))
        except RemoteError as error:
            self._note("M7", "answered without usable audio", problem=error.reason)
            self.fire("media_bad", event)
            return
        self.joined = True
        response = response_of(event)
        self._note("M7", f"{response.status} received, ACK sent", status=response.status, mark=True)
        self._tell(response.status, response.reason)

    def _answer_reoffer(self, event: Event) -> None:
        assert self._session is not None
        self._session.change(self._equipment.endpoint, event, self.now_ms)

    def _hang_up(self, _fact: object) -> None:
        assert self.call is not None
        self.deadline = self.now_ms + LEAVE_LIMIT_MS
        self._equipment.endpoint.hangup(self.call, self.now_ms)

    def _note_ended(self, event: Event) -> None:
        self._note("", "the conference hung up", cause=event.text)

    def _tell_refusal(self, event: Event) -> None:
        response = response_of(event)
        self._note("M7", f"{response.status} received", status=response.status, problem=in_words(response))
        self._tell(response.status, response.reason)

    def _tell_404(self, _fact: object) -> None:
        self._tell(404, _REASONS[404])

    def _tell_408(self, _fact: object) -> None:
        self._tell(408, _REASONS[408])

    def _tell_487(self, _fact: object) -> None:
        self._tell(487, _REASONS[487])

    def _tell_488(self, _fact: object) -> None:
        self._tell(488, _REASONS[488])

    def _tell_redirect(self, event: Event) -> None:
        self._tell(
            response_of(event).status, response_of(event).reason
        )  # the redirect itself is the final answer

    def _tell(self, status: int, reason: str) -> None:
        if self._subscription is None:
            return
        self._equipment.endpoint.notify_refer(self._subscription, status, reason, self.now_ms)
        self._note("M8", f"NOTIFY {status} sent", status=status, mark=status < 300)

    def _note(self, message: str, event: str, **fields: Any) -> None:
        self._equipment.report.step(self.now_ms, message, event, to=self._visited[-1], **fields)
