"""Session descriptions (RFC 8866) as the offer/answer model uses them (RFC 3264).

Lines this project has no use for (b= i= k= p= r= u= z= e=) are checked for form, then dropped.
"""

from parley.wire.errors import LocalError, RemoteError
from parley.wire.grammar import (
    DIGITS,
    HOST_CHARACTERS,
    IPV6_CHARACTERS,
    MAX_PORT,
    TOKEN_CHARACTERS,
    is_token,
    parse_decimal,
)
from parley.wire.payload_types import STATIC_PAYLOAD_TYPES

MAX_SDP_BYTES = 16384
MAX_MEDIA = 32
MAX_FORMATS = 128  # there are 128 payload types
MAX_ATTRIBUTES = 512  # of one media section, or of the session
MAX_PAYLOAD_TYPE = 127
MAX_RATE_HZ = 768000
MAX_PTIME_MS = 1000
MAX_SESSION_NUMBER = 10**20 - 1  # "numeric string"; 64-bit NTP seconds are usual
_LINE_TYPES = "vosiuepcbtrzkam"  # RFC 8866 5; a description with any other letter is refused
_DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")


def _attribute(attributes: "list[tuple[str, str | None]]", name: str) -> "str | None":
    for key, value in attributes:
        if key == name:
            return "" if value is None else value
    return None


def _direction(attributes: "list[tuple[str, str | None]]", default: str) -> str:
    for key, _ in attributes:
        if key in _DIRECTIONS:
            return key
    return default


class Media:
    """One m= section.

    kind "audio"...; port 0..65535, 0 is a refused stream (RFC 3264 6); protocol "RTP/AVP"...; formats as
    written; connection: host of its own c= line or None; attributes: pairs of name and value (None for a
    flag).
    """

    def __init__(
        self,
        kind: str,
        port: int,
        protocol: str,
        formats: "list[str]",
        connection: "str | None" = None,
        attributes: "list[tuple[str, str | None]] | None" = None,
    ) -> None:
        self.kind = kind
        self.port = port
        self.protocol = protocol
        self.formats = formats
        self.connection = connection
        self.attributes: list[tuple[str, str | None]] = [] if attributes is None else attributes

    def attribute(self, name: str) -> "str | None":
        """Return the first such attribute's value, '' for a flag, None without one."""
        return _attribute(self.attributes, name)

    def direction(self, default: str = "sendrecv") -> str:
        """Return sendrecv, sendonly, recvonly or inactive (RFC 8866 6.7); the default when none is given."""
        return _direction(self.attributes, default)

    def rtpmaps(self) -> "list[tuple[int, str, int, int]]":
        """Return (payload type, encoding name, clock rate in Hz, channels) of each format, in offered order.

        Static payload types need no a=rtpmap (RFC 3551 6); dynamic ones without one are left out. The name is
        as written: compare it without regard to case (RFC 8866 6.6). Raises RemoteError(400) on a bad
        a=rtpmap.
        """
        maps: dict[int, tuple[str, int, int]] = {}
        for key, value in self.attributes:
            if key == "rtpmap" and value is not None:
                payload_type, encoding = _parse_rtpmap(value)
                if payload_type not in maps:
                    maps[payload_type] = encoding
        found: list[tuple[int, str, int, int]] = []
        for text in self.formats:
            if text.strip(DIGITS) or len(text) > 3 or int(text) > MAX_PAYLOAD_TYPE:
                continue
            payload_type = int(text)
            known = maps.get(payload_type) or STATIC_PAYLOAD_TYPES.get(payload_type)
            if known is not None:
                found.append((payload_type, known[0], known[1], known[2]))
        return found

    def fmtp(self, payload_type: int) -> "str | None":
        """Return the payload type's format parameters (RFC 8866 6.15), None without any."""
        for key, value in self.attributes:
            if key == "fmtp" and value is not None:
                number, _, parameters = value.partition(" ")
                if number == str(payload_type):
                    return parameters.strip(" ")
        return None

    def ptime_ms(self) -> "int | None":
        """Return a=ptime in whole milliseconds (RFC 8866 6.4), None when absent or unusable."""
        return self._milliseconds("ptime")

    def maxptime_ms(self) -> "int | None":
        """Return a=maxptime in whole milliseconds (RFC 8866 6.5), None when absent or unusable."""
        return self._milliseconds("maxptime")

    def _milliseconds(self, name: str) -> "int | None":
        whole = (self.attribute(name) or "").strip(" ").partition(".")[0]
        if whole == "" or len(whole) > 4 or whole.strip(DIGITS):
            return None
        return int(whole) if 0 < int(whole) <= MAX_PTIME_MS else None


