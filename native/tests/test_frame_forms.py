"""The bridge's frames by AVX2 are those of the plain form, to the bit; and the processor is asked, by cpuid."""

import platform
import subprocess
from pathlib import Path

import pytest

NATIVE = Path(__file__).resolve().parents[1]
FLAGS = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-I", NATIVE / "include", "-I", NATIVE / "src"]
NAMES = ("silent", "decode", "copy", "silence", "encode", "to_pcm", "sum", "mix", "limit")
PLAIN = [f"-Dframe_{name}=plain_{name}" for name in NAMES]
NO_AVX2 = 77

pytestmark = pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="AVX2 is of x64")


def build(folder, *flags, plain=NATIVE / "src" / "frame.c"):
    """The program of both forms, with these flags; plain: the source of the plain one."""
    sources = [NATIVE / "tests" / "frame_forms_main.c", *sorted((NATIVE / "src").glob("*.c"))]
    for command in (
        ["gcc", *FLAGS, *flags, "-DPARLEY_NO_AVX2", *PLAIN, "-c", plain, "-o", folder / "plain.o"],
        ["gcc", *FLAGS, *flags, "-o", folder / "frame_forms", *sources, folder / "plain.o"],
    ):
        subprocess.run([str(word) for word in command], check=True, timeout=120)
    return folder / "frame_forms"


def run(program, steps):
    """(exit code, what it printed); skips the test where there is no AVX2."""
    done = subprocess.run([program, "7", str(steps)], capture_output=True, text=True, timeout=60, check=False)
    if done.returncode == NO_AVX2:
        pytest.skip("this processor has no AVX2")
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("flags", [("-O3",), ("-O1", "-g", "-fsanitize=address,undefined")])
def test_both_forms_give_the_same(tmp_path, flags):
    code, text = run(build(tmp_path, *flags), 3000)
    assert code == 0, text


def test_the_judge_can_say_no(tmp_path):
    right = (NATIVE / "src" / "frame.c").read_text(encoding="utf-8")
    wrong = right.replace("energy << (2 * G711_STEP_BITS)", "energy << 5")
    assert wrong != right
    (tmp_path / "wrong.c").write_text(wrong, encoding="utf-8")
    code, text = run(build(tmp_path, "-O1", plain=tmp_path / "wrong.c"), 1)
    assert code != 0 and "level" in text
