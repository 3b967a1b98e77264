"""The bridge: against the single kernels it stands for, against its plain-Python twin, against everybody."""

import random
import struct
import sys
from importlib import import_module
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
FIRMWARE = HERE.parent.parent / "firmware"
SLOW = "parley.media.kernels_slow"
SPEAKS, HEARS = 1, 2


@pytest.mark.parametrize("seed", range(1, 9))
def test_bridge_and_its_twin_keep_the_same_octets(run, micropython, module_folder, seed):
    session = (HERE / "bridge_session.py", "parley_native", SLOW, seed, 250)
    code, text = run(sys.executable, *session)
    assert code == 0, text
    assert micropython([module_folder, FIRMWARE], *session) == (0, text)


def test_sessions_reach_everything(run):
    """What no session does is not compared: every kind of call with every kind of result comes up."""
    text = "".join(
        run(sys.executable, HERE / "bridge_session.py", "parley_native", "parley_native", seed, 250)[1]
        for seed in range(1, 9)
    )
    for result in (
        "add_leg ok",
        "add_leg -8",
        "add_leg argument",
        "change ok",
        "change -8",
        "change argument",
    ):
        assert f"('{result}'" in text
    for result in (0, -1, -2, -3, -4, -5, -6, -7):
        assert f"('receive {result or 'ok'}'" in text
    for result in (
        "remove_leg ok",
        "remove_leg argument",
        "skip ok",
        "skip argument",
        "refused ok",
        "mix ok",
        "names ok",
        "names argument",
        "noise ok",
        "noise argument",
    ):
        assert f"('{result}'" in text


def test_hostile_packets_and_churn_under_sanitizers(run, sanitized):
    program = sanitized("bridge_hostile_main")
    for seed in range(3):
        code, text = run(program, seed, 200_000)
        assert code == 0, text


class Reference:
    """What one conference should send, made of the kernels of one leg and the mix of all."""

    def __init__(self, kernels):
        self.kernels = kernels
        self.legs = []

    def add(self, law, flags, seed):
        leg = bytearray(self.kernels.leg_size())
        self.kernels.leg_init(leg, law, law, 101, 2, seed)
        self.legs.append([leg, flags, 32768])

    def packets(self):
        """Returns the packet of each leg, None for one that does not hear."""
        total, voices = bytearray(640), []
        for leg, flags, _ in self.legs:
            pcm = bytearray(320)
            if flags & SPEAKS:
                self.kernels.leg_playout(leg, pcm)
                self.kernels.mix_add(total, pcm)
            voices.append(pcm)
        made = []
        for row, own in zip(self.legs, voices, strict=True):
            leg, flags, gain = row
            packet, out = bytearray(172), bytearray(320)
            row[2] = self.kernels.mix_minus(total, own, out, gain)
            sent = self.kernels.leg_packetise(leg, out if flags & HEARS else None, packet)
            made.append(bytes(packet) if sent else None)
        return made


def voice(source, kind):
    """Returns 160 codes: loud noise, a murmur, silence, or mu-law's two zeros mixed."""
    if kind == "loud":
        return source.randbytes(160)
    if kind == "murmur":
        return bytes(code | 0x60 for code in source.randbytes(160))
    return (
        bytes(160 * [0xFF]) if kind == "silence" else bytes(source.choice((0x7F, 0xFF)) for _ in range(160))
    )


