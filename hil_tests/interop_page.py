"""docs/interop.md: which phone can do what with Parley, as measured by test_interop.py."""

from __future__ import annotations

import subprocess
from importlib import metadata
from pathlib import Path

from hil_tests import pages

PAGE = pages.DOCS / "interop.md"
YES, NO, CANNOT = "yes", "**no**", "–"


def table(results: dict[str, dict[str, str]], features: list[str]) -> str:
    """The table as Markdown; results: phone -> feature -> YES, NO or CANNOT."""
    phones = list(results)
    lines = ["| | " + " | ".join(phones) + " |", "| --- |" + " --- |" * len(phones)]
    for feature in features:
        cells = [results[phone].get(feature, CANNOT) for phone in phones]
        lines.append(f"| {feature} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def versions() -> dict[str, str]:
    """The phones' versions on this machine, '' where it cannot be told."""
    found = {"PJSUA": "", "baresip": "", "SIPp": ""}
    try:
        found["PJSUA"] = metadata.version("pjsua2-python")
    except metadata.PackageNotFoundError:
        pass
    for phone, package in (("baresip", "baresip-core"), ("SIPp", "sip-tester")):
        done = subprocess.run(
            ["dpkg-query", "-W", "-f", "${Version}", package], capture_output=True, text=True, check=False
        )
        found[phone] = done.stdout.strip()
    return found


def write(text: str, page: Path = PAGE) -> bool:
    """Put the table into the page; returns whether it has changed."""
    return pages.put(page, "table", text)
