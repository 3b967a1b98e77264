"""Session timers (RFC 4028): agreed on when both sides list `timer`, refreshed by one, ended by both."""

from parley.call.change import is_free, refresh
from parley.call.session_table import SESSION, SESSION_IGNORED
from parley.call.session_terms import MIN_SE_S, lists_timer
from parley.wire.errors import LocalError, RemoteError
from parley.wire.session_expires import parse_min_se, parse_session_expires

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parley.call.call import Call
    from parley.call.requests import HeaderList
    from parley.wire.sip import Request, Response

RETRY_MS = 5000  # after a refresh that met another request
LAST_MOMENT_S = 32  # RFC 4028 10: who watches hangs up that long before the end, or a third of the interval


class SessionTimer:
    """One call's session timer. interval_s: what was agreed last, or is asked for; min_se_s: what 422 taught us."""

    def __init__(self, call: "Call") -> None:
        self.state = "off"
        self.interval_s = call.core.session_expires_s
        self.min_se_s = 0
        self._call = call

    def step(self, event: str, now_ms: int) -> None:
        """Take one event through the table. Raises LocalError for one that cannot be."""
        row = SESSION.get((self.state, event))
        if row is None:
            if (self.state, event) not in SESSION_IGNORED:
                raise LocalError(f"session timer: no {event} in state {self.state}")
            return
        self.state, actions = row
        for action in actions:
            self._act(action, now_ms)

    def _act(self, action: str, now_ms: int) -> None:
        call, interval_ms = self._call, self.interval_s * 1000
        if action == "start refresh":
            call.timers.start("refresh", interval_ms // 2, now_ms)
        elif action == "start retry":
            call.timers.start("refresh", RETRY_MS, now_ms)
        elif action == "stop refresh":
            call.timers.stop("refresh")
        elif action == "start expiry":
            early_ms = min(LAST_MOMENT_S * 1000, interval_ms // 3)
            call.timers.start("expiry", interval_ms - early_ms, now_ms)
        elif action == "stop expiry":
            call.timers.stop("expiry")
        elif action == "ask":
            if is_free(call):
                refresh(call, now_ms)
            else:
                self.step("later", now_ms)
        else:  # "hang up"
            call.cause = call.cause or "session expired"
            call.bye_headers = [("Reason", 'SIP;cause=408;text="Session expired"')]  # RFC 3326
            call.step("hangup", None, now_ms)

    # -- as the one who asks (RFC 4028 7)

    def request_headers(self) -> "HeaderList":
        """Return what an INVITE, re-INVITE or UPDATE of ours says of the timer."""
        if not self.interval_s:
            return ()
        refresher = {"refreshing": ";refresher=uac", "asking": ";refresher=uac", "watching": ";refresher=uas"}
        headers = [("Session-Expires", f"{self.interval_s}{refresher.get(self.state, '')}")]
        if self.min_se_s:
            headers.append(("Min-SE", str(self.min_se_s)))
        return headers

    def concluded(self, response: "Response", now_ms: int) -> None:
        """Take the 2xx of such a request: without a Session-Expires there is no timer (RFC 4028 7.2)."""
        value = response.get("Session-Expires")
        if value is None or not self.interval_s:
            self.step("none", now_ms)
            return
        try:
            interval_s, refresher = parse_session_expires(value)
        except RemoteError:
            self._call.core.count("bad session expires")
            self.step("none", now_ms)
            return
        self.interval_s = max(interval_s, MIN_SE_S)
        self.step("theirs" if refresher == "uas" else "ours", now_ms)

    def raise_interval(self, response: "Response") -> bool:
        """Take a 422: ask for what it says at least (RFC 4028 7.3). False when that would change nothing."""
        try:
            min_se_s = parse_min_se(response.required("Min-SE"))
        except RemoteError:
            return False
        if min_se_s <= self.min_se_s or not self.interval_s:
            return False
        self.min_se_s = min_se_s
        self.interval_s = max(self.interval_s, min_se_s)
        return True

    # -- as the one who is asked (RFC 4028 9)

    def answer_headers(self, request: "Request", now_ms: int) -> "HeaderList":
        """Agree on a timer in our 2xx to this request; return what the 2xx says of it."""
        ours_s = self._call.core.session_expires_s
        if not ours_s or not lists_timer(request):
            self.step("none", now_ms)
            return ()
        value = request.get("Session-Expires")
        theirs_s, refresher = parse_session_expires(value) if value is not None else (ours_s, "")
        least = request.get("Min-SE")
        least_s = max(MIN_SE_S, parse_min_se(least) if least is not None else 0)
        self.interval_s = max(min(theirs_s, ours_s), least_s)
        refresher = refresher or "uac"
        self.step("ours" if refresher == "uas" else "theirs", now_ms)
        headers = [("Session-Expires", f"{self.interval_s};refresher={refresher}")]
        if refresher == "uac":
            headers.append(("Require", "timer"))  # RFC 4028 9
        return headers
