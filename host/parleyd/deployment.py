"""How an image gets onto a board's flash: compare hashes, write what differs, remove the foreign, check."""

import base64
import hashlib
import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from parleyd.images import MPY_FORMAT, Image, loads_arch
from parleyd.serial_link import BoardIdentity, SerialFault, SerialLink

MAIN = "main.py"  # stays as it is in an upgrade: it is what brings the old firmware back
NEXT = "next"  # the folder where a new firmware waits
PACKAGE = "parley"  # the folder on the flash that belongs to the image alone
FOLDER = ""  # stands for a hash in a listing

# Prints "<sha256> <path>" for files and "folder <path>" for folders.
LISTING = """\
import binascii, hashlib, os
_b = memoryview(bytearray(1024))
def _hash(p):
 try:
  f = open(p, 'rb')
 except OSError:
  return
 h = hashlib.sha256()
 n = f.readinto(_b)
 while n:
  h.update(_b[:n])
  n = f.readinto(_b)
 f.close()
 print(binascii.hexlify(h.digest()).decode(), p)
def _walk(d):
 try:
  entries = list(os.ilistdir(d))
 except OSError:
  return
 print('folder', d)
 for e in entries:
  if e[1] & 0x4000:
   _walk(d + '/' + e[0])
  else:
   _hash(d + '/' + e[0])
"""

# _d turns what travels, base64 text, into a piece of a file.
WRITER = """\
import os
from binascii import a2b_base64 as _d
"""

INFLATING_WRITER = """\
import deflate, io, os
from binascii import a2b_base64 as _a
def _d(t):
 return deflate.DeflateIO(io.BytesIO(_a(t)), deflate.ZLIB).read()
"""
# Empties the folders of an upgrade.
CLEAR = """\
import os
def _clear(d):
 try:
  entries = list(os.ilistdir(d))
 except OSError:
  return
 for e in entries:
  p = d + '/' + e[0]
  if e[1] & 0x4000:
   _clear(p)
  else:
   os.remove(p)
 os.rmdir(d)
_clear('next')
_clear('previous')
"""

CAN_UPGRADE = """\
with open('main.py') as f:
 print('upgrade.json' if 'upgrade.json' in f.read() else '')
"""

STAGE = """\
import os
with open('upgrade.new', 'w') as f:
 f.write({state!r})
os.rename('upgrade.new', 'upgrade.json')
"""
WINDOW_BITS = 12  # 4 KB of the board's memory while it inflates


@dataclass(frozen=True)
class Deployment:
    """What a deployment did: paths on the flash, and how many files were right already."""

    written: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: int

    @property
    def changed(self) -> bool:
        """Whether the flash is not what it was."""
        return bool(self.written or self.removed)


def deploy(
    link: SerialLink, image: Image, extra: Mapping[str, bytes], progress: Callable[[str], None] | None = None
) -> Deployment:
    """Makes the flash hold the image.

    link: open. extra: further files by path, such as the configuration. progress: gets each path that is
    written. Files outside parley/ that are neither in the image nor in `extra` are left alone.
    Raises SerialFault, also when the board cannot load the image's native code; ImageError for a bad image.
    """
    identity = link.identify()
    _check_suits(link, image, identity)
    wanted = {path: entry.sha256 for path, entry in image.files.items()}
    wanted |= {path: hashlib.sha256(data).hexdigest() for path, data in extra.items()}
    present = listing(link, wanted)
    missing = [path for path, digest in wanted.items() if present.get(path) != digest]
    foreign = _foreign(present, wanted)
    if not missing and not foreign:
        return Deployment((), (), len(wanted))
    missing.sort(key=lambda path: (path == "main.py", path))  # half an image has no new main.py
    _remove(link, foreign, present)
    _write(link, _contents(missing, image, extra, progress), present, identity)
    left = listing(link, wanted)
    wrong = [path for path, digest in wanted.items() if left.get(path) != digest]
    if wrong:
        raise SerialFault("refused", f"the flash of the board on {link.port} did not keep {wrong[0]}")
    return Deployment(tuple(missing), tuple(foreign), len(wanted) - len(missing))


