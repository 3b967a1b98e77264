"""A call: one INVITE and all that follows from it, on one side."""

from parley.call.call_actions import ACTIONS
from parley.call.call_table import CALL, CALL_IGNORED, PUBLIC_STATES
from parley.call.change import is_free, refresh, retry_after_glare
from parley.call.dialog import allows_update
from parley.call.reoffer import abandon_reoffer
from parley.call.session_timer import session_of
from parley.call.takeover import name_of
from parley.call.timers import T1_MS, T2_MS, TIMEOUT_MS, Timers
from parley.call.transaction import NO_REQUEST, nobody
from parley.wire.errors import LocalError
from parley.wire.uri import parse_name_addr

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parley.call.challenge import Credentials
    from parley.call.change import Change
    from parley.call.core import Core
    from parley.call.dialog import Dialog
    from parley.call.reliable import ReliableProgress
    from parley.call.session_timer import SessionTimer
    from parley.call.transaction import Address, Tell, Transaction
    from parley.wire.sip import Request, Response

    Message = Request | Response

# What set the call on its way out, by event: the text of "ended".
CAUSES = {
    "bye": "bye",
    "cancel": "cancel",
    "hangup": "hangup",
    "no ack": "no ack",
    "expire": "no answer",
    "no prack": "no prack",
    "send refuse": "rejected",
}


class Accept:
    """A 2xx to an INVITE that waits for its ACK (RFC 3261 13.3.1.4)."""

    def __init__(self, transaction: "Transaction", response: "Response", offered_by_us: bool) -> None:
        self.transaction = transaction
        self.response = response
        self.number = response.cseq()[0]
        self.offered_by_us = offered_by_us
        self.interval_ms = T1_MS


