"""Where the programs under test and the third-party tools are found."""

import importlib.util
import os
import shutil
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent


class MissingProgramError(RuntimeError):
    """A program the bench needs is not installed; the text says how to get it."""


def parley(name: str = "parley") -> str:
    """Path of one of the product's commands: in $PARLEY_BIN, else beside this Python, else in .venv/bin."""
    folders = [os.environ.get("PARLEY_BIN"), str(Path(sys.executable).parent), str(REPOSITORY / ".venv/bin")]
    for folder in filter(None, folders):
        candidate = Path(folder) / name
        if os.access(candidate, os.X_OK):
            return str(candidate)
    raise MissingProgramError(
        f"no executable {name!r} in {', '.join(filter(None, folders))}: run 'make build'"
    )


def tool(name: str, package: str) -> str:
    """Path of a system tool, or MissingProgramError naming the Debian package that has it."""
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin:/usr/local/sbin")
    if path is None:
        raise MissingProgramError(f"{name} is not installed: apt-get install {package}")
    return path


def has_tool(name: str) -> bool:
    """Whether a system tool is installed."""
    return shutil.which(name) is not None


def has_module(name: str) -> bool:
    """Whether a Python module could be imported, without importing it."""
    return importlib.util.find_spec(name) is not None
