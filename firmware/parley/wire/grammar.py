"""Basic grammar of RFC 3261 section 25.1: tokens, quoted strings, parameters, hosts and numbers.

Every parser here takes text and returns a value or raises RemoteError(400). `not text.strip(CHARACTERS)` is
how "made of these characters only" is asked: one call in C on both Pythons, where a loop would be slow.
"""

from parley.wire.errors import LocalError, RemoteError

DIGITS = "0123456789"
ALPHANUM = DIGITS + "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
TOKEN_CHARACTERS = ALPHANUM + "-.!%*_+`'~"  # token
WORD_CHARACTERS = TOKEN_CHARACTERS + '()<>:\\"/[]?{}'  # word
HOST_CHARACTERS = ALPHANUM + "-._"  # hostname, IPv4address; "_" is no host's letter, but the wild has it
IPV6_CHARACTERS = DIGITS + "abcdefABCDEF:."  # the inside of an IPv6reference
HEXDIGITS = DIGITS + "abcdefABCDEF"
BLANKS = " \t"  # WSP
CRLF = "\r\n"

MAX_PORT = 65535
MAX_DECIMAL_DIGITS = 20  # no number of these protocols is longer, leading zeros included


def is_token(text: str) -> bool:
    """Tell whether the text is a token (RFC 3261 25.1): not empty, token characters only."""
    return text != "" and not text.strip(TOKEN_CHARACTERS)


def is_word(text: str) -> bool:
    """Tell whether the text is a word (RFC 3261 25.1), as the halves of a Call-ID are."""
    return text != "" and not text.strip(WORD_CHARACTERS)


def parse_decimal(text: str, largest: int, what: str = "number") -> int:
    """Read 1*DIGIT (ASCII digits only, no sign, leading zeros allowed) of 0..largest.

    Raises RemoteError(400) naming `what` otherwise. int() alone would take "+1", " 1", "1_0" and foreign
    digits.
    """
    if text == "" or len(text) > MAX_DECIMAL_DIGITS or text.strip(DIGITS):
        raise RemoteError(400, "Bad " + what)
    number = int(text)
    if number > largest:
        raise RemoteError(400, "Bad " + what)
    return number


def quote(text: str) -> str:
    r"""Make a quoted-string (RFC 3261 25.1): `a"b` becomes `"a\"b"`. Raises LocalError on a line end."""
    if "\r" in text or "\n" in text:
        raise LocalError("a quoted string holds no line end")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def unquote(text: str) -> str:
    """Take a quoted-string's quotes and quoted-pairs away; any other text comes back as it is."""
    if len(text) < 2 or text[0] != '"' or text[-1] != '"':
        return text
    text = text[1:-1]
    if "\\" not in text:
        return text
    plain: list[str] = []
    escaped = False
    for character in text:
        if character == "\\" and not escaped:
            escaped = True
        else:
            plain.append(character)
            escaped = False
    return "".join(plain)


def closing_quote(text: str, opening: int) -> int:
    """Return the index of the quote that closes the one at `opening`. Raises RemoteError(400) without one."""
    at = opening + 1
    while True:
        at = text.find('"', at)
        if at < 0:
            raise RemoteError(400, "Unterminated quoted string")
        backslashes = 0
        while text[at - 1 - backslashes] == "\\":  # stops at the opening quote at the latest
            backslashes += 1
        if backslashes % 2 == 0:
            return at
        at += 1


def split_outside(text: str, separator: str) -> list[str]:
    """Split at a one-character separator outside quoted strings and <>; the parts come without outer blanks.

    Raises RemoteError(400) when a quoted string or an angle bracket stays open.
    """
    if '"' not in text and "<" not in text:
        return [part.strip(BLANKS) for part in text.split(separator)]
    parts: list[str] = []
    start = at = 0
    while at < len(text):
        character = text[at]
        if character == '"':
            at = closing_quote(text, at)
        elif character == "<":
            at = text.find(">", at)
            if at < 0:
                raise RemoteError(400, "Unterminated angle bracket")
        elif character == separator:
            parts.append(text[start:at].strip(BLANKS))
            start = at + 1
        at += 1
    parts.append(text[start:].strip(BLANKS))
    return parts


def parse_params(text: str) -> "list[tuple[str, str | None]]":
    """Read *( SEMI generic-param ), given with or without the first semicolon.

    text: such as `;tag=1;lr;note="a;b"`. Returns pairs of name and value in order; a flag's value is None; a
    quoted value keeps its quotes, so that it can be written back. Raises RemoteError(400) on an empty
    parameter.
    """
    text = text.strip(BLANKS)
    if text == "":
        return []
    if text[0] == ";":
        text = text[1:]
    params: list[tuple[str, str | None]] = []
    for part in split_outside(text, ";") if '"' in text else text.split(";"):
        name, equals, value = part.partition("=")
        name = name.strip(BLANKS)
        if name == "" or name.strip(TOKEN_CHARACTERS):
            raise RemoteError(400, "Bad parameter")
        params.append((name, value.strip(BLANKS) if equals else None))
    return params


def format_params(params: "list[tuple[str, str | None]]") -> str:
    """Write parameters as `;name=value;flag`; an empty list gives ''."""
    text = ""
    for name, value in params:
        text += ";" + name if value is None else ";" + name + "=" + value
    return text


def parse_host_port(text: str) -> "tuple[str, int | None]":
    """Read hostport (RFC 3261 25.1): `host`, `host:5060`, `[2001:db8::1]:5060`; blanks around ":" are fine.

    Returns the host (an IPv6 address without its brackets) and the port 1..65535 or None when there is none.
    """
    if text[:1] == "[":  # IPv6reference
        host, closed, rest = text[1:].partition("]")
        rest = rest.strip(BLANKS)
        if not closed or ":" not in host or host.strip(IPV6_CHARACTERS) or rest[:1] not in ("", ":"):
            raise RemoteError(400, "Bad IPv6 address")
        colon, port_text = rest[:1], rest[1:]
    else:
        host, colon, port_text = text.partition(":")
        host = host.strip(BLANKS)
        if host == "" or host.strip(HOST_CHARACTERS):
            raise RemoteError(400, "Bad host")
    if not colon:
        return host, None
    port = parse_decimal(port_text.strip(BLANKS), MAX_PORT, "port")
    if port == 0:
        raise RemoteError(400, "Bad port")
    return host, port


def format_host_port(host: str, port: "int | None") -> str:
    """Write hostport; an IPv6 address gets its brackets back."""
    if ":" in host:
        host = "[" + host + "]"
    return host if port is None else f"{host}:{port}"
