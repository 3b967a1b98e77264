"""RTP and RTCP from where nobody asked for it: no foreign sound in anybody's ear, nothing sent astray, all counted."""

import asyncio
import json

import numpy as np
import pytest

from hil_tests import assault, g711, measure
from hil_tests.console import mpremote
from hil_tests.table_talk import conference, leave, talk
from hil_tests.wav import RATE_HZ

pytestmark = [pytest.mark.hil, pytest.mark.once]

SILENCE = g711.encode(np.zeros(160), g711.PCMU)
TONES_HZ, AMPLITUDE = (1000, 600), 8000
PORTS = range(4)  # RTP, RTCP, and the pair beside them


def board_counts(bench, board):
    """(network counters and bridge totals, participants) as the board itself has them."""
    done = mpremote(board.serial, "exec", "import json; print(json.dumps(board.status()))")
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    return found["media"], found["legs"]


def tone(hz):
    return g711.encode(np.round(AMPLITUDE * np.sin(2 * np.pi * hz * np.arange(RATE_HZ) / RATE_HZ)), g711.PCMU)


def heard_levels(pcm, own_hz):
    """Worst (level error of the tone that is meant, level of the stranger's) in dB, over all whole seconds."""
    seconds = [pcm[at : at + RATE_HZ] for at in range(2 * RATE_HZ, len(pcm) - 2 * RATE_HZ, RATE_HZ)]
    errors = [measure.decibel(measure.amplitude(one, own_hz) / AMPLITUDE) for one in seconds]
    foreign = [measure.decibel(measure.amplitude(one, assault.TONE_HZ) / AMPLITUDE) for one in seconds]
    return sorted(errors, key=abs), sorted(foreign)


async def attacked(bench, attack_s):
    """Two conferences, the first of which is attacked; (tables, stranger, packets of the one who misbehaves)."""
    ours = await conference(bench, [("PCMU", tone(TONES_HZ[0])), ("PCMU", SILENCE), ("PCMU", SILENCE)], 100)
    others = await conference(bench, [("PCMU", tone(TONES_HZ[1])), ("PCMU", SILENCE)], 200)
    stranger = assault.Stranger(ours[0].end)
    host, port = ours[0].end.peer

    async def attacks():
        await asyncio.sleep(2.5)
        flooded, _ = await asyncio.gather(
            assault.misbehave(ours[2].end, 2.0), stranger.run([(host, port + step) for step in PORTS])
        )
        return flooded

    _, flooded = await asyncio.gather(talk([ours, others], int(attack_s / 0.02)), attacks())
    return ours, others, stranger, flooded


def test_nothing_of_a_stranger_is_heard_and_nothing_reaches_him(own_bench, figures):
    bench = own_bench(boards=1)

    async def story():
        ours, others, stranger, flooded = await attacked(bench, 13)
        await asyncio.sleep(0.5)
        found = await asyncio.to_thread(board_counts, bench, bench.boards()[0])
        await leave([ours, others])
        return ours, others, stranger, flooded, found

    ours, others, stranger, flooded, (totals, legs) = asyncio.run(story())
    assert stranger.received() == [], "the board answers a stranger"
    assert len(legs) == 5, "somebody was put out"
    network = totals["network"]
    for seats, hz in ((ours, TONES_HZ[0]), (others, TONES_HZ[1])):
        for seat in seats:
            errors, foreign = heard_levels(g711.decode(seat.heard(), g711.PCMU), hz)
            assert foreign[-1] < -45, (hz, foreign)
            assert seat is seats[0] or abs(errors[len(errors) * 3 // 4]) < 0.1, (hz, errors)
    on_rtp = sum(count // len(PORTS) for name, count in stranger.sent.items() if name != "oversize")
    assert totals["unknown"] >= on_rtp * 0.9, (totals, stranger.sent)
    assert network["truncated"] > 0
    of_flood = legs[2][2]
    assert of_flood["duplicate"] + of_flood["bad"] + network["truncated"] >= flooded * 0.8, (
        of_flood,
        flooded,
    )
    figures.add(
        sent=stranger.sent, unknown=totals["unknown"], truncated=network["truncated"], flooded=flooded,
        duplicate=of_flood["duplicate"], bad=of_flood["bad"],
    )  # fmt: skip
