"""Digest authentication (RFC 7616; in SIP RFC 3261 22 and RFC 8760) and the HMAC it rests on.

Algorithms SHA-256 and MD5, qop=auth. MD5 is here because most phones have nothing else.
"""

import hashlib

from parley.wire.errors import SILENT, RemoteError
from parley.wire.grammar import BLANKS, is_token, quote, split_outside, unquote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Password = Callable[[str], str | None]
    HashOf = Callable[[str, str], str | None]

HASHES: "dict[str, Callable[[bytes], Any]]" = {"SHA-256": hashlib.sha256}
if hasattr(hashlib, "md5"):  # MicroPython has it only in builds with TLS
    HASHES["MD5"] = hashlib.md5
MAX_NONCES = 512  # used nonces whose count is remembered
NONCE_CHARACTERS = 36  # 8 hex digits of time, 8 of serial number, 20 of HMAC
_BLOCK_BYTES = 64  # RFC 2104 2, of MD5 and SHA-256 both
_INNER_PAD = int.from_bytes(b"\x36" * _BLOCK_BYTES, "big")
_OUTER_PAD = int.from_bytes(b"\x5c" * _BLOCK_BYTES, "big")
_MAC_BYTES = 10
_HEX = "0123456789abcdef"


def hex_of(data: bytes) -> str:
    """Return the octets as lower-case hex digits."""
    return data.hex()


def same_bytes(left: bytes, right: bytes) -> bool:
    """Compare in a time that tells nothing about where they differ."""
    if len(left) != len(right):
        return False
    difference = 0
    for index in range(len(left)):
        difference |= left[index] ^ right[index]
    return difference == 0


def hmac_sha256(key: bytes, data: bytes) -> bytes:
    """Return the 32 octets of HMAC-SHA256 (RFC 2104, RFC 4231); a key of any length."""
    if len(key) > _BLOCK_BYTES:
        key = hashlib.sha256(key).digest()
    padded = int.from_bytes(key + bytes(_BLOCK_BYTES - len(key)), "big")
    inner = hashlib.sha256((padded ^ _INNER_PAD).to_bytes(_BLOCK_BYTES, "big") + data).digest()
    return hashlib.sha256((padded ^ _OUTER_PAD).to_bytes(_BLOCK_BYTES, "big") + inner).digest()


def _parse_fields(value: str) -> "dict[str, str]":
    scheme, _, rest = value.strip(BLANKS).partition(" ")
    if not is_token(scheme):
        raise RemoteError(400, "Bad authentication scheme")
    fields = {"scheme": scheme.lower()}
    if fields["scheme"] != "digest":  # other schemes have other grammars (RFC 3261 25.1, other-challenge)
        return fields
    for part in split_outside(rest, ","):
        name, equals, text = part.partition("=")
        name = name.strip(BLANKS).lower()
        if not equals or not is_token(name) or name in fields:
            raise RemoteError(400, "Bad digest field")
        fields[name] = unquote(text.strip(BLANKS))
    return fields


def parse_challenge(value: str) -> "dict[str, str]":
    """Read a WWW-Authenticate or Proxy-Authenticate value (RFC 3261 20.44).

    Returns the fields, keys in lower case, values unquoted, with the scheme (lower case) under "scheme"; of
    other schemes than digest nothing else is read. Raises RemoteError(400).
    """
    fields = _parse_fields(value)
    if fields["scheme"] == "digest" and ("realm" not in fields or "nonce" not in fields):
        raise RemoteError(400, "Challenge without realm or nonce")
    return fields


def parse_credentials(value: str) -> "dict[str, str]":
    """Read an Authorization or Proxy-Authorization value (RFC 3261 20.7) as parse_challenge does."""
    fields = _parse_fields(value)
    for name in ("username", "realm", "nonce", "uri", "response"):
        if fields["scheme"] == "digest" and name not in fields:
            raise RemoteError(400, "Credentials without " + name)
    return fields


def _algorithm(fields: "dict[str, str]") -> str:
    return fields.get("algorithm", "MD5").upper()  # RFC 7616 3.3: absent means MD5


