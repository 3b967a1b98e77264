"""Board images: what a board is (board.toml) and what belongs on its flash (manifest.json and files).

tools/build.py writes one folder for each board, host/parleyd/images/<board>/:
    board.toml      the board's data, as in boards/<board>/
    manifest.json   firmware version, native architecture, and every flash file with size and SHA-256
    rom/            what stands for silicon's boot code; virtual boards only
    firmware.elf    MicroPython itself, for an emulator; its SHA-256 is in the manifest
    flash/          main.py, parley/**/*.mpy, parley_native.mpy
"""

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any, cast

from parley.wire.errors import LocalError

IMAGE_ID_FILE = "parley/image_id"  # what the firmware calls itself: SHA-256 over its files
IMAGE_ID_CHARACTERS = 16  # of it are told by boards and shown
MPY_FORMAT = (6, 3)  # MicroPython 1.23 and later

# MicroPython's architecture codes (py/persistentcode.h), by the name the build tools use.
ARCH_CODES: Mapping[str, int] = {
    "x86": 1,
    "x64": 2,
    "armv6": 3,
    "armv6m": 4,
    "armv7m": 5,
    "armv7em": 6,
    "armv7emsp": 7,
    "armv7emdp": 8,
    "xtensa": 9,
    "xtensawin": 10,
    "rv32imc": 11,
    "rv64imc": 12,
}


class ImageError(LocalError):
    """An image is missing or damaged, or does not suit the board; the text says what to do."""


@dataclass(frozen=True)
class Emulation:
    """The [emulator] table of a board that is emulated: QEMU's name of it. The rest is the build's."""

    machine: str


@dataclass(frozen=True)
class BoardType:
    """One boards/<name>/board.toml: a kind of board, as data.

    heap_kb: MicroPython heap in units of 1024 bytes. legs, slots: capacity it is given by default;
    srtp_legs, wide_legs, ptime_legs, linear_legs: how many of the legs may be encrypted, wideband, sent packets not of
    20 ms, and have L16.
    usb_ids: "vendor:product", lower-case hex, of the serial port to look for.
    flash_command: how MicroPython itself gets onto the board, {firmware} is its file; empty: no need.
    """

    name: str
    title: str
    mcu: str
    core: str
    clock_mhz: int
    arch: str
    heap_kb: int
    legs: int
    slots: int
    network: str
    tested: str
    baudrate: int
    usb_ids: tuple[str, ...]
    flash_tool: str
    flash_command: tuple[str, ...]
    emulator: Emulation | None = None
    srtp_legs: int = 0
    wide_legs: int = 0
    ptime_legs: int = 0
    linear_legs: int = 0


@dataclass(frozen=True)
class ImageFile:
    """One file of the flash: sha256 in lower-case hex, size in bytes."""

    sha256: str
    size: int


@dataclass(frozen=True)
class Image:
    """A built image folder. `files` maps the path on the board's flash to what must be there."""

    folder: Path
    board: BoardType
    firmware: str
    arch: str
    digest: str
    files: Mapping[str, ImageFile] = field(repr=False)

    @property
    def name(self) -> str:
        """The board's name, which is the folder's."""
        return self.board.name

    @property
    def image_id(self) -> str:
        """What a board with this firmware calls it. Raises ImageError."""
        return self.read(IMAGE_ID_FILE).decode("ascii", "replace").strip()[:IMAGE_ID_CHARACTERS]

    @property
    def rom(self) -> Path | None:
        """The script that stands for silicon's boot code; None for an image for silicon."""
        script = self.folder / "rom" / "rom.py"
        return script if script.is_file() else None

    def read(self, path: str) -> bytes:
        """The bytes of one flash file; ImageError when the folder does not hold what its manifest says."""
        if path not in self.files:
            raise ImageError(f"image {self.name} has no {path}; build it again")
        try:
            data = (self.folder / "flash" / path).read_bytes()
        except OSError as error:
            raise ImageError(f"image {self.name}: cannot read {path}: {error.strerror}") from error
        if hashlib.sha256(data).hexdigest() != self.files[path].sha256:
            raise ImageError(f"image {self.name}: {path} is not what the manifest says; build it again")
        return data


