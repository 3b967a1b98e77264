"""Figures that tests measured: metrics.json beside each test's logs, report.json for the run."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from hil_tests import programs


class Figures:
    """The figures of one test, written to its folder."""

    def __init__(self, test: str, folder: Path) -> None:
        self.test, self.folder = test, folder
        self.values: dict[str, object] = {}

    def add(self, **values: object) -> None:
        """Note figures; units belong in their names."""
        self.values.update(values)
        text = json.dumps({"test": self.test, **self.values}, indent=1, default=str)
        (self.folder / "metrics.json").write_text(text)


class RunReport:
    """All figures and outcomes of a run."""

    def __init__(self, folder: Path, board: str) -> None:
        self.folder, self.board = folder, board
        self.started = datetime.now(UTC)
        self.figures: list[Figures] = []
        self.outcomes: dict[str, str] = {}
        self.missing: dict[str, int] = {}  # what emulated boards lack here: tests not run for it

    def open(self, test: str, folder: Path) -> Figures:
        """Figures for a test."""
        figures = Figures(test, folder)
        self.figures.append(figures)
        return figures

    def write(self) -> Path | None:
        """report.json; None when no test of ours ran."""
        if not self.figures and not self.outcomes:
            return None
        facts = {
            "when": self.started.isoformat(timespec="seconds"),
            "seconds": round((datetime.now(UTC) - self.started).total_seconds(), 1),
            "board": self.board,
            "machine": machine(),
            "outcomes": self.outcomes,
            "figures": {figures.test: figures.values for figures in self.figures if figures.values},
        }
        path = self.folder / "report.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(facts, indent=1, default=str))
        return path

    def lines(self) -> list[str]:
        """A line for every test that measured something."""
        lines = []
        for figures in self.figures:
            if figures.values:
                words = ", ".join(f"{name} {_short(value)}" for name, value in figures.values.items())
                lines.append(f"{figures.test}: {words}")
        return lines


def _short(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def machine() -> dict:
    """What this ran on, and the versions of the phones."""
    return {
        "system": platform.platform(),
        "python": platform.python_version(),
        "cpus": os.cpu_count(),
        "load": [round(load, 2) for load in os.getloadavg()],
        "phones": {name: version(name) for name in ("baresip", "sipp", "tshark", "parley")},
    }


def version(name: str) -> str:
    """First line of what a program says of its version; '' when it is not there."""
    words = {"baresip": ["baresip", "-h"], "sipp": ["sipp", "-v"], "tshark": ["tshark", "--version"]}
    try:
        command = words.get(name) or [programs.parley(), "version"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, programs.MissingProgramError, subprocess.TimeoutExpired):
        return ""
    lines = [line.strip() for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    return next((line for line in lines if any(c.isdigit() for c in line)), "")[:80]
