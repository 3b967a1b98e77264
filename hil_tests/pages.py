"""Pages of the docs that show what was measured: figures stand between two marks, the words around them are ours."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

DOCS = Path(__file__).resolve().parent.parent / "docs"


def put(page: Path, mark: str, text: str) -> bool:
    """Put the text between `<!-- mark -->` and `<!-- /mark -->`; returns whether the page has changed.

    ValueError when the page has no such marks.
    """
    begin, end = f"<!-- {mark} -->\n", f"<!-- /{mark} -->"
    before = page.read_text(encoding="utf-8")
    head, found, rest = before.partition(begin)
    _, closed, tail = rest.partition(end)
    if not found or not closed:
        raise ValueError(f"{page} has no marks {begin.strip()} and {end}")
    after = f"{head}{begin}{text.rstrip()}\n{end}{tail}"
    page.write_text(after, encoding="utf-8")
    return after != before


def conclude(page: ModuleType, found: dict, into_docs: bool) -> int:
    """Show a measurement by its page (figures, write, missed); returns the exit code: 1 when a limit is missed."""
    print(page.figures(found))
    if into_docs:
        page.write(found)
    missed = page.missed(found)
    print("missed: " + "; ".join(missed) if missed else "every limit is kept")
    return 1 if missed else 0
