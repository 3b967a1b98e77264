"""Ethernet frames of an emulated board to and from datagrams, with no I/O.

An emulated board's network controller sends and takes raw frames. `FrameGateway` is the other end of that
wire: it answers ARP for every address, takes UDP out of frames (RFC 894, 791, 768) and wraps datagrams for
the board into frames, in fragments where they are longer than the wire's unit. TCP does not pass: a connection
that the board opens is refused at once, so that it sends a long request over UDP (RFC 3261 18.1.1).
"""

import struct
from dataclasses import dataclass

GATEWAY_MAC = bytes.fromhex("02504152ff01")
MTU_BYTES = 1500
_IP_HEADER_BYTES = 20
_ETHERTYPE_IP, _ETHERTYPE_ARP = 0x0800, 0x0806
_PROTOCOL_TCP, _PROTOCOL_UDP = 6, 17
_SYN, _RST, _ACK = 0x02, 0x04, 0x10
_FRAGMENTS_MAX = 64  # half-received datagrams kept; the oldest goes first


@dataclass(frozen=True)
class Datagram:
    """A UDP datagram with both of its ends, as (host, port)."""

    source: tuple[str, int]
    target: tuple[str, int]
    payload: bytes


def checksum(data: bytes) -> int:
    """Return the Internet checksum of `data` (RFC 1071)."""
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _host(packed: bytes) -> str:
    return ".".join(str(part) for part in packed)


def _packed(host: str) -> bytes:
    return bytes(int(part) for part in host.split("."))


