"""Counts the instructions that an emulated Arm board executes, by what they belong to, while it serves calls.

A plugin for QEMU 7.2 (native/port_mps2/count_classes.c) counts; the map of the firmware's build says what is where.
Instructions are not cycles: caches, wait states and dual issue are not in them.
"""

import re
import subprocess
import time
from pathlib import Path

from hil_tests import programs

ROOT = programs.REPOSITORY
WORDS, ALL, RUNS, LONGEST, TIMED = 20, 14, 15, 16, 14
CLASSES = ("kernels", "Python", "collector", "sockets", "lwIP", "driver", "port", "C library")
PLACES = (
    (r"/py/gc\.o", "collector"),
    (r"/lib/lwip/|lib/lwip", "lwIP"),
    (r"modlwip|udp_queue|lwip_io|modsocket|modselect", "sockets"),
    (r"lan9118|network_lan", "driver"),
    (r"/(main|clock|uart|startup|modmps2)\.o", "port"),
    (r"\.a\(|libgcc|libc", "C library"),
)


def class_of(place: str) -> str:
    """The class of an object file."""
    return next((name for pattern, name in PLACES if re.search(pattern, place)), "Python")


def read_map(path: Path) -> list[tuple[int, int, int]]:
    """(first address, last, class) of every piece of code in a linker map; gc_collect is the timed function."""
    text = path.read_text(errors="replace")
    pieces = []
    pattern = re.compile(r"^ \.text(\.\S*)?\s+0x([0-9a-f]+)\s+0x([0-9a-f]+) (\S.*)$", re.M)
    for name, first, size, place in pattern.findall(text):
        start, length = int(first, 16), int(size, 16)
        if length and start < 0x20000000 and (start or name == ".vectors"):
            kind = TIMED if name == ".gc_collect" else CLASSES.index(class_of(place))
            pieces.append((start, start + length, kind))
    return sorted(pieces)


class Counters:
    """The plugin's file, read at any time."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> list[int]:
        data = self.path.read_bytes()
        return [int.from_bytes(data[i : i + 8], "little") for i in range(0, 8 * WORDS, 8)]

    def window(self, seconds: float) -> dict[str, float]:
        """Instructions a second, by class, over a time."""
        before, start_s = self.read(), time.monotonic()
        time.sleep(seconds)
        after, span_s = self.read(), time.monotonic() - start_s
        return rates(before, after, span_s)


def rates(before: list[int], after: list[int], divisor: float) -> dict[str, float]:
    found = {name: (after[i] - before[i]) / divisor for i, name in enumerate(CLASSES)}
    return {name: round(value) for name, value in found.items()} | {
        "all": round((after[ALL] - before[ALL]) / divisor)
    }


def attach(board: str, folder: Path) -> tuple[Counters, dict[str, str]]:
    """Counters for a board that is started with these environment variables. folder: for the plugin and its files."""
    folder.mkdir(parents=True, exist_ok=True)
    library = folder / "libcount.so"
    source = ROOT / "native" / "port_mps2" / "count_classes.c"
    subprocess.run(["gcc", "-O2", "-shared", "-fPIC", "-o", str(library), str(source)], check=True)
    pieces = read_map(map_of(board))
    ranges = folder / "ranges"
    ranges.write_text("".join(f"{first:x} {last:x} {kind}\n" for first, last, kind in pieces))
    counters = Counters(folder / "counters")
    plugin = f"-plugin {library},ranges={ranges},counters={counters.path}"
    return counters, {"PARLEY_QEMU_OPTIONS": plugin}


def map_of(board: str) -> Path:
    """The linker map of the board's firmware, left by its build."""
    return ROOT / "build" / "mps2" / board / "firmware.map"
