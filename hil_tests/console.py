"""A board's serial console by somebody else's tool: MicroPython's mpremote."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any


def mpremote(port: Path | str, *words: str, timeout_s: float = 20.0) -> subprocess.CompletedProcess[str]:
    """Run mpremote on a port without resetting the board."""
    beside = Path(sys.executable).with_name("mpremote")
    program = str(beside) if beside.exists() else shutil.which("mpremote") or "mpremote"
    command = [program, "connect", str(port), "resume", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout_s, check=False)


def board_counts(port: Path | str) -> tuple[dict[str, Any], list[Any]]:
    """(network counters and bridge totals, participants) as a board has them itself. AssertionError: no answer."""
    done = mpremote(port, "exec", "import json; print(json.dumps(board.status()))")
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    return found["media"], found["legs"]
