"""Builds the CPython bindings of the kernels and of the packet I/O: cffi, API mode, straight from the headers.

setup.py takes `ffi` and `io_ffi` from here (paths relative to the repository's root, where it runs). Run as a
program, this file builds the extensions in place, beside the packages, without setuptools' other work.
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path

import cffi

KERNEL_HEADERS = tuple(
    f"include/parley_{name}.h"
    for name in ("g711", "mix", "level", "rtp", "plc", "g722", "resample", "leg", "bridge", "srtp")
)
NATIVE = Path(__file__).resolve().parent.parent
KERNELS = tuple(sorted(f"src/{path.name}" for path in (NATIVE / "src").glob("*.c")))
# extension: (headers, C files), below native/
EXTENSIONS = {
    "parley_native._native": (KERNEL_HEADERS, KERNELS),
    "parley_io._io": (
        ("include/parley_bridge.h", "io/parley_io.h"),
        (*KERNELS, "io/io.c", "io/system_libc.c"),
    ),
}


def declarations(header):
    """Returns what cffi reads of a header: all lines but the preprocessor's."""
    lines = (NATIVE / header).read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if not line.startswith("#"))


def builder(native, extension):
    """Returns the cffi builder of an extension, with sources below the folder `native`."""
    headers, sources = EXTENSIONS[extension]
    made = cffi.FFI()
    for header in headers:
        made.cdef(declarations(header))
    made.set_source(
        extension,
        "\n".join(f'#include "{Path(header).name}"' for header in headers),
        sources=[f"{native}/{source}" for source in sources],
        include_dirs=[f"{native}/{folder}" for folder in ("include", "src", "io")],
        depends=[
            str(path) for folder in ("include", "src", "io") for path in sorted((NATIVE / folder).glob("*.h"))
        ],
        extra_compile_args=["-std=c99", "-O3"],
    )
    return made


ffi = builder("native", "parley_native._native")
io_ffi = builder("native", "parley_io._io")  # Linux


def main():
    """Builds in place and prints the files made."""
    for extension in EXTENSIONS:
        with tempfile.TemporaryDirectory() as work:
            made = Path(builder(NATIVE, extension).compile(tmpdir=work))
            package, name = extension.split(".")
            target = NATIVE / "cpython" / package / f"{name}.abi3.so"  # the name an installation gives it
            shutil.copy2(made, target.with_suffix(".new"))
            os.replace(target.with_suffix(".new"), target)  # who has the old one open keeps it
        print(target)


if __name__ == "__main__":
    sys.exit(main())
