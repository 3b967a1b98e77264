"""The user's mouth and ear on one 20 ms clock: one microphone for all calls, one recording of them all."""

import asyncio
import math
from collections.abc import Callable
from typing import Protocol

import numpy as np

from parleyue.audio import FRAME_BYTES, FRAME_MS, SILENCE, Microphone, Recorder

_MAX_LATE_FRAMES = 5  # later than that, time is skipped instead of caught up
_FULL_SCALE = 32768.0
_FLOOR_DBOV = -127.0  # RFC 6464 section 3: silence


class Stream(Protocol):
    """One call's audio, as the clock sees it."""

    speaks: bool  # the microphone is for this call
    heard: bool  # its sound is for the user

    def exchange(self, frame: bytes) -> bytes | None:
        """Send 20 ms; return the 20 ms to be played now, None when there is nothing."""
        ...


class Level:
    """The loudness of all that passed, as a root mean square."""

    def __init__(self) -> None:
        self.now_dbov = _FLOOR_DBOV  # of the last frame alone
        self._energy = 0.0
        self._samples = 0

    def add(self, frame: bytes) -> None:
        """Count one frame of 16-bit samples."""
        samples = np.frombuffer(frame, dtype="<i2").astype(np.float64)
        energy = float(samples @ samples)
        self._energy += energy
        self._samples += len(samples)
        self.now_dbov = _dbov(energy, len(samples))

    @property
    def dbov(self) -> float:
        """In dB below the overload point: 0 is a full-scale square wave, -127 is silence."""
        return _dbov(self._energy, self._samples)


def _dbov(energy: float, samples: int) -> float:
    if energy == 0.0:
        return _FLOOR_DBOV
    return max(_FLOOR_DBOV, round(10.0 * math.log10(energy / samples / _FULL_SCALE**2), 1))


class Sound:
    """Runs every 20 ms while calls are up."""

    def __init__(self, microphone: Microphone, recorder: Recorder | None = None) -> None:
        self.streams: list[Stream] = []
        self.spoken = Level()
        self.listened = Level()
        self.late_frames = 0
        self._microphone = microphone
        self._recorder = recorder

    def tick(self) -> None:
        """One frame out to everybody, one frame in from everybody."""
        speaking = any(stream.speaks for stream in self.streams)
        frame = self._microphone.next_frame() if speaking else SILENCE
        arrived: list[bytes] = []
        for stream in list(self.streams):
            played = stream.exchange(frame if stream.speaks else SILENCE)
            if played is not None and stream.heard:
                arrived.append(played)
        if speaking:
            self.spoken.add(frame)
        if any(stream.heard for stream in self.streams):
            heard = together(arrived)
            self.listened.add(heard)
            if self._recorder is not None:
                self._recorder.write(heard)

    async def run(self, on_failure: Callable[[Exception], None]) -> None:
        """Tick on the clock's grid until cancelled; a failure (a full disk) goes to on_failure."""
        loop = asyncio.get_running_loop()
        period_s = FRAME_MS / 1000
        due_s = loop.time()
        try:
            while True:
                self.tick()
                due_s += period_s
                behind_s = loop.time() - due_s
                if behind_s > _MAX_LATE_FRAMES * period_s:
                    skipped = int(behind_s / period_s)
                    self.late_frames += skipped
                    due_s += skipped * period_s
                await asyncio.sleep(max(0.0, due_s - loop.time()))
        except (OSError, ValueError) as error:
            on_failure(error)

    def close(self) -> None:
        """Finish the recording."""
        if self._recorder is not None:
            self._recorder.close()


def together(frames: list[bytes]) -> bytes:
    """What an ear hears of several frames: their sum, clipped to 16 bits; silence without any."""
    if len(frames) < 2:
        return frames[0] if frames else bytes(FRAME_BYTES)
    total = sum(np.frombuffer(frame, dtype="<i2").astype(np.int32) for frame in frames)
    return np.clip(total, -32768, 32767).astype("<i2").tobytes()