class SessionDescription:
    """A whole description: origin (o=), name (s=), connection host or None, media sections, attributes."""

    def __init__(
        self,
        origin_user: str,
        session_id: int,
        session_version: int,
        origin_host: str,
        session_name: str = "-",
        connection: "str | None" = None,
        media: "list[Media] | None" = None,
        attributes: "list[tuple[str, str | None]] | None" = None,
    ) -> None:
        self.origin_user = origin_user
        self.session_id = session_id
        self.session_version = session_version
        self.origin_host = origin_host
        self.session_name = session_name
        self.connection = connection
        self.media: list[Media] = [] if media is None else media
        self.attributes: list[tuple[str, str | None]] = [] if attributes is None else attributes

    def attribute(self, name: str) -> "str | None":
        """Return the first such session-level attribute's value, '' for a flag, None without one."""
        return _attribute(self.attributes, name)

    def direction_of(self, media: Media) -> str:
        """Return the section's direction; what it does not say the session says (RFC 8866 6.7)."""
        return media.direction(_direction(self.attributes, "sendrecv"))

    def address_of(self, media: Media) -> "tuple[str, int]":
        """Return host and port of the section. Raises RemoteError(400) without a c= line (RFC 8866 5.7)."""
        host = media.connection or self.connection
        if host is None:
            raise RemoteError(400, "SDP without connection address")
        return host, media.port

    def to_bytes(self) -> bytes:
        """Write the description with CRLF (RFC 8866 5). Raises LocalError when a value holds a line end."""
        origin = f"o={self.origin_user} {self.session_id} {self.session_version} IN "
        lines = ["v=0", origin + _family_and_host(self.origin_host), "s=" + self.session_name]
        if self.connection is not None:
            lines.append("c=IN " + _family_and_host(self.connection))
        lines.append("t=0 0")
        _write_attributes(lines, self.attributes)
        for media in self.media:
            lines.append(f"m={media.kind} {media.port} {media.protocol} {' '.join(media.formats)}")
            if media.connection is not None:
                lines.append("c=IN " + _family_and_host(media.connection))
            _write_attributes(lines, media.attributes)
        for line in lines:
            if "\r" in line or "\n" in line:
                raise LocalError("line end in a session description's value")
        return ("\r\n".join(lines) + "\r\n").encode()


def _write_attributes(lines: "list[str]", attributes: "list[tuple[str, str | None]]") -> None:
    lines.extend(["a=" + name if value is None else "a=" + name + ":" + value for name, value in attributes])


def _family_and_host(host: str) -> str:
    return ("IP6 " if ":" in host else "IP4 ") + host


def _parse_rtpmap(value: str) -> "tuple[int, tuple[str, int, int]]":
    # RFC 8866 6.6: "<payload type> <encoding name>/<clock rate>[/<channels>]"
    words = value.split()
    pieces = words[1].split("/") if len(words) == 2 else []
    if len(pieces) not in (2, 3) or not is_token(pieces[0]):
        raise RemoteError(400, "Bad rtpmap")
    payload_type = parse_decimal(words[0], MAX_PAYLOAD_TYPE, "rtpmap")
    rate_hz = parse_decimal(pieces[1], MAX_RATE_HZ, "rtpmap")
    channels = parse_decimal(pieces[2], 255, "rtpmap") if len(pieces) == 3 else 1
    return payload_type, (pieces[0], rate_hz, channels)


