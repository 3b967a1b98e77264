"""The packet I/O on real sockets: under the sanitizers, on CPython and in MicroPython."""

import os
import socket
import sys
from array import array
from importlib import import_module
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
NATIVE = HERE.parent
FIRMWARE = NATIVE.parent / "firmware"


def own_host():
    """Returns an address of the loopback network that no other run has."""
    return f"127.5.{os.getpid() >> 8 & 255}.{os.getpid() & 255 or 1}"


@pytest.mark.parametrize("way", ["libc", "x64"])
def test_io_under_sanitizers(run, sanitized, way):
    program = sanitized(
        "io_main",
        *(NATIVE / "io" / f"{name}.c" for name in ("io", "io_send", "io_run", f"system_{way}")),
        standard="gnu99",
    )
    code, text = run(program, own_host())
    assert code == 0, text


def test_sessions_in_both_pythons(run, micropython, module_folder):
    """The same script over the same module face: what it prints must not differ."""
    script = HERE / "io_session.py"
    code, text = run(sys.executable, script, own_host())
    assert code == 0, text
    assert micropython([module_folder, FIRMWARE], script, own_host()) == (0, text)
    assert "taken 64 sent 64" in text


def test_one_mapping_is_zeroed_writable_and_aligned():
    io = import_module("parley_io")
    memory = io.io_map(5 << 20)
    assert len(memory) == 5 << 20
    assert not any(memory[::4096])
    memory[0] = memory[-1] = 1
    for octets in (0, -1, 1 << 31):
        with pytest.raises(ValueError):
            io.io_map(octets)


def test_our_mistakes_are_value_errors():
    io, kernels = import_module("parley_io"), import_module("parley_native")
    state, bridge = bytearray(io.io_size()), bytearray(kernels.bridge_size(1, 1))
    with pytest.raises(ValueError):
        io.io_init(state[:-8])
    with pytest.raises(ValueError):
        io.io_stat(state, 0)
    io.io_init(state)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
        with pytest.raises(ValueError):
            io.io_tick(state, bridge, wire.fileno(), 1, 0, 1)
        kernels.bridge_init(bridge, 1, 1, 0)
        with pytest.raises(ValueError):
            io.io_tick(state, bridge, wire.fileno(), 1, 1, 1)
        assert io.io_tick(state, bridge, wire.fileno(), 1, 0, 1) == 0
        plan = array("i", [0, 10, 0, 5, 0, 1, 0, 0])
        assert io.io_run(state, bridge, wire.fileno(), 1, array("i"), 0, plan) == 1
        assert list(plan) == [10, 10, 0, 5, 0, 1, 0, 1]
        for watched, count, wrong in (
            (array("i"), 1, plan),
            (array("i", [0]), -1, plan),
            (array("i"), 0, plan[:7]),
            (array("i"), 0, array("i", [0, 0, 0, 5, 0, 1, 0, 0])),
        ):
            with pytest.raises(ValueError):
                io.io_run(state, bridge, wire.fileno(), 1, watched, count, wrong)
    with pytest.raises(ValueError):
        io.io_stat(state, 7)
    assert io.io_tick(state, bridge, 9999, 1, 0, 1) == -1009
