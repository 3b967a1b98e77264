"""Session-Expires and Min-SE (RFC 4028 4, 5), RSeq and RAck (RFC 3262 7): numbers with a little more."""

from parley.wire.errors import RemoteError
from parley.wire.grammar import BLANKS, parse_decimal, parse_params
from parley.wire.message import MAX_CSEQ

MAX_SECONDS = 0xFFFFFFFF  # RFC 3261 25.1: delta-seconds
MAX_RSEQ = 0xFFFFFFFF  # RFC 3262 7.1
_REFRESHERS = ("uac", "uas")


def parse_session_expires(value: str) -> "tuple[int, str]":
    """Read a Session-Expires: the interval [s] and who refreshes, "uac", "uas" or ''. Raises RemoteError(400)."""
    seconds, _, rest = value.partition(";")
    refresher = ""
    for name, text in parse_params(rest):
        if name.lower() == "refresher":
            refresher = (text or "").lower()
            if refresher not in _REFRESHERS:
                raise RemoteError(400, "Bad refresher")
    return parse_decimal(seconds.strip(BLANKS), MAX_SECONDS, "Session-Expires"), refresher


def parse_min_se(value: str) -> int:
    """Read a Min-SE [s]. Raises RemoteError(400)."""
    return parse_decimal(value.partition(";")[0].strip(BLANKS), MAX_SECONDS, "Min-SE")


def parse_rseq(value: str) -> int:
    """Read an RSeq. Raises RemoteError(400)."""
    return parse_decimal(value.strip(BLANKS), MAX_RSEQ, "RSeq")


def parse_rack(value: str) -> "tuple[int, int, str]":
    """Read a RAck: the RSeq it acknowledges, CSeq number and method of that request. Raises RemoteError(400)."""
    words = value.replace("\t", " ").split()
    if len(words) != 3:
        raise RemoteError(400, "Bad RAck")
    return parse_decimal(words[0], MAX_RSEQ, "RAck"), parse_decimal(words[1], MAX_CSEQ, "RAck"), words[2]
