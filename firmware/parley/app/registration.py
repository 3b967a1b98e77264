"""The board's registration with the server, which is its lease, heartbeat and clock at once. Pure: time is an
argument.

States: "new", "asking" (a REGISTER is on its way), "registered", "resting" (before another try). At most one
REGISTER is under way (RFC 3261 10.2.4); the transaction layer repeats it while the server is silent, so
"failed" comes late.
"""

from parley.app.clock import parse_date
from parley.wire.errors import RemoteError
from parley.wire.grammar import parse_decimal

COALESCE_MS = 200  # changes closer together than this share one refresh
BACK_OFF_FIRST_MS = 1000
BACK_OFF_LAST_MS = 10000

# (state, event) -> (new state, action)
REGISTRATION = {
    ("new", "due"): ("asking", "ask"),
    ("registered", "due"): ("asking", "ask"),
    ("resting", "due"): ("asking", "ask"),
    ("asking", "accepted"): ("registered", "keep"),
    ("asking", "failed"): ("resting", "back off"),
    ("asking", "changed"): ("asking", "remember"),
    ("registered", "changed"): ("registered", "hurry"),
}
REGISTRATION_IGNORED = [
    ("asking", "due"),  # the transaction's own timers decide when it has failed
    ("new", "changed"), ("resting", "changed"),  # the next REGISTER is written when it is sent
    ("new", "accepted"), ("new", "failed"),
    ("registered", "accepted"), ("registered", "failed"),
    ("resting", "accepted"), ("resting", "failed"),  # an answer nobody waits for
]  # fmt: skip


class Registration:
    """ask(now_ms) sends a REGISTER; its final response, or None, comes back through `response`.

    clock: parley.app.clock.Clock, set from the Date of each 200. expires_s: the lease we ask for.
    """

    def __init__(self, ask, clock, log, expires_s):
        self.state = "new"
        self.valid_until_ms = 0
        self._ask = ask
        self._clock = clock
        self._log = log
        self._expires_s = expires_s
        self._due_ms = 0
        self._asked_ms = 0
        self._changed = False
        self._rest_ms = BACK_OFF_FIRST_MS
        self._granted_ms = 0

    def registered(self, now_ms):
        """The lease holds, whatever is under way."""
        return now_ms < self.valid_until_ms

    def next_deadline(self):
        """When to call tick; None while an answer is awaited."""
        return None if self.state == "asking" else self._due_ms

    def tick(self, now_ms):
        """Sends what is due."""
        if self.state != "asking" and now_ms >= self._due_ms:
            self._event("due", now_ms)

    def changed(self, now_ms):
        """What the server should know has changed: a refresh follows soon."""
        self._event("changed", now_ms)

    def response(self, response, now_ms):
        """The end of the REGISTER under way: its final response (status >= 200), or None when none came."""
        if response is not None and 200 <= response.status < 300:
            self._granted_ms = 1000 * _granted_s(response, self._expires_s)
            self._set_clock(response)
            self._event("accepted", now_ms)
        else:
            self._log.warning("registration", "no answer" if response is None else _line_of(response))
            self._event("failed", now_ms)

    def _event(self, event, now_ms):
        row = REGISTRATION.get((self.state, event))
        if row is None:
            return
        self.state = row[0]
        ACTIONS[row[1]](self, now_ms)

    def _do_ask(self, now_ms):
        self._changed = False
        self._asked_ms = now_ms
        self._ask(now_ms)

    def _do_keep(self, now_ms):
        if not self.registered(now_ms):
            self._log.info("registration", "registered for %d s" % (self._granted_ms // 1000))
        self._rest_ms = BACK_OFF_FIRST_MS
        self.valid_until_ms = self._asked_ms + self._granted_ms
        self._due_ms = self._asked_ms + self._granted_ms // 3
        if self._changed:
            self._do_hurry(now_ms)

    def _do_hurry(self, now_ms):
        self._due_ms = min(self._due_ms, max(now_ms, self._asked_ms + COALESCE_MS))

    def _do_remember(self, now_ms):
        self._changed = True

    def _do_back_off(self, now_ms):
        self._due_ms = now_ms + self._rest_ms
        self._rest_ms = min(2 * self._rest_ms, BACK_OFF_LAST_MS)

    def _set_clock(self, response):
        date = response.get("Date")
        if date is None:
            self._log.warning("registration", "no Date: time stays unknown")
            return
        try:
            heard = response.get("Boot-Heard")
            heard_s = 0 if heard is None else parse_decimal(heard.strip(), 0xFFFFFFFF, "Boot-Heard")
            self._clock.set_unix_s(parse_date(date), heard_s)
        except RemoteError as error:
            self._log.warning("registration", error.reason)


ACTIONS = {
    "ask": Registration._do_ask,
    "keep": Registration._do_keep,
    "hurry": Registration._do_hurry,
    "remember": Registration._do_remember,
    "back off": Registration._do_back_off,
}


def _granted_s(response, asked_s):
    """Seconds granted: our Contact's expires, else Expires, else what we asked (RFC 3261 10.2.4)."""
    for contact in response.get_all("Contact"):
        for parameter in contact.split(";"):
            name, _equals, value = parameter.partition("=")
            if name.strip().lower() == "expires" and value.strip().isdigit():
                return min(asked_s, max(1, int(value)))
    expires = (response.get("Expires") or "").strip()
    return min(asked_s, max(1, int(expires))) if expires.isdigit() else asked_s


def _line_of(response):
    return "%d %s" % (response.status, response.reason)
