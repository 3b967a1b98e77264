"""A subscription to an event package (RFC 6665), on one side; the REFER's own kind is in subscription.py."""

from parley.call.notifier_table import NOTIFIER, NOTIFIER_IGNORED
from parley.call.subscriber_table import SUBSCRIBER, SUBSCRIBER_IGNORED
from parley.call.timers import Timers
from parley.wire.errors import LocalError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

    from parley.call.call import Call
    from parley.call.core import Core
    from parley.call.dialog import Dialog
    from parley.call.requests import HeaderList
    from parley.wire.sip import Request, Response

    Message = Request | Response
    Action = Callable[["EventSubscription", Message | None, int], None]
    # document(subscription, full, limit_bytes) -> (body, whether it holds all that is to be told)
    Document = Callable[["EventSubscription", bool, int], tuple[bytes, bool]]

TABLES = {
    "notifier": (NOTIFIER, NOTIFIER_IGNORED, "new"),
    "subscriber": (SUBSCRIBER, SUBSCRIBER_IGNORED, "asking"),
}


class EventSubscription:
    """One subscription.

    role: "notifier" or "subscriber". package, event_id: of Event. call: whose dialog it is in, or None.
    request: the SUBSCRIBE that made it, of a notifier NO_REQUEST. state: as in the role's table. reason: why it is
    over, or ''. uri: of the other side. user_data is the application's.
    """

    def __init__(
        self,
        core: "Core",
        role: str,
        dialog: "Dialog",
        request: "Request",
        package: str,
        event_id: str,
        actions: "dict[str, Action]",
    ) -> None:
        self.core = core
        self.role = role
        self.dialog = dialog
        self.request = request
        self.package = package
        self.event_id = event_id
        self.call: "Call | None" = dialog.call
        self.state = TABLES[role][2]
        self.reason = ""
        self.expires_ms = 0  # when it ends unless it is refreshed
        self.user_data: object = None
        self.document: "Document | None" = None  # of the notifier
        self.contact = ""  # our Contact (notifier)
        self.full = True  # the next NOTIFY tells the whole state (notifier)
        self.more = False  # the last document did not hold all (notifier)
        self.asked_s = 0  # seconds that were asked for (subscriber)
        self.headers: "HeaderList" = ()  # of every SUBSCRIBE (subscriber)
        self.timers = Timers(core.timers, self)
        self._actions = actions
        dialog.subscriptions.append(self)
        core.subscriptions.append(self)

    def __repr__(self) -> str:
        return f"<EventSubscription {self.role} {self.package} {self.state} {self.uri}>"

    @property
    def uri(self) -> str:
        """The other side, as From and To have it."""
        return self.dialog.remote

    def step(self, event: str, message: "Message | None", now_ms: int) -> bool:
        """Take one event through the table; returns False if it is one of the ignored.

        Raises LocalError, and changes nothing, for an event that is impossible in this state.
        """
        table, ignored, _ = TABLES[self.role]
        row = table.get((self.state, event))
        if row is None:
            if (self.state, event) not in ignored:
                raise LocalError(f"{self.role}: no {event} in state {self.state}")
            self.core.count(f"{self.role} ignored {event}")
            return False
        self.state, actions = row
        for action in actions:
            self._actions[action](self, message, now_ms)
        return True

    def on_timer(self, name: str, now_ms: int) -> None:
        """Timer `name` fired; timers are named by the event they are."""
        if name == "expire" and not self.reason:
            self.reason = "timeout"
        self.step(name, None, now_ms)

    def forget(self) -> None:
        """End it, and its dialog if that was its last usage."""
        self.timers.stop_all()
        if self in self.dialog.subscriptions:
            self.dialog.subscriptions.remove(self)
            self.core.subscriptions.remove(self)
        self.core.release_dialog(self.dialog)


def find_subscription(dialog: "Dialog", role: str, package: str, event_id: str) -> "EventSubscription | None":
    """Return the dialog's subscription of this kind, None without one (RFC 6665 4.4.1)."""
    for subscription in dialog.subscriptions:
        if isinstance(subscription, EventSubscription):
            same = subscription.package == package and subscription.event_id == event_id
            if subscription.role == role and same:
                return subscription
    return None


def event_value(package: str, event_id: str) -> str:
    """Return the value of Event (RFC 6665 8.2.1)."""
    return f"{package};id={event_id}" if event_id else package
