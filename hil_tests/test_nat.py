"""A phone behind a NAT: its source is learned in a short window, and then nobody else's is."""

import asyncio

import numpy as np
import pytest

from hil_tests import assault, g711, measure
from hil_tests.nat import PRIVATE_HOST, Nat
from hil_tests.table_talk import conference, leave, talk
from hil_tests.wav import RATE_HZ

pytestmark = pytest.mark.hil

TONES_HZ, AMPLITUDE = (1000, 600), 8000
ELSEWHERE = "127.9.9.9"  # whence no signalling came
SECONDS = 5


def tone(hz):
    return g711.encode(np.round(AMPLITUDE * np.sin(2 * np.pi * hz * np.arange(RATE_HZ) / RATE_HZ)), g711.PCMU)


async def besieged(victim, host, board, count):
    """A stranger who sends as if he were the victim, at double its rate; closed once he has sent his packets."""
    stranger = assault.Stranger([victim], host)
    for _ in range(count):
        await assault.send(stranger.socket, [stranger.rtp(1), stranger.rtp(2)], board)
        await asyncio.sleep(0.02)
    came_back = stranger.received()
    stranger.socket.close()
    return came_back


def levels_db(seat, hz):
    """Of a tone in each whole second that the seat heard, but for the first, in dB below what was sent."""
    pcm = g711.decode(seat.heard(), g711.PCMU)
    seconds = [pcm[at : at + RATE_HZ] for at in range(RATE_HZ, len(pcm) - RATE_HZ, RATE_HZ)]
    return [measure.decibel(measure.amplitude(one, hz) / AMPLITUDE) for one in seconds]


async def story(bench):
    seats = await conference(bench, [("PCMU", tone(hz)) for hz in TONES_HZ], 100, (PRIVATE_HOST,))
    hidden, plain = (seat.end for seat in seats)
    ports = hidden.peer[1], plain.peer[1]
    board = hidden.peer
    nat = Nat(hidden, board)
    hidden.peer = nat.inside
    too_early = await besieged(hidden, ELSEWHERE, board, 10)  # nobody has been learned yet
    _, too_late = await asyncio.gather(talk([seats], SECONDS * 50), later(hidden, board))
    nat.close()
    await leave([seats])
    return seats, ports, too_early + too_late


async def later(hidden, board):
    """One at the NAT's own address, once the phone behind it is known."""
    await asyncio.sleep(1.0)
    return await besieged(hidden, "127.0.0.1", board, (SECONDS - 2) * 50)


def test_a_phone_behind_a_nat_is_heard_and_hears_and_nobody_takes_its_place(lone_board, figures):
    bench = lone_board()
    seats, ports, came_back = asyncio.run(story(bench))
    assert ports[0] != ports[1], "it needs a port of its own"
    assert came_back == [], "the board has sent something to a stranger"
    for seat, hz in zip(seats, reversed(TONES_HZ), strict=True):
        wanted, foreign = levels_db(seat, hz), levels_db(seat, assault.TONE_HZ)
        assert min(wanted) > -0.5, (hz, wanted)
        assert max(foreign) < -45, (hz, foreign)
    figures.add(heard_db=[min(levels_db(s, hz)) for s, hz in zip(seats, reversed(TONES_HZ), strict=True)])
