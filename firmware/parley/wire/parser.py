"""Bytes of one datagram to a Request or a Response (RFC 3261 7, 18.3); what is wrong is told by RemoteError.

The fast path is text.split and one dictionary look-up a header; typed access to values is left to the reader
of the message. Lenient where the wild needs it: bare LF as a line end, blanks before the colon, compact
names, folded lines, bytes that are no UTF-8. Strict where RFC 4475 3.1.2 asks for a refusal.
"""

from parley.wire.errors import SILENT, RemoteError
from parley.wire.grammar import BLANKS, DIGITS, is_token, parse_decimal
from parley.wire.headers import CANONICAL, canonical_name
from parley.wire.message import SIP_VERSION, Request, Response, parse_cseq

MAX_MESSAGE_BYTES = 65535  # a UDP datagram's limit (RFC 3261 18.1.1)
MAX_HEADERS = 128
MAX_LINE = 8192  # characters of a header line, folds joined
MAX_FORWARDS = 255  # RFC 3261 20.22
_KEEP_ALIVE = b"\r\n\x00 \t"  # RFC 5626 3.5.1 and what phones send instead
_STATUS_LINE = SIP_VERSION + " "
_MANDATORY = ("Via", "From", "To", "Call-ID", "CSeq")  # RFC 3261 8.1.1
_SINGLE = ("From", "To", "Call-ID", "CSeq", "Max-Forwards", "Content-Length")  # RFC 4475 3.3.8


def parse_message(data: bytes) -> "Request | Response":
    """Read one SIP message.

    data: a whole datagram. Raises RemoteError and nothing else: with status 0 for what must not be answered
    (keep alive, noise, bad responses, a bad ACK, a request without a Via), otherwise with the status to
    answer and the request as far as it was read in `.message`.
    """
    if len(data) > MAX_MESSAGE_BYTES:
        raise RemoteError(SILENT, "Message too large")
    data = data.lstrip(b"\r\n")  # RFC 3261 7.5: empty lines before the start line
    if not data.strip(_KEEP_ALIVE):
        raise RemoteError(SILENT, "Keep-alive")
    lines, body, octets, unusual = _usual(data) or _unusual(data)
    message, wrong = _parse_start_line(lines[0])
    message.octets = octets
    try:
        _parse_headers(lines, message.headers)
        if wrong is not None:
            raise wrong
        if unusual:
            raise RemoteError(400, unusual)
        found = dict(message.headers)
        if len(found) != len(message.headers):
            found = _first_values(message.headers)
        message.body = _cut_body(found.get("Content-Length"), body)
        _check(message, found)
    except RemoteError as error:
        raise _refusal(message, error)
    return message


def _refusal(message: "Request | Response", error: RemoteError) -> RemoteError:
    if isinstance(message, Response):  # RFC 3261 18.1.2: bad responses are dropped
        return RemoteError(SILENT, error.reason)
    status = error.status
    if message.method == "ACK" or message.get("Via") is None:  # never answered, or no way back
        status = SILENT
    return RemoteError(status, error.reason, message)


def _usual(data: bytes) -> "tuple[list[str], bytes, bool, str] | None":
    # The short way for lines that all end in CRLF, in UTF-8: lines of the head, body, whether the head was taken
    # byte by byte, and what is wrong with its lines; None when it is no such message.
    end = data.find(b"\r\n\r\n")
    if end < 0:
        return None
    try:
        text = data[:end].decode()
    except UnicodeError:
        return None
    lines = text.split("\r\n")
    ends = len(lines) - 1
    if text.count("\n") != ends or text.count("\r") != ends:
        return None
    return lines, data[end + 4 :], False, ""


def _unusual(data: bytes) -> "tuple[list[str], bytes, bool, str]":
    # The same of any message.
    head, body, closed = _cut(data)
    text, octets = _decode(head)
    wrong = "" if closed else "Headers not closed by an empty line"
    if closed and text.count("\r") != text.count("\r\n"):
        wrong = "Bare CR"
    return text.replace("\r\n", "\n").split("\n"), body, octets, wrong


def _cut(data: bytes) -> "tuple[bytes, bytes, bool]":
    # Returns header section, body, and whether an empty line stands between. A bare LF is a line end too.
    end = data.find(b"\n\r\n")
    bare = data.find(b"\n\n", 0, end) if end >= 0 else data.find(b"\n\n")
    if bare >= 0:
        return data[:bare], data[bare + 2 :], True
    if end >= 0:  # the last header line's own CR goes too
        return data[: end - 1 if data[end - 1] == 13 else end], data[end + 3 :], True
    return data.rstrip(b"\r\n"), b"", False


