"""Who heard whom, and how loud: from recordings alone.

Speech is found by cross-correlation with each talker's source clip, piece by piece, so that a phone's jitter
buffer may slip in between. Tones are measured exactly: their frequencies are whole hertz, so all of them are
orthogonal in a window of one second.
"""

from dataclasses import dataclass

import numpy as np

from hil_tests.wav import RATE_HZ

PIECE = RATE_HZ // 2  # samples of speech compared at once
SEARCH = RATE_HZ // 8  # samples a piece may lie away from where its neighbour was
MATCH = 0.30  # normalised correlation of a piece that is there (three equal talkers: about 0.58)
ABSENT_DB = -60.0  # what a level of nothing is reported as
GONE_DB = -6.0  # of a tone that is not where it should be; a gap so long shows beside its place as well
PRESENT_DB = -20.0  # what is weaker is noise, or comes from elsewhere
PACE = 0.03  # part of a tone's frequency


@dataclass(frozen=True)
class Piece:
    """A piece of a source found in a recording: both positions in samples, gain, normalised correlation."""

    source_at: int
    recording_at: int
    gain: float
    correlation: float


@dataclass(frozen=True)
class Heard:
    """How one talker's voice arrived in one recording.

    present: enough pieces in a row were there; level_db: relative to the source; delay_s: recording time
    minus source time; heard_s: seconds of speech found; agreement: found part of the active pieces between
    the first and the last found one.
    """

    present: bool
    level_db: float
    delay_s: float
    heard_s: float
    agreement: float
    pieces: tuple[Piece, ...] = ()


def decibel(gain: float) -> float:
    """20 log10 of an amplitude ratio, not below ABSENT_DB."""
    return max(ABSENT_DB, 20 * float(np.log10(max(abs(gain), 1e-9))))


def emphasise(pcm: np.ndarray) -> np.ndarray:
    """Weighted first difference: takes the slope out of speech's spectrum, which sharpens correlation."""
    samples = np.asarray(pcm, np.float64)
    return samples - 0.9 * np.concatenate([[0.0], samples[:-1]])


def correlate(recording: np.ndarray, source: np.ndarray) -> np.ndarray:
    """Sum of recording[n + lag] * source[n] for lag = -(len(source) - 1) .. len(recording) - 1."""
    size = 1 << int(np.ceil(np.log2(len(recording) + len(source))))
    product = np.fft.irfft(np.fft.rfft(recording, size) * np.conj(np.fft.rfft(source, size)), size)
    return np.concatenate([product[size - len(source) + 1 :], product[: len(recording)]])


def hear(recording: np.ndarray, source: np.ndarray, least_s: float = 1.5) -> Heard:
    """Find the source's speech in the recording (both int16, RATE_HZ).

    `least_s`: seconds of speech that must be found, with few pieces missing in between, to call it present.
    """
    if len(recording) < PIECE or len(source) < PIECE:
        return Heard(False, ABSENT_DB, 0.0, 0.0, 0.0)
    heard, spoken = emphasise(recording), emphasise(source)
    starts = active_pieces(spoken)
    found = _find_pieces(heard, spoken, starts)
    if not found:
        return Heard(False, ABSENT_DB, 0.0, 0.0, 0.0)
    asked = [start for start in starts if found[0].source_at <= start <= found[-1].source_at]
    agreement = len(found) / len(asked)
    heard_s = len(found) * PIECE / RATE_HZ
    gain = float(np.median([piece.gain for piece in found]))
    delay = float(np.median([piece.recording_at - piece.source_at for piece in found])) / RATE_HZ
    present = heard_s >= least_s and agreement >= 0.7
    return Heard(present, decibel(gain), delay, heard_s, agreement, tuple(found))


def active_pieces(spoken: np.ndarray) -> list[int]:
    """Where the pieces of a source begin that hold speech (at least a tenth of the mean active power)."""
    count = len(spoken) // PIECE
    power = (spoken[: count * PIECE].reshape(count, PIECE) ** 2).mean(axis=1)
    loud = power[power > power.max(initial=0.0) * 0.01]
    limit = 0.1 * float(loud.mean()) if len(loud) else np.inf
    return [int(index) * PIECE for index in np.flatnonzero(power > limit)]


def _find_pieces(heard: np.ndarray, spoken: np.ndarray, starts: list[int]) -> list[Piece]:
    """Walk from the whole clip's best lag outwards; each piece is looked for near where the last one was."""
    lags = correlate(heard, spoken)
    coarse = int(np.argmax(np.abs(lags))) - (len(spoken) - 1)
    first = [match(heard, spoken, start, coarse) for start in starts]
    sure = [piece for piece in first if piece is not None and piece.correlation >= MATCH]
    if not sure:
        return []
    anchor = max(sure, key=lambda piece: piece.correlation)
    found = [anchor]
    for side in (
        [s for s in starts if s > anchor.source_at],
        [s for s in reversed(starts) if s < anchor.source_at],
    ):
        lag = anchor.recording_at - anchor.source_at
        for start in side:
            piece = match(heard, spoken, start, lag)
            if piece is not None and piece.correlation >= MATCH:
                lag = piece.recording_at - piece.source_at
                found.append(piece)
    return sorted(found, key=lambda piece: piece.source_at)


