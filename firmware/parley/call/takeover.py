"""An INVITE that names another dialog of ours: Replaces (RFC 3891) and Join (RFC 3911)."""

from parley.wire.dialog_id import DialogId, parse_dialog_id
from parley.wire.errors import RemoteError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parley.call.call import Call
    from parley.call.core import Core
    from parley.wire.sip import Request

# header field -> its option tag; one that the application does not support is a header like any other
NAMING = (("Replaces", "replaces"), ("Join", "join"))


def find_named(core: "Core", invite: "Request") -> "tuple[Call | None, Call | None]":
    """Return the calls that this INVITE is to replace and to join, None for each it does not name.

    Raises RemoteError: 400 malformed or contradictory, 481 no such call, 486 answered already, 603 over.
    """
    found: "list[Call | None]" = []
    for header, option in NAMING:
        values = invite.get_all(header) if option in core.supported_tags else []
        if len(values) > 1:
            raise RemoteError(400, "More than one " + header)  # RFC 3891 3
        found.append(_named(core, parse_dialog_id(values[0])) if values else None)
    if found[0] is not None and found[1] is not None:
        raise RemoteError(400, "Replaces and Join")  # RFC 3911 4: contradictory
    return found[0], found[1]


def check_no_naming(core: "Core", request: "Request") -> None:
    """Raise RemoteError(400) when a request other than INVITE names another dialog (RFC 3891 3)."""
    for header, option in NAMING:
        if option in core.supported_tags and request.get(header) is not None:
            raise RemoteError(400, header + " belongs to INVITE")


def _named(core: "Core", name: DialogId) -> "Call":
    dialog = core.dialogs.get((name.call_id, name.to_tag))
    if dialog is None or not dialog.matches(name.from_tag) or dialog.remote_tag is None:
        raise RemoteError(481, "")
    call = dialog.call
    if call is None:  # of a REFER: not made by an INVITE
        raise RemoteError(481, "")
    if call.state in ("ending", "ended"):
        raise RemoteError(603, "")
    if call.state in ("established", "answered"):
        if name.early_only:
            raise RemoteError(486, "")
    elif call.role == "uas":  # RFC 3891 3: only an early dialog that we began
        raise RemoteError(481, "")
    return call


def name_of(call: "Call") -> str:
    """Return the name of this call's dialog for the peer to read, '' before there is a dialog."""
    dialog = call.dialog
    if dialog is None:
        return ""
    return str(DialogId(dialog.call_id, dialog.remote_tag or "", dialog.local_tag))


def hang_up_replaced(call: "Call", now_ms: int) -> None:
    """End the call that this one takes the place of (RFC 3891 4): CANCEL or BYE, as its state asks."""
    replaced = call.replaces
    if replaced is not None and replaced.state != "ended":
        replaced.cause = replaced.cause or "replaced"
        replaced.step("hangup", None, now_ms)
