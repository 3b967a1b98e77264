"""Mounts the flash disk; formats it the first time."""

import mps2
import vfs

flash = mps2.Flash()
try:
    disk = vfs.VfsLfs2(flash)
except OSError:
    vfs.VfsLfs2.mkfs(flash)
    disk = vfs.VfsLfs2(flash)
vfs.mount(disk, "/")
