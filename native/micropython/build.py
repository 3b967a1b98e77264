"""Builds Parley's native modules for one architecture; with sources named, any other native module.

Compile with the system's gcc (or arm-none-eabi-gcc), link with GNU ld and image.ld, convert with mpy_file.
"""

import argparse
import hashlib
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
NATIVE = HERE.parent

try:
    from mpy_file import ConversionError, convert
except ModuleNotFoundError as missing:
    sys.exit(f"{missing.name} is missing: pip install pyelftools")

CFLAGS = [
    "-std=c99", "-O2", "-Wall", "-Wextra", "-ffreestanding", "-fpic", "-fvisibility=hidden", "-fno-common",
    "-ffunction-sections", "-fdata-sections", "-fno-asynchronous-unwind-tables", "-fno-stack-protector",
]  # fmt: skip
LDFLAGS = [
    "-shared",
    "-Bsymbolic",
    "--gc-sections",
    "-z",
    "max-page-size=16",
    "-z",
    "now",
    "--hash-style=sysv",
]
M4 = ["-mthumb", "-mcpu=cortex-m4", "-mfpu=fpv4-sp-d16", "-mfloat-abi=hard"]
M7 = ["-mthumb", "-mcpu=cortex-m7", "-mfpu=fpv5-d16", "-mfloat-abi=hard"]
X64_COMPILERS = ("x86_64-linux-gnu-gcc", *(("gcc",) if platform.machine() in ("x86_64", "AMD64") else ()))

# arch: (compilers, the apt package of one, compiler flags, linker flags)
TOOLCHAINS = {
    "x64": (X64_COMPILERS, "gcc-x86-64-linux-gnu", ["-O3", "-fcf-protection=none"], ["-z", "norelro"]),
    "armv7emsp": (("arm-none-eabi-gcc",), "gcc-arm-none-eabi", M4, []),
    "armv7emdp": (("arm-none-eabi-gcc",), "gcc-arm-none-eabi", M7, []),
}

KERNELS = sorted((NATIVE / "src").glob("*.c"))
GLUE = ("module", "bridge_glue", "bridge_side_glue", "sound_glue", "srtp_glue", "glue")
# module: (architectures or None for all, its names, C files)
MODULES = {
    "parley_native": (
        None,
        HERE / "exports.h",
        [
            *(HERE / f"{name}.c" for name in GLUE),
            *KERNELS,
        ],
    ),
    "parley_io": (
        ("x64",),  # Linux
        NATIVE / "io" / "exports.h",
        [
            *(NATIVE / "io" / f"{name}.c" for name in ("module", "io", "io_send", "io_run", "system_x64")),
            HERE / "glue.c",
            *KERNELS,
        ],
    ),
}


MARK = b"parley.1"  # ends the file


class BuildError(Exception):
    """The module cannot be built; the text says why."""


def run(command, folder):
    """Runs a tool in `folder`; returns its standard output without the end of line, or raises BuildError."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BuildError(f"{command[0]} failed:\n{done.stderr.strip()}")
    return done.stdout.strip()


def find_compiler(arch):
    """Returns the compiler for `arch`; BuildError names the package to install."""
    compilers, package, _, _ = TOOLCHAINS[arch]
    for compiler in compilers:
        if shutil.which(compiler):
            return compiler
    raise BuildError(f"no compiler for {arch} ({' or '.join(compilers)}): apt-get install {package}")


def link(arch, sources, includes, work):
    """Compiles and links `sources` in the folder `work`; returns the linked file."""
    compiler = find_compiler(arch)
    _, _, machine_flags, linker_flags = TOOLCHAINS[arch]
    search = [f"-I{folder}" for folder in (HERE, *includes)]
    run([compiler, *CFLAGS, *machine_flags, *search, "-c", *map(str, sources)], work)
    objects = [source.with_suffix(".o").name for source in sources]
    linker = run([compiler, "-print-prog-name=ld"], work)
    libgcc = run([compiler, *machine_flags, "-print-libgcc-file-name"], work)  # 64-bit division on Thumb
    script = ["-T", str(HERE / "image.ld"), "-o", "image.elf"]
    run([linker, *LDFLAGS, *linker_flags, *script, *objects, libgcc], work)
    return work / "image.elf"


def exported_names(header):
    """Returns the interned strings listed in a header as NAME(x) and EXPORT(x), in order."""
    return re.findall(r"^(?:NAME|EXPORT)\((\w+)\)", header.read_text(encoding="utf-8"), re.MULTILINE)


def sealed(octets):
    """Returns a .mpy file with the seal that firmware/parley/media/native_file.py asks for before it imports one."""
    return octets + hashlib.sha256(octets).digest() + MARK


def build(arch, output, module, exports, sources, includes):
    """Builds output/module.mpy; returns its path. Raises BuildError or ConversionError."""
    file_name = f"{module}.mpy"
    with tempfile.TemporaryDirectory() as work:
        image = link(arch, [source.resolve() for source in sources], includes, Path(work)).read_bytes()
    octets = convert(image, arch, exported_names(exports), file_name)
    output.mkdir(parents=True, exist_ok=True)
    target = output / file_name
    target.write_bytes(sealed(octets))
    return target


def main():
    """Command line; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--arch", required=True, choices=sorted(TOOLCHAINS))
    parser.add_argument("--output", required=True, type=Path, help="folder to write MODULE.mpy to")
    parser.add_argument("--module", help="build this one only")
    parser.add_argument("--exports", type=Path, help="header with the module's names")
    parser.add_argument("sources", nargs="*", type=Path, help="C files of a module that is not Parley's")
    asked = parser.parse_args()
    if asked.sources:
        wanted = {asked.module: (None, asked.exports or HERE / "exports.h", asked.sources)}
    else:
        wanted = {name: MODULES[name] for name in ([asked.module] if asked.module else MODULES)}
    for module, (archs, exports, sources) in wanted.items():
        if archs is not None and asked.arch not in archs:
            continue
        includes = (exports.resolve().parent, NATIVE / "include", NATIVE / "src", NATIVE / "io")
        try:
            target = build(asked.arch, asked.output, module, exports, sources, includes)
        except (BuildError, ConversionError) as fault:
            print(f"{module} for {asked.arch}: {fault}", file=sys.stderr)
            return 1
        print(f"{target} ({target.stat().st_size} octets)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