def _offers_auth(fields: "dict[str, str]") -> bool:
    qop = fields.get("qop")
    return qop is None or "auth" in [option.strip(BLANKS).lower() for option in qop.split(",")]


def choose_challenge(values: "list[str]") -> "dict[str, str] | None":
    """Return the first challenge we can answer (RFC 8760 2.4: the server lists them best first), or None."""
    for value in values:
        try:
            fields = parse_challenge(value)
        except RemoteError:
            continue
        if fields["scheme"] == "digest" and _algorithm(fields) in HASHES and _offers_auth(fields):
            return fields
    return None


def _digest(algorithm: str, text: str) -> str:
    return hex_of(HASHES[algorithm](text.encode()).digest())


def ha1_of(algorithm: str, username: str, realm: str, password: str) -> str:
    """Return the hash of a password that digest needs (RFC 7616 3.4.2): whoever keeps it need not keep that.

    algorithm: a key of HASHES.
    """
    return _digest(algorithm, f"{username}:{realm}:{password}")


def _response(fields: "dict[str, str]", method: str, secret: str) -> str:
    # secret: ha1_of. RFC 7616 3.4.1; without qop RFC 2069's form (RFC 3261 22.4 item 6)
    algorithm = _algorithm(fields)
    request = _digest(algorithm, f"{method}:{fields['uri']}")
    if "qop" not in fields:
        return _digest(algorithm, f"{secret}:{fields['nonce']}:{request}")
    count = f"{fields['nonce']}:{fields['nc']}:{fields['cnonce']}:{fields['qop']}"
    return _digest(algorithm, f"{secret}:{count}:{request}")


def authorization(
    challenge: "dict[str, str]",
    method: str,
    uri: str,
    username: str,
    password: str,
    nonce_count: int,
    cnonce: str,
) -> str:
    """Answer a challenge: the value for Authorization or Proxy-Authorization (RFC 7616 3.4).

    challenge: from parse_challenge or choose_challenge; uri: the Request-URI; nonce_count: 1 for a nonce's
    first use, one more each time; cnonce: fresh random text. Raises RemoteError(0) when we have no such
    algorithm.
    """
    if challenge["scheme"] != "digest" or _algorithm(challenge) not in HASHES or not _offers_auth(challenge):
        raise RemoteError(SILENT, "Challenge of an unknown kind")
    fields = {"username": username, "realm": challenge["realm"], "nonce": challenge["nonce"], "uri": uri}
    if "algorithm" in challenge:
        fields["algorithm"] = challenge["algorithm"]
    if "qop" in challenge:
        fields["qop"] = "auth"
        fields["nc"] = f"{nonce_count:08x}"
        fields["cnonce"] = cnonce
    text = "Digest username=" + quote(username)
    for name in ("realm", "nonce", "uri"):
        text += f", {name}={quote(fields[name])}"
    secret = ha1_of(_algorithm(challenge), username, fields["realm"], password)
    text += f', response="{_response(fields, method, secret)}"'
    if "algorithm" in challenge:
        text += ", algorithm=" + challenge["algorithm"]
    if "opaque" in challenge:  # RFC 7616 3.4: comes back unchanged
        text += ", opaque=" + quote(challenge["opaque"])
    if "qop" in challenge:
        text += f", qop=auth, nc={fields['nc']}, cnonce={quote(cnonce)}"
    return text


