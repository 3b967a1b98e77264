#!/usr/bin/env python3
"""Coverage-guided fuzzing of every parser with atheris (pip install atheris), one target after the other.

    tools/fuzz/fuzz.py                      every target for a minute
    tools/fuzz/fuzz.py --seconds 600 sdp    one target for ten minutes
    tools/fuzz/fuzz.py --keep               add what it found to the corpus: of a smallest set with the same
                                            coverage as many files as there is room for

Inputs that fail are left in out/fuzz/TARGET/crash-*. Mend the parser, then put the input into the corpus
(firmware/tests/corpus/TARGET/), under a name that says what it was; make test replays it on both Pythons.
"""

import argparse
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TESTS = ROOT / "firmware" / "tests"
CORPUS = TESTS / "corpus"
LONGEST_BYTES = 4096
MOST_FILES = 60  # of one target in the repository
TARGETS = ("message", "sdp", "uri", "values", "rtp", "media", "stream", "endpoint")
DONE = re.compile(r"Done (\d+) (?:runs )?in (\d+) second")


def fuzz_here(target: str, arguments: list[str]) -> None:
    """Fuzz one target in this process; libFuzzer ends it."""
    import atheris

    sys.path[:0] = [str(ROOT / "firmware"), str(TESTS)]
    with atheris.instrument_imports(include=["parley", "fuzz_targets"]):
        import fuzz_targets
    from parley.wire.errors import RemoteError

    function = fuzz_targets.TARGETS[target]

    def once(data: bytes) -> None:
        try:
            function(data)
        except RemoteError:
            pass

    # A merge starts itself anew by its first word, through a shell.
    atheris.Setup([f"{sys.executable} {__file__} --here {target}", *arguments], once)
    atheris.Fuzz()


def fuzz(target: str, seconds: int, keep: bool) -> bool:
    """Fuzz one target in a process of its own; tell whether nothing failed."""
    folder = ROOT / "out" / "fuzz" / target
    folder.mkdir(parents=True, exist_ok=True)
    corpus = CORPUS / target
    found = folder / "found"
    found.mkdir(exist_ok=True)
    common = [f"-max_len={LONGEST_BYTES}", f"-artifact_prefix={folder}/", "-timeout=10", "-rss_limit_mb=1024"]
    words = [*common, f"-max_total_time={seconds}", str(found), str(corpus)]
    done = subprocess.run(
        [sys.executable, __file__, "--here", target, *words], capture_output=True, text=True, check=False
    )
    (folder / "log").write_text(done.stderr)
    count = DONE.search(done.stderr)
    runs = f"{int(count[1]):,} runs in {count[2]} s" if count else "stopped early"
    print(f"{target}: {runs}, exit code {done.returncode}", flush=True)
    if done.returncode:
        print(done.stdout[-2000:], done.stderr[-4000:], sep="\n")
    elif keep:
        _keep(target, found, common)
    return done.returncode == 0


def _keep(target: str, found: Path, common: list[str]) -> None:
    merged = found.parent / "merged"
    shutil.rmtree(merged, ignore_errors=True)
    merged.mkdir()
    words = [*common, "-merge=1", str(merged), str(CORPUS / target), str(found)]
    subprocess.run([sys.executable, __file__, "--here", target, *words], capture_output=True, check=True)
    have = {path.read_bytes() for path in (CORPUS / target).iterdir()}
    new = sorted((path for path in merged.iterdir() if path.read_bytes() not in have), key=_size_and_name)
    for path in new[: max(0, MOST_FILES - len(have))]:
        shutil.copy(path, CORPUS / target / path.name[:12])


def _size_and_name(path: Path) -> tuple[int, str]:
    return path.stat().st_size, path.name


def main() -> int:
    """Run what the command line asks for; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--keep", action="store_true", help="add what was found to the corpus")
    parser.add_argument("targets", nargs="*", help=f"of {', '.join(TARGETS)}; default: all")
    if sys.argv[1:2] == ["--here"]:  # our own sub-process
        fuzz_here(sys.argv[2], sys.argv[3:])
        return 0
    options = parser.parse_args()
    unknown = [name for name in options.targets if name not in TARGETS]
    if unknown:
        parser.error(f"no target {', '.join(unknown)}")
    failed = [name for name in options.targets or TARGETS if not fuzz(name, options.seconds, options.keep)]
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
