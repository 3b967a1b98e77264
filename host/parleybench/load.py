"""load.c, the participants' voices and ears: in the background, or for as long as processor time is counted."""

import json
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from parleybench.callers import Caller
from parleybench.machine import BenchError, Figures, cpu_s, on_cores

NOBODY = ("0.0.0.0", 9)
LOAD_CORE = 1
SETTLE_S = 1.5  # the load's first second is not counted


def load_command(
    folder: Path,
    people: Sequence[Caller],
    size: int,
    talkers: int,
    seconds: float,
    frame_ms: int = 20,
    peer: tuple[str, int] | None = None,
    cores: int | Sequence[int] = LOAD_CORE,
    mute: bool = False,
) -> list[str]:
    """Of load.c, which plays these participants; peer: where all their packets go, instead of to their calls.

    mute: who does not talk sends nothing, instead of silence.
    """
    sends = 0 if mute else 1
    terms: list[object] = [*(peer or NOBODY), len(people), size, talkers, sends, 20, seconds, frame_ms]
    if peer is None:
        path = folder / "peers"
        path.write_text("".join(f"{one.rtp[0]} {one.rtp[1]}\n" for one in people), encoding="ascii")
        terms.append(path)
    return on_cores(cores, folder / "load", *terms)


def under_load(pids: Sequence[int], command: Sequence[str], seconds: float) -> tuple[list[float], Figures]:
    """([share of a core that each process takes under the load], what the load heard). Raises BenchError."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as load:
        try:
            time.sleep(SETTLE_S)
            before, started = [cpu_s(pid) for pid in pids], time.monotonic()
            time.sleep(seconds)
            took = time.monotonic() - started
            shares = [(cpu_s(pid) - earlier) / took for pid, earlier in zip(pids, before, strict=True)]
            words = load.communicate()[0]
        except BaseException:
            load.kill()
            raise
    if load.returncode:
        raise BenchError(f"the load generator ended with {load.returncode}: is one of its ports in use?")
    return shares, json.loads(words)


class Background:
    """load.c in the background."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = command

    def __enter__(self) -> None:
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