class Authenticator:
    """The server's side of digest: challenges, and judges credentials.

    Nonces are stateless: time and serial number with an HMAC. Only of nonces used with a right password the
    count is remembered, of MAX_NONCES at most; when one is forgotten, it and all older unused ones go stale,
    so that nothing can be replayed. secret: random octets, fresh in each run.
    """

    def __init__(
        self,
        realm: str,
        secret: bytes,
        algorithms: "tuple[str, ...]" = ("SHA-256", "MD5"),
        nonce_life_s: int = 300,
    ) -> None:
        self.realm = realm
        self.algorithms = algorithms
        self.nonce_life_s = nonce_life_s
        self._secret = secret
        self._serial = 0
        self._counts: dict[str, int] = {}  # nonce -> last nonce count
        self._used: list[str] = []  # the keys of _counts, oldest first
        self._forgotten = 0  # serial numbers up to this one are stale unless in _counts

    def challenges(self, now_s: int, stale: bool = False) -> "list[str]":
        """Return the values for WWW-Authenticate, one for each algorithm, best first (RFC 8760 2.3)."""
        self._serial += 1
        stamp = f"{now_s & 0xFFFFFFFF:08x}{self._serial & 0xFFFFFFFF:08x}"
        fields = f'Digest realm={quote(self.realm)}, nonce="{stamp}{self._mac(stamp)}", qop="auth"'
        if stale:
            fields += ", stale=true"
        return [fields + ", algorithm=" + algorithm for algorithm in self.algorithms]

    def check(
        self, header: "str | None", method: str, password_of: "Password", now_s: int
    ) -> "tuple[str, str]":
        """Judge an Authorization value.

        header: raw value or None; method: the request's; password_of: from user name to password or None;
        now_s: unix seconds. Returns (verdict, user name): "ok"; "missing" (none, or of another realm or
        scheme: challenge); "stale" (right password, but an old, forged or replayed nonce: challenge with
        stale=True); "bad". The user name is '' when there is none to tell. Raises nothing.
        """

        def hashed(username: str, algorithm: str) -> "str | None":
            password = password_of(username)
            return None if password is None else ha1_of(algorithm, username, self.realm, password)

        return self.check_hashed(header, method, hashed, now_s)

    def check_hashed(
        self, header: "str | None", method: str, hash_of: "HashOf", now_s: int
    ) -> "tuple[str, str]":
        """As check; hash_of: from user name and algorithm to ha1_of() or None."""
        if header is None:
            return "missing", ""
        try:
            fields = parse_credentials(header)
        except RemoteError:
            return "bad", ""
        if fields["scheme"] != "digest" or fields["realm"] != self.realm:  # RFC 3261 22.1: perhaps for others
            return "missing", ""
        username = fields["username"]
        if not self._is_complete(fields):
            return "bad", username
        secret = hash_of(username, _algorithm(fields))
        right = _response(fields, method, secret or "").encode()  # unknown users take as long as known ones
        if not same_bytes(right, fields["response"].lower().encode()) or secret is None:
            return "bad", username
        fresh = self._accept(fields["nonce"], int(fields["nc"], 16), now_s)
        return "ok" if fresh else "stale", username

    def _is_complete(self, fields: "dict[str, str]") -> bool:
        count = fields.get("nc", "").lower()
        if _algorithm(fields) not in self.algorithms or fields.get("qop", "").lower() != "auth":
            return False
        return len(count) == 8 and not count.strip(_HEX) and "cnonce" in fields

    def _mac(self, stamp: str) -> str:
        return hex_of(hmac_sha256(self._secret, f"{self.realm}:{stamp}".encode())[:_MAC_BYTES])

    def _accept(self, nonce: str, count: int, now_s: int) -> bool:
        # True when the nonce is ours, in time, and this count is higher than any before (RFC 7616 3.4, nc).
        if len(nonce) != NONCE_CHARACTERS or nonce.strip(_HEX):
            return False
        if not same_bytes(self._mac(nonce[:16]).encode(), nonce[16:].encode()):
            return False
        age_s = (now_s & 0xFFFFFFFF) - int(nonce[:8], 16)
        if age_s < 0 or age_s > self.nonce_life_s:
            return False
        last = self._counts.get(nonce)
        if last is None:
            if int(nonce[8:16], 16) <= self._forgotten or count == 0:
                return False
            self._remember(nonce)
        elif count <= last:
            return False
        self._counts[nonce] = count
        return True

    def _remember(self, nonce: str) -> None:
        self._used.append(nonce)
        if len(self._used) > MAX_NONCES:
            oldest = self._used.pop(0)
            del self._counts[oldest]
            self._forgotten = max(self._forgotten, int(oldest[8:16], 16))
