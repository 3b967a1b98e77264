"""Session timers (RFC 4028): agreed on when both sides list `timer`, refreshed by one, ended by both."""

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
            call.refresh(now_ms)
        else:  # "hang up"
            call.cause = call.cause or "session expired"
            call.bye_headers = [("Reason", 'SIP;cause=408;text="Session expired"')]  # RFC 3326
            call.step("hangup", None, now_ms)


def session_of(call: "Call") -> SessionTimer:
    """Return the call's session timer, made when it is first needed."""
    if call.session is None:
        call.session = SessionTimer(call)
    return call.session


# -- as the one who asks (RFC 4028 7)


def request_headers(call: "Call") -> "HeaderList":
    """Return what an INVITE, re-INVITE or UPDATE of ours says of the timer."""
    if not call.core.session_expires_s:
        return ()
    session = session_of(call)
    refresher = {"refreshing": ";refresher=uac", "asking": ";refresher=uac", "watching": ";refresher=uas"}
    headers = [("Session-Expires", f"{session.interval_s}{refresher.get(session.state, '')}")]
    if session.min_se_s:
        headers.append(("Min-SE", str(session.min_se_s)))
    return headers


def concluded(call: "Call", response: "Response", now_ms: int) -> None:
    """Take the 2xx of such a request: without a Session-Expires there is no timer (RFC 4028 7.2)."""
    session = call.session
    if session is None:
        return
    value = response.get("Session-Expires")
    if value is None:
        session.step("none", now_ms)
        return
    try:
        interval_s, refresher = parse_session_expires(value)
    except RemoteError:
        call.core.count("bad session expires")
        session.step("none", now_ms)
        return
    session.interval_s = max(interval_s, MIN_SE_S)
    session.step("theirs" if refresher == "uas" else "ours", now_ms)


def raise_interval(call: "Call", response: "Response") -> bool:
    """Take a 422: ask for what it says at least (RFC 4028 7.3). False when that would change nothing."""
    session = call.session
    try:
        min_se_s = parse_min_se(response.required("Min-SE"))
    except RemoteError:
        return False
    if session is None or min_se_s <= session.min_se_s:
        return False
    session.min_se_s = min_se_s
    session.interval_s = max(session.interval_s, min_se_s)
    return True


# -- as the one who is asked (RFC 4028 9)


def answer_headers(call: "Call", request: "Request", now_ms: int) -> "HeaderList":
    """Agree on a timer in our 2xx to this request; return what the 2xx says of it."""
    ours_s = call.core.session_expires_s
    if not ours_s or not lists_timer(request):
        if call.session is not None:
            call.session.step("none", now_ms)
        return ()
    session = session_of(call)
    value = request.get("Session-Expires")
    theirs_s, refresher = parse_session_expires(value) if value is not None else (ours_s, "")
    least = request.get("Min-SE")
    least_s = max(MIN_SE_S, parse_min_se(least) if least is not None else 0)
    session.interval_s = max(min(theirs_s, ours_s), least_s)
    refresher = refresher or "uac"
    session.step("ours" if refresher == "uas" else "theirs", now_ms)
    headers = [("Session-Expires", f"{session.interval_s};refresher={refresher}")]
    if refresher == "uac":
        headers.append(("Require", "timer"))  # RFC 4028 9
    return headers