@pytest.mark.parametrize("module", ["parley_native", SLOW])
@pytest.mark.parametrize("seed", range(6))
def test_shortcuts_change_no_octet(module, seed):
    """Copied, shared or mixed: everybody gets what decoding, mixing and encoding for him alone would give."""
    kernels, source = import_module(module), random.Random(seed)
    size = 2 + seed
    bridge, reference = bytearray(kernels.bridge_size(size, 1)), Reference(kernels)
    kernels.bridge_init(bridge, size, 1, 0)
    for leg in range(size):
        law, flags = source.choice((0, 0, 0, 8)), source.choice((3, 3, 3, 3, 1, 2))
        words = source.randbytes(12)
        assert kernels.bridge_add_leg(bridge, leg, 0, law, law, 101, 2, flags, words, bytes(6)) == 0
        reference.add(law, flags, words)
    kinds = [source.choice(("loud", "murmur", "silence", "zeros", None)) for _ in range(size)]
    for tick in range(60):
        if tick % 10 == 0:
            kinds[source.randrange(size)] = source.choice(("loud", "murmur", "silence", "zeros", None))
        for leg, (state, flags, _) in enumerate(reference.legs):
            if kinds[leg] is None or source.random() < 0.05:
                continue
            law = kernels_law(state)
            packet = struct.pack(">BBHII", 0x80, law, tick, 160 * tick, leg) + voice(source, kinds[leg])
            kernels.bridge_receive_leg(bridge, leg, packet, 172)
            if flags & SPEAKS:
                kernels.leg_receive(state, packet, 172)
        expected = reference.packets()
        kernels.bridge_begin(bridge, 0, 1)
        made = kernels.bridge_mix(bridge, size)
        found = [None] * size
        for place in range(made):
            at = kernels.bridge_packet(bridge, place)
            found[kernels.bridge_packet_leg(bridge, place)] = bytes(bridge[at : at + 172])
        assert found == expected


def kernels_law(leg):
    """Returns the law of a leg's memory (native/src/leg_state.h)."""
    return struct.unpack_from("<i", leg, 4)[0]


def envelope(levels, before):
    """Returns the loudness of each voice after a tick (parley_bridge.h, "Loudest"); None: did not speak."""
    return [
        max(0, old - 1) if level is None else max(127 - level, old - 1)
        for level, old in zip(levels, before, strict=True)
    ]


@pytest.mark.parametrize("module", ["parley_native", SLOW])
@pytest.mark.parametrize("loudest", [1, 2, 3])
def test_the_loudest_are_chosen_as_described(module, loudest):
    """An own model of the rule, from its text; listeners tell who was in the mix."""
    kernels, source = import_module(module), random.Random(loudest)
    talkers, codes = 6, [0x90, 0x82, 0x8F, 0xB5, 0xC3, 0xD0]
    bridge = bytearray(kernels.bridge_size(talkers + 1, 1))
    kernels.bridge_init(bridge, talkers + 1, 1, loudest)
    for leg in range(talkers + 1):
        kernels.bridge_add_leg(bridge, leg, 0, 8, 8, -1, 1, 3, bytes(12), bytes(6))
    loudness, chosen, changes = [0] * talkers, set(), 0
    for tick in range(200):
        said = [source.choice((*codes, None)) for _ in range(talkers)]
        for leg, code in enumerate(said):
            if code is not None:
                packet = struct.pack(">BBHII", 0x80, 8, tick, 160 * tick, leg) + bytes([code]) * 160
                kernels.bridge_receive_leg(bridge, leg, packet, 172)
        kernels.bridge_begin(bridge, 0, 1)
        kernels.bridge_mix(bridge, talkers + 1)
        levels = [level_of(kernels, bridge, leg) for leg in range(talkers)]
        loudness = envelope(levels, loudness)
        speaking = [leg for leg in range(talkers) if levels[leg] is not None]
        ranked = sorted(speaking, key=lambda leg: (-loudness[leg] - 6 * (leg in chosen), leg))
        changes += chosen != set(ranked[:loudest])
        chosen = set(ranked[:loudest])
        assert heard_by_listener(kernels, bridge, talkers) == mixture(
            kernels, bridge, sorted(chosen), talkers
        )
    assert changes > 4


def level_of(kernels, bridge, leg):
    """Returns what a leg spoke with in this tick, None for silence."""
    level = kernels.bridge_leg_stat(bridge, leg, 8)
    return None if level == 127 else level


def heard_by_listener(kernels, bridge, listener):
    for place in range(listener + 1):
        if kernels.bridge_packet_leg(bridge, place) == listener:
            at = kernels.bridge_packet(bridge, place)
            return bytes(bridge[at + 12 : at + 172])
    return None


