"""Plain INVITEs and ACKs, read from their bytes in a few microseconds; `parley_sip` does so in fewer (Linux, IPv4).

Nine requests in ten are plain: over UDP, outside any dialog, every header in its long form and of a kind that does not
change the answer. Only those are read here; for anything else the functions return None and parley.call, which knows
the whole grammar, takes the message. What is plain is answered byte for byte as parley.call would (a test compares).
"""

import re
from typing import NamedTuple

from parley.wire.sip import Request

MAX_PLAIN_BYTES = 4096
MAX_TAIL_BYTES = 1024  # of an offer that is worth remembering
# Header fields that do not change the answer, or are read below; any other makes an INVITE not plain.
HARMLESS = frozenset(
    b"User-Agent Allow Allow-Events Supported Date Subject Organization Session-Expires Min-SE "
    b"P-Preferred-Identity P-Asserted-Identity Privacy Accept-Language Expires Timestamp Call-Info "
    b"Record-Route Route X-Serialnumber User-to-User".split()
)
COPIED = frozenset((b"Via", b"From", b"To", b"Call-ID", b"CSeq"))  # RFC 3261 8.2.6.2

_OCTET = rb"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
_IPV4 = _OCTET + rb"(?:\." + _OCTET + rb"){3}"
_PORT = rb"(?:[1-9]\d{0,3}|[1-5]\d{4}|6[0-4]\d{3})"
_HOST = rb"(?:" + _IPV4 + rb"|(?:[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*\.)*[A-Za-z][A-Za-z0-9]*)"
_PARAM = rb";[A-Za-z0-9-]+(?:=[A-Za-z0-9._~!*'+-]+)?"
_URI = rb"sip:(?:[A-Za-z0-9._~!*'()&=+$,;?/-]+@)?" + _HOST + rb"(?::" + _PORT + rb")?(?:" + _PARAM + rb")*"
_NAME = rb"(?:\"[A-Za-z0-9 _.@+-]*\" ?|[A-Za-z0-9_.+-]+ )?"
REQUEST_LINE = re.compile(rb"INVITE (" + _URI + rb") SIP/2\.0")
# RFC 3261 20.42, with a branch by 8.1.1.7; what a proxy or a liar may have added is left to others
VIA = re.compile(
    rb"SIP/2\.0/UDP ("
    + _IPV4
    + rb")(?::("
    + _PORT
    + rb"))?((?:;(?!received|maddr|ttl)[A-Za-z]+(?:=[A-Za-z0-9.!%*_+`'~-]+)?)+)"
)
BRANCH = re.compile(rb";branch=(z9hG4bK[^;]+)")
FROM = re.compile(_NAME + rb"<(" + _URI + rb")>;tag=([A-Za-z0-9.!%*_+`'~-]+)")
TO = re.compile(_NAME + rb"<" + _URI + rb">")
CONTACT = re.compile(_NAME + rb"<" + _URI + rb">(?:;[A-Za-z0-9._=\"<>:;+-]*)?")
CALL_ID = re.compile(rb"[A-Za-z0-9.!%*_+`'~()<>:\\/\[\]?{}@-]+")
CSEQ = re.compile(rb"([1-9]\d{0,8}) INVITE")
# An offer up to its first audio port: what differs from call to call of one phone.
OFFER = re.compile(
    rb"v=0\r\no=[!-~]+ \d{1,18} \d{1,18} IN IP4 "
    + _IPV4
    + rb"\r\ns=[ -~]+\r\nc=IN IP4 "
    + _IPV4
    + rb"\r\nt=0 0\r\n"
    rb"m=audio ([1-9]\d{3,4}) (RTP/[ -~\r\n]+)"
)
# what may stand in front of the rest of such an offer
OFFER_BEGIN = b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 10000 "


Kind = tuple[bytes, bytes]  # of a request: Request-URI and offer, without what differs from call to call


class PlainInvite(NamedTuple):
    """key: of its transaction, the same in the ACK and in a retransmission (RFC 3261 17.2.3). merged: what copies
    that came by other paths have in common (8.2.2.2). before_tag, after_tag: the response's header lines up to To's
    tag, and after it. kind: Request-URI and offer, without what differs from call to call. asker: From's URI. back:
    where the response goes.
    """

    key: bytes
    merged: bytes
    before_tag: bytes
    after_tag: bytes
    kind: Kind
    asker: str
    back: tuple[str, int]


