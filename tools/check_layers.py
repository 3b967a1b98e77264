#!/usr/bin/env python3
"""Check that every import obeys the layer table (ARCHITECTURE.md, "Layers")."""

import argparse
import ast
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# package -> what of ours it may import besides itself
LAYERS: dict[str, tuple[str, ...]] = {
    "parley_native": (),
    "parley_io": (),
    "parley_sip": (),
    "parley.wire": (),
    "parley.call": ("parley.wire",),
    "parley.media": ("parley.wire", "parley_native"),
    "parley.app": ("parley.wire", "parley.call", "parley.media"),
    "parleynet": ("parley.wire", "parley.call"),
    "parleyd": ("parley.wire", "parley.call", "parleynet", "parley_sip"),
    "parleyue": ("parley.wire", "parley.call", "parley.media", "parleynet"),
    "parleybench": ("parley.wire", "parley.call", "parley.media"),
    "hil_tests": (),
}
# file -> what it may import over and above its layer, and why
EXCEPTIONS: dict[str, tuple[str, ...]] = {
    "firmware/parley/app/runtime.py": ("parley_io",),  # or None; media/packets.py is given it
    "host/parleyd/cli.py": (
        "parleyue",
    ),  # one `parley` command for users; the user equipment is a sub-command
    "host/parleyd/commands/bench.py": ("parleybench",),  # as are the measurements
}
FOLDERS: dict[str, str] = {
    "parley.wire": "firmware/parley/wire",
    "parley.call": "firmware/parley/call",
    "parley.media": "firmware/parley/media",
    "parley.app": "firmware/parley/app",
    "parleyd": "host/parleyd",
    "parleynet": "host/parleynet",
    "parleyue": "host/parleyue",
    "parleybench": "host/parleybench",
    "parley_native": "native/cpython/parley_native",
    "parley_io": "native/cpython/parley_io",
    "parley_sip": "native/cpython/parley_sip",
    "hil_tests": "hil_tests",
}
OURS = tuple(LAYERS)


def imported_names(source: str) -> list[tuple[int, str]]:
    """Return (line, dotted name) for every absolute import in `source`, wherever it stands."""
    found: list[tuple[int, str]] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found += [(node.lineno, f"{node.module}.{alias.name}") for alias in node.names]
    return found


def layer_of(name: str) -> str | None:
    """Return the layer that the dotted name belongs to, or None when it is not ours."""
    for layer in sorted(OURS, key=len, reverse=True):
        if name == layer or name.startswith(layer + "."):
            return layer
    return None


def faults_in(layer: str, source: str, extra: tuple[str, ...] = ()) -> list[tuple[int, str]]:
    """Return (line, imported name) for each import in `source` that `layer` may not make."""
    allowed = {layer, *LAYERS[layer], *extra}
    faults: list[tuple[int, str]] = []
    for line, name in imported_names(source):
        target = layer_of(name)
        if target is not None and target not in allowed:
            faults.append((line, name))
    return faults


def check(root: Path = ROOT) -> list[str]:
    """Return one sentence for each forbidden import below `root`."""
    sentences: list[str] = []
    for layer, folder in FOLDERS.items():
        for path in sorted((root / folder).rglob("*.py")):
            relative = path.relative_to(root).as_posix()
            if "/images/" in relative:
                continue
            extra = EXCEPTIONS.get(relative, ())
            for line, name in faults_in(layer, path.read_text(encoding="utf-8"), extra):
                sentences.append(f"{relative}:{line}: {layer} must not import {name}")
    return sentences


def main() -> int:
    """Print the faults; exit code 1 when there are any."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    sentences = check()
    for sentence in sentences:
        print(sentence, file=sys.stderr)
    return 1 if sentences else 0


if __name__ == "__main__":
    sys.exit(main())
