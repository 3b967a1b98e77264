"""The actions of the call table: what a call sends, starts and tells."""

from parley.call.dialog import allows_update, confirm, contact_of, dialog_of_request, dialog_of_sent
from parley.call.requests import add_all, cancel_of
from parley.call.session_timer import concluded, request_headers
from parley.call.timers import RINGING_LIMIT_MS, TIMEOUT_MS
from parley.call.transaction import nobody
from parley.wire.errors import LocalError, RemoteError
from parley.wire.sip import Request, Response, response_to

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

    from parley.call.call import Call
    from parley.call.dialog import Dialog
    from parley.call.transaction import Address, Transaction

    Message = Request | Response
    Action = Callable[["Call", Message | None, int], None]


MOST_FORKS = 8  # early dialogs of one INVITE


def the_dialog(call: "Call") -> "Dialog":
    """Return the call's dialog. Raises LocalError before there is one."""
    if call.dialog is None:
        raise LocalError("no dialog yet")
    return call.dialog


def the_invite(call: "Call") -> "Transaction":
    """Return the transaction of the call's first INVITE."""
    if call.invite is None:
        raise LocalError("no INVITE yet")
    return call.invite


def note_contact(call: "Call", message: "Message") -> None:
    """Keep what the peer says of itself in Contact: its URI and isfocus (RFC 3840, RFC 4579)."""
    contact = contact_of(message)
    if contact is not None:
        call.remote_contact = contact.uri_text
        # Some put the parameter inside the brackets.
        call.is_focus = contact.param("isfocus") is not None or contact.uri.param("isfocus") is not None


def open_dialog(call: "Call", message: "Message | None", now_ms: int) -> None:
    """Create or complete the dialog: of a response to us, or of our response to their INVITE (12.1)."""
    if call.role == "uas":
        if call.dialog is None:
            call.dialog = dialog_of_request(call.request, call.local_tag, call.peer)
            _register(call)
        return
    if not isinstance(message, Response):
        return
    dialog = early_dialog(call, message)
    if call.dialog is not dialog:
        call.dialog = dialog
        _register(call)
    try:
        note_contact(call, message)
        if message.get("Allow") is not None:
            call.peer_updates = allows_update(message)
    except RemoteError:
        call.core.count("bad contact")


def early_dialog(call: "Call", response: Response) -> "Dialog":
    """Return the dialog that this response to our INVITE belongs to: one for each fork (RFC 3261 13.2.2.4)."""
    tag = response.to_tag() or ""
    early = call.early if call.early is not None else {}
    dialog = early.get(tag)
    if dialog is None:
        dialog = dialog_of_sent(call.request)
        dialog.call = call
        if len(early) >= MOST_FORKS:  # the loser of a long race; a 2xx still finds its own
            early.pop(next(iter([key for key in early if early[key] is not call.dialog])))
        early[tag] = dialog
    try:
        confirm(dialog, response)
    except RemoteError:
        call.core.count("bad contact")  # the INVITE's own URI stays the target
    return dialog


def _register(call: "Call") -> None:
    dialog = the_dialog(call)
    dialog.call = call
    call.core.register_dialog(dialog)


def acknowledge(call: "Call", message: "Message | None", now_ms: int) -> None:
    """Send the ACK of a 2xx: a request of its own, outside the transaction (RFC 3261 13.2.2.4)."""
    call.timers.stop("expire")
    if isinstance(message, Response):
        if message.body or not call.early_answered:
            call.answer = message.body
        call.ack, call.ack_peer = ack_of_success(call, the_dialog(call), message)
        call.core.layer.transmit(call.ack, call.ack_peer)
        if call.phase == "established":
            concluded(call, message, now_ms)


def ack_of_success(call: "Call", dialog: "Dialog", response: Response) -> "tuple[bytes, Address]":
    """Return the ACK of a 2xx (RFC 3261 13.2.2.4) and where it goes."""
    ack = dialog.request("ACK", response.cseq()[0])
    peer = dialog.next_hop()
    ack.insert_first("Via", call.core.layer.new_via(peer))
    return ack.to_bytes(), peer


