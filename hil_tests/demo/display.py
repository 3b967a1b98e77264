"""What is going on, for the person watching: a line per stage, a bar while the phones talk."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn
from rich.text import Text


class Display:
    """Stages and notes on a terminal (moving) or in a file (plain lines)."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(highlight=False)
        if not self.console.is_terminal:
            self.console = Console(highlight=False, width=150)  # a log file has no width of its own
        self.started_s = time.monotonic()

    def elapsed_s(self) -> float:
        """Seconds since the demonstration began."""
        return time.monotonic() - self.started_s

    def line(self, mark: str, text: str, style: str = "") -> None:
        """One line with the time."""
        clock = Text(f"{self.elapsed_s():6.1f} s  ", "dim")
        self.console.print(Text.assemble(clock, (f"{mark} ", style or "bold"), text), soft_wrap=True)

    @contextmanager
    def stage(self, text: str) -> Iterator[None]:
        """A stage that takes a while: a spinner until it is over, then its line with the seconds it took."""
        start = time.monotonic()
        if self.console.is_terminal:
            with self.console.status(f"{text} ..."):
                yield
        else:
            yield
        self.line("✓", f"{text}  ({time.monotonic() - start:.1f} s)", "bold green")

    def talk(self, text: str, seconds: float, look) -> None:
        """Let time pass; on a terminal with a bar and, every two seconds, the words of `look()`."""
        end = time.monotonic() + seconds
        if not self.console.is_terminal:
            time.sleep(seconds)
            self.line("✓", f"{text}  ({seconds:.0f} s)", "bold green")
            return
        looked = 0.0
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(40),
            TextColumn("{task.fields[words]}"),
        )
        with Progress(*columns, console=self.console, transient=True) as progress:
            task = progress.add_task(text, total=seconds, words="")
            while (left := end - time.monotonic()) > 0:
                progress.update(task, completed=seconds - left)
                if left < seconds - looked and left > 1:
                    progress.update(task, words=look())
                    looked += 2
                time.sleep(min(0.1, left))
        self.line("✓", f"{text}  ({seconds:.0f} s)", "bold green")
