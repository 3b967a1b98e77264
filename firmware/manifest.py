"""Frozen into a firmware image by MicroPython's own build (make FROZEN_MANIFEST=...).

On a virtual board tools/build.py puts the same files on the flash. The native kernels are no part of this:
they are loaded from the flash.
"""

package("parley", base_path=".")  # noqa: F821 - the build provides these names
module("main.py", base_path=".")  # noqa: F821
