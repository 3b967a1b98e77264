"""RTP header by RFC 3550 sections 5.1 and 5.3.1, as a parser that eats the packet front to back."""

import struct

SHORT, VERSION, CSRC, EXTENSION, PADDING = -1, -2, -3, -4, -5


def read(packet):
    """Returns (payload offset, eight fields), or (error, None)."""
    if len(packet) < 12:
        return SHORT, None
    first, second, sequence, timestamp, ssrc = struct.unpack(">BBHII", packet[:12])
    version, padded, extended, csrc_count = first >> 6, first >> 5 & 1, first >> 4 & 1, first & 15
    if version != 2:
        return VERSION, None
    rest = packet[12:]
    if len(rest) < 4 * csrc_count:
        return CSRC, None
    rest = rest[4 * csrc_count :]
    if extended:
        words = struct.unpack(">HH", rest[:4])[1] if len(rest) >= 4 else None
        if words is None or len(rest) < 4 + 4 * words:
            return EXTENSION, None
        rest = rest[4 + 4 * words :]
    offset = len(packet) - len(rest)
    if padded:
        if not rest or not 1 <= rest[-1] <= len(rest):
            return PADDING, None
        rest = rest[: len(rest) - rest[-1]]
    return offset, (second & 127, second >> 7, sequence, timestamp, ssrc, csrc_count, offset + len(rest), 0)


def write(payload_type, marker, sequence, timestamp, ssrc):
    """Returns the twelve octets of a plain header."""
    return struct.pack(">BBHII", 0x80, marker << 7 | payload_type, sequence, timestamp, ssrc)