def stage(
    link: SerialLink,
    image: Image,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> None:
    """Puts the image's firmware beside the one that runs, to change places with it at the next boot (main.py).

    Blocks; the board goes on with its work in between. progress: gets bytes written so far, and all.
    Raises SerialFault, ImageError; then the board keeps what it has.
    """
    identity = link.identify()
    _check_suits(link, image, identity)
    if "upgrade.json" not in link.execute(CAN_UPGRADE):
        raise SerialFault(
            "unsuitable", f"the firmware on {link.port} cannot be upgraded; provision the board anew"
        )
    names = [path for path in image.files if path != MAIN]
    total = sum(image.files[path].size for path in names)
    done = 0

    def contents() -> Iterator[tuple[str, bytes]]:
        nonlocal done
        for path in names:
            yield f"{NEXT}/{path}", image.read(path)
            done += image.files[path].size
            progress(done, total)

    link.execute(CLEAR)
    _write(link, contents(), {}, identity)
    wanted = {f"{NEXT}/{path}": image.files[path].sha256 for path in names}
    kept = _hashes(link.execute(f"{LISTING}_walk({NEXT!r})\n"))
    wrong = [path for path, digest in wanted.items() if kept.get(path) != digest]
    if wrong:
        raise SerialFault("refused", f"the flash of the board on {link.port} did not keep {wrong[0]}")
    state = json.dumps({"image": image.image_id, "state": "staged", "reason": ""})
    link.execute(STAGE.format(state=state))


def listing(link: SerialLink, paths: Iterable[str]) -> dict[str, str]:
    """SHA-256 in hex of those of `paths` that exist and of all files under parley/; FOLDER for folders."""
    calls = "".join(f"_hash({path!r})\n" for path in paths if not path.startswith(PACKAGE + "/"))
    return _hashes(link.execute(f"{LISTING}{calls}_walk({PACKAGE!r})\n"))


def _hashes(text: str) -> dict[str, str]:
    """What LISTING printed."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        digest, _, path = line.strip().partition(" ")
        found[path] = FOLDER if digest == "folder" else digest
    return found


def _check_suits(link: SerialLink, image: Image, identity: BoardIdentity) -> None:
    format_of_board = (identity.mpy & 0xFF, identity.mpy >> 8 & 3)
    if format_of_board != MPY_FORMAT:
        raise SerialFault(
            "unsuitable",
            f"MicroPython {identity.version} on {link.port} loads .mpy format {format_of_board}, "
            f"the image has {MPY_FORMAT}; flash MicroPython 1.23 or later",
        )
    if "parley_native.mpy" in image.files and not loads_arch(image.arch, identity.mpy):
        raise SerialFault(
            "unsuitable", f"{identity.machine} on {link.port} cannot load native code for {image.arch}"
        )


def _foreign(present: Mapping[str, str], wanted: Mapping[str, str]) -> list[str]:
    """Files and folders under parley/ that no image file needs, the deepest first."""
    needed = {str(parent) for path in wanted for parent in PurePosixPath(path).parents} | set(wanted)
    return sorted((path for path in present if path not in needed), key=lambda path: -path.count("/"))


def _remove(link: SerialLink, foreign: list[str], present: Mapping[str, str]) -> None:
    calls = [f"os.{'rmdir' if present[path] == FOLDER else 'remove'}({path!r})\n" for path in foreign]
    if calls:
        link.execute("import os\n" + "".join(calls))


def _contents(
    paths: Iterable[str],
    image: Image,
    extra: Mapping[str, bytes],
    progress: Callable[[str], None] | None,
) -> Iterator[tuple[str, bytes]]:
    for path in paths:
        if progress is not None:
            progress(path)
        yield path, extra[path] if path in extra else image.read(path)


def _write(
    link: SerialLink, files: Iterable[tuple[str, bytes]], present: Mapping[str, str], identity: BoardIdentity
) -> None:
    """Writes files; small ones travel together, large ones in pieces."""
    chunk_bytes = identity.chunk_bytes
    folders = {path for path, digest in present.items() if digest == FOLDER}
    source, size = INFLATING_WRITER if identity.inflates else WRITER, 0
    for path, data in files:
        for folder in reversed(PurePosixPath(path).parents[:-1]):
            if str(folder) not in folders:
                folders.add(str(folder))
                source += f"os.mkdir({str(folder)!r})\n"
        source += f"_f = open({path!r}, 'wb')\n"
        for start in range(0, len(data), chunk_bytes):
            piece = data[start : start + chunk_bytes]
            if size + len(piece) > chunk_bytes:
                link.execute(source)
                source, size = "", 0
            source += f"_f.write(_d({_travelling(piece, identity.inflates)!r}))\n"
            size += len(piece)
        source += "_f.close()\n"
    link.execute(source)


def _travelling(piece: bytes, compressed: bool) -> bytes:
    """A piece of a file as base64 text."""
    if compressed:
        packer = zlib.compressobj(9, wbits=WINDOW_BITS)
        piece = packer.compress(piece) + packer.flush()
    return base64.b64encode(piece)
