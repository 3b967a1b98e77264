"""A garbage collection never breaks a frame: its longest pause with every leg in use, in instructions."""

import pytest

from hil_tests import emulated
from hil_tests.arm_counters import LONGEST, RUNS, attach

pytestmark = [pytest.mark.hil, pytest.mark.emulated]

PARTICIPANTS = 16
SLOWEST_MHZ = 216  # an STM32F7; at one instruction a cycle
PAUSE_LIMIT_MS = 15  # of the 20 that a frame lasts
# A tick more than the clock asks for; any allocation in it raises MemoryError.
LOCKED_TICK = """
import micropython
tick = board.loop.tick
micropython.heap_lock()
try:
    tick()
finally:
    micropython.heap_unlock()
print(board.media.count, "legs, nothing allocated")
"""


@pytest.mark.limit_s(150)
def test_the_longest_collection_is_shorter_than_a_frame(own_bench, crowd_of, artifacts, figures, request):
    counters, environment = attach(request.config.getoption("--board"), artifacts / "plugin")
    bench = own_bench(boards=1, env=environment)
    each = PARTICIPANTS // 2
    server = f"{bench.server};size={each}"
    crowd = crowd_of(server=server, conferences=2, participants=each, seconds=60, answer_s=15)
    crowd.wait_talking(60)
    before = counters.read()[RUNS]
    for _ in range(4):  # with what the calls have left lying about, and without
        emulated.execute(bench, "import gc; gc.collect()")
    said = emulated.execute(bench, LOCKED_TICK)
    crowd.finish(early=True)
    runs, longest = counters.read()[RUNS], counters.read()[LONGEST]
    pause_ms = longest / (SLOWEST_MHZ * 1000)
    figures.add(collections=runs, longest_instructions=longest, pause_ms_at_216_mhz=round(pause_ms, 1))
    assert said == f"{PARTICIPANTS} legs, nothing allocated"
    assert runs >= before + 4
    assert pause_ms < PAUSE_LIMIT_MS
