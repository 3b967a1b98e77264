"""Runs a crowd (ues/crowd.py) beside the test and judges what it reports."""

import json
import sys
from dataclasses import dataclass, field
from pathlib import Path

from hil_tests.processes import Process, wait_until
from hil_tests.programs import REPOSITORY
from hil_tests.ues.face import PhoneEvent, json_events

LEVEL_TOLERANCE_DB = 0.5
OWN_LIMIT_DB = -45.0


@dataclass
class CrowdResult:
    """crowd.json, with the questions a test asks of it."""

    facts: dict
    participants: list[dict] = field(default_factory=list)

    @property
    def lost(self) -> int:
        """Packets missing from what the participants received."""
        return sum(p["stream"]["lost"] for p in self.participants)

    @property
    def late(self) -> int:
        """Packets more than 60 ms behind their stream's own clock."""
        return sum(p["stream"]["late"] for p in self.participants)

    @property
    def packets(self) -> int:
        """Packets received while all talked."""
        return sum(p["stream"]["packets"] for p in self.participants)

    def judged(self, p: dict, values: list[float]) -> list[float]:
        """Those of a participant's values a second in which the crowd itself sent in time."""
        return [value for value, judged in zip(values, p["judged"], strict=True) if judged]

    def level_errors_db(self) -> list[float]:
        """Level error of every (listener, talker, judged second)."""
        heard = [p for p in self.participants if p.get("seconds")]
        return [v for p in heard for errors in p["error_db"].values() for v in self.judged(p, errors)]

    def complaints(self, tolerance_db: float = LEVEL_TOLERANCE_DB, spoilt_seconds: float = 0.0) -> list[str]:
        """Everything that is not as it must be: exactly the others heard, at their level, never itself.

        `spoilt_seconds`: part of all seconds (0..1), of everybody, that may be outside: a packet that came late is
        concealed, and spoils its second for all who hear it. The median of each pair may not.
        """
        found = [self.facts["problem"]] if self.facts["problem"] else []
        levels, others, seconds = [], [], 0
        for p in self.participants:
            if sum(p.get("judged", ())) < max(1, p.get("seconds", 0) // 3):
                found.append(f"{p['name']}: hardly anything can be judged, of {p.get('seconds')} seconds")
                continue
            seconds += sum(p["judged"])
            levels += self._levels_off(p, tolerance_db)
            for values, words in ((p["own_db"], "itself"), (p["strangers_db"], "another conference")):
                loud = [value for value in self.judged(p, values) if value > OWN_LIMIT_DB]
                others.append((len(loud), f"{p['name']} hears {words} at {max(loud, default=0)} dB"))
            if p["stream"]["lost"] or p["stream"]["duplicate"] or p["stream"]["ssrcs"] != 1:
                found.append(f"{p['name']}: {p['stream']}")
        found += [words for _, median_off, words in levels if median_off]
        pairs = max(1, len(levels)) / max(1, len(self.participants))
        found += _too_many([(off, words) for off, _, words in levels], spoilt_seconds * seconds * pairs)
        return found + _too_many(others, spoilt_seconds * seconds)

    def _levels_off(self, p: dict, tolerance_db: float) -> list[tuple[int, bool, str]]:
        """(seconds off, the median is off, words) of each of his talkers."""
        found = []
        for name, errors in p["error_db"].items():
            judged = self.judged(p, errors)
            off = [error for error in judged if abs(error) > tolerance_db]
            median = sorted(judged)[len(judged) // 2]
            words = f"{p['name']} hears {name} with a level off by {off} dB, median {median} dB"
            found.append((len(off), abs(median) > tolerance_db, words))
        return found

    def figures(self) -> dict:
        """The numbers worth a line in the report."""
        errors = [abs(v) for v in self.level_errors_db()]
        answers = sorted(p["answer_ms"] for p in self.participants if "answer_ms" in p)
        return {
            "participants": len(self.participants),
            "packets": self.packets,
            "lost": self.lost,
            "late": self.late,
            "worst_gap_ms": max((p["stream"]["worst_gap_ms"] for p in self.participants), default=0),
            "worst_level_error_db": max(errors, default=0.0),
            "seconds_off": sum(error > LEVEL_TOLERANCE_DB for error in errors),
            "seconds": len(errors),
            "own_db": max((max(p["own_db"]) for p in self.participants if p.get("own_db")), default=-60.0),
            "answer_median_ms": answers[len(answers) // 2] if answers else 0.0,
            "our_worst_send_late_ms": self.facts["worst_send_late_ms"],
            "seconds_unjudged": sum(p.get("judged", []).count(False) for p in self.participants),
        }


def _too_many(counted: list[tuple[int, str]], most: float) -> list[str]:
    """The words of all that were counted, when there are more than `most` of them together."""
    return [words for count, words in counted if count] if sum(count for count, _ in counted) > most else []


class CrowdRun:
    """A crowd in a process of its own. `start()`, `wait_talking()`, do what the test does, `finish()`."""

    def __init__(self, folder: Path, name: str = "crowd", **options: object) -> None:
        self.name, self.folder = name, folder / name
        self.options = options
        self.process: Process | None = None

    def start(self) -> "CrowdRun":
        """Start it; it begins to call at once."""
        args = [sys.executable, "-m", "hil_tests.ues.crowd", "--output", str(self.folder)]
        for name, value in self.options.items():
            flag = f"--{name.replace('_', '-')}"
            args += [flag] if value is True else [flag, str(value)]
        self.process = Process(self.name, args, self.folder / "crowd.log", cwd=REPOSITORY)
        return self

    def events(self) -> list[PhoneEvent]:
        """What it has reported."""
        return json_events(self.process.log()) if self.process else []

    def wait_talking(self, timeout_s: float = 20.0) -> list[PhoneEvent]:
        """Until everybody is in; returns the "joined" events. AssertionError when somebody could not join."""
        assert self.process is not None
        process = self.process

        def settled() -> set[str]:
            return {event.kind for event in self.events()} & {"talking", "failed", "left"}

        kinds = wait_until(settled, timeout_s, f"the crowd {self.name} to talk")
        assert "talking" in kinds, process.tail()
        return [event for event in self.events() if event.kind == "joined"]

    def address(self) -> str:
        """The allocated address the first participant was sent to."""
        return next(event.detail["address"] for event in self.events() if event.kind == "joined")

    def finish(self, timeout_s: float = 30.0, early: bool = False) -> CrowdResult:
        """Wait for its end (asked for when `early`); what it found."""
        assert self.process is not None
        if early:
            self.process.stop(grace_s=timeout_s)
        self.process.wait(timeout_s)
        facts = json.loads((self.folder / "crowd.json").read_text())
        return CrowdResult(facts, facts["participants"])

    def stop(self) -> None:
        """End it whatever it does."""
        if self.process is not None:
            self.process.stop(grace_s=3)