def _decode(head: bytes) -> "tuple[str, bool]":
    try:
        return head.decode(), False
    except UnicodeError:
        return "".join([chr(byte) for byte in head]), True


def _unfold(lines: "list[str]") -> "list[str]":
    # RFC 3261 7.3.1: a line that begins with a blank continues the one before it.
    unfolded: list[list[str]] = []
    for line in lines:
        if line[:1] in (" ", "\t") and len(unfolded) > 1:  # the start line is never folded
            unfolded[-1].append(line.strip(BLANKS))
        else:
            unfolded.append([line])
    return [" ".join(pieces) for pieces in unfolded]


def _parse_start_line(line: str) -> "tuple[Request | Response, RemoteError | None]":
    # Returns the message and what is wrong with the line, to be raised when the headers have been read too.
    if line[:8].upper() == _STATUS_LINE:  # RFC 3261 7.1: the version is case-insensitive
        return _parse_status_line(line), None
    words = line.split(" ")
    if len(words) == 3 and words[2] == SIP_VERSION:
        method, uri, version = words
    else:
        method, _, rest = line.rstrip(BLANKS).partition(" ")
        uri, _, version = rest.rpartition(" ")
        uri = uri.strip(BLANKS)
        version = version.upper()
    if version[:4] != "SIP/" or not is_token(method) or not uri:
        raise RemoteError(SILENT, "Not SIP")
    message = Request(method, uri)
    if version != SIP_VERSION:
        return message, RemoteError(505, "Version Not Supported")  # RFC 3261 21.5.6
    if len(words) != 3 or len(line) > MAX_LINE:
        return message, RemoteError(400, "Bad request line")
    if "<" in uri or ">" in uri or '"' in uri or "\t" in uri:
        return message, RemoteError(400, "Bad Request-URI")
    return message, None


def _parse_status_line(line: str) -> Response:
    code, _, reason = line[8:].partition(" ")
    if len(code) != 3 or code.strip(DIGITS) or code[0] not in "123456":  # RFC 3261 7.2
        raise RemoteError(SILENT, "Bad status line")
    response = Response(int(code))
    response.reason = reason
    return response


def _parse_headers(lines: "list[str]", headers: "list[tuple[str, str]]") -> None:
    # Appends in place, so that a refused request still shows what stood before the bad line.
    canonical, blanks = CANONICAL, BLANKS
    wrong: str | None = None
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        known = canonical.get(name)
        if known is None:
            if line[:1] in (" ", "\t") and line is not lines[1]:
                del headers[:]
                _parse_headers(_unfold(lines), headers)
                return
            if not colon or not is_token(name.rstrip(blanks)):
                wrong = wrong or "Bad header line"
                continue  # the rest is read on, for the sake of the answer
            known = canonical_name(name)
        if len(line) > MAX_LINE:
            wrong = "Header line too long"
        headers.append((known, value.strip(blanks)))
    if len(headers) > MAX_HEADERS:
        del headers[MAX_HEADERS:]
        wrong = "Too many headers"
    if wrong is not None:
        raise RemoteError(400, wrong)


def _first_values(headers: "list[tuple[str, str]]") -> "dict[str, str]":
    found: dict[str, str] = {}
    for name, value in headers:
        if name not in found:
            found[name] = value
        elif name in _SINGLE:
            raise RemoteError(400, "More than one " + name)
    return found


def _cut_body(declared: "str | None", body: bytes) -> bytes:
    # RFC 3261 18.3: over UDP more than Content-Length is cut off, less is an error, none means all.
    if declared is None:
        return body
    length = parse_decimal(declared, MAX_MESSAGE_BYTES * 10, "Content-Length")
    if length > len(body):
        raise RemoteError(400, "Body shorter than Content-Length")
    return body if length == len(body) else body[:length]


def _check(message: "Request | Response", found: "dict[str, str]") -> None:
    for name in _MANDATORY:
        if name not in found:
            raise RemoteError(400, "Missing " + name)
    _, method = parse_cseq(found["CSeq"])
    if isinstance(message, Response):
        return
    if method != message.method:
        raise RemoteError(400, "CSeq method differs")  # RFC 3261 8.1.1.5
    hops = found.get("Max-Forwards")
    if hops is not None:
        parse_decimal(hops, MAX_FORWARDS, "Max-Forwards")
