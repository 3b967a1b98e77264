"""WAV files as int16 numpy arrays; reads the unfinished headers of phones that were cut off, too."""

import wave
from pathlib import Path

import numpy as np

RATE_HZ = 8000  # G.711's, and so this bench's


def write(path: Path, pcm: np.ndarray, rate_hz: int = RATE_HZ) -> Path:
    """Write mono 16-bit samples; values beyond 16 bits are clipped. Returns the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate_hz)
        out.writeframes(np.clip(np.asarray(pcm), -32768, 32767).astype("<i2").tobytes())
    return path


def read(path: Path, rate_hz: int = RATE_HZ) -> np.ndarray:
    """Mono int16 samples of a 16-bit PCM file.

    A `data` chunk whose length was never filled in reaches to the end of the file. ValueError when the
    file is no such WAV or has another sampling rate.
    """
    data = path.read_bytes()
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise ValueError(f"{path} is no WAV file")
    at, form = 12, b""
    while at + 8 <= len(data):
        name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if name == b"fmt ":
            form = data[at + 8 : at + 24]
        if name == b"data":
            end = at + 8 + size if 0 < size <= len(data) - at - 8 else len(data)
            return _samples(path, form, data[at + 8 : end], rate_hz)
        at += 8 + size + size % 2
    return np.zeros(0, np.int16)


def read_nothing() -> np.ndarray:
    """An empty recording."""
    return np.zeros(0, np.int16)


def _samples(path: Path, form: bytes, data: bytes, rate_hz: int) -> np.ndarray:
    channels = int.from_bytes(form[2:4], "little")
    rate, bits = int.from_bytes(form[4:8], "little"), int.from_bytes(form[14:16], "little")
    if (rate, bits) != (rate_hz, 16):
        raise ValueError(f"{path}: {rate} Hz, {bits} bits; {rate_hz} Hz, 16 bits wanted")
    pcm = np.frombuffer(data[: len(data) // (2 * channels) * 2 * channels], "<i2")
    return pcm.reshape(-1, channels)[:, 0].astype(np.int16)
