"""How good what was heard is: offsets, PESQ, noise against the ideal, one's own voice, breaks in a tone."""

from __future__ import annotations

import random

import numpy as np
from pesq import pesq

from hil_tests.measure import correlate

BURST_PACKETS = 2.5  # mean length of a burst of losses
SPARED = 3  # first packets, never lost: before speech there is nothing to conceal from


def fate(kind: str, percent: float, packets: int, seed: int) -> frozenset[int]:
    """Numbers of the packets that are lost: "random", or "bursts" (a Gilbert chain)."""
    source = random.Random(f"{kind} {percent} {seed}")
    rate, leave = percent / 100, 1 / BURST_PACKETS
    enter = rate * leave / (1 - rate)
    lost, bad = set(), False
    for number in range(packets):
        if kind == "random":
            bad = source.random() < rate
        else:
            bad = source.random() >= leave if bad else source.random() < enter
        if bad and number >= SPARED:
            lost.add(number)
    return frozenset(lost)


def offset_of(heard: np.ndarray, clip: np.ndarray) -> int:
    """Where in the recording the clip begins, in samples."""
    return int(np.argmax(correlate(heard.astype(float), clip.astype(float)))) - (len(clip) - 1)


def cut(heard: np.ndarray, clip: np.ndarray) -> np.ndarray:
    """The piece of the recording that stands for the clip; silence where it has nothing."""
    begin = offset_of(heard, clip)
    padded = np.concatenate([np.zeros(max(0, -begin), heard.dtype), heard[max(0, begin) :]])[: len(clip)]
    return np.concatenate([padded, np.zeros(len(clip) - len(padded), heard.dtype)])


def score(clip: np.ndarray, heard: np.ndarray, rate_hz: int = 8000) -> float:
    """PESQ (ITU-T P.862; at 16 kHz P.862.2) of the recording against the clip."""
    return float(pesq(rate_hz, clip, cut(heard, clip), "nb" if rate_hz == 8000 else "wb"))


def beside_ideal(heard: np.ndarray, clips: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """(recording, what a mixer without loss makes of these clips, each where the recording has it), while all last."""
    begins = [offset_of(heard, clip) for clip in clips]
    begin = max(0, *begins)
    end = min(len(heard), *(at + len(clip) for at, clip in zip(begins, clips, strict=True)))
    pieces = [clip[begin - at : end - at].astype(float) for at, clip in zip(begins, clips, strict=True)]
    return heard[begin:end].astype(float), np.sum(pieces, axis=0).clip(-32768, 32767)


def snr_db(heard: np.ndarray, clips: list[np.ndarray]) -> float:
    """Of the ideal sum of clips against all else in the recording."""
    found, ideal = beside_ideal(heard, clips)
    return float(10 * np.log10((ideal**2).sum() / max(1.0, ((found - ideal) ** 2).sum())))


def own_db(heard: np.ndarray, others: list[np.ndarray], own: np.ndarray) -> float:
    """Level of one's own voice in what one hears, once the others' are taken out, at whatever delay; dB of its own."""
    found, ideal = beside_ideal(heard, others)
    lags = correlate(found - ideal, own.astype(float))
    return float(20 * np.log10(max(1e-9, np.abs(lags).max() / (own.astype(float) ** 2).sum())))


def wander_ms(heard: np.ndarray, clip: np.ndarray, begins: list[int], rate_hz: int = 8000) -> float:
    """How far the delay moved in between: places in the recording, of a second each, against the repeated clip."""
    piece, double = rate_hz, np.concatenate([clip, clip])
    lags = np.array([offset_of(double, heard[at : at + piece]) - at for at in begins]) % len(clip)
    lags = (lags - lags[0] + len(clip) // 2) % len(clip) - len(clip) // 2
    return float(np.abs(lags).max() * 1000 / rate_hz)


def breaks(heard: np.ndarray, frequency_hz: float, rate_hz: int = 8000, part: float = 0.1) -> int:
    """Frames of 20 ms in which a tone is not what the 20 ms before foretell, by more than `part` of its amplitude.

    A tone goes on by x[n] = 2 cos(w) x[n-1] - x[n-2] whatever its phase and amplitude are.
    """
    turn = 2 * np.pi * frequency_hz / rate_hz
    pcm = heard.astype(float)
    off = np.abs(pcm[2:] - 2 * np.cos(turn) * pcm[1:-1] + pcm[:-2]) > part * np.abs(pcm).max()
    frames = off[: len(off) // 160 * 160].reshape(-1, 160).any(axis=1)
    return int(frames.sum())
