"""The torture messages as data: firmware/tests/torture/README.md tells the format, which is read here on its own."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, replace

from hil_tests import sip_text
from hil_tests.programs import REPOSITORY

FOLDER = REPOSITORY / "firmware/tests/torture"
GROUPS = ("valid", "invalid", "meaning", "ipv6")
SDP = sip_text.sdp_offer("198.51.100.5", 49218)
_BRACES = re.compile(rb"\{(?:x((?:[0-9a-f]{2})+)|([^{}]+)\*(\d+)|(sdp))\}")
_HEADING = re.compile(r"^== (\S+) (\S+) (\S+)(?: (\d+))?\n((?:;.*\n)*)", re.M)

# OPTIONS, INVITE and so on are the same everywhere; these are not. Nobody of the messages' names is known on either.
DAEMON = {"call": "404", "REGISTER": "401", "MESSAGE": "401", "schemes-in-addresses": "400"}
BOARD = {"call": "404", "REGISTER": "405", "MESSAGE": "401"}


@dataclass(frozen=True)
class Vector:
    """One message: section of its RFC, what a user agent server must do, the port its Via leads to."""

    name: str
    section: str
    outcome: str
    port: int
    data: bytes

    def expected(self, target: dict[str, str]) -> str:
        """A status or `silence`, at DAEMON or BOARD."""
        outcome = self.data.split(b" ", 1)[0].decode() if self.outcome == "method" else self.outcome
        return target.get(self.name, target.get(outcome, outcome))

    @property
    def call_id(self) -> str:
        """Its first Call-ID, '' without one."""
        found = re.search(rb"^(?:call-id|i) *: *(\S+)", self.data, re.M | re.I)
        return found[1].decode() if found else ""

    def numbered(self, number: int) -> bytes:
        """The same in a transaction and with a Call-ID of its own, where its grammar lets it."""
        mark = b"%x-" % number
        head, end, body = self.data.partition(b"\r\n\r\n")
        head = head.replace(b"branch=z9hG4bK", b"branch=z9hG4bK" + mark, 1)
        return re.sub(rb"(?m)^((?:call-id|i) *: *)", rb"\g<1>" + mark, head, count=1, flags=re.I) + end + body


def unheard(messages: list[Vector]) -> list[Vector]:
    """The same messages as nobody has sent them yet: an earlier one's transaction lives for 32 s (RFC 3261 17.2)."""
    number = secrets.randbits(32)
    return [replace(message, data=message.numbered(number)) for message in messages]


def _octets(found: re.Match[bytes]) -> bytes:
    digits, text, count, _sdp = found.groups()
    if digits:
        return bytes.fromhex(digits.decode())
    return text * int(count) if text else SDP


def _message(text: str) -> bytes:
    data = _BRACES.sub(_octets, text.replace("\n", "\r\n").encode())
    before, found, rest = data.partition(b"{length}")
    return before + b"%d" % len(rest.partition(b"\r\n\r\n")[2]) + rest if found else data


def vectors() -> list[Vector]:
    """All of them."""
    found = []
    for group in GROUPS:
        text = (FOLDER / f"{group}.txt").read_text(encoding="utf-8")
        headings = list(_HEADING.finditer(text))
        ends = [heading.start() for heading in headings[1:]] + [len(text)]
        for heading, end in zip(headings, ends, strict=True):
            name, section, outcome, port, _ = heading.groups()
            message = _message(text[heading.end() : end])
            found.append(Vector(name, section, outcome, int(port or 5060), message))
    return found
