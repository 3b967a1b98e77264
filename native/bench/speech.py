"""Speech for the sound benches: Debian's recordings of a woman where they are installed, and espeak-ng's voices."""

import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import soundfile

RATE_HZ = 8000
LEVEL_DBOV = -26.0  # active speech, about -20 dBm0
RECORDINGS = Path("/usr/share/asterisk/sounds/en_US_f_Allison")  # asterisk-core-sounds-en-wav
NAMES = ("conf-adminmenu", "demo-congrats", "vm-intro", "privacy-prompt", "demo-abouttotry", "demo-instruct")
VOICES = ("en-us+m3", "en-gb+f2")
TEXT = (
    "The conference begins at nine. Please say your name after the tone, and wait until the others have joined. "
    "Nobody should be late for this one."
)
LONGEST_S = 9


def resampled(samples, rate_hz, wanted_hz):
    """Returns samples at another rate, by a windowed sinc of 65 taps."""
    places = np.arange(int(len(samples) * wanted_hz / rate_hz)) * rate_hz / wanted_hz
    cut = min(1.0, 0.9 * wanted_hz / rate_hz)
    made = np.zeros(len(places))
    for step in range(-32, 33):
        taps = np.floor(places).astype(int) + step
        away = places - taps
        window = np.cos(np.pi * away / 66) ** 2
        made += samples[taps.clip(0, len(samples) - 1)] * np.sinc(away * cut) * cut * window
    return made


def spoken(voice, text=TEXT, rate_hz=RATE_HZ):
    """Returns espeak-ng's reading as int16 at rate_hz, or None when it is not installed."""
    if shutil.which("espeak-ng") is None:
        return None
    with tempfile.TemporaryDirectory() as work:
        path = Path(work) / "speech.wav"
        command = ["espeak-ng", "-v", voice, "-s", "150", "-w", str(path), text]
        subprocess.run(command, check=True, timeout=60)
        samples, own_hz = soundfile.read(path, dtype="float64")
    return levelled(resampled(samples, own_hz, rate_hz))


def levelled(samples):
    """Returns int16 at LEVEL_DBOV."""
    loud = samples[np.abs(samples) > 0.02 * np.abs(samples).max()]
    scaled = samples / np.sqrt(np.mean(loud**2)) * 32767 * 10 ** (LEVEL_DBOV / 20)
    return scaled.round().clip(-32768, 32767).astype(np.int16)


def clips():
    """Returns name -> int16 at 8000 Hz, of 3 to 9 s."""
    found = {}
    for name in NAMES:
        path = RECORDINGS / f"{name}.wav"
        if path.exists():
            found[name] = soundfile.read(path, dtype="int16")[0][: LONGEST_S * RATE_HZ]
    for voice in VOICES:
        samples = spoken(voice)
        if samples is not None:
            found[voice] = samples[: LONGEST_S * RATE_HZ]
    return found
