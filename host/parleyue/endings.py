"""How the initiator's flow ends: the actions of its table that note what went wrong, and what they need to say it."""

from typing import Any

from parley.call.call import Call
from parley.call.events import Event
from parley.wire.errors import RemoteError
from parleyue import outcome
from parleyue.equipment import Equipment
from parleyue.facts import response_of
from parleyue.machine import Machine
from parleyue.outcome import Outcome
from parleyue.redirect import callable_uri
from parleyue.refusal import in_words, retry_after_s


class Endings(Machine):
    """The part of the initiator that judges. The first thing that goes wrong counts."""

    def __init__(self, equipment: Equipment) -> None:
        super().__init__()
        self.now_ms = 0
        self._equipment = equipment
        self._visited: list[str] = []
        self._call: Call | None = None
        self._failure: Outcome | None = None

    def _refused(self, event: Event) -> None:
        self._call = None
        response = response_of(event)
        delay_s = retry_after_s(response)
        fields = {"status": response.status, "retry_after_s": delay_s, "problem": in_words(response)}
        self._note(self._leg(), f"{response.status} received", to=self._visited[-1], **fields)
        code, who = outcome.REFUSED, "the server"
        if self._leg() == "M5":
            code, who = outcome.ADDRESS_REFUSED, "the allocated address"
        self._fail(Outcome(code, f"{who} refused: {in_words(response)}", response.status, delay_s))

    def _unanswered(self, event: Event | None) -> None:
        if self.state == "done":
            self._call = None
        deaf = event is not None and event.text == "transport error"
        who = self._visited[-1]
        self._fail(
            Outcome(outcome.NO_ANSWER, f"nobody listens at {who}" if deaf else f"no answer from {who}")
        )

    def _unresolvable(self, _fact: object) -> None:
        host = callable_uri(self._visited[-1]).host
        self._fail(Outcome(outcome.FAILED_HERE, f"no such host: {host}"))

    def _unusable_address(self, error: RemoteError) -> None:
        self._fail(Outcome(outcome.ADDRESS_REFUSED, error.reason))

    def _unusable_answer(self, error: RemoteError) -> None:
        self._fail(Outcome(outcome.ADDRESS_REFUSED, f"the answer's SDP cannot be used: {error.reason}"))

    def _lost(self, _fact: object) -> None:
        self._call = None
        self._fail(Outcome(outcome.LOST, "the conference ended before everybody was told"))

    def _far_end_left(self, event: Event) -> None:
        self._call = None
        self._note("", "the conference hung up", cause=event.text)

    def _interrupted(self, _fact: object) -> None:
        self._fail(Outcome(outcome.INTERRUPTED, "interrupted"))

    def _note_given_up(self, _fact: object) -> None:
        self._note("", "left without waiting for the answer to our BYE")

    def _fail(self, failure: Outcome) -> None:
        if self._failure is None:
            self._failure = failure

    def _leg(self) -> str:
        return "M2" if len(self._visited) == 1 else "M5"

    def _note(self, message: str, event: str, **fields: Any) -> None:
        self._equipment.report.step(self.now_ms, message, event, **fields)
