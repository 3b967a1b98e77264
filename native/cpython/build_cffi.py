"""Builds the CPython binding of the kernels: cffi, API mode, straight from the headers.

setup.py takes `ffi` from here (paths relative to the repository's root, where it runs). Run as a program,
this file builds the extension in place, beside the package, without setuptools' other work.
"""

import shutil
import sys
import tempfile
from pathlib import Path

import cffi

HEADERS = ("parley_g711.h", "parley_mix.h", "parley_level.h", "parley_rtp.h", "parley_leg.h")
KERNELS = ("g711", "mix", "level", "rtp", "leg", "leg_receive", "leg_playout")
NATIVE = Path(__file__).resolve().parent.parent


def declarations(header):
    """Returns what cffi reads of a header: all lines but the preprocessor's."""
    lines = (NATIVE / "include" / header).read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if not line.startswith("#"))


def builder(native):
    """Returns the cffi builder of parley_native._native, with sources below the folder `native`."""
    made = cffi.FFI()
    for header in HEADERS:
        made.cdef(declarations(header))
    made.set_source(
        "parley_native._native",
        "\n".join(f'#include "{header}"' for header in HEADERS),
        sources=[f"{native}/src/{kernel}.c" for kernel in KERNELS],
        include_dirs=[f"{native}/include"],
        depends=[
            str(path) for folder in ("include", "src") for path in sorted((NATIVE / folder).glob("*.h"))
        ],
        extra_compile_args=["-std=c99", "-O2"],
    )
    return made


ffi = builder("native")


def main():
    """Builds in place and prints the file made."""
    with tempfile.TemporaryDirectory() as work:
        made = Path(builder(NATIVE).compile(tmpdir=work))
        target = NATIVE / "cpython" / "parley_native" / "_native.abi3.so"  # the name an installation gives it
        shutil.copy2(made, target)
    print(target)


if __name__ == "__main__":
    sys.exit(main())
