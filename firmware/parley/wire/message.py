"""A SIP message as a value (RFC 3261 7): start line, headers as a list of pairs, body as bytes."""

from parley.wire.errors import LocalError, RemoteError
from parley.wire.grammar import BLANKS, is_token, parse_decimal, split_outside
from parley.wire.headers import CANONICAL, LIST_HEADERS, canonical_name
from parley.wire.uri import Via, parse_name_addr, parse_via

SIP_VERSION = "SIP/2.0"
MAX_CSEQ = 0x7FFFFFFF  # RFC 3261 8.1.1.5: less than 2**31

REASONS = {
    100: "Trying", 180: "Ringing", 181: "Call Is Being Forwarded", 182: "Queued", 183: "Session Progress",
    200: "OK", 202: "Accepted", 204: "No Notification",
    300: "Multiple Choices", 301: "Moved Permanently", 302: "Moved Temporarily", 305: "Use Proxy",
    380: "Alternative Service",
    400: "Bad Request", 401: "Unauthorized", 402: "Payment Required", 403: "Forbidden", 404: "Not Found",
    405: "Method Not Allowed", 406: "Not Acceptable", 407: "Proxy Authentication Required",
    408: "Request Timeout", 410: "Gone", 412: "Conditional Request Failed", 413: "Request Entity Too Large",
    414: "Request-URI Too Long", 415: "Unsupported Media Type", 416: "Unsupported URI Scheme",
    420: "Bad Extension", 421: "Extension Required", 422: "Session Interval Too Small",
    423: "Interval Too Brief", 429: "Provide Referrer Identity", 480: "Temporarily Unavailable",
    481: "Call/Transaction Does Not Exist", 482: "Loop Detected", 483: "Too Many Hops",
    484: "Address Incomplete", 485: "Ambiguous", 486: "Busy Here", 487: "Request Terminated",
    488: "Not Acceptable Here", 489: "Bad Event", 491: "Request Pending", 493: "Undecipherable",
    500: "Server Internal Error", 501: "Not Implemented", 502: "Bad Gateway", 503: "Service Unavailable",
    504: "Server Time-out", 505: "Version Not Supported", 513: "Message Too Large",
    600: "Busy Everywhere", 603: "Decline", 604: "Does Not Exist Anywhere", 606: "Not Acceptable",
}  # fmt: skip  # RFC 3261 21 and the extensions' own sections


def _checked(name: str, value: str) -> "tuple[str, str]":
    name = canonical_name(name)
    if not is_token(name):
        raise LocalError(f"bad header name {name!r}")
    if "\r" in value or "\n" in value:  # nobody smuggles a header in through a value
        raise LocalError(f"line end in {name}")
    return name, value


def parse_cseq(text: str) -> "tuple[int, str]":
    """Read a CSeq's value: sequence number and method (RFC 3261 20.16). Raises RemoteError(400)."""
    words = text.replace("\t", " ").split(" ", 1)
    if len(words) != 2:
        raise RemoteError(400, "Bad CSeq")
    return parse_decimal(words[0], MAX_CSEQ, "CSeq"), words[1].strip(BLANKS)