def images_folder() -> Path:
    """Where built images lie: package data of parleyd, in the source tree as in an installed wheel."""
    return Path(str(resources.files("parleyd") / "images"))


def image_names(root: Path | None = None) -> list[str]:
    """Names of the boards that have a built image, sorted."""
    root = root or images_folder()
    return sorted(path.parent.name for path in root.glob("*/manifest.json"))


def load_board(path: Path) -> BoardType:
    """Reads one board.toml; ImageError names the missing or unsuitable field."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        serial = cast(dict[str, Any], table["serial"])
        flashing = cast(dict[str, Any], table["flashing"])
        board = BoardType(
            name=str(table["name"]),
            title=str(table["title"]),
            mcu=str(table["mcu"]),
            core=str(table["core"]),
            clock_mhz=int(table["clock_mhz"]),
            arch=str(table["arch"]),
            heap_kb=int(table["heap_kb"]),
            legs=int(table["legs"]),
            srtp_legs=int(table.get("srtp_legs", table["legs"])),
            wide_legs=int(table.get("wide_legs", 0)),
            ptime_legs=int(table.get("ptime_legs", 0)),
            linear_legs=int(table.get("linear_legs", 0)),
            slots=int(table["slots"]),
            network=str(table["network"]),
            tested=str(table["tested"]),
            baudrate=int(serial["baudrate"]),
            usb_ids=tuple(str(item).lower() for item in serial["usb_ids"]),
            flash_tool=str(flashing["tool"]),
            flash_command=tuple(str(item) for item in flashing["command"]),
            emulator=Emulation(str(table["emulator"]["machine"])) if "emulator" in table else None,
        )
    except OSError as error:
        raise ImageError(f"cannot read {path}: {error.strerror}") from error
    except KeyError as error:
        raise ImageError(f"{path}: field {error.args[0]!r} is missing") from error
    except (TypeError, ValueError) as error:
        raise ImageError(f"{path}: {error}") from error
    if board.arch not in ARCH_CODES:
        raise ImageError(f"{path}: MicroPython has no architecture {board.arch!r}")
    return board


def load_image(name: str, root: Path | None = None) -> Image:
    """Reads the image of one board.

    name: the board's name, e.g. "virtual". root: folder of images; parleyd's own when None.
    Raises ImageError when it was not built or is damaged. File contents are checked by Image.read.
    """
    folder = (root or images_folder()) / name
    manifest = folder / "manifest.json"
    if not manifest.is_file():
        raise ImageError(f"no image for board {name!r}; build it with: tools/build.py --board {name}")
    text = manifest.read_bytes()
    try:
        table = json.loads(text)
        files = {
            str(path): ImageFile(str(entry["sha256"]), int(entry["size"]))
            for path, entry in sorted(table["files"].items())
        }
        return Image(
            folder=folder,
            board=load_board(folder / "board.toml"),
            firmware=str(table["firmware"]),
            arch=str(table["arch"]),
            digest=hashlib.sha256(text).hexdigest(),
            files=files,
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ImageError(f"{manifest} is damaged ({error}); build it again") from error


def loads_arch(image_arch: str, board_mpy: int) -> bool:
    """Whether a board whose sys.implementation._mpy is board_mpy loads native code for image_arch.

    The architectures must be equal, but a Thumb firmware takes any Thumb code from armv6m up to its own.
    """
    own, wanted = board_mpy >> 10 & 15, ARCH_CODES[image_arch]
    if own == wanted:
        return True
    return ARCH_CODES["armv6m"] <= wanted <= own <= ARCH_CODES["armv7emdp"]
