"""RTCP packets (RFC 3550 6): compounds of SR, RR, SDES and BYE, read with full validation and written.

Times are RTP clock ticks, NTP seconds and fractions, or 1/65536 s, as the standard has them; each name says which.
"""

import struct

from parley.wire.errors import SILENT, LocalError, RemoteError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

SR, RR, SDES, BYE = 200, 201, 202, 203
FIRST_TYPE, LAST_TYPE = 192, 223  # RFC 5761 4: how RTCP is told from RTP on one port
MAX_COMPOUND_BYTES = 1472  # what an Ethernet frame takes; longer ones are refused
MAX_BLOCKS = 31
MAX_TEXT_BYTES = 255
_CNAME = 1
_VERSION = 2
_BLOCK = ">IIIIII"
_BLOCK_BYTES = 24
_REPORT_BYTES = 36  # SR without blocks, and what an SDES packet begins with
_LOST_MOST = 0x7FFFFF  # of a signed number of 24 bits


class ReportBlock:
    """What a receiver tells of one sender (RFC 3550 6.4.1).

    ssrc: of the sender. fraction_lost: 0..255 of 256. lost: packets, below 0 when there were duplicates.
    highest_sequence: 32 bits, cycles above. jitter: RTP clock ticks. last_report: middle 32 bits of the NTP time of
    the last SR, 0 none. delay: since then, 1/65536 s.
    """

    def __init__(
        self,
        ssrc: int,
        fraction_lost: int,
        lost: int,
        highest_sequence: int,
        jitter: int,
        last_report: int,
        delay: int,
    ) -> None:
        self.ssrc = ssrc
        self.fraction_lost = fraction_lost
        self.lost = lost
        self.highest_sequence = highest_sequence
        self.jitter = jitter
        self.last_report = last_report
        self.delay = delay


class SenderInfo:
    """What a sender tells of itself (RFC 3550 6.4.1): when, and how much it sent."""

    def __init__(
        self, ntp_seconds: int, ntp_fraction: int, rtp_timestamp: int, packets: int, octets: int
    ) -> None:
        self.ntp_seconds = ntp_seconds
        self.ntp_fraction = ntp_fraction
        self.rtp_timestamp = rtp_timestamp
        self.packets = packets
        self.octets = octets


class Compound:
    """A whole RTCP packet as far as we use it.

    ssrc: who reports. sender: SenderInfo or None. blocks: [ReportBlock]. cnames: {SSRC: text}. left: SSRCs of a BYE.
    """

    def __init__(self, ssrc: int) -> None:
        self.ssrc = ssrc
        self.sender: "SenderInfo | None" = None
        self.blocks: list[ReportBlock] = []
        self.cnames: dict[int, str] = {}
        self.left: list[int] = []


def is_rtcp(packet: "bytes | bytearray | memoryview") -> bool:
    """Tell RTCP from RTP by the second octet (RFC 5761 4)."""
    return len(packet) > 1 and FIRST_TYPE <= packet[1] <= LAST_TYPE


def parse_compound(packet: "bytes | bytearray | memoryview") -> Compound:
    """Read a compound packet; RemoteError(0) on anything that RFC 3550 A.2 does not let pass."""
    length = len(packet)
    if length < 8 or length > MAX_COMPOUND_BYTES or length % 4:
        raise RemoteError(SILENT, "RTCP of a bad length")
    if packet[0] & 0xE0 != _VERSION << 6 or packet[1] not in (
        SR,
        RR,
    ):  # the first is a report without padding
        raise RemoteError(SILENT, "RTCP does not begin with a report")
    compound = Compound(struct.unpack_from(">I", packet, 4)[0])
    at = 0
    while at < length:
        end = at + 4 + 4 * struct.unpack_from(">H", packet, at + 2)[0]
        if packet[at] >> 6 != _VERSION or end > length:
            raise RemoteError(SILENT, "RTCP lengths do not add up")
        _read_one(compound, packet, at, _unpadded(packet, at, end, length))
        at = end
    return compound


def _unpadded(packet: "bytes | bytearray | memoryview", at: int, end: int, length: int) -> int:
    # RFC 3550 6.4.1: only the last one may be padded, and its last octet counts all of that
    if not packet[at] & 0x20:
        return end
    padding = packet[end - 1]
    if end != length or padding == 0 or padding % 4 or padding > end - at - 4:
        raise RemoteError(SILENT, "Bad RTCP padding")
    return end - padding


def _read_one(compound: Compound, packet: "bytes | bytearray | memoryview", at: int, end: int) -> None:
    count, kind = packet[at] & 31, packet[at + 1]
    if kind in (SR, RR):
        _read_report(compound, packet, at + 4, end, count, kind == SR)
    elif kind == SDES:
        _read_descriptions(compound, packet, at + 4, end, count)
    elif kind == BYE:
        if at + 4 + 4 * count > end:
            raise RemoteError(SILENT, "RTCP BYE too short")
        compound.left.extend(struct.unpack_from(f">{count}I", packet, at + 4))


