"""SRTP against the published vectors, against libsrtp packet by packet, and against an attacker."""

import random
import struct
import sys
from pathlib import Path

import pytest
from pylibsrtp import Error, Policy, Session

import parley_native

HERE = Path(__file__).resolve().parent
NATIVE = HERE.parent
TARGETS = NATIVE / "targets"
sys.path.insert(0, str(TARGETS))
import machines  # noqa: E402

SUITES = {
    1: Policy.SRTP_PROFILE_AES128_CM_SHA1_80,
    2: Policy.SRTP_PROFILE_AES128_CM_SHA1_32,
    3: Policy.SRTP_PROFILE_AEAD_AES_128_GCM,
}
FORGED, REPLAYED, SPENT = -2, -3, -4
ALL_FORMS = [(machine, form) for machine, kind in machines.MACHINES.items() for form in kind.forms]


def rtp(sequence, payload, ssrc=0x12345678, first=0x80, extra=b""):
    header = struct.pack(">BBHII", first, 0, sequence & 0xFFFF, 160 * sequence & 0xFFFFFFFF, ssrc)
    return header + extra + payload


class Pair:
    """Our state and libsrtp's, joined both ways."""

    def __init__(self, suite, seed=1):
        drawn = random.Random(seed)
        ours, theirs = drawn.randbytes(30), drawn.randbytes(30)
        used = 28 if suite == 3 else 30
        self.state = bytearray(parley_native.srtp_size())
        parley_native.srtp_init(self.state, suite, ours, theirs)
        profile = SUITES[suite]
        self.listener = Session(
            Policy(key=ours[:used], ssrc_type=Policy.SSRC_ANY_INBOUND, srtp_profile=profile)
        )
        self.speaker = Session(
            Policy(key=theirs[:used], ssrc_type=Policy.SSRC_ANY_OUTBOUND, srtp_profile=profile)
        )
        judging = Policy(key=theirs[:used], ssrc_type=Policy.SSRC_ANY_INBOUND, srtp_profile=profile)
        judging.window_size = 64
        self.judge = Session(judging)

    def sent(self, packet, kernel=parley_native.srtp_protect):
        wire = bytearray(packet + bytes(20))
        length = kernel(self.state, wire, len(packet))
        return length if length < 0 else bytes(wire[:length])

    def heard(self, wire, kernel=parley_native.srtp_unprotect):
        plain = bytearray(len(wire))
        length = kernel(self.state, wire, len(wire), plain)
        return length if length < 0 else bytes(plain[:length])


@pytest.fixture(params=SUITES)
def pair(request):
    return Pair(request.param)


def test_published_vectors_under_sanitizers(run, sanitized):
    code, text = run(sanitized("srtp_vectors_main"))
    assert code == 0, text
    assert "0 failed" in text


@pytest.mark.skipif(bool(machines.missing_tools()), reason=machines.missing_tools())
@pytest.mark.parametrize(("machine", "form"), ALL_FORMS)
def test_published_vectors_on_arm(tmp_path, machine, form):
    sources = [HERE / "srtp_vectors_main.c", TARGETS / "start.c"]
    elf = machines.build(machine, form, "srtp", sources, tmp_path)
    assert machines.execute(machine, elf) == (0, "form 0\n0 failed\n")


def test_hostile_packets_under_sanitizers(run, sanitized):
    program = sanitized("srtp_hostile_main")
    for seed in range(4):
        code, text = run(program, seed, 8_000)
        assert code == 0, text


def test_every_packet_as_libsrtp_has_it(pair):
    drawn = random.Random(2)
    starts = (40000, 65400, 98000, 130000, 131000)
    for sequence in [start + i for start in starts for i in range(200)]:
        payload = drawn.randbytes(drawn.choice((0, 1, 15, 16, 17, 160, 320, 1200)))
        shape = drawn.choice(((0x80, b""), (0x82, bytes(8)), (0x90, b"\xbe\xde\0\1\x10\x7f\0\0")))
        packet = rtp(sequence, payload, first=shape[0], extra=shape[1])
        assert pair.listener.unprotect(pair.sent(packet)) == packet
        assert pair.heard(pair.speaker.protect(packet)) == packet


