"""Builds the CPython bindings of kernels, packet I/O and the reader of plain SIP: cffi, API mode, from the headers.

setup.py takes `ffi`, `io_ffi` and `sip_ffi` from here (paths relative to the repository's root, where it runs).
Run as a program, this file builds the extensions in place, beside the packages, without setuptools' other work.
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path

import cffi

KERNEL_HEADERS = tuple(
    f"include/parley_{name}.h"
    for name in (
        "g711",
        "mix",
        "level",
        "rtp",
        "plc",
        "g722",
        "resample",
        "leg",
        "bridge",
        "bridge_side",
        "srtp",
    )
)
NATIVE = Path(__file__).resolve().parent.parent
KERNELS = tuple(sorted(f"src/{path.name}" for path in (NATIVE / "src").glob("*.c")))
# extension: (headers, C files), below native/
FOLDERS = ("include", "src", "io", "sip")
SIP = tuple(sorted(f"sip/{path.name}" for path in (NATIVE / "sip").glob("*.c")))
EXTENSIONS = {
    "parley_native._native": (KERNEL_HEADERS, KERNELS),
    "parley_io._io": (
        ("include/parley_bridge.h", "io/parley_io.h"),
        (*KERNELS, "io/io.c", "io/io_send.c", "io/io_run.c", "io/system_libc.c"),
    ),
    "parley_sip._sip": (("sip/parley_sip.h",), SIP),
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
        include_dirs=[f"{native}/{folder}" for folder in FOLDERS],
        depends=[str(path) for folder in FOLDERS for path in sorted((NATIVE / folder).glob("*.h"))],
        extra_compile_args=["-std=c99", "-O3"],
    )
    return made


ffi = builder("native", "parley_native._native")
io_ffi = builder("native", "parley_io._io")  # Linux
sip_ffi = builder("native", "parley_sip._sip")  # Linux


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
