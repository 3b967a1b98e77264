"""Frozen into the image: what mounts the flash disk, and asyncio."""
# ruff: noqa: F821 - the names are MicroPython's makemanifest.py's

freeze("modules")
include("$(MPY_DIR)/extmod/asyncio")
