"""What the user sees while a flow runs: a line per message for people, JSON lines for programs."""

import json
import os
import sys
from dataclasses import dataclass, field
from typing import Any, TextIO

_PROBLEM = "problem"
_BAR_WIDTH = 12
_QUIET_DB = 60.0


@dataclass
class Step:
    """One step of a flow: t_ms since the start; message "M2" ... "M8" or ""; what happened; its details."""

    t_ms: int
    message: str
    event: str
    fields: dict[str, Any] = field(default_factory=dict)


class Report:
    """Keeps when each message passed; subclasses show it.

    A step with mark=True gives its message its time: the first of its kind, for M8 the last (then everybody
    is in).
    """

    def __init__(self) -> None:
        self.times_ms: dict[str, int] = {}

    def step(self, t_ms: int, message: str, event: str, mark: bool = False, **fields: Any) -> None:
        """One step, see equipment.Reporter."""
        if mark and (message == "M8" or message not in self.times_ms):
            self.times_ms[message] = t_ms
        given = {name: value for name, value in fields.items() if value is not None}
        self.show(Step(t_ms, message, event, given))

    def show(self, step: Step) -> None:
        """Show one step."""

    def pulse(self, spoken_dbov: float, heard_dbov: float) -> None:
        """Show the levels of this moment."""

    def close(self, summary: dict[str, Any]) -> None:
        """Show the end; see summary.py for the fields."""

    def abandon(self) -> None:
        """Put the terminal back in order; something unforeseen happened."""


class JsonReport(Report):
    """One JSON object a line, flushed at once; the last has "event": "summary"."""

    def __init__(self, out: TextIO | None = None) -> None:
        super().__init__()
        self._out = out or sys.stdout

    def show(self, step: Step) -> None:
        """Print a step."""
        self._print({"t_ms": step.t_ms, "message": step.message, "event": step.event, **step.fields})

    def close(self, summary: dict[str, Any]) -> None:
        """Print the summary."""
        self._print({"t_ms": summary["t_ms"], "message": "", "event": "summary", **summary})

    def _print(self, value: dict[str, Any]) -> None:
        try:
            self._out.write(json.dumps(value, ensure_ascii=False) + "\n")
            self._out.flush()
        except BrokenPipeError:  # nobody reads any more: the call goes on, and says goodbye in due course
            self._out = open(os.devnull, "w")  # noqa: SIM115  (until the process ends)
            os.dup2(self._out.fileno(), sys.stdout.fileno())


class QuietReport(Report):
    """Says nothing unless it went wrong, then one sentence on stderr."""

    def close(self, summary: dict[str, Any]) -> None:
        """Say what went wrong."""
        if not summary["ok"]:
            sys.stderr.write(f"{summary['outcome']}\n")


class PeopleReport(Report):
    """Coloured lines, a moving one at the bottom for what is going on, a table at the end."""

    def __init__(self) -> None:
        from rich.console import Console

        super().__init__()
        self._console = Console(highlight=False)
        self._doing = "calling"
        self._status = self._console.status("calling ...")
        self._status.start()

    def show(self, step: Step) -> None:
        """Print a step."""
        from rich.text import Text

        problem = step.fields.get(_PROBLEM)
        line = Text.assemble(
            (f"{step.t_ms / 1000:9.3f} s  ", "dim"),
            (f"{step.message:<3} ", "bold cyan"),
            (step.event, "red" if problem else ""),
            (_details(step.fields), "dim"),
        )
        if problem:
            line.append(f"  {problem}", "red")
        self._console.print(line, soft_wrap=True)
        self._doing = step.event

    def pulse(self, spoken_dbov: float, heard_dbov: float) -> None:
        """Move the line at the bottom."""
        self._status.update(f"{self._doing:<24} mouth {_bar(spoken_dbov)}  ear {_bar(heard_dbov)}")

    def abandon(self) -> None:
        """Take the moving line away."""
        self._status.stop()

    def close(self, summary: dict[str, Any]) -> None:
        """Print how it went."""
        from rich.table import Table
        from rich.text import Text

        self._status.stop()
        table = Table(show_header=False, box=None, padding=(0, 2))
        table.add_column()
        table.add_column(overflow="fold")  # an address cut off is of no use
        for name, value in people_rows(summary):
            table.add_row(Text(name, "bold"), Text(value))
        self._console.print()
        self._console.print(table)
        self._console.print(Text(summary["outcome"], "bold green" if summary["ok"] else "bold red"))


def _bar(dbov: float) -> str:
    """A level from -60 dBov up as a bar of fixed width."""
    filled = round(max(0.0, min(1.0, 1.0 + dbov / _QUIET_DB)) * _BAR_WIDTH)
    return "█" * filled + "·" * (_BAR_WIDTH - filled)


def _details(fields: dict[str, Any]) -> str:
    shown = [str(fields[name]) for name in ("to", "address", "refer_to", "codec", "result") if name in fields]
    return "  " + "  ".join(shown) if shown else ""


def people_rows(summary: dict[str, Any]) -> list[tuple[str, str]]:
    """The summary as (name, text) rows."""
    rows: list[tuple[str, str]] = []
    if summary.get("conference"):
        rows.append(("conference", str(summary["conference"])))
    times = "  ".join(f"{name} {t_ms} ms" for name, t_ms in sorted(summary["times_ms"].items()))
    if times:
        rows.append(("messages", times))
    rows.extend((invitee["uri"], invitee["result"]) for invitee in summary.get("invitees", []))
    counts = summary["packets"]
    rows.append(("packets", f"{counts['sent']} sent, {counts['received']} received, {counts['lost']} lost"))
    levels = summary["levels_dbov"]
    rows.append(("levels", f"spoke {levels['spoken']} dBov, heard {levels['heard']} dBov"))
    return rows
