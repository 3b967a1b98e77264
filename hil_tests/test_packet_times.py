"""Each phone gets packets of the time it asks for, and hears to the bit what was said, whatever the talker's is."""

import asyncio

import numpy as np
import pytest

from hil_tests import emulated
from hil_tests.paced_end import joined, leave, steady, talk

pytestmark = pytest.mark.hil

SPOKEN_S, SILENCE = 1, b"\xff"  # of mu-law, 0
PTIMES = (10, 20, 30, 40, 60)
TRIES = 4  # on a busy machine


def noise(seed: int) -> bytes:
    """Codes of mu-law that are never silence."""
    return np.random.default_rng(seed).integers(0, 0x50, SPOKEN_S * 8000, np.uint8).tobytes()


async def story(bench, talks_ms, hear_ms):
    said = noise(talks_ms)
    kinds = [("PCMU", talks_ms, said, SILENCE)] + [("PCMU", ptime_ms, b"", SILENCE) for ptime_ms in hear_ms]
    people = await joined(bench, kinds)
    await talk(people, SPOKEN_S + 0.6)
    await leave(people)
    return said, people


@pytest.mark.parametrize("talks_ms", [10, 30, 60])
def test_packets_of_the_time_that_each_asks_for(lone_board, figures, talks_ms):
    bench = lone_board()
    places = 3 if bench.board_kind in emulated.KINDS else len(PTIMES)
    hear_ms = PTIMES[:places]
    for _ in range(TRIES):
        said, people = asyncio.run(story(bench, talks_ms, hear_ms))
        if steady(people):
            break
    figures.add(late_ms=[round(1000 * max(one.late_s), 1) for one in people])
    for one in people:
        assert f"a=ptime:{one.ptime_ms}" in one.answered
    for one in people[1:]:
        heard = one.heard().strip(SILENCE)
        assert heard == said, (one.ptime_ms, len(heard), len(said))
    bench.wait_status(bench.idle, 12, "the conference's end")
