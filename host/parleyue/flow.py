"""The initiator: asks for a conference, joins it, tells the others, talks, leaves. Sans-I/O.

Give it the endpoint's events, the time and the user's wish to hang up; it commands the endpoint and reports.
"""

from typing import Any

from parley.call.call import Call
from parley.call.events import Event
from parley.call.server_request import ServerRequest
from parley.wire.errors import RemoteError
from parleyue.carrier import Carrier
from parleyue.carriers import carrier_for
from parleyue.desk import Desk
from parleyue.endings import Endings
from parleyue.equipment import LEAVE_LIMIT_MS, CallPlan, Equipment, Hop
from parleyue.facts import body_of, call_of, response_of
from parleyue.flow_table import FLOW, FLOW_IGNORED
from parleyue.keys import Key
from parleyue.outcome import Outcome, judge
from parleyue.redirect import callable_uri, next_target
from parleyue.session import Session

_CALL_EVENTS = ("progress", "answered", "redirected", "reoffer", "ended")


class Initiator(Endings):
    """The first UE of the ad hoc conference (messages M2 to M8)."""

    TABLE = FLOW
    IGNORED = FLOW_IGNORED

    def __init__(self, equipment: Equipment, plan: CallPlan) -> None:
        super().__init__(equipment)
        self.plan = plan
        self.conference: str | None = None
        self.carriers: list[Carrier] = []
        self.desk = Desk(equipment, plan.patience_ms)
        self._redirected: Call | None = None
        self._session: Session | None = None
        self._deadline: tuple[int, str] | None = None

    # ---- inputs

    def start(self, now_ms: int) -> None:
        """Begin: M2 leaves as soon as the server's name is looked up."""
        self.now_ms = now_ms
        self._visited = [str(callable_uri(self.plan.server))]
        self.fire("start")

    def hang_up(self, now_ms: int) -> None:
        """The user wants to leave; asked twice, at once."""
        self.now_ms = now_ms
        self.fire("hang_up")
        self._review()

    def key(self, key: Key, now_ms: int) -> None:
        """The user presses something (keys.py)."""
        self.now_ms = now_ms
        if key.name == "quit":
            self.hang_up(now_ms)
            return
        call, session, conference = self._call, self._session, self.conference
        if self.state not in ("telling", "talking") or call is None or session is None or not conference:
            self._note("", key.name, problem="not in a conference")
            return
        self.desk.press(key, call, session, conference, now_ms)

    def event(self, event: Event, now_ms: int) -> None:
        """Take one event of the endpoint."""
        self.now_ms = now_ms
        owner = next((carrier for carrier in self.carriers if carrier.owns(event.subject)), None)
        if owner is not None:
            owner.event(event, now_ms)
        elif event.subject is self._call:
            self._call_event(event)
        elif not self.desk.take(event, now_ms):
            self._stranger(event)
        self._review()

    def tick(self, now_ms: int) -> None:
        """Time has come to next_deadline()."""
        self.now_ms = now_ms
        if self._deadline is not None and now_ms >= self._deadline[0]:
            expired = self._deadline[1]
            self._deadline = None
            self.fire(expired)
        for carrier in self.carriers:
            carrier.tick(now_ms)
        self.desk.tick(now_ms)
        self._review()

    def next_deadline(self) -> int | None:
        """When tick() is due, in ms; None when only events matter."""
        times = [carrier.next_deadline() for carrier in self.carriers] + [self.desk.next_deadline()]
        times.append(self._deadline[0] if self._deadline is not None else None)
        return min((time for time in times if time is not None), default=None)

    @property
    def finished(self) -> bool:
        """Whether everything is over."""
        return self.state == "done"

    @property
    def outcome(self) -> Outcome:
        """How it went; meaningful once finished."""
        return self._failure or judge([(carrier.name, carrier.result) for carrier in self.carriers])

    # ---- what the inputs mean

    def _came(self, uri: str) -> None:
        for carrier in self.carriers:
            carrier.seen(uri)

    def _call_event(self, event: Event) -> None:
        if event.kind == "rejected":
            self.fire("rejected" if event.message is not None else "no_answer", event)
        elif event.kind == "renegotiated":
            self.fire("reoffer", event)
        elif event.kind in _CALL_EVENTS:
            self.fire(event.kind, event)

    def _stranger(self, event: Event) -> None:
        endpoint = self._equipment.endpoint
        if event.kind == "incoming":
            endpoint.reject(call_of(event), 486, self.now_ms)
        elif isinstance(event.subject, ServerRequest):  # a REFER; other requests are not ours to take
            endpoint.respond(event.subject, 603, self.now_ms)

    def _review(self) -> None:
        """See whether the invitees are all settled, and whether nothing is left to wait for."""
        results = [carrier.result for carrier in self.carriers]
        if self.state == "telling" and None not in results:
            hopeless = bool(results) and all(result is not None and result.failed for result in results)
            self.fire("nobody_comes" if hopeless else "all_told")
        over = self._call is None and self.desk.done
        if self.state == "leaving" and over and all(carrier.done for carrier in self.carriers):
            self.fire("all_gone")

    def _looked_up(self, address: Hop | None, now_ms: int) -> None:
        self.now_ms = now_ms
        self.fire("unresolved" if address is None else "resolved", address)

    def _step(self, event: str, fact: Any) -> None:
        before = self.state
        super()._step(event, fact)
        if before != self.state == "done":
            self._deadline = None
            if self._session is not None:
                self._session.stop()

    # ---- actions of the table

    def _look_up(self, _fact: object) -> None:
        self._deadline = (self.now_ms + self.plan.patience_ms, "out_of_patience")
        self._equipment.resolve(callable_uri(self._visited[-1]), self._looked_up)

    def _send_invite(self, address: Hop) -> None:
        if self._session is None:
            self._session = Session(self._equipment, "conference")
        target = self._visited[-1]
        endpoint = self._equipment.endpoint
        body = self._session.offer("recvonly" if self.plan.listens else "sendrecv")
        credentials = (
            self.plan.credentials if len(self._visited) == 1 else None
        )  # the server's, not a board's
        self._call = endpoint.invite(
            target,
            body,
            self.now_ms,
            peer=address,
            redirected=self._redirected,
            credentials=credentials,
        )
        self._note(self._leg(), "INVITE sent", to=target, mark=len(self._visited) == 1)

    def _note_progress(self, event: Event) -> None:
        status = response_of(event).status
        if status > 100:  # 100 says only that the next hop heard us
            self._note(self._leg(), f"{status} received", to=self._visited[-1], status=status)

    def _take_address(self, event: Event) -> None:
        self._redirected, self._call = self._call, None
        response = response_of(event)
        try:
            target = next_target(response, self._visited)
        except RemoteError as error:
            self._note("M4", f"{response.status} received", status=response.status, problem=error.reason)
            self.fire("bad_address", error)
            return
        self._note("M3", "address allocated", address=target.uri, mark=True)
        self._note(
            "M4",
            f"{response.status} received",
            status=response.status,
            address=target.uri,
            isfocus=target.is_focus,
            contacts=target.contacts,
            mark=True,
        )
        self._visited.append(target.uri)
        self._look_up(None)

    def _adopt_answer(self, event: Event) -> None:
        assert self._call is not None
        # RFC 4579 section 5.4: a factory that answers itself names the conference in its Contact
        self.conference = self._visited[-1]
        if self._call.is_focus and self._call.remote_contact:
            self.conference = self._call.remote_contact
        self._note("M3", "address in the answer itself", address=self.conference, mark=True)
        self._note("M4", "answered without a redirect", address=self.conference, mark=True)
        self._acknowledged(event)

    def _acknowledged(self, event: Event) -> None:
        self.conference = self.conference or self._visited[-1]
        status = response_of(event).status
        focus = call_of(event).is_focus
        words = f"{status} received, ACK sent"
        self._note("M5", words, status=status, address=self.conference, isfocus=focus, mark=True)

    def _open_media(self, event: Event) -> None:
        assert self._session is not None
        self._deadline = None
        try:
            agreed = self._session.take_answer(body_of(event))
        except RemoteError as error:
            self.fire("media_bad", error)
            return
        self._note("", "audio", codec=agreed.codec, to=f"{agreed.remote[0]}:{agreed.remote[1]}")
        self.fire("media_up")

    def _tell_all(self, _fact: object) -> None:
        assert self.conference is not None
        patience_ms = self.plan.patience_ms
        make = carrier_for(self.plan.carrier)
        self.carriers = [
            make(self._equipment, invitee, self.conference, patience_ms) for invitee in self.plan.invitees
        ]
        if self.plan.watch:
            self.desk.open(self.conference, self._came, self.now_ms)
        for carrier in self.carriers:
            carrier.start(self.now_ms)

    def _note_talking(self, _fact: object) -> None:
        if self.plan.duration_ms is not None:
            self._deadline = (self.now_ms + self.plan.duration_ms, "time_up")
        self._note("", "talking", for_ms=self.plan.duration_ms)

    def _answer_reoffer(self, event: Event) -> None:
        assert self._session is not None
        self._session.change(self._equipment.endpoint, event, self.now_ms)

    def _leave(self, _fact: object) -> None:
        self._deadline = (self.now_ms + LEAVE_LIMIT_MS, "give_up")
        if self._session is not None:
            self._session.stop()
        if self._call is not None:
            self._equipment.endpoint.hangup(self._call, self.now_ms)
            self._note("", "leaving")
        for carrier in self.carriers:
            carrier.stop(self.now_ms)
        self.desk.close(self.now_ms)

    def _call_over(self, _fact: object) -> None:
        self._call = None
        self._note("", "left")
