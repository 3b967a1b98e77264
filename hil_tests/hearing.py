"""Who heard whom: a matrix of listeners and talkers, and what must be true of it."""

from dataclasses import dataclass, field

import numpy as np

from hil_tests import measure
from hil_tests.flow import Finding

LEVEL_TOLERANCE_DB = 1.0
# Unrelated speech correlates up to about -38 dB over a long talk, to -25.8 dB (once measured) in the two seconds of
# a phone that leaves first; a forgotten subtraction gives 0 dB.
OWN_LIMIT_DB = -20.0


@dataclass
class Hearing:
    """What one phone heard: each talker's voice, and an upper bound of its own."""

    listener: str
    voices: dict[str, measure.Heard]
    own_db: float
    pcm: np.ndarray = field(repr=False)

    def facts(self) -> dict:
        """Numbers for a JSON file."""
        voices = {
            name: {"present": v.present, "level_db": round(v.level_db, 2), "heard_s": v.heard_s,
                   "delay_s": round(v.delay_s, 3), "agreement": round(v.agreement, 3)}
            for name, v in self.voices.items()
        }  # fmt: skip
        return {"listener": self.listener, "voices": voices, "own_db": round(self.own_db, 1)}


def listen(
    listener: str, recording: np.ndarray, tracks: dict[str, np.ndarray], least_s: float = 1.5
) -> Hearing:
    """Find every talker's track in a recording (int16 at 8 kHz); the listener's own must not be there."""
    voices = {name: measure.hear(recording, track, least_s) for name, track in tracks.items()}
    others = {name: heard for name, heard in voices.items() if name != listener}
    own_db = measure.ABSENT_DB
    if listener in tracks and len(recording) >= measure.PIECE:
        own_db = measure.own_voice_db(measure.without(recording, tracks, others), tracks[listener])
    return Hearing(listener, voices, own_db, recording)


def judge(
    hearing: Hearing,
    talkers: list[str],
    tolerance_db: float = LEVEL_TOLERANCE_DB,
    own_limit_db: float = OWN_LIMIT_DB,
) -> list[Finding]:
    """Each of the talkers is there at its level; the listener itself is not."""
    findings = []
    for name in talkers:
        voice = hearing.voices[name]
        loud_enough = voice.present and abs(voice.level_db) <= tolerance_db
        detail = f"{voice.level_db:+.1f} dB, {voice.heard_s:.1f} s found, agreement {voice.agreement:.0%}"
        findings.append(Finding(f"{hearing.listener} hears {name}", loud_enough, detail))
    silent = hearing.own_db < own_limit_db
    findings.append(
        Finding(f"{hearing.listener} does not hear itself", silent, f"below {hearing.own_db:.0f} dB")
    )
    return findings
