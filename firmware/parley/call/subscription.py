"""The implicit subscription that a REFER makes (RFC 3515 2.4.4, RFC 6665), and how its news are read."""

from parley.call.timers import REFER_LIMIT_MS, Timers
from parley.wire.errors import RemoteError
from parley.wire.grammar import parse_decimal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

    from parley.call.call import Call
    from parley.call.core import Core
    from parley.call.dialog import Dialog
    from parley.wire.sip import Request

SIPFRAG = "message/sipfrag"  # RFC 3420
_MAX_EXPIRES_S = 3600


class Subscription:
    """What follows a REFER.

    role: "subscriber" (we sent the REFER) or "notifier" (we obey one). refer_to: URI. call: whose dialog it
    is in, or None. state: "pending" (REFER not answered), "active" or "terminated". status: of the last
    sipfrag, before the first NOTIFY that of the REFER's own response, 0 before that. final: nothing more
    will be told. reason: of Subscription-State, or ''. request: the REFER. user_data is the application's.
    """

    package = "refer"

    def __init__(
        self,
        core: "Core",
        role: str,
        dialog: "Dialog",
        request: "Request",
        refer_to: str,
        call: "Call | None",
        on_timer: "Callable[[Subscription, str, int], None]",
    ) -> None:
        self.core = core
        self.role = role
        self.dialog = dialog
        self.request = request
        self.refer_to = refer_to
        self.call = call
        self.number = request.cseq()[0]  # the event id (RFC 3515 2.4.6)
        self.state = "pending"
        self.status = 0
        self.final = False
        self.reason = ""
        self.user_data: object = None
        self.notified = False  # a NOTIFY has come (subscriber)
        self.contact = ""  # our Contact (notifier)
        self.silent = False  # Refer-Sub: false, no NOTIFY is wanted (notifier, RFC 4488)
        self.with_id = False  # not the first REFER of its dialog (notifier)
        self.expires_ms = 0  # when the limit comes (notifier)
        self.in_flight = False  # a NOTIFY waits for its response (notifier)
        self.held: "tuple[int, str] | None" = None  # what is to be told next (notifier)
        self.timers = Timers(core.timers, self)
        self._on_timer = on_timer
        dialog.subscriptions.append(self)
        core.subscriptions.append(self)

    def __repr__(self) -> str:
        return f"<Subscription {self.role} {self.state} {self.status} {self.refer_to}>"

    def on_timer(self, name: str, now_ms: int) -> None:
        """Timer `name` fired."""
        self._on_timer(self, name, now_ms)

    def limit(self, now_ms: int) -> None:
        """Start the time after which nobody waits any more."""
        self.expires_ms = now_ms + REFER_LIMIT_MS
        self.timers.start("limit", REFER_LIMIT_MS, now_ms)

    def end(self) -> None:
        """Forget the subscription, and its dialog if that was its last usage."""
        self.state = "terminated"
        self.timers.stop_all()
        if self in self.dialog.subscriptions:
            self.dialog.subscriptions.remove(self)
            self.core.subscriptions.remove(self)
        self.core.release_dialog(self.dialog)


def parse_subscription_state(value: str) -> "tuple[str, str, int | None]":
    """Read a Subscription-State (RFC 6665 8.4): state in lower case, reason or '', expires [s] or None.

    Lenient: Linphone writes `terminated;reason=reason=noresource`.
    """
    pieces = value.split(";")
    reason = ""
    expires_s: int | None = None
    for piece in pieces[1:]:
        name, _, text = piece.partition("=")
        name = name.strip().lower()
        text = text.strip()
        if name == "reason":
            reason = text.split("=")[-1].strip().lower()
        elif name == "expires":
            try:
                expires_s = min(parse_decimal(text, 2**32 - 1), _MAX_EXPIRES_S)
            except RemoteError:
                expires_s = None
    return pieces[0].strip().lower(), reason, expires_s


def parse_sipfrag(body: bytes) -> int:
    """Return the status of a sipfrag's first line (RFC 3515 2.4.5), 0 when it shows none."""
    words = body.split(b"\n")[0].split()
    if len(words) < 2 or words[0].upper() != b"SIP/2.0" or len(words[1]) != 3:
        return 0
    try:
        status = int(words[1])
    except ValueError:
        return 0
    return status if 100 <= status < 700 else 0


def parse_event(value: str) -> "tuple[str, str]":
    """Read an Event value (RFC 6665 8.4): package in lower case and id or ''."""
    pieces = value.split(";")
    event_id = ""
    for piece in pieces[1:]:
        name, _, text = piece.partition("=")
        if name.strip().lower() == "id":
            event_id = text.strip()
    return pieces[0].strip().lower(), event_id
