"""Whether the file of a native module is whole, asked before it is imported.

MicroPython's loader believes what it reads: a file that is cut short hangs it, a wrong octet in one kills the
board. So every module of ours ends with a seal (native/micropython/build.py writes it): SHA-256 of all that
stands before, then a mark. The loader does not read so far.
"""

import hashlib
import sys

MARK = b"parley.1"
SEAL_BYTES = 32 + len(MARK)
_READ_BYTES = 1024


def check(name: str, folders: "list[str] | None" = None) -> None:
    """Raise ValueError when the file of module `name` is cut short or damaged.

    folders: where to look, by default sys.path. Without such a file there is nothing to check: the import tells.
    """
    for folder in sys.path if folders is None else folders:
        path = (folder + "/" if folder else "") + name + ".mpy"
        try:
            file = open(path, "rb")  # noqa: SIM115 - closed below, whatever comes
        except OSError:
            continue
        with file:
            if not _is_whole(file):
                raise ValueError(name + ".mpy is damaged or cut short")
        return


def _is_whole(file) -> bool:
    left = file.seek(0, 2) - SEAL_BYTES
    file.seek(0)
    digest = hashlib.sha256()
    while left > 0:
        piece = file.read(min(left, _READ_BYTES))
        if not piece:
            return False
        digest.update(piece)
        left -= len(piece)
    return left == 0 and file.read(SEAL_BYTES) == digest.digest() + MARK
