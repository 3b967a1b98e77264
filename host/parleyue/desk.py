"""Beside the call to a conference: who is in it is watched, and what the user presses (keys.py) is carried out."""

from collections.abc import Callable
from typing import Any

from parley.call.call import Call
from parley.call.events import Event
from parley.wire.errors import LocalError
from parleyue.carrier import Carrier
from parleyue.carriers import FocusCarrier, PutOut
from parleyue.equipment import Equipment
from parleyue.keys import Key
from parleyue.session import Session
from parleyue.watch import ConferenceWatch

REQUESTS = {"bring": FocusCarrier, "out": PutOut}


class Desk:
    """What goes on beside the call.

    watch: the subscription to the conference's events, or None. requests: the REFERs that keys have sent to the
    focus; they have no part in the call's outcome.
    """

    def __init__(self, equipment: Equipment, patience_ms: int) -> None:
        self.watch: ConferenceWatch | None = None
        self.requests: list[Carrier] = []
        self._equipment = equipment
        self._patience_ms = patience_ms

    @property
    def done(self) -> bool:
        """Whether nothing is under way any more."""
        watched = self.watch is not None and not self.watch.done
        return not watched and all(request.done for request in self.requests)

    def open(self, conference: str, came: Callable[[str], None], now_ms: int) -> None:
        """Watch the conference; came(uri) for everybody who is in."""
        self.watch = ConferenceWatch(self._equipment, conference, came)
        self.watch.start(now_ms)

    def close(self, now_ms: int) -> None:
        """We leave."""
        for request in self.requests:
            request.stop(now_ms)
        if self.watch is not None:
            self.watch.stop(now_ms)

    def take(self, event: Event, now_ms: int) -> bool:
        """Take an event of the endpoint; False when it is somebody else's."""
        owners: list[Carrier | ConferenceWatch] = [*self.requests]
        if self.watch is not None:
            owners.append(self.watch)
        owner = next((one for one in owners if one.owns(event.subject)), None)
        if owner is not None:
            owner.event(event, now_ms)
        return owner is not None

    def tick(self, now_ms: int) -> None:
        """Time has come to next_deadline(), perhaps."""
        for request in self.requests:
            request.tick(now_ms)

    def next_deadline(self) -> int | None:
        """When tick() is due."""
        times = [request.next_deadline() for request in self.requests]
        return min((time for time in times if time is not None), default=None)

    def press(self, key: Key, call: Call, session: Session, conference: str, now_ms: int) -> None:
        """Carry out one command in a call that is up."""
        if key.name in ("hold", "unhold"):
            self._offer(key.name, call, session, now_ms)
        elif key.name == "dtmf":
            done = session.press(key.argument)
            problem = None if done else "the conference takes no keys"
            self._note(now_ms, "keys", keys=key.argument, problem=problem)
        else:
            request = REQUESTS[key.name](self._equipment, key.argument, conference, self._patience_ms)
            self.requests.append(request)
            request.start(now_ms)

    def _offer(self, name: str, call: Call, session: Session, now_ms: int) -> None:
        direction = "inactive" if name == "hold" else "sendrecv"
        try:
            self._equipment.endpoint.reinvite(call, session.offer(direction), now_ms)
        except LocalError as error:  # another offer is under way
            self._note(now_ms, name, problem=str(error))
            return
        self._note(now_ms, "on hold" if name == "hold" else "off hold")

    def _note(self, now_ms: int, event: str, **fields: Any) -> None:
        self._equipment.report.step(now_ms, "", event, **fields)
