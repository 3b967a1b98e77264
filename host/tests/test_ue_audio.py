"""Sound files in and out, sample rates, levels and the 20 ms clock."""

import wave

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from parleyue.audio import FRAME_BYTES, SILENCE, Microphone, Recorder, read_speech, resample
from parleyue.sound import Level, Sound, together


def tone(frequency_hz, rate_hz, seconds=0.5):
    return np.sin(2 * np.pi * frequency_hz * np.arange(int(rate_hz * seconds)) / rate_hz)


def level_db(samples):
    return 20 * np.log10(np.sqrt(2 * np.mean(samples**2)) + 1e-12)


@pytest.mark.parametrize("rate_hz", [11_025, 16_000, 22_050, 44_100, 48_000])
def test_a_tone_of_the_telephone_band_survives_resampling(rate_hz):
    for frequency_hz in (300, 1000, 3400):
        heard = resample(tone(frequency_hz, rate_hz), rate_hz, 8000)
        wanted = tone(frequency_hz, 8000)[: len(heard)]
        assert np.max(np.abs(heard - wanted)[500:-500]) < 2e-3, frequency_hz


@pytest.mark.parametrize("rate_hz", [16_000, 44_100, 48_000])
def test_what_8_khz_cannot_carry_is_removed_not_folded(rate_hz):
    for frequency_hz in (4200, 6000, 7500):
        assert level_db(resample(tone(frequency_hz, rate_hz), rate_hz, 8000)[500:-500]) < -60


@given(st.integers(1, 700), st.sampled_from([4000, 8000, 11_025, 16_000, 44_100, 48_000]))
@settings(max_examples=40, deadline=None)
def test_resampled_length_is_exact_for_any_length(count, rate_hz):
    assert len(resample(np.ones(count), rate_hz, 8000)) == -(-count * 8000 // rate_hz)


def test_long_files_are_resampled_in_blocks_without_a_seam():
    samples = tone(1000, 48_000, 4.0)
    assert np.max(np.abs(resample(samples, 48_000, 8000) - tone(1000, 8000, 4.0))[500:-500]) < 1e-3


def test_a_rate_out_of_bounds_is_refused():
    with pytest.raises(ValueError, match="resample"):
        resample(np.ones(8), 0, 8000)


def test_8_khz_16_bit_is_taken_bit_by_bit_and_filled_up_to_a_frame(tmp_path):
    samples = np.arange(-100, 100, dtype="<i2") * 300
    soundfile.write(tmp_path / "in.wav", samples, 8000, subtype="PCM_16")
    pcm = read_speech(tmp_path / "in.wav")
    assert pcm[:400] == samples.tobytes()
    assert pcm[400:] == bytes(2 * FRAME_BYTES - 400)


def test_stereo_48_khz_float_becomes_mono_8_khz(tmp_path):
    both = np.stack([0.5 * tone(1000, 48_000), np.zeros(24_000)], axis=1)
    soundfile.write(tmp_path / "in.wav", both, 48_000, subtype="FLOAT")
    pcm = np.frombuffer(read_speech(tmp_path / "in.wav"), dtype="<i2") / 32768
    assert len(pcm) == 4000
    assert level_db(pcm[500:-500]) == pytest.approx(-12.04, abs=0.05)


def test_loud_float_files_are_clipped_not_wrapped(tmp_path):
    soundfile.write(tmp_path / "in.wav", np.array([2.0, -2.0] * 80), 8000, subtype="FLOAT")
    assert set(np.frombuffer(read_speech(tmp_path / "in.wav"), dtype="<i2")) == {32767, -32768}


@pytest.mark.parametrize("content", [b"", b"RIFFnonsense", None])
def test_a_file_without_sound_is_refused_with_a_sentence(tmp_path, content):
    path = tmp_path / "in.wav"
    if content is None:
        soundfile.write(path, np.zeros(0), 8000)
    else:
        path.write_bytes(content)
    with pytest.raises(ValueError, match=r"in\.wav"):
        read_speech(path)


def test_the_microphone_loops_or_falls_silent():
    frames = [bytes([number]) * FRAME_BYTES for number in (1, 2)]
    looping = Microphone(b"".join(frames), loop=True)
    assert [looping.next_frame() for _ in range(5)] == [*frames, *frames, frames[0]]
    once = Microphone(b"".join(frames), loop=False)
    assert [once.next_frame() for _ in range(4)] == [*frames, SILENCE, SILENCE]
    assert Microphone().next_frame() == SILENCE


def test_the_recording_is_8_khz_16_bit_mono(tmp_path):
    recorder = Recorder(tmp_path / "out.wav")
    recorder.write(b"\x01\x00" * 160)
    recorder.write(SILENCE)
    recorder.close()
    with wave.open(str(tmp_path / "out.wav")) as file:
        assert file.getparams()[:4] == (1, 2, 8000, 320)
        assert file.readframes(320) == b"\x01\x00" * 160 + SILENCE


def test_a_recording_nobody_wrote_to_is_a_valid_empty_file(tmp_path):
    Recorder(tmp_path / "out.wav").close()
    with wave.open(str(tmp_path / "out.wav")) as file:
        assert file.getnframes() == 0


def test_levels_are_below_overload():
    level = Level()
    assert level.dbov == -127.0
    level.add(np.full(160, -32768, dtype="<i2").tobytes())
    assert level.dbov == 0.0
    half = Level()
    half.add((16384 * tone(1000, 8000)).astype("<i2").tobytes())
    assert half.dbov == pytest.approx(-9.03, abs=0.1)


def test_several_calls_are_heard_together_and_clipped():
    loud, quiet = np.full(160, 30_000, "<i2").tobytes(), np.full(160, -5, "<i2").tobytes()
    assert together([]) == SILENCE
    assert together([quiet]) == quiet
    assert np.frombuffer(together([loud, quiet]), "<i2")[0] == 29_995
    assert np.frombuffer(together([loud, loud]), "<i2")[0] == 32_767


class FakeStream:
    def __init__(self, speaks, heard, played):
        self.speaks, self.heard, self.played, self.sent = speaks, heard, played, []

    def exchange(self, frame):
        self.sent.append(frame)
        return self.played


def test_one_tick_speaks_into_the_conference_only_and_records_it_only(tmp_path):
    speech, noise = b"\x10\x00" * 160, b"\x20\x00" * 160
    sound = Sound(Microphone(speech), Recorder(tmp_path / "out.wav"))
    conference, short = FakeStream(True, True, noise), FakeStream(False, False, speech)
    sound.tick()  # nobody there: nothing recorded, the microphone waits
    sound.streams += [conference, short]
    sound.tick()
    conference.played = None
    sound.tick()
    sound.close()
    assert conference.sent == [speech, speech]
    assert short.sent == [SILENCE, SILENCE]
    with wave.open(str(tmp_path / "out.wav")) as file:
        assert file.readframes(1000) == noise + SILENCE
    assert sound.spoken.dbov == pytest.approx(-66.2, abs=0.1)
