"""Gain and the matrix of who hears whom, asked for as an operator asks: by the command line, heard at the phones."""

import asyncio

import numpy as np
import pytest

from hil_tests import g711, measure
from hil_tests.table_talk import conference, leave, talk
from hil_tests.wav import RATE_HZ

pytestmark = pytest.mark.hil

TONES_HZ, AMPLITUDE = (600, 1000, 1400), 4000
SOFTER_DB = -12


def tone(hz):
    return g711.encode(np.round(AMPLITUDE * np.sin(2 * np.pi * hz * np.arange(RATE_HZ) / RATE_HZ)), g711.PCMU)


def heard_db(seat):
    """Levels of the three tones in the last second but one, in dB of what was sent."""
    pcm = g711.decode(seat.heard(), g711.PCMU)[-2 * RATE_HZ : -RATE_HZ]
    return [measure.decibel(measure.amplitude(pcm, hz) / AMPLITUDE) for hz in TONES_HZ]


def order(bench, word, live, *numbers):
    done = bench.parley(
        "participant", word, live["id"], *map(str, numbers), "--http", bench.http.removeprefix("http://")
    )
    assert done.returncode == 0, done.stdout + done.stderr


async def story(bench):
    seats = await conference(bench, [("PCMU", tone(hz)) for hz in TONES_HZ])
    await talk([seats], 10)
    bench.wait_sizes(3)
    (live,) = bench.conferences()
    _, customer, coach = (member["number"] for member in live["members"])
    await asyncio.to_thread(order, bench, "unhear", live, customer, coach)
    await asyncio.to_thread(order, bench, "gain", live, customer, SOFTER_DB)
    bench.wait_status(
        lambda status: status["conferences"][0]["members"][1]["gain_db"], 5, "the board's report"
    )
    told = [(one["gain_db"], one["unheard"]) for one in bench.conferences()[0]["members"]]
    await talk([seats], 150)
    await leave([seats])
    return seats, told, coach


def test_a_coach_whom_the_customer_does_not_hear(lone_board, figures):
    seats, told, coach = asyncio.run(story(lone_board()))
    assert told == [(0, []), (SOFTER_DB, [coach]), (0, [])]
    levels = [heard_db(seat) for seat in seats]
    figures.add(heard_db=levels)
    expected = ((None, SOFTER_DB, 0), (0, None, None), (0, SOFTER_DB, None))
    for row, wanted in zip(levels, expected, strict=True):
        for level, db in zip(row, wanted, strict=True):
            assert level < -35 if db is None else abs(level - db) < 0.5, levels
