"""Speech for the phones: three people with voices of their own, speaking in turn and then all together.

espeak-ng gives unlimited text in distinct voices; where it is missing, Debian's recorded announcements
(asterisk-core-sounds-en-wav) are played at three different places of the tape.
"""

import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hil_tests import programs, wav

LEVEL_RMS = 2000.0  # about -24 dBFS while speaking: three voices together stay well below clipping
_TAPE = Path("/usr/share/asterisk/sounds/en_US_f_Allison/demo-instruct.wav")


@dataclass(frozen=True)
class Voice:
    """A talker: name, espeak-ng voice, pitch 0..99, words a minute, what to say alone and with the others."""

    name: str
    espeak: str
    pitch: int
    speed: int
    alone: str
    together: str


VOICES = (
    Voice(
        "ue1", "en-us", 30, 150,
        "Hello, this is the first phone. I asked for an address, and here we are.",
        "I was first in the conference. I shall leave before the others, and they will go on without me, "
        "because the mixing is done by the board. Goodbye everyone, it was good to hear you both today.",
    ),
    Voice(
        "ue2", "en-gb-x-rp+f3", 70, 165,
        "Good afternoon, second phone speaking. The first one told me where to call.",
        "Seven white boats sailed past the harbour while lights began to shine across the quiet water. "
        "We can hear every word, and when the first of us has gone we shall continue our little chat.",
    ),
    Voice(
        "ue3", "en-gb-scotland+m7", 95, 180,
        "And I am the third phone. Nobody had to book a room or type a pin code.",
        "Bring me the old brown kettle, fetch firewood from the garden, and put a chair by the table. "
        "Thank you. The conference lives until the last one of us hangs up, then its address is free again.",
    ),
)  # fmt: skip


def say(voice: Voice, text: str, folder: Path, rate_hz: int = wav.RATE_HZ) -> np.ndarray:
    """The text spoken by the voice: int16, LEVEL_RMS while active, silence at both ends cut off."""
    folder.mkdir(parents=True, exist_ok=True)
    raw = folder / f"{voice.name}-raw.wav"
    espeak = programs.tool("espeak-ng", "espeak-ng")
    style = ["-v", voice.espeak, "-p", str(voice.pitch), "-s", str(voice.speed)]
    subprocess.run([espeak, *style, "-w", str(raw), text], check=True, timeout=20, capture_output=True)
    spoken = wav.read(raw, rate_hz=22050).astype(np.float64)
    raw.unlink()
    return to_level(trimmed(resample(spoken, 22050, rate_hz)))


def resample(pcm: np.ndarray, from_hz: int, to_hz: int) -> np.ndarray:
    """Band-limited resampling of a whole clip by its spectrum (float64 in and out)."""
    count = round(len(pcm) * to_hz / from_hz)
    spectrum = np.fft.rfft(pcm)
    kept = np.zeros(count // 2 + 1, complex)
    bins = min(len(kept), len(spectrum))
    kept[:bins] = spectrum[:bins]
    return np.fft.irfft(kept, count) * (count / len(pcm))


def active(pcm: np.ndarray, frame: int = 160) -> np.ndarray:
    """One flag per frame: within 30 dB of the loudest frame, so somebody speaks."""
    frames = pcm[: len(pcm) // frame * frame].astype(np.float64).reshape(-1, frame)
    power = (frames**2).mean(axis=1)
    return power > max(power.max(initial=0.0) * 1e-3, 1.0)


def trimmed(pcm: np.ndarray) -> np.ndarray:
    """The clip without the silence before and after it."""
    where = np.flatnonzero(active(pcm))
    return pcm[where[0] * 160 : (where[-1] + 1) * 160]


def to_level(pcm: np.ndarray, rms: float = LEVEL_RMS) -> np.ndarray:
    """The clip scaled so that its active frames have this RMS; int16."""
    flags = np.repeat(active(pcm), 160)
    measured = np.sqrt((pcm[: len(flags)][flags].astype(np.float64) ** 2).mean())
    return np.clip(np.round(pcm * (rms / measured)), -32768, 32767).astype(np.int16)


def tape(offset_s: float, seconds: float) -> np.ndarray:
    """A piece of the recorded announcements, int16 at 8 kHz."""
    if not _TAPE.exists():
        raise programs.MissingProgramError("no speech: apt-get install espeak-ng")
    start = int(offset_s * wav.RATE_HZ)
    return to_level(wav.read(_TAPE)[start : start + int(seconds * wav.RATE_HZ)].astype(np.float64))


def track(index: int, folder: Path, turn_s: float, seconds: float) -> np.ndarray:
    """What talker `index` (0..2) plays: int16 at 8 kHz, `seconds` long.

    Turn `index` belongs to it alone; from the end of the three turns on all speak together, text repeated.
    """
    voice = VOICES[index]
    turn, length = int(turn_s * wav.RATE_HZ), int(seconds * wav.RATE_HZ)
    if programs.has_tool("espeak-ng"):
        alone, together = say(voice, voice.alone, folder), say(voice, voice.together, folder)
    else:
        alone, together = tape(index * 24.0, turn_s), tape(index * 24.0 + turn_s, 24.0 - turn_s)
    out = np.zeros(length, np.int16)
    spoken = alone[: turn - 800]
    out[index * turn : index * turn + len(spoken)] = spoken[: max(0, length - index * turn)]
    rest = max(0, length - 3 * turn)
    repeated = np.tile(np.concatenate([together, np.zeros(1600, np.int16)]), rest // len(together) + 1)
    out[3 * turn :] = repeated[:rest]
    return out