def mixture(kernels, bridge, legs, talkers):
    """Returns the codes of the sum of these legs, as they lie in the bridge's frames (bridge_state.h)."""
    frames_at = struct.unpack_from("<i", bridge, 40)[0]
    total, pcm, codes = bytearray(640), bytearray(320), bytearray(160)
    played = [leg for leg in range(talkers) if level_of(kernels, bridge, leg) is not None]
    for leg in legs:
        at = frames_at + 320 * played.index(leg)
        kernels.mix_add(total, bridge[at : at + 320])
    kernels.mix_minus(total, None, pcm, 32768)
    kernels.g711_encode(8, pcm, codes)
    return bytes(codes)


@pytest.mark.parametrize("module", ["parley_native", SLOW])
def test_our_mistakes_are_value_errors(module):
    k = import_module(module)
    bridge = bytearray(k.bridge_size(2, 1))
    fresh = bytearray(len(bridge))
    k.bridge_init(bridge, 2, 1, 0)
    good = (0, 0, 0, 0, -1, 2, 3, bytes(12), bytes(6))
    before = bytes(bridge)
    for call in (
        lambda: k.bridge_size(0, 1),
        lambda: k.bridge_size(1, 16385),
        lambda: k.bridge_init(bridge[:-4], 2, 1, 0),
        lambda: k.bridge_init(bridge, 2, 1, -1),
        lambda: k.bridge_mix(fresh, 1),
        lambda: k.bridge_mix(bridge[:-4], 1),
        lambda: k.bridge_mix(bytearray(8), 1),
        lambda: k.bridge_begin(bridge, 0, 21),
        lambda: k.bridge_add_leg(bridge, 2, *good[1:]),
        lambda: k.bridge_add_leg(bridge, 0, 1, *good[2:]),
        lambda: k.bridge_add_leg(bridge, 0, 0, 3, *good[3:]),
        lambda: k.bridge_add_leg(bridge, *good[:6], 4, *good[7:]),
        lambda: k.bridge_add_leg(bridge, *good[:7], bytes(8), bytes(6)),
        lambda: k.bridge_add_leg(bridge, *good[:8], bytes(5)),
        lambda: k.bridge_add_leg(bridge, *good[:8], b"\1\1\1\1\0\0"),
        lambda: k.bridge_remove_leg(bridge, 0),
        lambda: k.bridge_change(bridge, 0, 0, 0, -1, 3, bytes(6)),
        lambda: k.bridge_receive(bridge, b"123", 4, bytes(6)),
        lambda: k.bridge_receive_leg(bridge, 0, b"123", 3),
        lambda: k.bridge_packet(bridge, 2),
        lambda: k.bridge_refused(bridge, 0),
        lambda: k.bridge_stat(bridge, 15),
        lambda: k.bridge_leg_stat(bridge, 0, 0),
        lambda: k.bridge_skip(bridge, -1),
    ):
        with pytest.raises(ValueError):
            call()
    assert bytes(bridge) == before


def test_512_in_one_conference():
    k = import_module("parley_native")
    bridge = bytearray(k.bridge_size(512, 1))
    k.bridge_init(bridge, 512, 1, 0)
    for leg in range(512):
        address = struct.pack(">IH", 0x0A000000 + leg, 4000)
        assert k.bridge_add_leg(bridge, leg, 0, 0, 0, -1, 2, 3, bytes(12), address) == 0
    for tick in range(3):
        for leg in range(512):
            packet = struct.pack(">BBHII", 0x80, 0, tick, 160 * tick, leg) + bytes([0xD0]) * 160
            assert k.bridge_receive(bridge, packet, 172, struct.pack(">IH", 0x0A000000 + leg, 4000)) == 0
    k.bridge_begin(bridge, 0, 1)
    assert [k.bridge_mix(bridge, 200) for _ in range(4)] == [200, 200, 112, 0]
    assert k.bridge_stat(bridge, 8) == 512
