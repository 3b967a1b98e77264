"""Message 3: ways to tell another phone the conference's address, or to have it called. Sans-I/O."""

from typing import Any

from parley.call.call import Call
from parley.call.events import Event
from parley.wire.errors import RemoteError
from parleyue.carrier import Carrier
from parleyue.carrier_tables import CALL, CALL_IGNORED, MESSAGE, MESSAGE_IGNORED, REFER, REFER_IGNORED
from parleyue.equipment import LEAVE_LIMIT_MS, Equipment, Hop
from parleyue.facts import body_of, response_of
from parleyue.outcome import Result
from parleyue.redirect import next_target
from parleyue.refusal import in_words
from parleyue.session import Session

REFER_LIMIT_MS = 2000  # a phone that knows REFER out of dialog answers at once; others stay silent for 32 s
_TRY_CALL = "try --carrier call"


class CallCarrier(Carrier):
    """INVITE, REFER inside the call, NOTIFYs, BYE. Obeyed by every phone; rings it."""

    KIND = "call"
    TABLE = CALL
    IGNORED = CALL_IGNORED

    def __init__(self, equipment: Equipment, invitee: str, conference: str, patience_ms: int) -> None:
        super().__init__(equipment, invitee, conference, patience_ms)
        self._call: Call | None = None
        self._redirected: Call | None = None
        self._subscription: object = None
        self._session: Session | None = None

    def owns(self, subject: object) -> bool:
        """Our short call and the subscription born in it."""
        return subject is not None and (subject is self._call or subject is self._subscription)

    def _step(self, event: str, fact: Any) -> None:
        super()._step(event, fact)
        if self._session is not None and self.state in ("hung_up", "closing", "done"):
            self._session.stop()
            self._session = None

    def _send_invite(self, address: Hop) -> None:
        self._session = self._session or Session(self._equipment, "message")
        endpoint = self._equipment.endpoint
        body = self._session.offer()
        self._call = endpoint.invite(
            self._visited[-1], body, self.now_ms, peer=address, redirected=self._redirected
        )
        self._note("M6", "INVITE sent")

    def _note_ringing(self, event: Event) -> None:
        if response_of(event).status > 100:
            self._note("M6", f"{response_of(event).status} received", status=response_of(event).status)

    def _follow(self, event: Event) -> None:
        self._redirected, self._call = self._call, None
        try:
            target = next_target(response_of(event), self._visited)
        except RemoteError:
            self.fire("refused", event)
            return
        self._visited.append(target.uri)
        self._note("M6", "forwarded", status=response_of(event).status, address=target.uri)
        self._look_up(None)

    def _declined(self, event: Event) -> None:
        self._settle(
            Result(response_of(event).status, f"did not take the call: {in_words(response_of(event))}", False)
        )

    def _start_silence(self, event: Event) -> None:
        assert self._session is not None
        try:
            self._session.take_answer(body_of(event))
        except RemoteError as error:
            # The call carries one REFER; it need not carry sound.
            self._note("M6", "answered without usable audio", problem=error.reason)

    def _send_refer(self, _fact: object) -> None:
        assert self._call is not None
        self._wait(self._patience_ms)
        self._subscription = self._equipment.endpoint.refer(
            self._call, f"<{self._conference}>", self.now_ms, headers=self._refer_headers()
        )
        self._note("M6", "REFER sent", refer_to=self._conference, mark=True)

    def _answer_reoffer(self, event: Event) -> None:
        assert self._session is not None
        self._session.change(self._equipment.endpoint, event, self.now_ms)

    def _note_hung_up(self, _fact: object) -> None:
        self._note("M6", "hung up; its notifications may still come")

    def _hang_up(self, _fact: object) -> None:
        assert self._call is not None
        self._wait(LEAVE_LIMIT_MS)
        self._equipment.endpoint.hangup(self._call, self.now_ms)


class OutsideCarrier(Carrier):
    """One REFER outside any call (RFC 3515); gives up after REFER_LIMIT_MS."""

    TABLE = REFER
    IGNORED = REFER_IGNORED

    def __init__(self, equipment: Equipment, invitee: str, conference: str, patience_ms: int) -> None:
        super().__init__(equipment, invitee, conference, patience_ms)
        self._subscription: object = None

    def owns(self, subject: object) -> bool:
        """The subscription our REFER made."""
        return subject is not None and subject is self._subscription

    def _refer(self, target: str, refer_to: str, address: Hop) -> None:
        self._wait(REFER_LIMIT_MS)
        self._subscription = self._equipment.endpoint.refer_outside(
            target, f"<{refer_to}>", self.now_ms, peer=address, headers=self._refer_headers()
        )


