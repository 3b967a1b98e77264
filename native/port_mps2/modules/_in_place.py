"""Bytecode executed in place: copies a folder of the flash disk, .mpy files, into memory as a VfsRom's image.

What is imported from there stays out of the heap, so that a garbage collection has little to walk: a board with
its firmware in the heap would pause longer than a frame of sound lasts. Format: MicroPython's extmod/vfs_rom.c.
"""

import os

_HEADER = b"\xd2\xcd\x31"
_VERBATIM, _FOLDER, _FILE = 2, 4, 5
_NUMBER_BYTES = 4  # of 7 bits each, the first three marked: any length below 2**28


def write(place, folder):
    """Writes the image of `folder` and all below it to `place`, a memoryview; returns how many octets it has.

    OSError when it does not fit.
    """
    start = len(_HEADER) + _NUMBER_BYTES
    place[: len(_HEADER)] = _HEADER
    end = _write_folder(place, start, folder)
    _write_number(place, len(_HEADER), end - start)
    return end


def _write_folder(place, at, path):
    at, fill = _begin(place, at, _FOLDER, path)
    for entry in os.ilistdir(path):
        name = path + "/" + entry[0]
        at = _write_folder(place, at, name) if entry[1] & 0x4000 else _write_file(place, at, name)
    return _end(place, at, fill)


def _write_file(place, at, path):
    at, fill = _begin(place, at, _FILE, path)
    size = os.stat(path)[6]
    if at + size + 16 > len(place):
        raise OSError(28)  # ENOSPC
    place[at] = _VERBATIM
    _write_number(place, at + 1, size)
    at += 1 + _NUMBER_BYTES
    with open(path, "rb") as file:
        if file.readinto(place[at : at + size]) != size:
            raise OSError(5)  # EIO
    return _end(place, at + size, fill)


def _begin(place, at, kind, path):
    name = path[path.rfind("/") + 1 :].encode()
    if at + len(name) + 16 > len(place):
        raise OSError(28)  # ENOSPC
    place[at] = kind
    fill = at + 1
    at = fill + _NUMBER_BYTES
    place[at] = len(name)  # below 128
    place[at + 1 : at + 1 + len(name)] = name
    return at + 1 + len(name), fill


def _end(place, at, fill):
    _write_number(place, fill, at - fill - _NUMBER_BYTES)
    return at


def _write_number(place, at, number):
    for position in range(_NUMBER_BYTES):
        shift = 7 * (_NUMBER_BYTES - 1 - position)
        place[at + position] = (number >> shift) & 0x7F | (0x80 if shift else 0)
