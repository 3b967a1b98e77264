"""Provisional responses that are acknowledged (RFC 3262): ours, when the caller requires it, and theirs."""

from parley.call.call_actions import early_dialog, the_invite
from parley.call.reoffer import receive_reoffer
from parley.call.timers import T1_MS, TIMEOUT_MS
from parley.call.transaction import nobody
from parley.wire.errors import LocalError, RemoteError
from parley.wire.session_expires import parse_rack, parse_rseq

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parley.call.call import Call
    from parley.call.transaction import Transaction
    from parley.wire.sip import Request, Response

MOST_HELD = 4  # further 1xx while one waits for its PRACK


def is_required(request: "Request") -> bool:
    """Tell whether this INVITE wants every 1xx acknowledged."""
    return "100rel" in [tag.strip().lower() for tag in request.get_all("Require")]


class ReliableProgress:
    """The callee's side: one 1xx at a time waits for its PRACK (RFC 3262 3).

    waiting: that one, or None. accept: the 2xx that has to wait for the PRACK of an answer in a 1xx.
    """

    def __init__(self, call: "Call") -> None:
        self.waiting: "Response | None" = None
        self.accept: "Response | None" = None
        self._call = call
        self._held: "list[Response]" = []
        self._offered = bool(call.request.body)  # by them; the INVITE itself is let go of after its ACK
        self._invite_number = call.request.cseq()[0]
        self._number = 1 + int.from_bytes(call.core.random_bytes(3), "big")
        self._interval_ms = T1_MS

    def send(self, response: "Response", now_ms: int) -> None:
        """Send this 1xx, or keep it until the one before is acknowledged."""
        call = self._call
        if not (self._offered or response.body or call.early_answered):
            raise LocalError("the first reliable response carries the offer")  # RFC 3262 5
        if self.waiting is not None:
            self._held = self._held[1 - MOST_HELD :] + [response]
            return
        response.add("Require", "100rel")
        response.add("RSeq", str(self._number))
        call.step("send progress", response, now_ms)
        self.waiting = response
        self._interval_ms = T1_MS
        call.timers.start("1xx", T1_MS, now_ms)
        call.timers.start("no prack", TIMEOUT_MS, now_ms)

    def resend(self, now_ms: int) -> None:
        """Send the 1xx again: its PRACK has not come."""
        if self.waiting is not None:
            self._interval_ms *= 2
            self._call.timers.start("1xx", self._interval_ms, now_ms)
            self._call.core.count("retransmitted")
            self._call.core.layer.respond(the_invite(self._call), self.waiting, now_ms)

    def acknowledged(self, request: "Request", now_ms: int) -> "Response":
        """Take a PRACK; returns the 1xx it is for. Raises RemoteError: 481 for none, 400 malformed."""
        number, invite_number, method = parse_rack(request.required("RAck"))
        waiting = self.waiting
        wanted = (self._number, self._invite_number, "INVITE")
        if waiting is None or (number, invite_number, method) != wanted:
            raise RemoteError(481, "")
        self.waiting = None
        self._number += 1
        self.stop()
        return waiting

    def stop(self) -> None:
        """Repeat nothing any more: acknowledged, or the final response has gone out."""
        self._call.timers.stop("1xx")
        self._call.timers.stop("no prack")

    def go_on(self, now_ms: int) -> None:
        """Send what had to wait for the PRACK: the 2xx before any further 1xx."""
        accept, self.accept = self.accept, None
        if accept is not None:
            self._held = []
            self._call.step("send accept", accept, now_ms)
        elif self._held and self._call.phase == "incoming":
            self.send(self._held.pop(0), now_ms)


def receive_prack(call: "Call", transaction: "Transaction", now_ms: int) -> None:
    """Take a PRACK inside a call of theirs. Raises RemoteError: 400, 481, 491, 500."""
    reliable = call.reliable
    if reliable is None:
        raise RemoteError(481, "")
    request = transaction.request
    response = reliable.acknowledged(request, now_ms)
    try:
        _take_prack(call, transaction, response, now_ms)
    finally:
        reliable.go_on(now_ms)


def _take_prack(call: "Call", transaction: "Transaction", response: "Response", now_ms: int) -> None:
    request = transaction.request
    if response.body:
        call.early_answered = True
    if not request.body:
        call.core.respond(transaction, 200, now_ms)
    elif response.body and not call.offer:  # the answer to our offer
        call.answer = request.body
        call.core.respond(transaction, 200, now_ms)
        call.core.tell("renegotiated", call, request)
    elif call.early_answered and call.phase == "incoming":
        receive_reoffer(call, transaction, now_ms)  # RFC 3262 5: a further offer
    else:
        call.core.respond(transaction, 488, now_ms)


def take_progress(call: "Call", response: "Response", now_ms: int) -> bool:
    """Acknowledge a reliable 1xx of theirs (RFC 3262 4); False for one to be ignored: repeated, out of order."""
    tags = [tag.strip().lower() for tag in response.get_all("Require")]
    if response.status == 100 or "100rel" not in tags or not call.request.body:
        return True
    try:
        number = parse_rseq(response.required("RSeq"))
        dialog = early_dialog(call, response)
    except RemoteError:
        call.core.count("bad reliable response")
        return False
    last = dialog.reliable_seq
    if last is not None and number != last + 1:
        call.core.count("repeated 1xx")
        return False
    dialog.reliable_seq = number
    prack = dialog.request("PRACK")
    prack.add("RAck", f"{number} {response.cseq()[0]} INVITE")
    call.core.layer.start_client(prack, dialog.next_hop(), nobody, now_ms)
    if response.body and not call.early_answered:
        call.early_answered = True
        call.answer = response.body
    return True
