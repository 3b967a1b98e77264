"""Concealment beside spandsp's: same clips, same losses. The whole table: native/bench/loss.py."""

import ctypes.util
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).resolve().parent.parent / "bench"
sys.path.insert(0, str(BENCH))


def test_not_below_spandsp_in_any_row():
    pytest.importorskip("pesq")
    if ctypes.util.find_library("spandsp") is None:
        pytest.skip("no libspandsp: apt-get install libspandsp2")
    loss = pytest.importorskip("loss")
    if not loss.clips():
        pytest.skip("no speech: apt-get install espeak-ng")
    found = loss.measure(2)
    assert all(mine >= other for mine, other in found.values()), found
    assert sum(mine > other for mine, other in found.values()) >= 4, found