def request_of(kind: Kind) -> Request:
    """Return an INVITE of this kind, with all in it that the answer depends on."""
    uri, tail = kind
    headers = [("Content-Type", "application/sdp")]
    return Request("INVITE", uri.decode(), headers, OFFER_BEGIN + tail)


def key_of(data: bytes) -> bytes | None:
    """Return the transaction key of a request by its topmost Via; None when that is not plain."""
    start = data.find(b"\r\nVia: SIP/2.0/UDP ")
    if start < 0:
        return None
    end = data.find(b"\r\n", start + 19)
    line = data[start + 19 : end]
    branch = BRANCH.search(line)
    if branch is None:
        return None
    return line[: line.find(b";")].lower() + b" " + branch[1].lower()


def read_plain(data: bytes, peer: tuple[str, int]) -> PlainInvite | None:
    """Read an INVITE; None when it is not plain. peer: where it came from."""
    head, found, body = data.partition(b"\r\n\r\n")
    if not found or len(data) > MAX_PLAIN_BYTES:
        return None
    lines = head.split(b"\r\n")
    if head.count(b"\n") != len(lines) - 1 or head.count(b"\r") != len(lines) - 1:
        return None
    request = REQUEST_LINE.fullmatch(lines[0])
    if request is None:
        return None
    fields: dict[bytes, bytes] = {}
    before: list[bytes] = []
    after: list[bytes] = []
    copied = before
    for line in lines[1:]:
        name, _, value = line.partition(b": ")
        if name in COPIED:
            if name == b"Via" and name in fields:  # those of proxies, copied as they are
                copied.append(line)
                continue
            copied.append(line)
            if name == b"To":
                copied = after
        elif name in HARMLESS:
            continue
        if name in fields:
            return None
        fields[name] = value
    return _checked(request[1], fields, before, after, body, peer)


KNOWN = COPIED | {b"Contact", b"Max-Forwards", b"Content-Type", b"Content-Length"}


def _checked(
    uri: bytes,
    fields: dict[bytes, bytes],
    before: list[bytes],
    after: list[bytes],
    body: bytes,
    peer: tuple[str, int],
) -> PlainInvite | None:
    if not fields.keys() <= KNOWN or len(fields) < len(KNOWN) - 2:
        return None
    try:
        length, kind = fields[b"Content-Length"].lstrip(b" "), fields[b"Content-Type"]  # SIPp pads it
        via = VIA.fullmatch(fields[b"Via"])
        sender = FROM.fullmatch(fields[b"From"])
        call_id, number = fields[b"Call-ID"], CSEQ.fullmatch(fields[b"CSeq"])
        to = TO.fullmatch(fields[b"To"])
        contact = CONTACT.fullmatch(fields.get(b"Contact", b"<sip:x>"))
        hops = fields.get(b"Max-Forwards", b"70")
    except KeyError:
        return None
    offer = OFFER.fullmatch(body)
    if None in (via, sender, number, to, contact, offer) or kind != b"application/sdp":
        return None
    if not hops.isdigit() or len(hops) > 2:
        return None
    if not length.isdigit() or int(length) != len(body) or CALL_ID.fullmatch(call_id) is None:
        return None
    assert via and sender and number and offer
    answer_to = _way_back(via, before, peer)
    branch = BRANCH.search(via[3])
    if answer_to is None or branch is None or via[3].count(b";branch") != 1 or len(offer[2]) > MAX_TAIL_BYTES:
        return None
    sent_by = via[1] if via[2] is None else via[1] + b":" + via[2]
    return PlainInvite(
        sent_by + b" " + branch[1].lower(),
        b" ".join((call_id, sender[2], number[1])),
        b"\r\n".join(before),
        b"".join([b"\r\n" + line for line in after]),
        (uri, offer[2]),
        sender[1][:200].decode(),
        answer_to,
    )


def _way_back(via: "re.Match[bytes]", before: list[bytes], peer: tuple[str, int]) -> tuple[str, int] | None:
    """Return where the response goes, and write the true source into the Via (RFC 3261 18.2.1, RFC 3581 4)."""
    params = via[3] + b";"
    if b";rport;" in params:
        noted = params.replace(b";rport;", b";rport=%d;" % peer[1])[:-1] + b";received=" + peer[0].encode()
        line = b"Via: " + via[0][: via.start(3) - via.start()] + noted
        for index, old in enumerate(before):
            if old.startswith(b"Via: "):
                before[index] = line
                return peer
        return None  # To stands before Via
    if b";rport" in params or via[1] != peer[0].encode():
        return None
    return peer[0], int(via[2] or 5060)
