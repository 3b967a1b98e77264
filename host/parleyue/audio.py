"""Sound files: anything libsndfile reads in, 8 kHz 16-bit WAV out, and the way between sample rates."""

import wave
from math import gcd
from pathlib import Path

import numpy as np
import numpy.typing as npt

RATE_HZ = 8000  # G.711's clock
FRAME_MS = 20
FRAME_SAMPLES = RATE_HZ * FRAME_MS // 1000
FRAME_BYTES = 2 * FRAME_SAMPLES
SILENCE = bytes(FRAME_BYTES)
_MAX_RATE_HZ = 384_000
_HALF_LENGTH = 32  # zero crossings of the sinc on either side
_CUTOFF = 0.925  # of the lower Nyquist rate: flat to 3.4 kHz, down 70 dB at 4 kHz for 8 kHz output
_KAISER_BETA = 7.86  # 80 dB
_BLOCK = 4096  # outputs computed at a time


def read_speech(path: Path) -> bytes:
    """Read a sound file as 8 kHz mono.

    Channels are averaged, other sample rates resampled. Returns 16-bit little-endian samples, whole frames of
    20 ms (the last filled up with silence). Raises OSError or ValueError with a sentence.
    """
    import soundfile

    try:
        samples, rate_hz = soundfile.read(path, dtype="float64", always_2d=True)
    except soundfile.SoundFileError as error:
        raise ValueError(f"cannot read {path}: {error}") from error
    if len(samples) == 0:
        raise ValueError(f"{path} holds no sound")
    mono = resample(samples.mean(axis=1), rate_hz, RATE_HZ)
    pcm = np.clip(np.rint(mono * 32768.0), -32768, 32767).astype("<i2").tobytes()
    return pcm + bytes(-len(pcm) % FRAME_BYTES)


def resample(samples: npt.NDArray[np.float64], from_hz: int, to_hz: int) -> npt.NDArray[np.float64]:
    """Change the sample rate with a Kaiser-windowed sinc, one polyphase branch at a time.

    samples: (n,) at from_hz. Returns (ceil(n * to_hz / from_hz),) at to_hz. The window design is Kaiser's
    (Oppenheim and Schafer, Discrete-Time Signal Processing, 7.5.3). Raises ValueError for an odd rate.
    """
    if not (0 < from_hz <= _MAX_RATE_HZ and 0 < to_hz <= _MAX_RATE_HZ):
        raise ValueError(f"cannot resample {from_hz} Hz to {to_hz} Hz")
    if from_hz == to_hz:
        return samples
    up, down = to_hz // gcd(from_hz, to_hz), from_hz // gcd(from_hz, to_hz)
    taps = _low_pass(up, max(up, down))
    centre = len(taps) // 2
    reach = centre // up + 1  # input samples on either side of an output
    padded = np.concatenate([np.zeros(reach), samples, np.zeros(reach + 1)])
    output = np.zeros(-(-len(samples) * up // down))
    neighbours = np.arange(-reach, reach + 1)
    # outputs first, first + up, first + 2 * up ... share one branch of the filter
    for first in range(min(up, len(output))):
        phase = first * down % up
        nearest = np.arange(first, len(output), up) * down // up
        places = centre + phase - neighbours * up
        inside = (places >= 0) & (places < len(taps))
        branch = np.where(inside, taps[np.clip(places, 0, len(taps) - 1)], 0.0)
        for block in range(0, len(nearest), _BLOCK):  # a whole hour at once would take gigabytes
            rows = nearest[block : block + _BLOCK, None] + neighbours + reach
            output[first + block * up : first + (block + len(rows)) * up : up] = padded[rows] @ branch
    return output


def _low_pass(up: int, widest: int) -> npt.NDArray[np.float64]:
    """The prototype at `up` times the input's rate: gain `up`, cut off below the lower Nyquist rate."""
    times = np.arange(-_HALF_LENGTH * widest, _HALF_LENGTH * widest + 1) / widest
    return up / widest * _CUTOFF * np.sinc(_CUTOFF * times) * np.kaiser(len(times), _KAISER_BETA)


class Microphone:
    """A sound file as a person speaking: one frame after the other, then silence or again from the start."""

    def __init__(self, pcm: bytes = b"", loop: bool = True) -> None:
        self._pcm = pcm
        self._loop = loop
        self._position = 0

    def next_frame(self) -> bytes:
        """The next 20 ms, FRAME_BYTES bytes."""
        if self._position >= len(self._pcm):
            if not (self._loop and self._pcm):
                return SILENCE
            self._position = 0
        frame = self._pcm[self._position : self._position + FRAME_BYTES]
        self._position += FRAME_BYTES
        return frame


class Recorder:
    """Writes what is heard into a WAV file: 8 kHz, 16 bit, mono. Made at once, so that a bad path shows."""

    def __init__(self, path: Path) -> None:
        self._file = wave.open(str(path), "wb")  # noqa: SIM115  (open for the whole call)
        self._file.setnchannels(1)
        self._file.setsampwidth(2)
        self._file.setframerate(RATE_HZ)
        self._file.writeframesraw(b"")

    def write(self, frame: bytes) -> None:
        """Append samples, 16-bit little-endian."""
        self._file.writeframesraw(frame)

    def close(self) -> None:
        """Finish the file."""
        self._file.close()