def test_every_report_as_libsrtp_has_it(pair):
    for number in range(200):
        packet = struct.pack(">BBHIIIIII", 0x80, 200, 6, 7, number, 2, 3, 4, 5)
        assert pair.listener.unprotect_rtcp(pair.sent(packet, parley_native.srtcp_protect)) == packet
        assert pair.heard(pair.speaker.protect_rtcp(packet), parley_native.srtcp_unprotect) == packet


def test_loss_disorder_and_two_wraps_as_libsrtp_takes_them(pair):
    """What libsrtp refuses as a replay we refuse, and nothing else, over 140,000 sequence numbers."""
    drawn = random.Random(3)
    at, waiting, taken, refused = 30000, [], 0, 0
    while at < 170000:
        at += drawn.choice((1, 1, 1, 1, 1, 2, 5, 40, 400))
        waiting.append(pair.speaker.protect(rtp(at, b"voice")))
        if len(waiting) < 12:
            continue
        drawn.shuffle(waiting)
        for wire in [waiting.pop() for _ in range(6)]:
            try:
                expected = pair.judge.unprotect(wire)
            except Error:
                expected = REPLAYED
            assert pair.heard(wire) == expected
            assert pair.heard(wire) == REPLAYED
            taken, refused = taken + (expected != REPLAYED), refused + (expected == REPLAYED)
    assert taken > 1000
    assert refused > 100


def test_a_window_of_64_packets(pair):
    wires = [pair.speaker.protect(rtp(1000 + i, b"voice")) for i in range(100)]
    assert isinstance(pair.heard(wires[99]), bytes)
    assert isinstance(pair.heard(wires[99 - 63]), bytes)
    assert pair.heard(wires[99 - 64]) == REPLAYED
    assert pair.heard(wires[99 - 63]) == REPLAYED


def test_any_changed_bit_is_seen(pair):
    wire = pair.speaker.protect(rtp(1000, bytes(20)))
    for at in range(8 * len(wire)):
        changed = bytearray(wire)
        changed[at // 8] ^= 1 << at % 8
        assert isinstance(pair.heard(bytes(changed)), int), at
    assert isinstance(pair.heard(wire), bytes)  # and the attack cost him nothing


def test_no_keystream_is_used_twice(pair):
    assert isinstance(pair.sent(rtp(1000, b"one")), bytes)
    assert pair.sent(rtp(1000, b"two")) == SPENT
    assert pair.sent(rtp(999, b"two")) == SPENT
    assert pair.sent(rtp(1001, b"two", ssrc=1)) == SPENT
    assert isinstance(pair.sent(rtp(1001, b"two")), bytes)


def test_a_phone_may_change_its_ssrc_and_old_ones_are_no_way_in(pair):
    old = [pair.speaker.protect(rtp(1000 + i, b"old", ssrc=1)) for i in range(3)]
    assert isinstance(pair.heard(old[1]), bytes)
    for ssrc in (2, 3, 4):
        assert isinstance(pair.heard(pair.speaker.protect(rtp(7, b"new", ssrc=ssrc))), bytes)
    assert pair.heard(old[1]) == REPLAYED
    assert isinstance(pair.heard(old[2]), bytes)


def test_a_forged_ssrc_pushes_nobody_out(pair):
    wire = pair.speaker.protect(rtp(1000, b"mine"))
    assert isinstance(pair.heard(wire), bytes)
    for ssrc in range(50):
        assert pair.heard(rtp(5, b"a forged packet of some length", ssrc=ssrc)) == FORGED
    assert pair.heard(wire) == REPLAYED


def test_libsrtp_would_not_take_a_wrong_key():
    """The judge can say no."""
    one, other = Pair(1, seed=1), Pair(1, seed=2)
    with pytest.raises(Error):
        other.listener.unprotect(one.sent(rtp(1, b"voice")))


def test_both_pythons_make_the_same_octets(run, micropython, module_folder):
    session = (HERE / "srtp_session.py", "parley_native")
    code, text = run(sys.executable, *session)
    assert code == 0, text
    assert micropython([module_folder], *session) == (0, text)