class FrameGateway:
    """The far end of one board's Ethernet wire.

    Args:
        board_host: the board's IPv4 address.
    """

    def __init__(self, board_host: str):
        self.board_host = board_host
        self.board_mac = b"\xff" * 6  # until the board has spoken
        self.counters = {"frames_in": 0, "frames_out": 0, "ignored": 0}
        self._identification = 0
        self._parts: dict[tuple[bytes, int], dict[int, tuple[bytes, bool]]] = {}

    def from_board(self, frame: bytes) -> tuple[list[bytes], list[Datagram]]:
        """Take one frame from the board.

        Args:
            frame: Ethernet frame without its check sequence.

        Returns:
            (frames to send back, datagrams that the board sent). What is neither ARP nor UDP over IPv4 is
            counted and ignored.
        """
        self.counters["frames_in"] += 1
        if len(frame) >= 14:
            self.board_mac = frame[6:12]
            kind = int.from_bytes(frame[12:14], "big")
            if kind == _ETHERTYPE_ARP:
                return self._answer_arp(frame[14:]), []
            if kind == _ETHERTYPE_IP and len(frame) > 23 and frame[23] == _PROTOCOL_TCP:
                return self._refuse_connection(frame[14:]), []
            if kind == _ETHERTYPE_IP:
                datagram = self._take_ip(frame[14:])
                if datagram is not None:
                    return [], [datagram]
                return [], []
        self.counters["ignored"] += 1
        return [], []

    def to_board(self, datagram: Datagram) -> list[bytes]:
        """Wrap one datagram for the board.

        Args:
            datagram: its target host is the board's; payload up to 65,507 bytes.

        Returns:
            the frames, in the order in which they are sent.
        """
        udp = struct.pack("!HHHH", datagram.source[1], datagram.target[1], 8 + len(datagram.payload), 0)
        segment = udp + datagram.payload  # checksum 0: not computed (RFC 768)
        self._identification = (self._identification + 1) & 0xFFFF
        step = (MTU_BYTES - _IP_HEADER_BYTES) // 8 * 8
        frames: list[bytes] = []
        for offset in range(0, len(segment), step):
            part = segment[offset : offset + step]
            more = 0x2000 if offset + step < len(segment) else 0
            ends = _packed(datagram.source[0]) + _packed(datagram.target[0])
            frames.append(self._frame(_PROTOCOL_UDP, ends, more | offset // 8, part))
        return frames

    def _frame(self, protocol: int, ends: bytes, fragment: int, body: bytes) -> bytes:
        # ends: source and target address; fragment: flags and offset (RFC 791 3.1).
        header = struct.pack(
            "!BBHHHBBH8s",
            0x45,
            0,
            _IP_HEADER_BYTES + len(body),
            self._identification,
            fragment,
            64,
            protocol,
            0,
            ends,
        )
        header = header[:10] + checksum(header).to_bytes(2, "big") + header[12:]
        self.counters["frames_out"] += 1
        return self.board_mac + GATEWAY_MAC + b"\x08\x00" + header + body

    def _refuse_connection(self, packet: bytes) -> list[bytes]:
        # RFC 9293 3.5.2: a SYN that nobody listens for is answered by a reset that acknowledges it.
        header_bytes = (packet[0] & 15) * 4
        segment = packet[header_bytes:]
        if (
            packet[0] >> 4 != 4
            or header_bytes < _IP_HEADER_BYTES
            or len(segment) < 20
            or not segment[13] & _SYN
        ):
            self._ignore()
            return []
        source, target, sequence = struct.unpack("!HHI", segment[:8])
        acknowledged = (sequence + 1) & 0xFFFFFFFF
        reset = struct.pack("!HHIIBBHHH", target, source, 0, acknowledged, 0x50, _RST | _ACK, 0, 0, 0)
        ends = packet[16:20] + packet[12:16]
        pseudo = ends + struct.pack("!BBH", 0, _PROTOCOL_TCP, len(reset))
        reset = reset[:16] + checksum(pseudo + reset).to_bytes(2, "big") + reset[18:]
        return [self._frame(_PROTOCOL_TCP, ends, 0, reset)]

    def _answer_arp(self, packet: bytes) -> list[bytes]:
        if len(packet) < 28 or packet[6:8] != b"\x00\x01":
            return []
        sender_mac, sender_ip, wanted_ip = packet[8:14], packet[14:18], packet[24:28]
        if _host(wanted_ip) == self.board_host:
            return []  # the board asks whether its own address is in use: it is not
        answer = b"\x00\x01\x08\x00\x06\x04\x00\x02" + GATEWAY_MAC + wanted_ip + sender_mac + sender_ip
        self.counters["frames_out"] += 1
        return [sender_mac + GATEWAY_MAC + b"\x08\x06" + answer]

    def _take_ip(self, packet: bytes) -> Datagram | None:
        if len(packet) < _IP_HEADER_BYTES or packet[0] >> 4 != 4:
            return self._ignore()
        header_bytes = (packet[0] & 15) * 4
        total_bytes = int.from_bytes(packet[2:4], "big")
        if packet[9] != _PROTOCOL_UDP or not header_bytes <= total_bytes <= len(packet):
            return self._ignore()
        body = packet[header_bytes:total_bytes]
        flags = int.from_bytes(packet[6:8], "big")
        offset, more = (flags & 0x1FFF) * 8, bool(flags & 0x2000)
        if offset or more:
            whole = self._join(packet[12:20], int.from_bytes(packet[4:6], "big"), offset, body, more)
            if whole is None:
                return None
            body = whole
        if len(body) < 8:
            return self._ignore()
        source_port, target_port, length = struct.unpack("!HHH", body[:6])
        if not 8 <= length <= len(body):
            return self._ignore()
        return Datagram(
            (_host(packet[12:16]), source_port), (_host(packet[16:20]), target_port), body[8:length]
        )

    def _join(self, ends: bytes, identification: int, offset: int, body: bytes, more: bool) -> bytes | None:
        parts = self._parts.setdefault((ends, identification), {})
        parts[offset] = (body, more)
        whole = b""
        while len(whole) in parts:
            piece, follows = parts[len(whole)]
            whole += piece
            if not follows:
                del self._parts[(ends, identification)]
                return whole
            if not piece:
                break
        while len(self._parts) > _FRAGMENTS_MAX:
            del self._parts[next(iter(self._parts))]
        return None

    def _ignore(self) -> None:
        self.counters["ignored"] += 1
