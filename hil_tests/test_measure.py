"""The judge judged: mixes made here, good and bad, and what the measurement says of them."""

import numpy as np
import pytest

from hil_tests import g711, hearing, measure, rtp_stream, wav
from hil_tests.rtp_stream import Arrived
from hil_tests.ues.crowd import frequencies

SECONDS = 12
DELAYS = {"a": 5000, "b": -3000, "c": 12345}  # samples between a talker's clock and the recording's


def voice(seed: int) -> np.ndarray:
    """Something like speech: harmonics of a wandering pitch under a syllable-like envelope; int16."""
    random = np.random.default_rng(seed)
    length = SECONDS * wav.RATE_HZ
    at = np.arange(length) / wav.RATE_HZ
    slow = np.interp(at, np.arange(0, SECONDS + 1, 0.15), random.random(len(np.arange(0, SECONDS + 1, 0.15))))
    pitch = (90 + 60 * seed) * (1 + 0.25 * slow)
    phase = 2 * np.pi * np.cumsum(pitch) / wav.RATE_HZ
    tone = sum(random.random() / k * np.sin(k * phase) for k in range(1, 16))
    hiss = random.standard_normal(length) * 0.15
    loud = np.interp(
        at, np.arange(0, SECONDS + 1, 0.2), random.random(len(np.arange(0, SECONDS + 1, 0.2))) ** 2
    )
    out = (tone + hiss) * loud
    return np.round(out / np.sqrt((out**2).mean()) * 1500).astype(np.int16)


@pytest.fixture(scope="module")
def tracks() -> dict[str, np.ndarray]:
    return {name: voice(seed) for seed, name in enumerate("abc", 1)}


def mix(tracks: dict[str, np.ndarray], gains: dict[str, float], slip_at: int = 0) -> np.ndarray:
    """A recording: each voice coded, delayed, scaled, summed, coded again; 20 ms cut out at slip_at."""
    out = np.zeros(SECONDS * wav.RATE_HZ)
    for name, gain in gains.items():
        pcm = g711.decode(g711.encode(np.round(tracks[name] * gain))).astype(float)
        if slip_at:
            pcm = np.concatenate([pcm[:slip_at], pcm[slip_at + 160 :]])
        shift = DELAYS[name]
        pcm = np.concatenate([np.zeros(max(shift, 0)), pcm[max(-shift, 0) :]])[: len(out)]
        out[: len(pcm)] += pcm
    return g711.decode(g711.encode(np.clip(out, -32768, 32767)))


def failed(tracks: dict[str, np.ndarray], recording: np.ndarray, listener: str = "a") -> list[str]:
    """Names of the findings that are not true for a listener."""
    heard = hearing.listen(listener, recording, tracks)
    findings = hearing.judge(heard, [name for name in tracks if name != listener], tolerance_db=0.5)
    return [finding.name for finding in findings if not finding.passed]


def test_two_voices_are_heard_at_their_level(tracks):
    heard = hearing.listen("a", mix(tracks, {"b": 1, "c": 1}), tracks)
    assert failed(tracks, heard.pcm) == []
    for name in "bc":
        assert abs(heard.voices[name].level_db) < 0.1
        assert round(heard.voices[name].delay_s * wav.RATE_HZ) == DELAYS[name]
    assert heard.own_db < -35


def test_a_slip_of_one_frame_is_followed(tracks):
    assert failed(tracks, mix(tracks, {"b": 1, "c": 1}, slip_at=50000)) == []


def test_a_missing_voice_is_missed(tracks):
    assert failed(tracks, mix(tracks, {"b": 1})) == ["a hears c"]


def test_silence_has_nobody_in_it(tracks):
    assert failed(tracks, np.zeros(SECONDS * wav.RATE_HZ, np.int16)) == ["a hears b", "a hears c"]


def test_an_empty_recording_has_nobody_in_it(tracks):
    assert failed(tracks, np.zeros(0, np.int16)) == ["a hears b", "a hears c"]


@pytest.mark.parametrize("own_gain", [1.0, 0.1])
def test_the_own_voice_is_found_even_20_db_down(tracks, own_gain):
    heard = hearing.listen("a", mix(tracks, {"a": own_gain, "b": 1, "c": 1}), tracks)
    assert "a does not hear itself" in failed(tracks, heard.pcm)
    assert abs(heard.own_db - measure.decibel(own_gain)) < 1


def test_a_level_one_decibel_off_is_seen(tracks):
    assert failed(tracks, mix(tracks, {"b": 10 ** (-1 / 20), "c": 1})) == ["a hears b"]


def tone(frequency_hz: int, size: float, seconds: int = 3) -> np.ndarray:
    return size * np.sin(2 * np.pi * frequency_hz * np.arange(seconds * wav.RATE_HZ) / wav.RATE_HZ)


