"""The pattern of allocated addresses, once, for both ends.

A token is the user part of a conference's address, `sip:TOKEN@board:port`. It carries what was allocated and
ten bytes of an HMAC under the board's own key, so that the server can hand it out without asking the board
and the board can tell it from an invented one. It is 46 lower-case hex digits; upper case is refused, so that
an address has one spelling and nothing else needs to fold case.

| octets | field |
| --- | --- |
| 1 | version, 1 |
| 2 | slot: which of the board's conferences |
| 4 | generation: makes the slot's address unique through time |
| 2 | size: legs reserved |
| 4 | expires_s: unix seconds until which the conference must have started |
| 10 | first octets of HMAC-SHA256(key, the 13 octets before); RFC 2104 5 allows 80 bits and more |
"""

import struct

from parley.wire.auth import hex_of, hmac_sha256, same_bytes
from parley.wire.errors import LocalError, RemoteError
from parley.wire.grammar import format_host_port

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

VERSION = 1
MAX_SLOT = 0xFFFF
MAX_GENERATION = 0xFFFFFFFF
MIN_SIZE = 2  # a conference of one is none
MAX_SIZE = 0xFFFF
MAX_EXPIRES_S = 0xFFFFFFFF
MAC_BYTES = 10
TOKEN_CHARACTERS = 46
_FIELD_BYTES = 13
_HEX = "0123456789abcdef"


class Allocation:
    """What a token says: slot, generation, size (legs) and expires_s (unix seconds)."""

    __slots__ = ("expires_s", "generation", "size", "slot")

    def __init__(self, slot: int, generation: int, size: int, expires_s: int) -> None:
        self.slot = slot
        self.generation = generation
        self.size = size
        self.expires_s = expires_s


def _check(name: str, value: int, smallest: int, largest: int) -> None:
    if value < smallest or value > largest:
        raise LocalError(f"{name} {value} is not within {smallest}..{largest}")


def make_token(
    key: bytes,
    slot: int,
    generation: int,
    size: int,
    expires_s: int,
    mac: "Callable[[bytes, bytes], bytes]" = hmac_sha256,
) -> str:
    """Make the token of an allocation under the board's key.

    slot 0..MAX_SLOT, generation 0..MAX_GENERATION, size MIN_SIZE..MAX_SIZE, expires_s 0..MAX_EXPIRES_S.
    Returns TOKEN_CHARACTERS lower-case hex digits. Raises LocalError on a number out of range or an empty
    key. mac: an HMAC-SHA256 that may be faster than the portable one.
    """
    _check("slot", slot, 0, MAX_SLOT)
    _check("generation", generation, 0, MAX_GENERATION)
    _check("size", size, MIN_SIZE, MAX_SIZE)
    _check("expires_s", expires_s, 0, MAX_EXPIRES_S)
    if not key:
        raise LocalError("no key")
    fields = struct.pack(">BHIHI", VERSION, slot, generation, size, expires_s)
    return hex_of(fields + mac(key, fields)[:MAC_BYTES])


def looks_like_token(text: str) -> bool:
    """Tell whether the user part of a URI is written as a token is; whose it is only its key tells."""
    return len(text) == TOKEN_CHARACTERS and not text.strip(_HEX)


def read_token(key: bytes, token: str) -> Allocation:
    """Read a token and verify that it was made under this key.

    Raises RemoteError(404) on anything else: another length, other characters, another key, one flipped bit.
    """
    if not key or not looks_like_token(token):
        raise RemoteError(404, "No such conference")
    octets = bytes.fromhex(token)
    fields = octets[:_FIELD_BYTES]
    if not same_bytes(hmac_sha256(key, fields)[:MAC_BYTES], octets[_FIELD_BYTES:]):
        raise RemoteError(404, "No such conference")
    size = int.from_bytes(fields[7:9], "big")
    if fields[0] != VERSION or size < MIN_SIZE:
        raise RemoteError(404, "No such conference")
    slot = int.from_bytes(fields[1:3], "big")
    return Allocation(slot, int.from_bytes(fields[3:7], "big"), size, int.from_bytes(fields[9:13], "big"))


def conference_uri(token: str, host: str, port: int) -> str:
    """Return the conference's SIP URI, with the transport named for the sake of phones that would guess."""
    return "sip:" + token + "@" + format_host_port(host, port) + ";transport=udp"


def derive(key: bytes, label: str) -> str:
    """Derive a password from the board's key: 64 hex digits, another for each label ("register", "control").

    A token's HMAC covers octets that begin with VERSION, so no printable label ever meets one.
    """
    if not key or label[:1] <= " ":
        raise LocalError("no key, or no label")
    return hex_of(hmac_sha256(key, label.encode()))
