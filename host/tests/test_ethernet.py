"""The far end of an emulated board's Ethernet wire."""

import struct

from hypothesis import given
from hypothesis import strategies as st

from parleyd.ethernet import GATEWAY_MAC, MTU_BYTES, Datagram, FrameGateway, checksum

BOARD = "127.0.1.7"
BOARD_MAC = bytes.fromhex("025041520001")


def as_from_board(frame: bytes) -> bytes:
    """The same packet as if the board had sent it: only the Ethernet addresses change."""
    return GATEWAY_MAC + BOARD_MAC + frame[12:]


def test_checksum_of_rfc_1071_example():
    assert checksum(bytes.fromhex("0001f203f4f5f6f7")) == ~0xDDF2 & 0xFFFF


def test_header_checksum_verifies():
    (frame,) = FrameGateway(BOARD).to_board(Datagram(("127.0.0.1", 5060), (BOARD, 5060), b"x"))
    assert checksum(frame[14:34]) == 0


@given(st.binary(max_size=9000), st.integers(1, 65535), st.integers(1, 65535))
def test_what_goes_in_comes_out(payload, source_port, target_port):
    there = Datagram(("127.0.0.9", source_port), (BOARD, target_port), payload)
    gateway = FrameGateway(BOARD)
    frames = gateway.to_board(there)
    assert all(len(frame) <= 14 + MTU_BYTES for frame in frames)
    back = [d for frame in reversed(frames) for d in gateway.from_board(as_from_board(frame))[1]]
    assert back == [there]  # also when the fragments arrive in reverse


def test_arp_is_answered_for_everyone_but_the_board():
    ask = b"\x00\x01\x08\x00\x06\x04\x00\x01" + BOARD_MAC + bytes([127, 0, 1, 7]) + bytes(6)
    gateway = FrameGateway(BOARD)
    (answer,), datagrams = gateway.from_board(
        b"\xff" * 6 + BOARD_MAC + b"\x08\x06" + ask + bytes([127, 0, 0, 1])
    )
    assert datagrams == []
    assert answer[:12] == BOARD_MAC + GATEWAY_MAC
    assert (
        answer[20:22] == b"\x00\x02"
        and answer[22:28] == GATEWAY_MAC
        and answer[28:32] == bytes([127, 0, 0, 1])
    )
    probe = b"\xff" * 6 + BOARD_MAC + b"\x08\x06" + ask + bytes([127, 0, 1, 7])
    assert gateway.from_board(probe) == ([], [])


@given(st.binary(max_size=200))
def test_garbage_is_ignored(frame):
    gateway = FrameGateway(BOARD)
    gateway.from_board(frame)
    gateway.from_board(GATEWAY_MAC + BOARD_MAC + b"\x08\x00" + frame)


def test_lost_fragments_do_not_pile_up():
    gateway = FrameGateway(BOARD)
    for _ in range(500):
        first = gateway.to_board(Datagram(("127.0.0.9", 1), (BOARD, 2), bytes(4000)))[0]
        assert gateway.from_board(as_from_board(first)) == ([], [])
    assert len(gateway._parts) <= 64


def test_length_fields_are_checked():
    (frame,) = FrameGateway(BOARD).to_board(Datagram(("127.0.0.9", 1), (BOARD, 2), b"hello"))
    lying = bytearray(as_from_board(frame))
    lying[38:40] = struct.pack("!H", 500)
    gateway = FrameGateway(BOARD)
    assert gateway.from_board(bytes(lying)) == ([], [])
    assert gateway.counters["ignored"] == 1


def syn(flags: int, sequence: int = 0xFFFFFFFF) -> bytes:
    """A TCP segment of the board without payload, in a frame."""
    addresses = bytes([127, 0, 1, 7, 127, 0, 0, 1])
    head = struct.pack("!BBHHHBBH", 0x45, 0, 40, 1, 0, 64, 6, 0) + addresses
    segment = struct.pack("!HHIIBBHHH", 49152, 5060, sequence, 0, 0x50, flags, 1000, 0, 0)
    return GATEWAY_MAC + BOARD_MAC + b"\x08\x00" + head + segment


def test_a_connection_is_refused_at_once():
    """Else a board that tries TCP for a long request (RFC 3261 18.1.1) waits for many seconds."""
    gateway = FrameGateway(BOARD)
    (frame,), datagrams = gateway.from_board(syn(0x02))
    packet = frame[14:]
    assert (datagrams, frame[:12], checksum(packet[:20])) == ([], BOARD_MAC + GATEWAY_MAC, 0)
    assert packet[12:20] == bytes([127, 0, 0, 1, 127, 0, 1, 7])
    assert struct.unpack("!HHIIBB", packet[20:34]) == (5060, 49152, 0, 0, 0x50, 0x14)  # acknowledges the SYN
    assert checksum(packet[12:20] + struct.pack("!BBH", 0, 6, 20) + packet[20:]) == 0
    assert gateway.from_board(syn(0x10)) == ([], [])
    assert gateway.counters["ignored"] == 1
