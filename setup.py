"""Builds the CPython bindings of the native kernels; everything else stands in pyproject.toml."""

import sys

from setuptools import setup

extensions = ["native/cpython/build_cffi.py:ffi"]
if sys.platform == "linux":
    extensions += ["native/cpython/build_cffi.py:io_ffi", "native/cpython/build_cffi.py:sip_ffi"]
setup(cffi_modules=extensions)