def _parse_host(words: "list[str]") -> str:
    # "IN IP4 192.0.2.1" or "IN IP6 2001:db8::1", for multicast with "/ttl" or "/count" (RFC 8866 5.7)
    if len(words) != 3:
        raise RemoteError(400, "Bad SDP address")
    if words[0] != "IN" or words[1] not in ("IP4", "IP6"):
        raise RemoteError(488, "SDP network type not supported")
    host = words[2].partition("/")[0]
    if host == "" or (host.strip(IPV6_CHARACTERS) if ":" in host else host.strip(HOST_CHARACTERS)):
        raise RemoteError(400, "Bad SDP address")
    return host


def _parse_media(value: str) -> Media:
    words = value.split()
    if len(words) < 4 or len(words) > 3 + MAX_FORMATS:
        raise RemoteError(400, "Bad SDP media line")
    port = parse_decimal(words[1].partition("/")[0], MAX_PORT, "SDP port")
    for word in [words[0]] + words[2].split("/"):
        if not is_token(word):
            raise RemoteError(400, "Bad SDP media line")
    return Media(words[0], port, words[2], words[3:])


def _parse_origin(value: str) -> SessionDescription:
    # RFC 8866 5.2: o=<username> <sess-id> <sess-version> <nettype> <addrtype> <unicast-address>
    words = value.split()
    if len(words) != 6:
        raise RemoteError(400, "Bad SDP origin")
    session_id = parse_decimal(words[1], MAX_SESSION_NUMBER, "SDP origin")
    version = parse_decimal(words[2], MAX_SESSION_NUMBER, "SDP origin")
    return SessionDescription(words[0], session_id, version, _parse_host(words[3:]))


def _parse_attribute(value: str, attributes: "list[tuple[str, str | None]]") -> None:
    name, colon, rest = value.partition(":")
    name = name.strip(" ")
    if name == "" or name.strip(TOKEN_CHARACTERS) or len(attributes) >= MAX_ATTRIBUTES:
        raise RemoteError(400, "Bad SDP attribute")
    attributes.append((name, rest if colon else None))


def _lines(body: bytes) -> "list[str]":
    if not body or len(body) > MAX_SDP_BYTES:
        raise RemoteError(400, "No SDP, or too much")
    try:
        text = body.decode()
    except UnicodeError:  # RFC 8866 6.10: other character sets are possible
        text = "".join([chr(byte) for byte in body])
    lines = text.split("\r\n")
    if text.count("\n") != len(lines) - 1 or text.count("\r") != len(lines) - 1:
        lines = [line.rstrip("\r") for line in text.split("\n")]
    while lines and lines[-1] == "":
        lines.pop()
    for line in lines:
        if line[1:2] != "=" or line[0] not in _LINE_TYPES or "\r" in line:
            raise RemoteError(400, "Bad SDP line")
    if "\x00" in text:
        raise RemoteError(400, "Bad SDP line")
    return lines


def parse_sdp(body: bytes) -> SessionDescription:
    """Read a session description; bare LF is taken for a line end too (RFC 8866 5).

    Raises RemoteError: 400 malformed, 488 a network or address type we have not.
    """
    lines = _lines(body)
    if len(lines) < 2 or lines[0].rstrip(" ") != "v=0" or lines[1][:2] != "o=":
        raise RemoteError(400, "SDP begins with v=0 and o=")
    session = _parse_origin(lines[1][2:])
    media: Media | None = None
    for line in lines[2:]:
        kind, value = line[0], line[2:]
        if kind == "m":
            media = _parse_media(value)
            session.media.append(media)
            if len(session.media) > MAX_MEDIA:
                raise RemoteError(400, "Too many SDP media")
        elif kind == "a":
            _parse_attribute(value, session.attributes if media is None else media.attributes)
        elif kind == "c":
            _note_connection(value, session if media is None else media)
        elif kind == "s" and media is None:
            session.session_name = value
        elif kind == "v" or kind == "o":
            raise RemoteError(400, "SDP line out of place")
    return session


def _note_connection(value: str, owner: "SessionDescription | Media") -> None:
    host = _parse_host(value.split())
    if owner.connection is None:  # RFC 8866 5.7: more are layers of a multicast
        owner.connection = host