def send_bye(call: "Call", message: "Message | None", now_ms: int) -> None:
    """Send the BYE (RFC 3261 15.1.1)."""
    dialog = the_dialog(call)
    bye = dialog.request("BYE")
    bye.add("User-Agent", call.core.user_agent)
    add_all(bye, call.bye_headers)
    call.timers.stop_all()

    def told(transaction: "Transaction", event: str, message: "Message | None", now_ms: int) -> None:
        if event != "1xx":  # 200, 481, timeout: over in any case (RFC 3261 15.1.1)
            call.step("bye done", message, now_ms)

    call.core.layer.start_client(bye, dialog.next_hop(), told, now_ms)


def invite_again(call: "Call", message: "Message | None", now_ms: int) -> None:
    """Send the INVITE again as its refusal asks: with credentials, or for a longer session.

    Same dialog-to-be, higher CSeq (RFC 3261 8.1.3.5, RFC 4028 7.3).
    """
    core, before = call.core, call.request
    if call.dialog is not None:
        call.dialog.call = None
        core.release_dialog(call.dialog)
    call.dialog = None
    call.early = {}
    call.early_answered = False
    call.timers.stop_all()
    changed = ("Via", "CSeq", "Session-Expires", "Min-SE", "Authorization", "Proxy-Authorization")
    kept = [pair for pair in before.headers if pair[0] not in changed]
    request = Request("INVITE", before.uri, kept, before.body)
    request.add("CSeq", f"{before.cseq()[0] + 1} INVITE")
    add_all(request, request_headers(call))
    if call.credentials is not None:
        call.credentials.sign(request, core.token())
    call.request = request
    call.invite = core.layer.start_client(request, call.peer, call.told or nobody, now_ms)


def send_cancel(call: "Call", message: "Message | None", now_ms: int) -> None:
    """Send the CANCEL (RFC 3261 9.1); what becomes of it shows in the INVITE's own transaction."""
    call.timers.start("expire", TIMEOUT_MS, now_ms)
    call.core.layer.start_client(cancel_of(call.request), the_invite(call).peer, nobody, now_ms)


def drop_invite(call: "Call", message: "Message | None", now_ms: int) -> None:
    """Destroy the INVITE's transaction (RFC 3261 9.1)."""
    the_invite(call).terminate()


def limit_ringing(call: "Call", message: "Message | None", now_ms: int) -> None:
    """Start the three minutes of patience, again with each 1xx (RFC 3261 16.7 step 2)."""
    call.timers.start("expire", RINGING_LIMIT_MS, now_ms)


def respond(call: "Call", message: "Message | None", now_ms: int) -> None:
    """Send our response to the INVITE."""
    if isinstance(message, Response):
        call.core.layer.respond(the_invite(call), message, now_ms)


def _respond_with(status: int) -> "Action":
    def action(call: "Call", message: "Message | None", now_ms: int) -> None:
        response = response_to(call.request, status, to_tag=call.local_tag)
        call.core.layer.respond(the_invite(call), response, now_ms)

    return action


def await_ack(call: "Call", message: "Message | None", now_ms: int) -> None:
    """Wait for the ACK of our 2xx."""
    if isinstance(message, Response):
        call.expect_ack(the_invite(call), message, now_ms)


def _tell(kind: str) -> "Action":
    def action(call: "Call", message: "Message | None", now_ms: int) -> None:
        over = kind in ("ended", "rejected")
        call.core.tell(kind, call, message, call.cause if over else "")

    return action


ACTIONS: "dict[str, Action]" = {
    "open dialog": open_dialog,
    "acknowledge": acknowledge,
    "send bye": send_bye,
    "invite again": invite_again,
    "send cancel": send_cancel,
    "drop invite": drop_invite,
    "limit ringing": limit_ringing,
    "respond": respond,
    "respond 487": _respond_with(487),
    "respond 480": _respond_with(480),
    "respond 504": _respond_with(504),
    "await ack": await_ack,
    "tell progress": _tell("progress"),
    "tell answered": _tell("answered"),
    "tell redirected": _tell("redirected"),
    "tell rejected": _tell("rejected"),
    "tell established": _tell("established"),
    "tell ended": _tell("ended"),
}
