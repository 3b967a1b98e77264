"""SIP URIs (RFC 3261 19.1), addresses with display names (20.10) and Via values (20.42)."""

from parley.wire.errors import RemoteError
from parley.wire.grammar import (
    BLANKS,
    HEXDIGITS,
    MAX_PORT,
    closing_quote,
    format_host_port,
    format_params,
    is_token,
    parse_decimal,
    parse_host_port,
    parse_params,
    quote,
    unquote,
)

SIP_PORT = 5060
SIPS_PORT = 5061  # RFC 3261 19.1.2
_SCHEMES = ("sip", "sips")
_FORBIDDEN = ' "<>\t\r\n\x00\x7f'  # never inside a URI unless escaped
# RFC 3261 19.1.4: URIs that differ in the presence of one of these are different.
_DECISIVE_PARAMS = ("user", "ttl", "method", "maddr", "transport")


class Parameterised:
    """What URIs, addresses and Via values share: params, pairs of name and value (None for a flag)."""

    def __init__(self, params: "list[tuple[str, str | None]] | None" = None) -> None:
        self.params: list[tuple[str, str | None]] = [] if params is None else params

    def param(self, name: str) -> "str | None":
        """Return the value of the first parameter of that (lower case) name, '' for a flag, None without."""
        for key, value in self.params:
            if key == name or key.lower() == name:
                return "" if value is None else unquote(value)
        return None

    def set_param(self, name: str, value: "str | None") -> None:
        """Give the parameter this value (None makes a flag), in its old place or at the end."""
        for index, (key, _) in enumerate(self.params):
            if key.lower() == name:
                self.params[index] = (key, value)
                return
        self.params.append((name, value))

    def remove_param(self, name: str) -> None:
        """Remove every parameter of that name (lower case)."""
        self.params = [pair for pair in self.params if pair[0].lower() != name]


def unescape(text: str) -> str:
    """Decode %41 escapes; what is no escape stays. Bytes that are no UTF-8 give one character each."""
    if "%" not in text:
        return text
    pieces = text.split("%")
    decoded = bytearray(pieces[0].encode())
    for piece in pieces[1:]:
        if len(piece) >= 2 and not piece[:2].strip(HEXDIGITS):
            decoded.append(int(piece[:2], 16))
            decoded.extend(piece[2:].encode())
        else:
            decoded.extend(b"%" + piece.encode())
    try:
        return bytes(decoded).decode()
    except UnicodeError:
        return "".join([chr(byte) for byte in decoded])


class SipUri(Parameterised):
    """A SIP or SIPS URI.

    scheme "sip" or "sips"; user and password as escaped in the URI or None; host without IPv6 brackets; port
    or None; params; headers is the escaped text after "?", '' without one.
    """

    def __init__(
        self,
        scheme: str,
        user: "str | None",
        host: str,
        port: "int | None" = None,
        params: "list[tuple[str, str | None]] | None" = None,
        headers: str = "",
        password: "str | None" = None,
    ) -> None:
        super().__init__(params)
        self.scheme = scheme
        self.user = user
        self.password = password
        self.host = host
        self.port = port
        self.headers = headers

    def __str__(self) -> str:
        text = self.scheme + ":"
        if self.user is not None:
            text += self.user
            if self.password is not None:
                text += ":" + self.password
            text += "@"
        text += format_host_port(self.host, self.port) + format_params(self.params)
        return text + "?" + self.headers if self.headers else text

    def address(self) -> "tuple[str, int]":
        """Return host and port to send to: maddr before host (RFC 3263 4), the scheme's port by default."""
        host = self.param("maddr") or self.host
        if host[0] == "[":
            host = host[1:-1]
        if self.port is not None:
            return host, self.port
        secure = self.scheme == "sips" or (self.param("transport") or "").lower() == "tls"
        return host, SIPS_PORT if secure else SIP_PORT

    def header_list(self) -> "list[tuple[str, str]]":
        """Return the URI's headers (RFC 3261 19.1.1) decoded: `?To=a%3Bb` gives [("To", "a;b")]."""
        pairs: list[tuple[str, str]] = []
        for part in self.headers.split("&"):
            if part:
                name, _, value = part.partition("=")
                pairs.append((unescape(name), unescape(value)))
        return pairs

    def same_as(self, other: "SipUri") -> bool:
        """Tell whether both URIs are equivalent by RFC 3261 19.1.4; text comparison is not."""
        if self.scheme != other.scheme or self.port != other.port or self.host.lower() != other.host.lower():
            return False
        if (self.user is None) != (other.user is None) or (self.password is None) != (other.password is None):
            return False
        if unescape(self.user or "") != unescape(other.user or ""):
            return False
        if unescape(self.password or "") != unescape(other.password or ""):
            return False
        for name in [pair[0].lower() for pair in self.params + other.params]:
            mine, theirs = self.param(name), other.param(name)
            if mine is None or theirs is None:
                if name in _DECISIVE_PARAMS:
                    return False
            elif unescape(mine).lower() != unescape(theirs).lower():
                return False
        return sorted(_header_keys(self)) == sorted(_header_keys(other))


def _header_keys(uri: SipUri) -> "list[tuple[str, str]]":
    return [(name.lower(), value) for name, value in uri.header_list()]


