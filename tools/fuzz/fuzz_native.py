#!/usr/bin/env python3
"""Coverage-guided fuzzing of the native kernels that see datagrams: libFuzzer with ASan and UBSan.

    tools/fuzz/fuzz_native.py                       every target for a minute (needs clang: apt-get install clang)
    tools/fuzz/fuzz_native.py --seconds 600 srtp    one target for ten minutes
    tools/fuzz/fuzz_native.py --keep                put a smallest set with the same coverage into native/fuzz/corpus

Inputs that fail are left in out/fuzz/TARGET/. Mend the kernel, then put the input into the corpus under a name
that says what it was; make test replays it.
"""

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NATIVE = ROOT / "native"
FUZZ = NATIVE / "fuzz"
TARGETS = tuple(sorted(path.stem.removeprefix("fuzz_") for path in FUZZ.glob("fuzz_*.c")))
COMPILERS = ("clang", "clang-19", "clang-16", "clang-15", "clang-14")
LONGEST_BYTES = 4096
MOST_FILES = 150  # of one target in the repository


def build(compiler: str, target: str, folder: Path) -> Path:
    """Builds a target with libFuzzer; returns the program."""
    program = folder / target
    options = ["-std=c99", "-O1", "-g", "-fsanitize=fuzzer,address,undefined", "-fno-sanitize-recover=all"]
    includes = [f"-I{NATIVE / name}" for name in ("include", "src", "sip", "fuzz")]
    sources = [
        FUZZ / f"fuzz_{target}.c",
        *sorted((NATIVE / ("sip" if target == "sip" else "src")).glob("*.c")),
    ]
    subprocess.run([compiler, *options, *includes, *map(str, sources), "-lm", "-o", str(program)], check=True)
    return program


def keep(program: Path, found: Path, corpus: Path) -> int:
    """Puts a smallest set of inputs into the corpus; returns how many files it has then."""
    smallest = found.with_name("smallest")
    shutil.rmtree(smallest, ignore_errors=True)
    smallest.mkdir()
    subprocess.run([str(program), "-merge=1", str(smallest), str(found), str(corpus)], check=True)
    for path in sorted(smallest.iterdir(), key=lambda path: path.stat().st_size)[:MOST_FILES]:
        shutil.copy(path, corpus / path.name[:12])
    return len(list(corpus.iterdir()))


def main() -> int:
    """Command line; the exit code is 1 when an input failed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=int, default=60, help="for each target [60]")
    parser.add_argument("--keep", action="store_true", help="add to the corpus")
    parser.add_argument("targets", nargs="*", choices=[*TARGETS, []], help="all without a name")
    asked = parser.parse_args()
    compiler = next((name for name in COMPILERS if shutil.which(name)), None)
    if compiler is None:
        print("no clang: apt-get install clang", file=sys.stderr)
        return 2
    failed = 0
    for target in asked.targets or TARGETS:
        out = ROOT / "out" / "fuzz" / f"native-{target}"
        found, corpus = out / "found", FUZZ / "corpus" / target
        for folder in (found, corpus):
            folder.mkdir(parents=True, exist_ok=True)
        program = build(compiler, target, out)
        limits = [f"-max_total_time={asked.seconds}", f"-max_len={LONGEST_BYTES}", f"-artifact_prefix={out}/"]
        done = subprocess.run([str(program), *limits, str(found), str(corpus)], check=False)
        failed += done.returncode != 0
        if asked.keep and done.returncode == 0:
            print(f"{target}: {keep(program, found, corpus)} files")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
