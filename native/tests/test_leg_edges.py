"""The leg's edges: what it refuses, what it sends, and the caller's own mistakes."""

import struct

import pytest

TAKEN, BAD, WRONG_TYPE = 0, -1, -2


def test_telephone_events_are_counted_and_not_played(line):
    phone = line()
    event = struct.pack(">BBHIIBBH", 0x80, 101, 1, 0, phone.ssrc, 5, 10, 160)
    assert phone.take(event) == TAKEN
    assert (phone.stat("event"), phone.stat("received"), phone.stat("depth")) == (1, 0, 0)


def test_other_payload_types_are_refused(line):
    phone = line()
    for payload_type in (0, 12, 72, 127):
        assert phone.receive(0, payload_type=payload_type) == WRONG_TYPE
    assert (phone.stat("wrong_type"), phone.stat("depth")) == (4, 0)


@pytest.mark.parametrize("octets", [0, 1, 79, 81, 159, 640 + 80, 1400])
def test_payloads_that_are_not_one_to_eight_slots_are_bad(line, octets):
    phone = line()
    assert phone.take(phone.packet(0)[:12] + bytes(octets)) == BAD
    assert phone.stat("bad") == 1


def test_every_truncation_is_refused(line):
    phone = line()
    whole = phone.packet(0)
    for length in range(len(whole)):
        if length != 12 + 80:
            assert phone.take(whole[:length]) == BAD
    assert phone.stat("depth") == 0


def test_csrc_extension_and_padding_are_not_audio(line):
    phone = line()
    for slot, first, before, after in (
        (0, 0x82, bytes(8), b""),
        (2, 0x90, bytes.fromhex("bede0001ffffffff"), b""),
        (4, 0xA0, b"", b"\x00\x00\x03"),
        (6, 0xB1, bytes(4) + bytes.fromhex("bede0000"), b"\x01"),
    ):
        packet = phone.packet(slot, first=first)
        assert phone.take(packet[:12] + before + packet[12:] + after) == TAKEN
    assert phone.hear(4) == list(range(8))


def test_level_in_is_that_of_the_last_tick(line):
    phone = line()
    assert phone.stat("level_in") == 127
    for slot in (0, 2):
        packet = phone.packet(slot)
        phone.take(packet[:12] + bytes([0xAA ^ 0x80]) * 160)  # the loudest negative code
    phone.play()
    assert phone.stat("level_in") == 0
    phone.hear(6)
    assert phone.stat("level_in") == 127


def sent(phone, pcm):
    """Returns (length, packet) of one tick."""
    packet = bytearray(172)
    return phone.kernels.leg_packetise(phone.leg, pcm, packet), bytes(packet)


def test_packets_advance_and_wrap(line):
    phone = line(seed=(0xFEDCBA98, 65_534, 2**32 - 320))
    pcm = struct.pack("<160h", *range(-8000, 8000, 100))
    codes = bytearray(160)
    phone.kernels.g711_encode(8, pcm, codes)
    for tick in range(6):
        length, packet = sent(phone, pcm)
        first, second, sequence, timestamp, ssrc = struct.unpack(">BBHII", packet[:12])
        assert (length, first, second, ssrc) == (172, 0x80, 0x88 if tick == 0 else 8, 0xFEDCBA98)
        assert sequence == (65_534 + tick) % 65_536
        assert timestamp == (2**32 - 320 + 160 * tick) % 2**32
        assert packet[12:] == codes
    assert phone.stat("sent") == 6


def test_tick_not_sent_advances_the_clock_only(line):
    phone = line(seed=(1, 10, 1000))
    pcm = bytes(320)
    assert sent(phone, pcm)[0] == 172
    for _ in range(3):
        assert sent(phone, None) == (0, bytes(172))
    _, packet = sent(phone, pcm)
    assert struct.unpack(">BBHI", packet[:8]) == (0x80, 0x80 | 8, 11, 1000 + 4 * 160)
    _, packet = sent(phone, pcm)
    assert struct.unpack(">BBHI", packet[:8]) == (0x80, 8, 12, 1000 + 5 * 160)


