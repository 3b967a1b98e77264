"""One set of golden vectors, many implementations: none may differ from the reference, or from another."""

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
NATIVE = HERE.parent
FIRMWARE = NATIVE.parent / "firmware"
VECTORS = sorted((NATIVE / "vectors").glob("*.txt"))
SLOW = "parley.media.kernels_slow"
CASES = {"parley_native": 422, SLOW: 404}  # plain Python is narrowband


def test_vectors_are_what_the_reference_makes(run):
    code, text = run(sys.executable, NATIVE / "reference" / "make_vectors.py", "--check")
    assert code == 0, text
    assert len(VECTORS) == 8
    assert sum(path.stat().st_size for path in VECTORS) < 450_000


def test_c_under_sanitizers(run, sanitized):
    code, text = run(sanitized("vectors_main", HERE / "vectors_sound.c"), *VECTORS)
    assert code == 0, text
    assert text.count(" 0 failed") == len(VECTORS)


def test_hostile_packets_under_sanitizers(run, sanitized):
    program = sanitized("hostile_main")
    for seed in range(4):
        code, text = run(program, seed, 100_000)
        assert code == 0, text


def test_micropython_glue_compiles_without_a_warning(run):
    strict = ["-std=c99", "-O2", "-Wall", "-Wextra", "-Werror", "-Wpedantic", "-ffreestanding"]
    folders = ("include", "src", "micropython", "io")
    includes = [f"-I{NATIVE / folder}" for folder in folders]
    sources = [
        *(NATIVE / "src").glob("*.c"),
        *(NATIVE / "micropython").glob("*.c"),
        *(NATIVE / "io").glob("*.c"),
    ]
    for source in sources:
        if source.name != "system_libc.c":
            code, text = run("gcc", *strict, *includes, "-c", source, "-o", "/dev/null")
            assert code == 0, text


@pytest.mark.parametrize("module", ["parley_native", SLOW])
def test_cpython(run, module):
    code, text = run(sys.executable, HERE / "run_vectors.py", module, *VECTORS)
    assert code == 0, text
    assert f"{CASES[module]} cases, 0 failed" in text


@pytest.mark.parametrize("module", ["parley_native", SLOW])
def test_micropython(micropython, module_folder, module):
    code, text = micropython([module_folder, FIRMWARE], HERE / "run_vectors.py", module, *VECTORS)
    assert code == 0, text
    assert f"{CASES[module]} cases, 0 failed" in text


@pytest.mark.parametrize("seed", range(1, 5))
def test_leg_and_its_twin_keep_the_same_octets(run, micropython, module_folder, seed):
    session = (HERE / "leg_session.py", "parley_native", SLOW, seed, 600)
    code, text = run(sys.executable, *session)
    assert code == 0, text
    assert micropython([module_folder, FIRMWARE], *session) == (0, text)


def test_a_wrong_kernel_fails_the_vectors(run, tmp_path):
    """The judge can say no: one decoded value off by one step is seen."""
    (tmp_path / "wrong.py").write_text(
        "from parley_native import *\n"
        "import parley_native\n"
        "def g711_decode(law, codes, pcm):\n"
        "    done = parley_native.g711_decode(law, codes, pcm)\n"
        "    pcm[0] ^= 1\n"
        "    return done\n"
    )
    code, text = run(
        sys.executable, HERE / "run_vectors.py", "wrong", *VECTORS, env={"PYTHONPATH": str(tmp_path)}
    )
    assert code == 1
    assert "FAILED" in text
