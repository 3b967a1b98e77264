"""Watching the conference we are in: who comes, who goes, who holds (RFC 4575). Sans-I/O."""

from collections.abc import Callable
from typing import Any

from parley.call.event_subscription import EventSubscription
from parley.call.events import Event
from parley.wire.errors import RemoteError
from parleyue.equipment import Equipment, Hop
from parleyue.facts import body_of
from parleyue.redirect import callable_uri
from parleyue.roster import ACCEPT, Change, Roster

EXPIRES_S = 3600


class ConferenceWatch:
    """One subscription to the conference package, refreshed by the endpoint until stop().

    came(uri) is called for everybody who is in, once for each time.
    """

    def __init__(self, equipment: Equipment, conference: str, came: Callable[[str], None]) -> None:
        self.roster = Roster()
        self.done = False
        self._equipment = equipment
        self._conference = conference
        self._came = came
        self._subscription: EventSubscription | None = None
        self._now_ms = 0
        self._stopped = False

    def owns(self, subject: object) -> bool:
        """Whether an event's subject is ours."""
        return subject is not None and subject is self._subscription

    def start(self, now_ms: int) -> None:
        """Subscribe as soon as the address is looked up."""
        self._now_ms = now_ms
        self._equipment.resolve(callable_uri(self._conference), self._looked_up)

    def stop(self, now_ms: int) -> None:
        """No more news; done once the focus has acknowledged that."""
        self._now_ms = now_ms
        self._stopped = True
        if self._subscription is None:
            self.done = True
        elif not self.done:
            self._equipment.endpoint.end_subscription(self._subscription, now_ms)

    def event(self, event: Event, now_ms: int) -> None:
        """Take an event whose subject is ours."""
        self._now_ms = now_ms
        if event.kind == "news":
            self._news(event)
        elif event.kind == "subscription_over":
            self.done = True
            if not self._stopped:
                self._note("no more news of who is in", cause=event.text)

    def _looked_up(self, address: Hop | None, now_ms: int) -> None:
        self._now_ms = now_ms
        if address is None or self._stopped:
            self.done = True
            return
        self._subscription = self._equipment.endpoint.subscribe(
            self._conference,
            "conference",
            now_ms,
            EXPIRES_S,
            peer=address,
            headers=[("Accept", ACCEPT)],
        )

    def _news(self, event: Event) -> None:
        try:
            changes = self.roster.take(body_of(event))
        except RemoteError as error:
            self._note("unreadable news of who is in", problem=error.reason)
            return
        for change in changes:
            self._tell(change)

    def _tell(self, change: Change) -> None:
        if change.came:
            self._note("is in", to=change.uri, inside=self._count())
            self._came(change.uri)
        elif change.left:
            self._note("has left", to=change.uri, inside=self._count())
        else:
            self._note(change.status or "is not called any more", to=change.uri)

    def _count(self) -> int:
        return len(self.roster.users)

    def _note(self, event: str, **fields: Any) -> None:
        self._equipment.report.step(self._now_ms, "", event, **fields)
