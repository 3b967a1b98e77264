"""Keys for SRTP in session descriptions: a=crypto lines (RFC 4568).

A line that names what we have not (another suite, an MKI, several keys, a changed transform) is passed over, as
RFC 4568 5.1.2 wants it, and never an error. Keys are in no text that these classes print.
"""

import binascii

from parley.wire.grammar import ALPHANUM, DIGITS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parley.wire.sdp import Media

# Name (RFC 4568 6.2, RFC 7714 14.1): number of the kernels, octets of key and salt. In our order of preference.
SUITES = {
    "AEAD_AES_128_GCM": (3, 28),
    "AES_CM_128_HMAC_SHA1_80": (1, 30),
    "AES_CM_128_HMAC_SHA1_32": (2, 30),
}
OFFERED_SUITES = ("AES_CM_128_HMAC_SHA1_80", "AES_CM_128_HMAC_SHA1_32", "AEAD_AES_128_GCM")
MASTER_BYTES = 30  # as the kernels take a master key: the shorter salt is filled up
MAX_TAG_DIGITS = 9  # RFC 4568 9.1
MAX_LINE = 512
_BASE64 = ALPHANUM + "+/"
_IGNORED_PARAMETERS = ("WSH",)  # a hint how large the sender's window is; ours is as large as it is


class Crypto:
    """One usable a=crypto line.

    tag: decimal text that joins offer and answer; suite: name in SUITES; master: 30 octets, key and salt.
    """

    def __init__(self, tag: str, suite: str, master: bytes) -> None:
        self.tag = tag
        self.suite = suite
        self.master = master

    def __repr__(self) -> str:
        return f"<Crypto {self.tag} {self.suite}>"

    @property
    def number(self) -> int:
        """The suite as the kernels know it."""
        return SUITES[self.suite][0]

    def same_as(self, other: "Crypto | None") -> bool:
        """Tell whether this is the same key under the same suite."""
        return other is not None and self.suite == other.suite and self.master == other.master

    def value(self) -> str:
        """Return the attribute's value. It holds the key: for the wire only, never for a log."""
        octets = self.master[: SUITES[self.suite][1]]
        key = binascii.b2a_base64(octets).decode().strip()
        return f"{self.tag} {self.suite} inline:{key}"


def new_crypto(tag: str, suite: str, random_octets: bytes) -> Crypto:
    """Make a key of ours from at least 30 unpredictable octets."""
    used = SUITES[suite][1]
    return Crypto(tag, suite, random_octets[:used] + bytes(MASTER_BYTES - used))


def parse_crypto(value: str) -> "Crypto | None":
    """Read an a=crypto value (RFC 4568 9.1); None when it is malformed or names what we have not."""
    words = value.split()
    if len(value) > MAX_LINE or len(words) < 3:
        return None
    tag, suite = words[0], words[1].upper()
    if tag.strip(DIGITS) or len(tag) > MAX_TAG_DIGITS or suite not in SUITES:
        return None
    for parameter in words[3:]:
        name = parameter.partition("=")[0].upper()
        if name not in _IGNORED_PARAMETERS and not name.startswith("-"):
            return None  # RFC 4568 6.3: what is not understood and not marked as optional rules the line out
    master = _parse_key(words[2], SUITES[suite][1])
    return None if master is None else Crypto(tag, suite, master)


def _parse_key(text: str, octets: int) -> "bytes | None":
    # RFC 4568 9.2: inline:<base64 of key and salt>[|lifetime][|MKI:length]
    if text[:7].lower() != "inline:" or ";" in text:
        return None
    pieces = text[7:].split("|")
    for piece in pieces[1:]:
        if ":" in piece or not _is_lifetime(piece):
            return None
    key = pieces[0].rstrip("=")
    if key == "" or key.strip(_BASE64) or len(key) != (octets * 4 + 2) // 3:
        return None
    try:
        master = binascii.a2b_base64((key + "=" * (-len(key) % 4)).encode())
    except ValueError:
        return None
    return master + bytes(MASTER_BYTES - octets) if len(master) == octets else None


def _is_lifetime(text: str) -> bool:
    # In packets: "2^31" or a decimal. At 50 packets/s the least that anybody writes, 2^20, is 5.8 hours.
    base, power, exponent = text.partition("^")
    digits = exponent if power else base
    return digits != "" and not digits.strip(DIGITS) and (not power or base == "2")


def cryptos_of(media: "Media") -> "list[Crypto]":
    """Return the usable a=crypto lines of an m= section, in the order in which the peer prefers them."""
    found: list[Crypto] = []
    for name, value in media.attributes:
        crypto = parse_crypto(value) if name == "crypto" and value is not None else None
        if crypto is not None:
            found.append(crypto)
    return found