class SipMessage:
    """What requests and responses share.

    headers: pairs of canonical long name and raw value, in order. body: bytes. octets: the headers were no
    UTF-8 and stand here one character per byte; to_bytes() writes them back the same way.
    """

    def __init__(self, headers: "list[tuple[str, str]] | None" = None, body: bytes = b"") -> None:
        self.headers: list[tuple[str, str]] = []
        if headers:
            self.headers = [_checked(name, value) for name, value in headers]
        self.body = body
        self.octets = False

    def start_line(self) -> str:
        """Return the first line, without its line end."""
        raise LocalError("a message is a Request or a Response")

    def get(self, name: str) -> "str | None":
        """Return the raw value of the first header of that name (any spelling) or None. Lists stay joined."""
        name = CANONICAL.get(name) or canonical_name(name)
        for key, value in self.headers:
            if key == name:
                return value
        return None

    def get_all(self, name: str) -> "list[str]":
        """Return all values of that name in order, each element of a list on its own (RFC 3261 7.3.1).

        Raises RemoteError(400) when a list holds an open quoted string or bracket, or an empty element.
        """
        name = CANONICAL.get(name) or canonical_name(name)
        found: list[str] = []
        for key, value in self.headers:
            if key != name:
                continue
            if name in LIST_HEADERS and "," in value:
                elements = split_outside(value, ",")
                if "" in elements:
                    raise RemoteError(400, "Empty element in " + name)
                found.extend(elements)
            elif value or name not in LIST_HEADERS:  # RFC 3261 20.37: `Supported:` is an empty list
                found.append(value)
        return found

    def set(self, name: str, value: str) -> None:
        """Make this the only header of that name, in the first one's place or at the end."""
        pair = _checked(name, value)
        keys = [key for key, _ in self.headers]
        if pair[0] not in keys:
            self.headers.append(pair)
            return
        at = keys.index(pair[0])
        self.headers[at] = pair
        self.headers[at + 1 :] = [later for later in self.headers[at + 1 :] if later[0] != pair[0]]

    def add(self, name: str, value: str) -> None:
        """Append a header."""
        self.headers.append(_checked(name, value))

    def insert_first(self, name: str, value: str) -> None:
        """Put a header before all others: a new topmost Via, Route or Record-Route."""
        self.headers.insert(0, _checked(name, value))

    def remove(self, name: str) -> None:
        """Remove every header of that name."""
        name = canonical_name(name)
        self.headers = [pair for pair in self.headers if pair[0] != name]

    def to_bytes(self) -> bytes:
        """Write the message; Content-Length is counted and comes last (RFC 3261 20.14)."""
        lines = [self.start_line()]
        lines.extend([": ".join(pair) for pair in self.headers if pair[0] != "Content-Length"])
        lines.append(f"Content-Length: {len(self.body)}\r\n\r\n")
        text = "\r\n".join(lines)
        if self.octets:
            try:
                return bytes([ord(character) for character in text]) + self.body
            except ValueError:  # something wider was added here since
                pass
        return text.encode() + self.body

    def required(self, name: str) -> str:
        """Return the header's value; raises RemoteError(400) without one."""
        value = self.get(name)
        if not value:
            raise RemoteError(400, "Missing " + name)
        return value

    def cseq(self) -> "tuple[int, str]":
        """Return sequence number and method (RFC 3261 20.16). Raises RemoteError(400)."""
        return parse_cseq(self.required("CSeq"))

    def call_id(self) -> str:
        """Return the Call-ID (RFC 3261 20.8), compared byte by byte. Raises RemoteError(400)."""
        return self.required("Call-ID")

    def from_tag(self) -> "str | None":
        """Return From's tag, None from an RFC 2543 peer. Raises RemoteError(400)."""
        return parse_name_addr(self.required("From")).tag

    def to_tag(self) -> "str | None":
        """Return To's tag, None outside a dialog. Raises RemoteError(400)."""
        return parse_name_addr(self.required("To")).tag

    def top_via(self) -> Via:
        """Return the topmost Via (RFC 3261 20.42). Raises RemoteError(400)."""
        value = self.required("Via")
        return parse_via(split_outside(value, ",")[0] if "," in value else value)


class Request(SipMessage):
    """A request: method (case-sensitive token), uri (the Request-URI as text), headers, body."""

    def __init__(
        self, method: str, uri: str, headers: "list[tuple[str, str]] | None" = None, body: bytes = b""
    ) -> None:
        super().__init__(headers, body)
        self.method = method
        self.uri = uri

    def start_line(self) -> str:
        """Return the request line (RFC 3261 7.1)."""
        return self.method + " " + self.uri + " " + SIP_VERSION


class Response(SipMessage):
    """A response: status 100..699, reason phrase (the usual one by default), headers, body.

    source: the host that it came from, "" of one that has not come.
    """

    source = ""

    def __init__(
        self, status: int, reason: str = "", headers: "list[tuple[str, str]] | None" = None, body: bytes = b""
    ) -> None:
        super().__init__(headers, body)
        self.status = status
        self.reason = reason or REASONS.get(status, "")

    def start_line(self) -> str:
        """Return the status line (RFC 3261 7.2)."""
        return f"{SIP_VERSION} {self.status} {self.reason}"
