"""Replays the fuzzing corpus of the native kernels under sanitizers; tools/fuzz/fuzz_native.py adds to it."""

from pathlib import Path

import pytest

NATIVE = Path(__file__).resolve().parent.parent
FUZZ = NATIVE / "fuzz"
TARGETS = sorted(path.stem.removeprefix("fuzz_") for path in FUZZ.glob("fuzz_*.c"))


@pytest.mark.parametrize("target", TARGETS)
def test_corpus(run, tmp_path, target):
    files = sorted((FUZZ / "corpus" / target).iterdir())
    assert len(files) >= 20
    program = tmp_path / target
    options = ["-std=c99", "-O1", "-g", "-Wall", "-Wextra", "-Werror", "-fsanitize=address,undefined"]
    includes = [f"-I{NATIVE / folder}" for folder in ("include", "src", "sip", "fuzz")]
    kernels = sorted((NATIVE / ("sip" if target == "sip" else "src")).glob("*.c"))
    sources = [FUZZ / "replay.c", FUZZ / f"fuzz_{target}.c", *kernels]
    code, text = run("gcc", *options, "-fno-sanitize-recover=all", *includes, *sources, "-lm", "-o", program)
    assert code == 0, text
    code, text = run(program, *files)
    assert (code, text) == (0, f"{len(files)} inputs\n")