def _read_report(
    compound: Compound, packet: "bytes | bytearray | memoryview", at: int, end: int, count: int, sends: bool
) -> None:
    blocks_at = at + (24 if sends else 4)
    if blocks_at + _BLOCK_BYTES * count > end:  # behind them may be an extension of a profile
        raise RemoteError(SILENT, "RTCP report too short")
    if sends:
        compound.sender = SenderInfo(*struct.unpack_from(">IIIII", packet, at + 4))
    for number in range(count):
        ssrc, lost, highest, jitter, last_report, delay = struct.unpack_from(
            _BLOCK, packet, blocks_at + _BLOCK_BYTES * number
        )
        signed = (lost & 0xFFFFFF) - ((lost & 0x800000) << 1)
        compound.blocks.append(ReportBlock(ssrc, lost >> 24, signed, highest, jitter, last_report, delay))


def _read_descriptions(
    compound: Compound, packet: "bytes | bytearray | memoryview", at: int, end: int, count: int
) -> None:
    # RFC 3550 6.5: chunks of SSRC and items, each chunk ended by zeros up to the next word
    for _ in range(count):
        if at + 4 > end:
            raise RemoteError(SILENT, "RTCP SDES too short")
        ssrc = struct.unpack_from(">I", packet, at)[0]
        at += 4
        while at < end and packet[at] != 0:
            stop = at + 2 + (packet[at + 1] if at + 1 < end else end)
            if stop > end:
                raise RemoteError(SILENT, "RTCP SDES too short")
            if packet[at] == _CNAME:
                compound.cnames[ssrc] = _text(bytes(packet[at + 2 : stop]))
            at = stop
        if at >= end:
            raise RemoteError(SILENT, "RTCP SDES without an end")
        at += 4 - at % 4


def _text(octets: bytes) -> str:
    try:
        return octets.decode()
    except UnicodeError:
        return "".join([chr(octet) for octet in octets])


def make_report(ssrc: int, sender: "SenderInfo | None", blocks: "list[ReportBlock]", cname: str) -> bytes:
    """Return an SR (with sender) or RR of ours with its SDES CNAME (RFC 3550 6.1). LocalError beyond 31 blocks."""
    item = make_name(cname)
    room = bytearray(_REPORT_BYTES + _BLOCK_BYTES * len(blocks) + len(item))
    return bytes(room[: write_report(room, ssrc, sender, blocks, item)])


def write_report(
    room: bytearray, ssrc: int, sender: "SenderInfo | None", blocks: "Sequence[ReportBlock]", item: bytes
) -> int:
    """Write what make_report returns into `room`, whose length the caller answers for; return the bytes.

    item: of make_name. A report a second for each of thousands of participants leaves no garbage this way.
    """
    if len(blocks) > MAX_BLOCKS:
        raise LocalError("too many RTCP report blocks")
    kind, words = (RR, 1) if sender is None else (SR, 6)
    struct.pack_into(">BBHI", room, 0, _VERSION << 6 | len(blocks), kind, words + 6 * len(blocks), ssrc)
    at = 4 + 4 * words
    if sender is not None:
        struct.pack_into(
            ">IIIII",
            room,
            8,
            sender.ntp_seconds,
            sender.ntp_fraction,
            sender.rtp_timestamp & 0xFFFFFFFF,
            sender.packets & 0xFFFFFFFF,
            sender.octets & 0xFFFFFFFF,
        )
    for block in blocks:
        lost = max(-_LOST_MOST - 1, min(_LOST_MOST, block.lost)) & 0xFFFFFF
        struct.pack_into(
            _BLOCK,
            room,
            at,
            block.ssrc,
            block.fraction_lost << 24 | lost,
            block.highest_sequence,
            block.jitter,
            block.last_report,
            block.delay,
        )
        at += _BLOCK_BYTES
    struct.pack_into(">BBHI", room, at, _VERSION << 6 | 1, SDES, 1 + len(item) // 4, ssrc)
    at += 8
    room[at : at + len(item)] = item
    return at + len(item)


def make_name(cname: str) -> bytes:
    """Return the CNAME item of an SDES chunk, with the zeros that end the chunk (RFC 3550 6.5.1)."""
    octets = cname.encode()[:MAX_TEXT_BYTES]
    item = bytes([_CNAME, len(octets)]) + octets
    return item + bytes(4 - len(item) % 4)


def make_bye(ssrc: int, cname: str) -> bytes:
    """Return the last packet of a participant: an empty RR, CNAME and BYE (RFC 3550 6.6)."""
    return make_report(ssrc, None, [], cname) + struct.pack(">BBHI", _VERSION << 6 | 1, BYE, 1, ssrc)
