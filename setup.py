"""Builds the CPython binding of the native kernels; everything else stands in pyproject.toml."""

from setuptools import setup

setup(cffi_modules=["native/cpython/build_cffi.py:ffi"])