def parse_uri(text: str) -> SipUri:
    """Read a SIP or SIPS URI (RFC 3261 25.1). Raises RemoteError: 416 another scheme, 400 malformed."""
    scheme, colon, rest = text.partition(":")
    scheme = scheme.lower()
    if not colon:
        raise RemoteError(400, "Bad URI")
    if scheme not in _SCHEMES:
        raise RemoteError(416 if is_token(scheme) else 400, "Unsupported URI Scheme")  # RFC 3261 8.2.2.1
    for character in _FORBIDDEN:
        if character in rest:
            raise RemoteError(400, "Bad character in URI")
    user = password = None
    if "@" in rest:  # the user part may hold ";" and "?", so "@" comes first
        user, _, rest = rest.partition("@")
        if ":" in user:
            user, _, password = user.partition(":")
        if user == "":
            raise RemoteError(400, "Empty user in URI")
    rest, _, headers = rest.partition("?")
    host_port, semicolon, params = rest.partition(";")
    host, port = parse_host_port(host_port)
    return SipUri(scheme, user, host, port, _parse_uri_params(params) if semicolon else [], headers, password)


def _parse_uri_params(text: str) -> "list[tuple[str, str | None]]":
    # paramchar has other characters than header parameters ("[]/:&+$", no quotes): only emptiness is bad.
    params: list[tuple[str, str | None]] = []
    for part in text.split(";"):
        name, equals, value = part.partition("=")
        if name == "":
            raise RemoteError(400, "Bad URI parameter")
        params.append((name, value if equals else None))
    return params


class NameAddr(Parameterised):
    """An address as in From, To, Contact, Route, Refer-To: display name, URI and header parameters.

    uri_text is the URI as written, of whatever scheme; uri is it as a SipUri, read when asked for.
    """

    def __init__(
        self,
        uri: "SipUri | str",
        display: str = "",
        params: "list[tuple[str, str | None]] | None" = None,
    ) -> None:
        super().__init__(params)
        self.uri_text = str(uri)
        self.display = display

    def __str__(self) -> str:
        name = quote(self.display) + " " if self.display else ""
        return name + "<" + self.uri_text + ">" + format_params(self.params)

    @property
    def uri(self) -> SipUri:
        """The URI; raises RemoteError(416 or 400) when it is no well-formed SIP URI."""
        return parse_uri(self.uri_text)

    @property
    def tag(self) -> "str | None":
        """The tag parameter (RFC 3261 19.3), None without one."""
        return self.param("tag")


def parse_name_addr(text: str) -> NameAddr:
    """Read name-addr or addr-spec with header parameters (RFC 3261 20.10). Raises RemoteError(400).

    Without angle brackets, parameters after ";" belong to the header, not to the URI (RFC 3261 20).
    """
    text = text.strip(BLANKS)
    display = ""
    if text[:1] == '"':
        end = closing_quote(text, 0)
        display = unquote(text[: end + 1])
        text = text[end + 1 :].lstrip(BLANKS)
        if text[:1] != "<":
            raise RemoteError(400, "Display name without address")
    opening = text.find("<")
    if opening < 0:
        uri, semicolon, rest = text.partition(";")
        uri = uri.rstrip(BLANKS)
        rest = semicolon + rest
        if "?" in uri:  # RFC 3261 20.10: such a URI must stand in angle brackets
            raise RemoteError(400, "Bad address")
    else:
        display = display or text[:opening].rstrip(BLANKS)
        closing = text.find(">", opening)
        if closing < 0 or '"' in text[:opening]:
            raise RemoteError(400, "Bad address")
        uri = text[opening + 1 : closing].strip(BLANKS)
        rest = text[closing + 1 :].lstrip(BLANKS)
        if rest and rest[0] != ";":
            raise RemoteError(400, "Garbage after address")
    if ":" not in uri or " " in uri:
        raise RemoteError(400, "Bad address")
    return NameAddr(uri, display, parse_params(rest))


class Via(Parameterised):
    """One Via value: transport ("UDP"), sent-by host and port (None: the default), params."""

    def __init__(
        self,
        transport: str,
        host: str,
        port: "int | None" = None,
        params: "list[tuple[str, str | None]] | None" = None,
    ) -> None:
        super().__init__(params)
        self.transport = transport
        self.host = host
        self.port = port

    def __str__(self) -> str:
        sent_by = format_host_port(self.host, self.port)
        return "SIP/2.0/" + self.transport + " " + sent_by + format_params(self.params)

    @property
    def branch(self) -> str:
        """The branch parameter (RFC 3261 8.1.1.7); '' when an RFC 2543 peer sent none."""
        return self.param("branch") or ""

    def reply_address(self) -> "tuple[str, int]":
        """Return host and port a response goes to over UDP (RFC 3261 18.2.2, RFC 3581 4).

        maddr wins; then received with the rport value; then sent-by. Raises RemoteError(400) on a bad rport.
        """
        port = self.port or SIP_PORT
        host = self.param("maddr")
        if not host:
            host = self.param("received") or self.host
            rport = self.param("rport")
            if rport:
                port = parse_decimal(rport, MAX_PORT, "rport") or port
        if host[0] == "[":  # RFC 5118 4.5: received comes with and without brackets
            host = host[1:-1]
        return host, port


def parse_via(text: str) -> Via:
    """Read one Via value, `SIP/2.0/UDP host:port;branch=...` (RFC 3261 20.42). Raises RemoteError(400)."""
    sent, semicolon, params = text.partition(";")
    pieces = sent.split("/")  # LWS may stand on either side of each slash
    if len(pieces) != 3 or pieces[0].strip(BLANKS).upper() != "SIP" or pieces[1].strip(BLANKS) != "2.0":
        raise RemoteError(400, "Bad Via")
    words = pieces[2].replace("\t", " ").strip(BLANKS).split(" ", 1)
    if len(words) != 2 or not is_token(words[0]):
        raise RemoteError(400, "Bad Via")
    host, port = parse_host_port(words[1].strip(BLANKS))
    return Via(words[0].upper(), host, port, parse_params(semicolon + params))
