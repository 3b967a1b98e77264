"""Debian's Chromium as a person uses it: a page, its keyboard, pictures of it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = "chromium"
FLAGS = [
    "--no-sandbox",  # tests run as root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WIDE = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}


def available() -> bool:
    """Whether Chromium is installed."""
    return shutil.which(CHROMIUM) is not None


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which(CHROMIUM), args=FLAGS, headless=True
        )
        try:
            yield browser
        finally:
            browser.close()


class Visit:
    """One page and everything that went wrong on it."""

    def __init__(self, browser: Browser, url: str, dark: bool = False, **size: int) -> None:
        self.faults: list[str] = []
        self.page: Page = browser.new_page(viewport=size or WIDE, color_scheme="dark" if dark else "light")
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.goto(url)

    def _said(self, message) -> None:
        if message.type == "error":
            self.faults.append(message.text)

    def picture(self, path: Path, full: bool = True) -> None:
        """A picture of the whole page."""
        self.page.screenshot(path=path, full_page=full)

    def overflows(self) -> int:
        """Pixels by which the page is wider than its window."""
        return self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )

    def focus_order(self, steps: int) -> list[str]:
        """What Tab reaches from the top, by accessible name; "(no ring)" is added where focus cannot be seen."""
        self.page.evaluate("document.activeElement.blur(); window.getSelection().removeAllRanges()")
        names = []
        for _ in range(steps):
            self.page.keyboard.press("Tab")
            names.append(
                self.page.evaluate(
                    """() => { const e = document.activeElement, s = getComputedStyle(e);
                    return (e.ariaLabel || e.textContent.trim() || e.id)
                      + (s.outlineStyle === 'none' || s.outlineWidth === '0px' ? ' (no ring)' : ''); }"""
                )
            )
        return names
