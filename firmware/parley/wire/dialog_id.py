"""The name of a dialog as Replaces (RFC 3891 6.1) and Join (RFC 3911 7.1) write it."""

from parley.wire.address import derive
from parley.wire.auth import hex_of, hmac_sha256
from parley.wire.errors import RemoteError
from parley.wire.grammar import BLANKS, is_token, is_word, parse_params

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


class DialogId:
    """Which dialog is meant, in the eyes of the one who reads it.

    call_id; to_tag: the reader's own tag; from_tag: the other side's, '' for a peer of RFC 2543. early_only:
    not once the call is answered (Replaces alone).
    """

    def __init__(self, call_id: str, to_tag: str, from_tag: str, early_only: bool = False) -> None:
        self.call_id = call_id
        self.to_tag = to_tag
        self.from_tag = from_tag
        self.early_only = early_only

    def __str__(self) -> str:
        flag = ";early-only" if self.early_only else ""
        return f"{self.call_id};to-tag={self.to_tag or '0'};from-tag={self.from_tag or '0'}{flag}"


def parse_dialog_id(value: str) -> DialogId:
    """Read `callid;to-tag=a;from-tag=b;early-only`. Raises RemoteError(400).

    A tag of 0 stands for none (RFC 3891 3).
    """
    call_id, _, rest = value.partition(";")
    call_id = call_id.strip(BLANKS)
    left, at, right = call_id.partition("@")
    if not is_word(left) or (at and not is_word(right)):
        raise RemoteError(400, "Bad Call-ID of another dialog")
    tags: dict[str, str] = {}
    early_only = False
    for name, text in parse_params(rest):
        name = name.lower()
        if name in ("to-tag", "from-tag"):
            if name in tags or text is None or not is_token(text):  # exactly one of each
                raise RemoteError(400, "Bad " + name)
            tags[name] = "" if text == "0" else text
        elif name == "early-only":
            early_only = True
    if len(tags) != 2:
        raise RemoteError(400, "Another dialog without its tags")
    return DialogId(call_id, tags["to-tag"], tags["from-tag"], early_only)


def dialog_mac(key: bytes, boot: str, row: "Sequence[int | str]") -> str:
    """Return what makes a board's word of one of its calls good: 32 hex digits of an HMAC-SHA256 under its key.

    boot: the board's start in which the call is. row: slot, generation, number, contact and name of the dialog, and
    what follows counts for nothing. Digest (RFC 7616) with qop=auth does not cover the body that this travels in.
    """
    text = boot + " %d %d %d %s %s" % tuple(row[:5])
    return hex_of(hmac_sha256(derive(key, "dialogs").encode(), text.encode())[:16])
