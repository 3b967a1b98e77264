"""Mounts the flash disk (formats it the first time), and the firmware's bytecode where it is executed in place."""

import errno
import sys

import _in_place
import mps2
import vfs

flash = mps2.Flash()
try:
    disk = vfs.VfsLfs2(flash)
except OSError:
    vfs.VfsLfs2.mkfs(flash)
    disk = vfs.VfsLfs2(flash)
vfs.mount(disk, "/")
try:
    in_place = _in_place.write(mps2.place(), "parley")  # octets, for who asks at the prompt
    vfs.mount(vfs.VfsRom(mps2.place()), "/rom")
    sys.path.insert(0, "/rom")
except OSError as error:  # what there is, is imported from the disk
    if error.errno != errno.ENOENT:  # no firmware yet
        print("boot: firmware not executed in place:", error)