def test_tones_are_measured_through_g711():
    sent = {"b": (743, 2500.0), "c": (1277, 3000.0), "d": (2579, 3500.0)}
    total = sum(tone(frequency, size) for frequency, size in sent.values())
    levels = measure.tone_levels(g711.decode(g711.encode(np.round(total))), sent, (311, 3000.0))
    assert levels.worst_error_db() < 0.1
    assert levels.own_db.max() < -50


def test_tones_show_a_tenth_less_an_own_voice_and_a_missing_one():
    sent = {"b": (743, 2500.0), "c": (1277, 3000.0)}
    wrong = tone(743, 2500 * 0.9) + tone(311, 3000 * 0.02)
    levels = measure.tone_levels(g711.decode(g711.encode(np.round(wrong))), sent, (311, 3000.0))
    assert abs(levels.median_error_db("b") + 0.915) < 0.05
    assert levels.median_error_db("c") < -50
    assert abs(levels.own_db[0] + 34) < 0.5


def test_a_gap_of_one_frame_is_seen_in_its_second_only():
    wrong = tone(743, 2500)
    wrong[10000:10640] = 0
    levels = measure.tone_levels(wrong, {"b": (743, 2500.0)}, (311, 3000.0))
    assert [abs(error) > 0.5 for error in levels.error_db["b"]] == [False, True, False]


def test_a_tone_played_faster_is_found_beside_its_place_and_nothing_else_is():
    sent = {"b": (467, 2500.0), "c": (545, 3000.0), "d": (623, 3000.0)}
    heard = tone(467, 2500) + tone(623, 1500)
    heard[wav.RATE_HZ : 2 * wav.RATE_HZ] = (tone(477, 2500) + tone(623, 1500))[: wav.RATE_HZ]
    levels = measure.tone_levels(g711.decode(g711.encode(np.round(heard))), sent, (311, 3000.0))
    assert np.abs(levels.error_db["b"]).max() < 0.1
    assert levels.error_db["c"].max() < -35
    assert np.abs(levels.error_db["d"] + 6.02).max() < 0.1


def test_a_long_gap_is_no_faster_tone():
    heard = tone(467, 2500)
    heard[wav.RATE_HZ : wav.RATE_HZ * 7 // 4] = 0
    assert measure.tone_levels(heard, {"b": (467, 2500.0)}, (311, 3000.0)).error_db["b"][1] < -5


def test_tones_of_64_talkers_do_not_touch():
    chosen = frequencies(64)
    assert len(set(chosen)) == 64
    folded = {min(k * hz % 8000, -k * hz % 8000) for hz in chosen for k in range(2, 10)}
    assert not folded & set(chosen)


@pytest.mark.parametrize("law", [g711.PCMU, g711.PCMA])
def test_every_code_is_a_fixed_point(law):
    codes = bytes(range(256))
    again = g711.encode(g711.decode(codes, law), law)
    different = [code for code in range(256) if again[code] != codes[code]]
    assert different == ([0x7F] if law == g711.PCMU else [])  # mu-law has a zero of either sign


@pytest.mark.parametrize(("law", "least_db"), [(g711.PCMU, 36), (g711.PCMA, 36)])
def test_coding_keeps_the_signal_to_noise_ratio_of_the_standard(law, least_db):
    pcm = np.round(tone(1019, 8000)).astype(np.int16)
    noise = g711.decode(g711.encode(pcm, law), law).astype(float) - pcm
    assert 10 * np.log10((pcm.astype(float) ** 2).mean() / (noise**2).mean()) > least_db


def stream(sequences: list[int], late_ms: dict[int, float] | None = None) -> list[Arrived]:
    """Packets 20 ms apart with these sequence numbers; some of them later."""
    late_ms = late_ms or {}
    return [
        Arrived(n * 0.02 + late_ms.get(n, 0) / 1000, n & 0xFFFF, n * 160 & 0xFFFFFFFF, 0, b"\xff" * 160)
        for n in sequences
    ]


def test_stream_counts_across_the_wrap_of_the_sequence_number():
    start = 65530
    numbers = [n for n in range(start, start + 20) if n != start + 7]
    found = rtp_stream.report(stream([*numbers, start + 19], {start + 3: 70.0}))
    assert (found.packets, found.lost, found.duplicate, found.late) == (20, 1, 1, 1)


def test_recordings_are_read_whatever_their_header_says(tmp_path):
    pcm = np.arange(-500, 500, dtype=np.int16)
    path = wav.write(tmp_path / "a.wav", pcm)
    assert (wav.read(path) == pcm).all()
    data = bytearray(path.read_bytes())
    data[40:44] = b"\0\0\0\0"  # a phone that was cut off never filled in the length
    path.write_bytes(data)
    assert (wav.read(path) == pcm).all()
    with pytest.raises(ValueError, match="16000"):
        wav.read(wav.write(tmp_path / "b.wav", pcm, 16000))
