"""The memory that gets huge pages: whole ones, private, of no file."""

import subprocess
import sys

from parleyd.huge_pages import HUGE_BYTES, heap_in

MAPS = """\
00400000-00800000 rw-p 00000000 00:00 0 \n\
01000000-01800000 r--p 00000000 00:00 0 \n\
02100000-02700000 rw-p 00000000 00:00 0                                  [heap]
03000000-03800000 rw-p 00000000 08:01 77                                 /usr/lib/libpython3.11.so
04000000-04800000 rw-s 00000000 00:00 0 \n\
05000000-05800000 rw-p 00000000 00:00 0                                  [stack]
06100000-06300000 rw-p 00000000 00:00 0 \n\
"""
PROGRAM = """
from parleyd.huge_pages import HUGE_BYTES, collapse_heap
kept = [bytes([number % 251]) * 1000 for number in range(20000)]
collapsed = collapse_heap()
assert collapsed % HUGE_BYTES == 0
assert all(one == bytes([number % 251]) * 1000 for number, one in enumerate(kept))
print(collapsed)
"""


def test_only_whole_pages_of_our_own_are_taken():
    assert list(heap_in(MAPS.splitlines())) == [(0x400000, 0x800000), (0x2200000, 0x2600000)]
    assert HUGE_BYTES == 0x200000


def test_memory_stays_what_it_was():
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and int(done.stdout) >= 0, done.stderr
