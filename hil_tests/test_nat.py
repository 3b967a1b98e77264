"""A phone behind a NAT: its source is learned in a short window, and then nobody else's is."""

import asyncio

import numpy as np
import pytest

from hil_tests import assault, g711, measure, sip_text, watcher
from hil_tests.callee import Callee
from hil_tests.caller import Caller
from hil_tests.nat import PRIVATE_HOST, Nat, hidden_end
from hil_tests.table_talk import Seat, conference, leave, talk
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
    return await besieged_talk(seats, [])


async def besieged_talk(seats, came_back):
    """The first seat is behind a NAT and nobody has been learned yet; (seats, ports, what strangers were sent)."""
    hidden, plain = (seat.end for seat in seats)
    ports = hidden.peer[1], plain.peer[1]
    board = hidden.peer
    nat = Nat(hidden, board)
    hidden.peer = nat.inside
    too_early = await besieged(hidden, ELSEWHERE, board, 10)
    for seat in seats:
        seat.end.clear()  # what is judged begins with the talk
    _, too_late = await asyncio.gather(talk([seats], SECONDS * 50), later(hidden, board))
    nat.close()
    await leave([seats])
    return seats, ports, came_back + too_early + too_late


async def story_of_a_call_by_the_board(bench):
    (plain,) = await conference(bench, [("PCMU", tone(TONES_HZ[1]))], 101, spare=1)
    callee = await Callee.open()
    status, _ = await watcher.refer(plain.call, f"sip:callee@127.0.0.1:{callee.port}")
    assert status == 202
    invite = await asyncio.wait_for(callee.rung, 5)
    end, description = hidden_end(tone(TONES_HZ[0]), 100)
    end.peer = sip_text.media_address(invite.body)
    while_it_rings = await besieged(end, "127.0.0.1", end.peer, 10)  # at the very address of the NAT
    hidden = Seat(end, callee.pick_up(description))
    await asyncio.sleep(0.3)
    return await besieged_talk([hidden, plain], while_it_rings)


async def story_of_a_call_without_an_offer(bench):
    (plain,) = await conference(bench, [("PCMU", tone(TONES_HZ[1]))], 101, spare=1)
    end, description = hidden_end(tone(TONES_HZ[0]), 100)
    call = (await Caller.open()).call("late")
    outcome = await call.invite(plain.call.target, b"", answer=description)
    assert outcome.status == 200, outcome.response.start
    end.peer = sip_text.media_address(outcome.response.body)
    return await besieged_talk([Seat(end, call), plain], [])


async def later(hidden, board):
    """One at the NAT's own address, once the phone behind it is known."""
    await asyncio.sleep(1.0)
    return await besieged(hidden, "127.0.0.1", board, (SECONDS - 2) * 50)


STORIES = {
    "it calls": story,
    "the board calls it": story_of_a_call_by_the_board,
    "it calls without an offer": story_of_a_call_without_an_offer,
}


@pytest.mark.parametrize("who", STORIES)
def test_a_phone_behind_a_nat_is_heard_and_hears_and_nobody_takes_its_place(lone_board, figures, who):
    seats, ports, came_back = asyncio.run(STORIES[who](lone_board()))
    assert ports[0] != ports[1], "it needs a port of its own"
    assert came_back == [], "the board has sent something to a stranger"
    for seat, hz in zip(seats, reversed(TONES_HZ), strict=True):
        wanted, foreign = levels_db(seat, hz), levels_db(seat, assault.TONE_HZ)
        assert min(wanted) > -0.5, (hz, wanted)
        assert max(foreign) < -45, (hz, foreign)
    figures.add(heard_db=[min(levels_db(s, hz)) for s, hz in zip(seats, reversed(TONES_HZ), strict=True)])
