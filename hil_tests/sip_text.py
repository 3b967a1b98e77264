"""The judge's own SIP: just enough of RFC 3261's message format to ask, answer and read what comes back."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

_SHORT = {"v": "via", "f": "from", "t": "to", "i": "call-id", "m": "contact", "l": "content-length",
          "c": "content-type", "r": "refer-to", "o": "event"}  # fmt: skip  # RFC 3261 section 7.3.3


@dataclass
class SipText:
    """A message: start line, header fields in order (names in lower case), body."""

    start: str
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""

    @property
    def status(self) -> int:
        """Status code of a response, 0 for a request."""
        return int(self.start.split()[1]) if self.start.startswith("SIP/2.0 ") else 0

    @property
    def method(self) -> str:
        """Method of a request; of a response the one its CSeq names."""
        return self.start.split()[0] if not self.status else self.header("cseq").split()[-1]

    def header(self, name: str) -> str:
        """First value of a header field, '' when absent."""
        return next((value for key, value in self.headers if key == name), "")

    def all(self, name: str) -> list[str]:
        """Every value of a header field."""
        return [value for key, value in self.headers if key == name]

    @property
    def branch(self) -> str:
        """Branch of the topmost Via: what a response is matched by (RFC 3261 section 17.1.3)."""
        return parameter(self.header("via"), "branch")


def parse(data: bytes) -> SipText | None:
    """A datagram as a message; None when it is not one."""
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.decode("utf-8", "replace").replace("\r\n ", " ").replace("\r\n\t", " ").split("\r\n")
    if "SIP/2.0" not in lines[0]:
        return None
    headers = []
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if colon:
            name = name.strip().lower()
            headers.append((_SHORT.get(name, name), value.strip()))
    return SipText(lines[0], headers, body)


def build(start: str, headers: list[tuple[str, str]], body: bytes = b"") -> bytes:
    """The message's bytes, Content-Length added."""
    lines = [start, *(f"{name}: {value}" for name, value in headers), f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body


def answer(
    request: SipText,
    status: str,
    to_tag: str = "",
    headers: list[tuple[str, str]] | None = None,
    body: bytes = b"",
) -> bytes:
    """A response to a request (RFC 3261 section 8.2.6.2); `status` is like '200 OK'."""
    to = request.header("to")
    if to_tag and "tag=" not in to:
        to += f";tag={to_tag}"
    copied = [("Via", via) for via in request.all("via")]
    copied += [("From", request.header("from")), ("To", to)]
    copied += [("Call-ID", request.header("call-id")), ("CSeq", request.header("cseq"))]
    return build(f"SIP/2.0 {status}", copied + (headers or []), body)


def uri_in(value: str) -> str:
    """The URI inside a Contact, From, To or Refer-To value."""
    inside = value.partition("<")[2].partition(">")[0]
    return inside or value.partition(";")[0].strip()


def parameter(value: str, name: str) -> str:
    """A ;name=value parameter of a header value, '' when absent."""
    for part in value.split(";")[1:]:
        key, _, text = part.partition("=")
        if key.strip().lower() == name:
            return text.strip()
    return ""


def address_of(uri: str) -> tuple[str, int]:
    """(host, port) a SIP URI leads to; port 5060 when it names none. Only literal hosts are used here."""
    rest = uri.partition(":")[2].partition("?")[0].partition(";")[0].rpartition("@")[2]
    if rest.startswith("["):  # RFC 3261 25.1: IPv6reference
        host, _, port = rest[1:].partition("]")
        return host, int(port.removeprefix(":") or 5060)
    host, _, port = rest.partition(":")
    return host, int(port or 5060)


def host_port(host: str, port: int) -> str:
    """host:port as it stands in a URI or on a command line; an IPv6 address gets its brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def user_of(uri: str) -> str:
    """The user part of a SIP URI: for an allocated address its token."""
    return uri.partition(":")[2].rpartition("@")[0]


def random_id(size: int = 8) -> str:
    """Random text for tags, branches and Call-IDs."""
    return secrets.token_hex(size)


def sdp_offer(host: str, rtp_port: int, formats: tuple[tuple[int, str], ...] = ((0, "PCMU/8000"),),
              profile: str = "RTP/AVP") -> bytes:  # fmt: skip
    """An SDP offer of one audio stream with these (payload type, encoding) pairs."""
    lines = ["v=0", f"o=- 1 1 IN IP4 {host}", "s=-", f"c=IN IP4 {host}", "t=0 0"]
    lines.append(f"m=audio {rtp_port} {profile} {' '.join(str(number) for number, _ in formats)}")
    lines += [f"a=rtpmap:{number} {encoding}" for number, encoding in formats]
    lines += ["a=ptime:20", "a=sendrecv", ""]
    return "\r\n".join(lines).encode()


def media_address(sdp: bytes) -> tuple[str, int]:
    """Where the first audio stream of a description is received: (host, port)."""
    host, port = "", 0
    for line in sdp.decode("utf-8", "replace").splitlines():
        if line.startswith("c="):
            host = line.split()[-1]
        if line.startswith("m=audio ") and not port:
            port = int(line.split()[1])
    return host, port
