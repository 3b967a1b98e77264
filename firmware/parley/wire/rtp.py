"""The RTP fixed header (RFC 3550 5.1), for what is not a media kernel: tests, tools, statistics."""

import struct

from parley.wire.errors import SILENT, LocalError, RemoteError

VERSION = 2
FIXED_BYTES = 12
MAX_CSRCS = 15
_PADDING = 0x20
_EXTENSION = 0x10
_RTCP_FIRST = 192  # RFC 5761 4: second octets 192..223 are RTCP packet types
_RTCP_LAST = 223


class RtpHeader:
    """payload_type 0..127, marker, sequence (16 bit), timestamp (clock ticks), ssrc, csrcs (32 bit each)."""

    def __init__(
        self,
        payload_type: int,
        marker: bool,
        sequence: int,
        timestamp: int,
        ssrc: int,
        csrcs: "tuple[int, ...]" = (),
    ) -> None:
        self.payload_type = payload_type
        self.marker = marker
        self.sequence = sequence
        self.timestamp = timestamp
        self.ssrc = ssrc
        self.csrcs = csrcs


def read_header(packet: "bytes | bytearray | memoryview") -> "tuple[RtpHeader, int, int]":
    """Read a packet's header and find its payload.

    packet: a whole datagram. Returns header, offset of the payload's first octet and offset behind its last
    one; a header extension is skipped (RFC 3550 5.3.1), padding left out. Raises RemoteError(0) on anything
    else than a well-formed RTP packet, RTCP among it.
    """
    length = len(packet)
    if length < FIXED_BYTES:
        raise RemoteError(SILENT, "RTP packet too short")
    first, second, sequence, timestamp, ssrc = struct.unpack_from(">BBHII", packet, 0)
    if first >> 6 != VERSION or _RTCP_FIRST <= second <= _RTCP_LAST:
        raise RemoteError(SILENT, "Not RTP")
    count = first & 15
    start = FIXED_BYTES + 4 * count
    end = length
    if start <= length and first & _EXTENSION:
        start += 4
        if start <= length:
            start += 4 * struct.unpack_from(">H", packet, start - 2)[0]
    if first & _PADDING:
        padding = packet[length - 1]
        if padding == 0:
            raise RemoteError(SILENT, "Bad RTP padding")
        end -= padding
    if start > end:
        raise RemoteError(SILENT, "RTP packet too short")
    csrcs: tuple[int, ...] = struct.unpack_from(f">{count}I", packet, FIXED_BYTES) if count else ()
    return RtpHeader(second & 127, second >= 128, sequence, timestamp, ssrc, csrcs), start, end


def write_header(packet: "bytearray | memoryview", header: RtpHeader) -> int:
    """Write the header at the packet's beginning; returns its length, 12 and 4 for each CSRC.

    packet: writable octets. Raises LocalError when a field is out of range or the packet too short.
    """
    count = len(header.csrcs)
    end = FIXED_BYTES + 4 * count
    if count > MAX_CSRCS or len(packet) < end or not 0 <= header.payload_type <= 127:
        raise LocalError("RTP header does not fit")
    if not 0 <= header.sequence <= 0xFFFF:
        raise LocalError("RTP sequence number out of range")
    words = (header.timestamp, header.ssrc) + tuple(header.csrcs)
    for word in words:
        if not 0 <= word <= 0xFFFFFFFF:
            raise LocalError("RTP word out of range")
    second = header.payload_type | (128 if header.marker else 0)
    struct.pack_into(">BBH", packet, 0, VERSION << 6 | count, second, header.sequence)
    struct.pack_into(f">{count + 2}I", packet, 4, *words)
    return end
