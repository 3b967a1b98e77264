"""Sound through an emulated Arm board: a minute of it, in bursts, and on the smaller processor."""

import pytest

from hil_tests import emulated
from hil_tests.bursts import SENT, received_of_bursts

LOSS_LIMIT = 0.005
STUMBLES = 0.2  # of the seconds; the emulator is late now and then, each time for three listeners

pytestmark = [pytest.mark.hil, pytest.mark.emulated]


def loss_of(result) -> float:
    return result.lost / max(1, result.packets + result.lost)


@pytest.mark.limit_s(150)
def test_eight_participants_in_two_conferences_for_a_minute(lone_board, crowd_of, figures):
    arm = lone_board()
    crowd = crowd_of(server=f"{arm.server};size=4", conferences=2, participants=4, seconds=60)
    joined = crowd.wait_talking(30)
    assert len({event.detail["address"] for event in joined}) == 2
    result = crowd.finish(100)
    stats = emulated.facts(arm)["stats"]
    frames = emulated.execute(arm, "import mps2; print(mps2.counters())")
    figures.add(loss_percent=round(100 * loss_of(result), 3), frames=frames, **stats, **result.figures())
    assert loss_of(result) < LOSS_LIMIT
    assert result.complaints(spoilt_seconds=STUMBLES) == []
    arm.wait_status(arm.idle, 12, "the conferences' end")


@pytest.mark.limit_s(120)
def test_the_queue_keeps_bursts_that_stock_sockets_lose(lone_board, figures):
    arm = lone_board()
    queued = received_of_bursts(arm)
    emulated.execute(arm, "open('portable_sockets', 'w').close()")
    try:
        emulated.reset(arm)
        portable = received_of_bursts(arm)
    finally:
        emulated.execute(arm, "import os; os.remove('portable_sockets')")
        emulated.reset(arm)
    figures.add(sent=SENT, queued=queued, portable=portable)
    assert queued == SENT
    assert portable < queued, "then the queue is not needed"


@pytest.mark.emulated("mps2-an386")
def test_a_cortex_m4_carries_four(lone_board, crowd_of, figures):
    bench = lone_board("mps2-an386")
    crowd = crowd_of(server=f"{bench.server};size=4", participants=4, seconds=8)
    crowd.wait_talking(30)
    assert emulated.facts(bench)["kernels"] == "native"
    result = crowd.finish(40)
    figures.add(**emulated.facts(bench)["stats"], **result.figures())
    assert loss_of(result) < LOSS_LIMIT
    assert result.complaints(spoilt_seconds=STUMBLES) == []
