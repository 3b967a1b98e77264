"""The phone's leg: packets of its own numbers, what is played of the other's, and what is counted."""

import struct

import pytest

from parley.media import kernel_numbers, kernels
from parley.media.codecs import FRAME_SAMPLES, PACKET_BYTES, law_of
from parleyue.leg import Leg

EVENTS = 101


def packet_of(payload_type: int, number: int, code: int) -> bytes:
    header = struct.pack(">BBHII", 0x80, payload_type, number, FRAME_SAMPLES * number, 0x01020304)
    return header + bytes([code]) * FRAME_SAMPLES


def test_packets_are_rtp_with_the_leg_s_own_numbers():
    leg = Leg("PCMA", 8, EVENTS, 0xDEADBEEF, 65535, 0xFFFFFFFF)
    silence = bytes(2 * FRAME_SAMPLES)
    assert leg.packetise(silence) == len(leg.packet) == PACKET_BYTES
    flags, payload_type, sequence, timestamp, ssrc = struct.unpack_from(">BBHII", leg.packet)
    assert (flags, payload_type & 0x7F, ssrc) == (0x80, 8, 0xDEADBEEF)
    assert leg.packetise(None) == 0  # nothing is sent, but time passes
    leg.packetise(silence)
    later = struct.unpack_from(">BBHII", leg.packet)
    assert (later[2] - sequence) & 0xFFFF == 1
    assert (later[3] - timestamp) & 0xFFFFFFFF == 2 * FRAME_SAMPLES


@pytest.mark.parametrize("codec", ["PCMU", "PCMA", "pcma"])
def test_what_came_is_played(codec: str):
    leg = Leg(codec, 96, None, 1, 2, 3)
    assert not leg.playout()
    for number in range(kernel_numbers.LEG_DEPTH_FRAMES):
        packet = packet_of(96, number, 0x90)
        assert leg.receive(packet, len(packet)) == 0
    assert leg.playout()
    sample = bytearray(2)
    kernels.g711_decode(law_of(codec), b"\x90", sample)
    assert bytes(leg.pcm) == bytes(sample) * FRAME_SAMPLES
    stats = leg.stats()
    assert (stats["received"], stats["played"]) == (kernel_numbers.LEG_DEPTH_FRAMES, 1)


def test_other_payload_types_are_not_played():
    leg = Leg("PCMU", 0, EVENTS, 1, 2, 3)
    packet = packet_of(8, 0, 0x80)
    assert leg.receive(packet, len(packet)) < 0
    assert not leg.playout()


def test_a_codec_we_do_not_speak():
    with pytest.raises(ValueError, match="opus"):
        Leg("opus", 96, None, 1, 2, 3)
