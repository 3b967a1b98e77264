"""The auto-answering phone: takes calls, goes where REFER (or MESSAGE) sends it, notifies. Sans-I/O."""

from dataclasses import dataclass
from typing import Any

from parley.call.call import Call
from parley.call.events import Event
from parley.call.referee import ReferRequest
from parley.call.server_request import ServerRequest
from parley.call.subscription import Subscription
from parley.wire.errors import RemoteError
from parley.wire.uri import SipUri, parse_uri
from parleyue.equipment import LEAVE_LIMIT_MS, Equipment
from parleyue.facts import body_of, call_of
from parleyue.redirect import callable_uri
from parleyue.referral import Referral
from parleyue.session import Session

_TEXTS = ("text/plain", "text/uri-list")
_URI_ENDS = "<>\"' \t\r\n"
_CALL_EVENTS = ("progress", "answered", "redirected", "reoffer", "ended")


@dataclass
class ListenPlan:
    """When to end and what to obey: calls counts those that ended, duration_ms the time from the start."""

    duration_ms: int | None = None
    calls: int | None = None
    join_messages: bool = False
    lines: int = 8
    patience_ms: int = 60_000


class Listener:
    """Any number of lines; see Initiator for the inputs."""

    def __init__(self, equipment: Equipment, plan: ListenPlan) -> None:
        self.plan = plan
        self.finished = False
        self.answered = 0
        self.joined = 0
        self.now_ms = 0
        self._equipment = equipment
        self._taken: dict[int, tuple[Call, Session]] = {}
        self._referrals: list[Referral] = []
        self._over = 0
        self._leaving = False
        self._deadline: int | None = None

    # ---- inputs

    def start(self, now_ms: int) -> None:
        """Begin to listen."""
        self.now_ms = now_ms
        if self.plan.duration_ms is not None:
            self._deadline = now_ms + self.plan.duration_ms
        self._note("", "listening", address=self._equipment.address_of_record)

    def hang_up(self, now_ms: int) -> None:
        """Leave all calls and end; asked twice, at once."""
        self.now_ms = now_ms
        self.finished = self._leaving
        self._leave()
        self._review()

    def event(self, event: Event, now_ms: int) -> None:
        """Take one event of the endpoint."""
        self.now_ms = now_ms
        if event.kind == "ended" and event.text == "replaced":
            self._over -= 1  # it goes on as another call (RFC 3891)
        referral = next((one for one in self._referrals if one.call is event.subject), None)
        if referral is not None:
            self._referral_event(referral, event)
        else:
            handler = getattr(self, f"_on_{event.kind}", None)
            if handler is not None:
                handler(event)
        self._review()

    def tick(self, now_ms: int) -> None:
        """Time has come to next_deadline()."""
        self.now_ms = now_ms
        for referral in self._referrals:
            referral.tick(now_ms)
        if self._deadline is not None and now_ms >= self._deadline:
            self._deadline = None
            self.finished = self._leaving
            self._leave()
        self._review()

    def next_deadline(self) -> int | None:
        """When tick() is due."""
        times = [self._deadline, *(referral.deadline for referral in self._referrals)]
        return min((time for time in times if time is not None), default=None)

    # ---- what others do to us, by kind of event

    def _on_incoming(self, event: Event) -> None:
        call = call_of(event)
        endpoint = self._equipment.endpoint
        busy = len(self._taken) + len(self._referrals) >= self.plan.lines and call.replaces is None
        if self._leaving or busy:
            endpoint.reject(call, 486, self.now_ms)
            return
        session = Session(self._equipment, "conference")
        try:
            body = session.answer(call.offer) if call.offer else session.offer()
        except RemoteError as error:
            session.stop()
            endpoint.reject(call, error.status, self.now_ms)
            self._note("", "call refused", caller=call.remote_uri, problem=str(error))
            return
        self._taken[id(call)] = (call, session)
        endpoint.answer(call, body, self.now_ms)
        told = "call answered" if call.replaces is None else "call replaced"
        self._note("", told, caller=call.remote_uri)

    def _on_established(self, event: Event) -> None:
        if id(event.subject) not in self._taken:
            return
        call, session = self._taken[id(event.subject)]
        self.answered += 1
        if session.negotiated is None:  # no offer in the INVITE: its ACK carries the answer (RFC 3261 13.2.1)
            try:
                session.take_answer(body_of(event))
            except RemoteError as error:
                self._note("", "unusable answer", caller=call.remote_uri, problem=str(error))
                self._equipment.endpoint.hangup(call, self.now_ms)

    def _on_reoffer(self, event: Event) -> None:
        if id(event.subject) in self._taken:
            self._taken[id(event.subject)][1].change(self._equipment.endpoint, event, self.now_ms)

    def _on_renegotiated(self, event: Event) -> None:
        self._on_reoffer(event)

    def _on_ended(self, event: Event) -> None:
        if id(event.subject) in self._taken:
            call, session = self._taken.pop(id(event.subject))
            session.stop()
            self._over += 1
            self._note("", "call over", caller=call.remote_uri, cause=event.text)

    def _on_referred(self, event: Event) -> None:
        refer = event.subject
        endpoint = self._equipment.endpoint
        if not isinstance(refer, ReferRequest):
            return
        try:
            if (parse_uri(refer.refer_to).param("method") or "INVITE").upper() != "INVITE":
                raise RemoteError(501, "Only INVITE")
            target = callable_uri(refer.refer_to)
        except RemoteError as error:
            endpoint.respond(refer, error.status, self.now_ms, reason=error.reason)
            self._note("M6", "REFER refused", problem=str(error))
            return
        if self._leaving or len(self._referrals) >= self.plan.lines:
            endpoint.respond(refer, 486, self.now_ms)
            return
        self._note("M6", "REFER received", refer_to=str(target), mark=True)
        self._join(target, endpoint.accept_refer(refer, self.now_ms))

    def _on_request(self, event: Event) -> None:
        message = event.subject
        endpoint = self._equipment.endpoint
        if not isinstance(message, ServerRequest):
            return
        kind = (message.request.get("Content-Type") or "").partition(";")[0].strip().lower()
        if kind not in _TEXTS:
            accept = [("Accept", ", ".join(_TEXTS))]  # RFC 3261 section 21.4.13
            endpoint.respond(message, 415, self.now_ms, headers=accept)
            return
        target = first_sip_uri(message.request.body)
        endpoint.respond(message, 200, self.now_ms)
        if target is None or self._leaving or len(self._referrals) >= self.plan.lines:
            self._note("", "MESSAGE without an address to call")
            return
        self._note("M6", "MESSAGE received", refer_to=str(target), mark=True)
        self._join(target, None)

    # ---- our own calls

    def _join(self, target: SipUri, subscription: Subscription | None) -> None:
        referral = Referral(self._equipment, target, subscription, self.plan.patience_ms)
        self._referrals.append(referral)
        referral.take("start", self.now_ms)

    def _referral_event(self, referral: Referral, event: Event) -> None:
        if event.kind == "rejected" and event.message is None:
            referral.take("no_answer", self.now_ms, event)
        elif event.kind == "renegotiated":
            referral.take("reoffer", self.now_ms, event)
        elif event.kind == "rejected" or event.kind in _CALL_EVENTS:
            referral.take(event.kind, self.now_ms, event)

    def _leave(self) -> None:
        if self._leaving:
            return
        self._leaving = True
        self._deadline = self.now_ms + LEAVE_LIMIT_MS
        for call, session in self._taken.values():
            session.stop()
            self._equipment.endpoint.hangup(call, self.now_ms)
        for referral in self._referrals:
            referral.take("stop", self.now_ms)

    def _review(self) -> None:
        for referral in [one for one in self._referrals if one.done]:
            self._referrals.remove(referral)
            self._over += 1
            self.joined += referral.joined
        enough = self.plan.calls is not None and self._over >= self.plan.calls
        if (enough or self._leaving) and not self._taken and not self._referrals:
            self.finished = True

    def _note(self, message: str, event: str, **fields: Any) -> None:
        self._equipment.report.step(self.now_ms, message, event, **fields)


def first_sip_uri(body: bytes) -> SipUri | None:
    """The first SIP URI in a text that can be called, None without one."""
    text = body.decode("utf-8", "replace")
    at = text.lower().find("sip:")
    while at >= 0:
        end = at
        while end < len(text) and text[end] not in _URI_ENDS:
            end += 1
        try:
            return callable_uri(text[at:end].rstrip(".,;!?)"))
        except RemoteError:
            at = text.lower().find("sip:", at + 4)
    return None
