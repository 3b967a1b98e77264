#!/usr/bin/env python3
"""The bridge's frames in each form of this x64 machine, side by side: nanoseconds a frame of 160 samples.

plain: as gcc makes it for every x64 (SSE2); wide: the same source compiled for AVX2; form: native/src/frame_avx2.c.
The least of several runs.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

NATIVE = Path(__file__).resolve().parent.parent
FORMS = {"plain": ["-DPARLEY_NO_AVX2"], "wide": ["-DPARLEY_NO_AVX2", "-mavx2"], "form": []}
RUNS = 3


def build(folder: Path, form: str) -> Path:
    """The program with one form."""
    sources = [NATIVE / "bench" / "frame_times.c", *sorted((NATIVE / "src").glob("*.c"))]
    includes = ["-I", NATIVE / "include", "-I", NATIVE / "src"]
    command = ["gcc", "-std=c99", "-O3", *FORMS[form], *includes, *sources, "-o", folder / form]
    subprocess.run([str(word) for word in command], check=True)
    return folder / form


def times(program: Path) -> dict[str, float]:
    """Case to nanoseconds."""
    runs = [
        json.loads(subprocess.run([program], capture_output=True, text=True, check=True).stdout)
        for _ in range(RUNS)
    ]
    return {case: min(run[case] for run in runs) for case in runs[0] if case != "shape"}


def main() -> int:
    """Prints the table; returns the exit code."""
    with tempfile.TemporaryDirectory() as work:
        found = {form: times(build(Path(work), form)) for form in FORMS}
    print(f"{'':20}" + "".join(f"{form:>8}" for form in FORMS))
    for case in found["plain"]:
        print(f"{case:20}" + "".join(f"{found[form][case]:8.1f}" for form in FORMS))
    return 0


if __name__ == "__main__":
    sys.exit(main())