class Call:
    """One call.

    id: unique in its endpoint. role: "uac" or "uas". state: "calling", "proceeding", "early", "incoming",
    "answered", "established", "ending" or "ended"; phase: the same in the table's finer terms. request: the
    INVITE; of a callee NO_REQUEST once the ACK has come. peer: where it went or came from. offer: the remote
    SDP offer, b"" when the offer was ours;
    answer: the SDP that answered. remote_contact: URI or ''; is_focus: their Contact says isfocus (RFC 4579
    4). replaces, joins: the call of ours that an incoming one is to take the place of (RFC 3891) or to be
    mixed with (RFC 3911), or None. user_data is the application's.
    """

    # What few calls have stands on the class, so that the others hold nothing of it.
    replaces: "Call | None" = None
    joins: "Call | None" = None
    told: "Tell | None" = None  # hears of our INVITE
    early: "dict[str, Dialog] | None" = None  # by their tag: one for each fork of our INVITE
    early_answered = False  # offer and answer were exchanged in reliable 1xx (RFC 3262 5)
    reliable: "ReliableProgress | None" = None  # of an INVITE that requires 100rel
    credentials: "Credentials | None" = None  # for a 401 or 407 to our INVITE
    change_again: "Change | None" = None  # of ours, kept for a second try after glare
    reoffer_gone = False  # theirs ended before answer_reoffer came
    peer_updates = False  # they take UPDATE
    session: "SessionTimer | None" = None  # where one is asked for or agreed on

    def __init__(self, core: "Core", role: str, request: "Request", peer: "Address", number: int) -> None:
        self.core = core
        self.id = number
        self.role = role
        self.phase = "calling" if role == "uac" else "incoming"
        self.request = request
        self.peer = peer
        self.call_id = request.call_id()
        sender = parse_name_addr(request.required("From"))
        receiver = parse_name_addr(request.required("To"))
        local, remote = (sender, receiver) if role == "uac" else (receiver, sender)
        self.local_uri = local.uri_text
        self.remote_uri = remote.uri_text
        self.local_tag = (local.tag or "") if role == "uac" else core.token()
        self.contact = core.contact_at(peer, request.uri)
        self.remote_contact = ""
        self.is_focus = False
        self.offer = request.body if role == "uas" else b""
        self.answer = b""
        self.user_data: object = None
        self.dialog: "Dialog | None" = None
        self.invite: "Transaction | None" = None
        self.ack = b""  # the last ACK of a 2xx, and where it went
        self.ack_peer = peer
        self.accept: Accept | None = None
        self.reoffer_in: "Transaction | None" = None  # theirs, waiting for answer_reoffer
        self.reoffer_out: "Transaction | None" = None  # ours, waiting for its final response
        self.bye_headers: "list[tuple[str, str]]" = []
        self.cause = ""
        self.local_sdp = request.body if role == "uac" else b""  # ours, last agreed on
        if role == "uac":
            self.early = {}
        elif allows_update(request):
            self.peer_updates = True
        self.timers = Timers(core.timers, self)

    def __repr__(self) -> str:
        return f"<Call {self.id} {self.role} {self.phase} {self.remote_uri}>"

    @property
    def dialog_name(self) -> str:
        """This call as the peer has to name it in Replaces or Join; '' before there is a dialog."""
        return name_of(self)

    @property
    def state(self) -> str:
        """The state in the application's terms."""
        return PUBLIC_STATES.get(self.phase, self.phase)

    def step(self, event: str, message: "Message | None", now_ms: int, text: str = "") -> bool:
        """Take one event through the table; returns False if it is one of the ignored.

        text: why, for "lost". Raises LocalError, and changes nothing, for what the application may not do
        now.
        """
        row = CALL.get((self.phase, event))
        if row is None:
            if (self.phase, event) not in CALL_IGNORED:
                raise LocalError(f"call: no {event} in state {self.phase}")
            self.core.count(f"call ignored {event}")
            return False
        if not self.cause:
            self.cause = CAUSES.get(event, text)
        self.phase, actions = row
        for action in actions:
            ACTIONS[action](self, message, now_ms)
        if self.phase == "ended":
            self._finish(now_ms)
        return True

    def on_timer(self, name: str, now_ms: int) -> None:
        """Timer `name` fired."""
        if name == "2xx":
            self._resend_accept(now_ms)
        elif name == "1xx" and self.reliable is not None:
            self.reliable.resend(now_ms)
        elif name == "glare":
            retry_after_glare(self, now_ms)
        elif name == "reoffer":
            abandon_reoffer(self, 500, now_ms)
        elif name in ("refresh", "expiry"):
            session_of(self).step("timer " + name, now_ms)
        else:  # "expire", "no ack", "no prack"
            self.step(name, None, now_ms)

    def refresh(self, now_ms: int) -> None:
        """Show the peer that we are there (RFC 4028 10), or later when another request is under way."""
        if is_free(self):
            refresh(self, now_ms)
        else:
            session_of(self).step("later", now_ms)

    def expect_ack(self, transaction: "Transaction", response: "Response", now_ms: int) -> None:
        """Send this 2xx again and again until its ACK comes or 64*T1 are over (RFC 3261 13.3.1.4)."""
        self.accept = Accept(transaction, response, offered_by_us=not self.offer)
        self.timers.stop("expire")
        if self.reliable is not None:
            self.reliable.stop()
        self.timers.start("2xx", T1_MS, now_ms)
        self.timers.start("no ack", TIMEOUT_MS, now_ms)

    def stop_accept(self) -> None:
        """The ACK has come."""
        self.accept = None
        if self.role == "uas":  # the dialog has what is needed of it; memory is short on a board
            self.request = NO_REQUEST
        self.timers.stop("2xx")
        self.timers.stop("no ack")

    def _resend_accept(self, now_ms: int) -> None:
        accept = self.accept
        if accept is not None:
            accept.interval_ms = min(2 * accept.interval_ms, T2_MS)
            self.timers.start("2xx", accept.interval_ms, now_ms)
            self.core.count("retransmitted")
            self.core.layer.respond(accept.transaction, accept.response, now_ms)

    def _finish(self, now_ms: int) -> None:
        self.accept = None
        abandon_reoffer(self, 487, now_ms)  # RFC 3261 15.1.2
        if self.role == "uas" and self.invite is not None:
            self.invite.tell = nobody  # it lingers for timer L; an ACK it may still hear is of no use
        self.core.calls.pop(self.id, None)
        self.core.release_dialog(self.dialog)
        self.timers.end()
        self.session = None