class ReferCarrier(OutsideCarrier):
    """REFER to the invitee's phone: call the conference."""

    KIND = "refer"

    def _send_refer(self, address: Hop) -> None:
        self._refer(self._visited[-1], self._conference, address)
        self._note("M6", "REFER sent", refer_to=self._conference, mark=True)

    def _refer_refused(self, event: Event) -> None:
        words = f"{self.name}'s phone refused REFER: {in_words(response_of(event))}; {_TRY_CALL}"
        self._settle(Result(response_of(event).status, words, False))

    def _refer_unheard(self, _fact: object) -> None:
        self._settle(Result(0, f"{self.name}'s phone did not answer REFER; {_TRY_CALL}", False))


class FocusCarrier(OutsideCarrier):
    """REFER to the conference itself, which then calls the invitee (RFC 4579 5.5), or hangs up on him (5.11)."""

    KIND = "focus"
    METHOD = ""

    def __init__(self, equipment: Equipment, invitee: str, conference: str, patience_ms: int) -> None:
        super().__init__(equipment, invitee, conference, patience_ms)
        self._visited = [conference]

    def _send_refer(self, address: Hop) -> None:
        self._refer(self._conference, self.invitee + self.METHOD, address)
        self._note("M6", "REFER sent to the focus", refer_to=self.invitee + self.METHOD, mark=True)

    def _refer_refused(self, event: Event) -> None:
        words = f"the focus refused REFER: {in_words(response_of(event))}"
        self._settle(Result(response_of(event).status, words, False))

    def _refer_unheard(self, _fact: object) -> None:
        self._settle(Result(0, "the focus did not answer REFER", False))


class PutOut(FocusCarrier):
    """Lets the focus hang up on somebody."""

    METHOD = ";method=BYE"

    def _note_notified(self, event: Event) -> None:
        ok = 200 <= event.status < 300
        self._note("", f"NOTIFY {event.status} received", status=event.status)
        self._settle(Result(event.status, "put out" if ok else "is still in", ok))


class MessageCarrier(Carrier):
    """MESSAGE with the address in a sentence (RFC 3428): a person must read it and call."""

    KIND = "message"
    TABLE = MESSAGE
    IGNORED = MESSAGE_IGNORED

    def __init__(self, equipment: Equipment, invitee: str, conference: str, patience_ms: int) -> None:
        super().__init__(equipment, invitee, conference, patience_ms)
        self._request: object = None

    def owns(self, subject: object) -> bool:
        """The request we sent."""
        return subject is not None and subject is self._request

    def _send_message(self, address: Hop) -> None:
        # The conference comes first: a phone, or a person, calls the first address in the text.
        who = self._equipment.address_of_record
        text = f"To join the conference, call\r\n{self._conference}\r\n{who} invites you.\r\n"
        self._request = self._equipment.endpoint.request(
            "MESSAGE",
            self._visited[-1],
            self.now_ms,
            peer=address,
            headers=[("Content-Type", "text/plain;charset=utf-8")],
            body=text.encode(),
        )
        self._note("M6", "MESSAGE sent", conference=self._conference, mark=True)

    def _note_delivered(self, event: Event) -> None:
        words = f"{in_words(response_of(event))}: told by MESSAGE; no notification can follow"
        self._settle(Result(response_of(event).status, words, notified=False, told_only=True))

    def _message_refused(self, event: Event) -> None:
        words = f"{self.name}'s phone refused MESSAGE: {in_words(response_of(event))}; {_TRY_CALL}"
        self._settle(Result(response_of(event).status, words, False))


CARRIERS: dict[str, type[Carrier]] = {
    kind.KIND: kind for kind in (CallCarrier, FocusCarrier, MessageCarrier, ReferCarrier)
}


def carrier_for(kind: str) -> type[Carrier]:
    """The carrier of that name: call, focus, message or refer. Raises KeyError for another."""
    return CARRIERS[kind]
