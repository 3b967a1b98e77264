#!/usr/bin/env python3
"""Check the firmware's types against MicroPython's own library (micropython-unix-stubs) in place of CPython's.

What CPython has and MicroPython lacks is an error here, so a habit from the PC is caught before it is on a board.
"""

import argparse
import json
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CONFIG = ROOT / "build" / "pyright-micropython.json"


def configuration() -> dict[str, object]:
    """Return pyright's configuration: the stubs of this virtual environment stand for the standard library."""
    stubs = sysconfig.get_path("purelib")
    return {
        "include": ["../firmware/parley", "../firmware/main.py"],
        "extraPaths": ["../firmware", "../native/cpython"],
        "typeshedPath": stubs,
        "stubPath": stubs,
        "pythonVersion": "3.11",
        "typeCheckingMode": "standard",
        "reportMissingModuleSource": "none",
    }


def main() -> int:
    """Run pyright; its exit code."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    CONFIG.parent.mkdir(exist_ok=True)
    CONFIG.write_text(json.dumps(configuration(), indent=2) + "\n", encoding="utf-8")
    pyright = Path(sys.executable).parent / "pyright"
    return subprocess.run([str(pyright), "--project", str(CONFIG)], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