def match(heard: np.ndarray, spoken: np.ndarray, start: int, lag: int) -> Piece | None:
    """The best place for the piece at `start` within SEARCH of `lag`; None when outside the recording."""
    piece = spoken[start : start + PIECE]
    low, high = max(0, start + lag - SEARCH), min(len(heard), start + lag + PIECE + SEARCH)
    if high - low < PIECE:
        return None
    window = heard[low:high]
    products = correlate(window, piece)[PIECE - 1 : PIECE - 1 + len(window) - PIECE + 1]
    energy = np.cumsum(np.concatenate([[0.0], window**2]))
    energies = np.maximum(energy[PIECE:] - energy[:-PIECE], 1.0)
    own = float((piece**2).sum())
    at = int(np.argmax(products / np.sqrt(energies)))
    correlation = float(products[at] / np.sqrt(energies[at] * own))
    return Piece(start, low + at, float(products[at]) / own, correlation)


def without(recording: np.ndarray, sources: dict[str, np.ndarray], heard: dict[str, Heard]) -> np.ndarray:
    """The emphasised recording with every found piece of these talkers taken out by least squares."""
    rest = emphasise(recording)
    for name, result in heard.items():
        spoken = emphasise(sources[name])
        for piece in result.pieces:
            source = spoken[piece.source_at : piece.source_at + PIECE]
            end = min(len(rest), piece.recording_at + PIECE)
            source = source[: end - piece.recording_at]
            target = rest[piece.recording_at : end]
            energy = float(source @ source)
            if energy > 0:
                target -= float(source @ target) / energy * source
    return rest


def own_voice_db(rest: np.ndarray, own: np.ndarray) -> float:
    """Upper bound of the own voice's level in what `without` left of a recording, in dB of the source.

    The greatest correlation over all lags with enough overlap: a mixer that forgot to subtract gives about 0,
    unrelated speech about -38.
    """
    spoken = emphasise(own)
    lags = correlate(rest, spoken)
    overlap = correlate(np.ones(len(rest)), spoken**2)  # energy of the source that could be heard at each lag
    enough = overlap > 0.25 * overlap.max(initial=0.0)
    return decibel(float(np.max(np.abs(lags[enough]) / overlap[enough], initial=0.0)))


@dataclass(frozen=True)
class ToneLevels:
    """Levels of tones in a recording, second by second; errors are dB relative to what each talker sent."""

    error_db: dict[str, np.ndarray]
    own_db: np.ndarray

    def median_error_db(self, name: str) -> float:
        """The median over the seconds."""
        return float(np.median(self.error_db[name]))

    def worst_error_db(self) -> float:
        """The greatest error of any tone in any second."""
        return max(float(np.abs(errors).max()) for errors in self.error_db.values())


def amplitude(pcm: np.ndarray, frequency_hz: int) -> float:
    """Amplitude of a sine of whole hertz in exactly one second of samples (a single DFT bin)."""
    turn = np.exp(-2j * np.pi * frequency_hz * np.arange(RATE_HZ) / RATE_HZ)
    return 2 * abs(complex(np.asarray(pcm[:RATE_HZ], np.float64) @ turn)) / RATE_HZ


def band_amplitude(pcm: np.ndarray, frequency_hz: int, reach_hz: float) -> float:
    """Amplitude of whatever there is around a frequency, in exactly one second of samples (Parseval's theorem)."""
    spectrum = np.abs(np.fft.rfft(np.asarray(pcm[:RATE_HZ], np.float64)))  # a bin a hertz
    band = spectrum[int(np.ceil(frequency_hz - reach_hz)) : int(frequency_hz + reach_hz) + 1]
    return 2 * float(np.sqrt((band**2).sum())) / RATE_HZ


def tone_levels(
    recording: np.ndarray, sent: dict[str, tuple[int, float]], own: tuple[int, float]
) -> ToneLevels:
    """Measure tones over every whole second of the recording.

    sent: talker -> (frequency in Hz, amplitude as sent); own: the listener's own tone. A jitter buffer that makes up
    for a jam plays up to PACE faster, which is no fault: a tone that is gone is looked for beside its place.
    """
    places = sorted([own[0], *(hz for hz, _ in sent.values())])
    seconds = [recording[at : at + RATE_HZ] for at in range(0, len(recording) - RATE_HZ + 1, RATE_HZ)]

    def levels(tone: tuple[int, float]) -> np.ndarray:
        return np.array([level(second, *tone) for second in seconds])

    def level(second: np.ndarray, hz: int, sent_amplitude: float) -> float:
        exact_db = decibel(amplitude(second, hz) / sent_amplitude)
        if exact_db > GONE_DB:
            return exact_db
        reach_hz = min([PACE * hz, *(abs(hz - other) / 2 for other in places if other != hz)])
        near_db = decibel(band_amplitude(second, hz, reach_hz) / sent_amplitude)
        return near_db if near_db > PRESENT_DB and abs(near_db) < abs(exact_db) else exact_db

    return ToneLevels({name: levels(tone) for name, tone in sent.items()}, levels(own))
