"""A board's serial console by somebody else's tool: MicroPython's mpremote."""

import shutil
import subprocess
import sys
from pathlib import Path


def mpremote(port: Path | str, *words: str, timeout_s: float = 20.0) -> subprocess.CompletedProcess[str]:
    """Run mpremote on a port without resetting the board."""
    beside = Path(sys.executable).with_name("mpremote")
    program = str(beside) if beside.exists() else shutil.which("mpremote") or "mpremote"
    command = [program, "connect", str(port), "resume", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout_s, check=False)
