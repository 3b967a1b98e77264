"""The daemon's memory in pages of 2 MB (Linux): what works now and then finds far fewer page tables to walk.

A server that sleeps between turns comes back to cold caches; of what it then waits for, much is the way to its pages.
"""

import ctypes
from collections.abc import Iterable, Iterator
from contextlib import suppress

HUGE_BYTES = 2 << 20
MADV_HUGEPAGE = 14
MADV_COLLAPSE = 25  # Linux 6.1
MAPS = "/proc/self/maps"


def collapse_heap() -> int:
    """Let the private memory that there is now have huge pages; return how many octets have. 0 where that cannot be."""
    collapsed = 0
    with suppress(OSError, AttributeError):
        advise = ctypes.CDLL(None).madvise
        advise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
        with open(MAPS, encoding="utf-8") as maps:
            for begin, end in list(heap_in(maps)):
                advise(begin, end - begin, MADV_HUGEPAGE)
                if advise(begin, end - begin, MADV_COLLAPSE) == 0:
                    collapsed += end - begin
    return collapsed


def heap_in(maps: Iterable[str]) -> Iterator[tuple[int, int]]:
    """Yield begin and end of whole huge pages in the lines of /proc/PID/maps (proc(5)) that are memory of our own."""
    for line in maps:
        where, rights, _, _, inode, *name = line.split()
        if rights != "rw-p" or inode != "0" or name not in ([], ["[heap]"]):
            continue
        begin, end = (int(text, 16) for text in where.split("-"))
        begin, end = -(-begin // HUGE_BYTES) * HUGE_BYTES, end // HUGE_BYTES * HUGE_BYTES
        if begin < end:
            yield begin, end
