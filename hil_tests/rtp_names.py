"""What stands in an RTP packet behind its first 12 octets: CSRC list, header extension (RFC 3550 5, RFC 8285)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

ONE_BYTE, TWO_BYTE = 0xBEDE, 0x1000


@dataclass(frozen=True)
class Header:
    """csrcs: SSRCs of the CSRC list; extension: data by ID, None without one; payload: all that follows."""

    csrcs: list[int]
    extension: dict[int, bytes] | None
    payload: bytes


def read(packet: bytes) -> Header:
    """A packet without padding taken apart; AssertionError when its parts do not fit into it."""
    assert packet[0] >> 6 == 2 and not packet[0] & 0x20, packet[:12].hex()
    at = 12 + 4 * (packet[0] & 0x0F)
    csrcs = list(struct.unpack(f">{packet[0] & 0x0F}I", packet[12:at]))
    if not packet[0] & 0x10:
        return Header(csrcs, None, packet[at:])
    profile, words = struct.unpack(">HH", packet[at : at + 4])
    end = at + 4 + 4 * words
    assert end <= len(packet), packet.hex()
    return Header(csrcs, _elements(profile, packet[at + 4 : end]), packet[end:])


def _elements(profile: int, octets: bytes) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    at = 0
    while at < len(octets):
        if octets[at] == 0:
            at += 1
            continue
        if profile == ONE_BYTE:
            number, count, at = octets[at] >> 4, (octets[at] & 0x0F) + 1, at + 1
        else:
            assert profile == TWO_BYTE, hex(profile)
            number, count, at = octets[at], octets[at + 1], at + 2
        assert at + count <= len(octets), octets.hex()
        found[number], at = octets[at : at + count], at + count
    return found
