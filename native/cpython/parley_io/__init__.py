"""Packets between a UDP socket of Linux and a bridge: the same functions as MicroPython's parley_io.mpy.

Contract: native/io/parley_io.h. Buffers are checked as in parley_native: ValueError for one that is too short
or was not initialised.
"""

from parley_io._io import ffi, lib

__all__ = ["io_init", "io_line", "io_map", "io_receive", "io_run", "io_size", "io_stat", "io_tick"]


def _need(condition, text):
    if not condition:
        raise ValueError(text)


def _memory(buffer, pointer):
    """Returns (buffer as `pointer`, its octets)."""
    octets = ffi.from_buffer(buffer, require_writable=True)
    _need(len(octets) % 4 == 0, "buffer length")
    _need(len(octets) >= 4, "buffer too short")
    _need(int(ffi.cast("uintptr_t", octets)) % 4 == 0, "buffer alignment")
    return ffi.cast(pointer, octets), len(octets)


def _io(buffer):
    io, octets = _memory(buffer, "parley_io *")
    _need(lib.parley_io_usable(io, octets), "io not initialised")
    return io


def _bridge(buffer):
    bridge, octets = _memory(buffer, "parley_bridge *")
    _need(lib.parley_bridge_usable(bridge, octets), "bridge not initialised")
    return bridge


def _checked(result):
    _need(result != lib.PARLEY_IO_ARGUMENT, "argument")
    return result


def io_size():
    """Returns the octets of state the I/O needs."""
    return lib.parley_io_size()


def io_init(io):
    """Prepares `io`."""
    _need(lib.parley_io_init(*_memory(io, "parley_io *")) == 0, "buffer too short")


def io_line(io, leg, fd):
    """Gives a leg a connected socket of its own, or with fd -1 none."""
    _checked(lib.parley_io_line(_io(io), leg, fd))


def io_receive(io, bridge, fd, most):
    """Takes what has arrived; returns datagrams, or below -1000 -1000 - errno."""
    return _checked(lib.parley_io_receive(_io(io), _bridge(bridge), fd, most))


def io_tick(io, bridge, fd, most, phase, phases):
    """Takes what has arrived, mixes, sends; returns packets sent, or below -1000 -1000 - errno."""
    return _checked(lib.parley_io_tick(_io(io), _bridge(bridge), fd, most, phase, phases))


def io_run(io, bridge, fd, most, watched, count, plan):
    """Runs ticks in their time until there is something else to do; returns how many, errors as io_tick.

    watched: 32-bit words, the first `count` of them descriptors; plan: 8 of them (PARLEY_IO_RUN_...), changed.
    """
    state, mixed = _io(io), _bridge(bridge)
    fds = ffi.from_buffer("int32_t[]", watched)
    _need(0 <= count <= len(fds), "watched")
    words = ffi.from_buffer("int32_t[]", plan, require_writable=True)
    _need(len(words) >= lib.PARLEY_IO_RUN_WORDS, "buffer too short")
    return _checked(lib.parley_io_run(state, mixed, fd, most, fds, count, words))


def io_stat(io, index):
    """Returns statistic `index` (parley_io.h)."""
    return _checked(lib.parley_io_stat(_io(io), index))


def io_map(octets):
    """Returns zeroed memory from the system, kept until the process ends; OSError when there is none."""
    _need(0 < octets < 1 << 31, "argument")
    memory = lib.parley_io_map(octets)
    if memory == ffi.NULL:
        raise OSError("no memory from the system")
    return memoryview(ffi.buffer(memory, octets))
