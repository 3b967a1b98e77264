"""A conference recorded by `parley record`: a participant who only listens."""

import asyncio

import numpy as np
import pytest

from hil_tests import g711, measure, programs, wav
from hil_tests.table_talk import conference, leave, talk
from hil_tests.wav import RATE_HZ

pytestmark = pytest.mark.hil

TONES_HZ, AMPLITUDE = (600, 1000), 4000
SECONDS = 4


def tone(hz):
    return g711.encode(np.round(AMPLITUDE * np.sin(2 * np.pi * hz * np.arange(RATE_HZ) / RATE_HZ)), g711.PCMU)


async def story(bench, file):
    seats = await conference(bench, [("PCMU", tone(hz)) for hz in TONES_HZ], spare=1)
    await talk([seats], 10)
    bench.wait_sizes(2)
    address = bench.conferences()[0]["address"]
    command = [programs.parley(), "record", address, str(file), "--duration", str(SECONDS), "--json"]
    recorder = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    await talk([seats], (SECONDS + 2) * 50)
    members = bench.members()
    output, _ = await recorder.communicate()
    await leave([seats])
    return seats, members, recorder.returncode, output.decode()


def test_what_is_said_is_in_the_file_and_nothing_comes_from_it(lone_board, artifacts, figures):
    bench, file = lone_board(), artifacts / "said.wav"
    seats, members, code, output = asyncio.run(story(bench, file))
    assert code == 0, output
    assert "recorder" not in members, "it has left by itself"
    pcm = wav.read(file)
    assert abs(len(pcm) / RATE_HZ - SECONDS) < 0.7
    middle = pcm[RATE_HZ : 2 * RATE_HZ]
    levels = [measure.decibel(measure.amplitude(middle, hz) / AMPLITUDE) for hz in TONES_HZ]
    figures.add(recorded_db=levels)
    assert all(abs(level) < 0.5 for level in levels), levels
    other = g711.decode(seats[0].heard(), g711.PCMU)[-3 * RATE_HZ : -2 * RATE_HZ]
    assert measure.amplitude(other, TONES_HZ[1]) > 0.9 * AMPLITUDE
    assert measure.amplitude(other, TONES_HZ[0]) < 0.02 * AMPLITUDE