def test_sequence_seed_is_cut_to_16_bits(line):
    phone = line(seed=(1, 0x12345, 0))
    assert struct.unpack(">H", sent(phone, bytes(320))[1][2:4]) == (0x2345,)


@pytest.mark.parametrize(
    "wrong",
    [
        {"law": 1},
        {"payload_type": -1},
        {"payload_type": 128},
        {"event_payload_type": -2},
        {"event_payload_type": 128},
        {"event_payload_type": 8},
        {"depth_frames": 0},
        {"depth_frames": 9},
        {"seed": bytes(8)},
        {"short": 1},
    ],
)
def test_init_refuses_and_leaves_the_memory(line, wrong):
    kernels = line().kernels
    asked = {"law": 8, "payload_type": 8, "event_payload_type": -1, "depth_frames": 2, "seed": bytes(12)}
    leg = bytearray(b"\x5a" * (kernels.leg_size() - wrong.get("short", 0) * 4))
    before = bytes(leg)
    asked.update({name: value for name, value in wrong.items() if name != "short"})
    with pytest.raises(ValueError):
        kernels.leg_init(leg, *asked.values())
    assert leg == before


def test_memory_that_is_no_leg_is_refused(line):
    kernels = line().kernels
    leg, packet, pcm = bytearray(kernels.leg_size()), bytearray(172), bytearray(320)
    for call in (
        lambda: kernels.leg_receive(leg, packet, 172),
        lambda: kernels.leg_playout(leg, pcm),
        lambda: kernels.leg_packetise(leg, pcm, packet),
        lambda: kernels.leg_stat(leg, 0),
    ):
        with pytest.raises(ValueError, match="not initialised"):
            call()


def test_short_buffers_are_refused(line):
    phone = line()
    kernels, leg = phone.kernels, phone.leg
    before = bytes(leg)
    for call in (
        lambda: kernels.leg_receive(leg, bytes(10), 11),
        lambda: kernels.leg_receive(leg, bytes(10), -1),
        lambda: kernels.leg_receive(leg[:100], bytes(172), 172),
        lambda: kernels.leg_playout(leg, bytearray(318)),
        lambda: kernels.leg_packetise(leg, bytes(318), bytearray(172)),
        lambda: kernels.leg_packetise(leg, bytes(320), bytearray(171)),
        lambda: kernels.leg_stat(leg, -1),
        lambda: kernels.leg_stat(leg, 19),
        lambda: kernels.g711_decode(3, b"", bytearray()),
        lambda: kernels.g711_decode(0, bytes(3), bytearray(5)),
        lambda: kernels.g711_encode(0, bytes(3), bytearray(9)),
        lambda: kernels.g711_encode(0, bytes(4), bytearray(1)),
        lambda: kernels.mix_clear(bytearray(6)),
        lambda: kernels.mix_add(bytearray(4), bytes(4)),
        lambda: kernels.mix_minus(bytearray(8), bytes(2), bytearray(4), 32768),
        lambda: kernels.mix_minus(bytearray(8), None, bytearray(2), 32768),
        lambda: kernels.mix_minus(bytearray(8), None, bytearray(4), 32769),
        lambda: kernels.mix_minus(bytearray(8), None, bytearray(4), -1),
        lambda: kernels.level_dbov(bytes(3)),
        lambda: kernels.rtp_read(bytes(12), 13, bytearray(32)),
        lambda: kernels.rtp_read(bytes(12), 12, bytearray(28)),
        lambda: kernels.rtp_write(bytearray(11), bytes(32)),
        lambda: kernels.rtp_write(bytearray(12), bytes(28)),
    ):
        with pytest.raises(ValueError):
            call()
    assert leg == before
