"""RTP and RTCP from where nobody asked for it: no foreign sound in anybody's ear, nothing sent astray, all counted."""

import asyncio

import numpy as np
import pytest

from hil_tests import assault, g711, measure, speech
from hil_tests import quality_scores as scores
from hil_tests.console import board_counts
from hil_tests.table_talk import conference, leave, talk
from hil_tests.wav import RATE_HZ

pytestmark = [pytest.mark.hil, pytest.mark.once]

SILENCE = g711.encode(np.zeros(160), g711.PCMU)
TONES_HZ, AMPLITUDE = (1000, 600), 8000
PORTS = range(4)  # RTP, RTCP, and the pair beside them
CLIP_S, CLIPS = 4, 4
SAME_PESQ = 0.02
TRIES, LATE_S = 3, 0.003  # what we ourselves send later than this is missed on its own account


def tone(hz):
    return g711.encode(np.round(AMPLITUDE * np.sin(2 * np.pi * hz * np.arange(RATE_HZ) / RATE_HZ)), g711.PCMU)


def heard_levels(pcm, own_hz):
    """Worst (level error of the tone that is meant, level of the stranger's) in dB, over all whole seconds."""
    seconds = [pcm[at : at + RATE_HZ] for at in range(2 * RATE_HZ, len(pcm) - 2 * RATE_HZ, RATE_HZ)]
    errors = [measure.decibel(measure.amplitude(one, own_hz) / AMPLITUDE) for one in seconds]
    foreign = [measure.decibel(measure.amplitude(one, assault.TONE_HZ) / AMPLITUDE) for one in seconds]
    return sorted(errors, key=abs), sorted(foreign)


def said(folder):
    """What is said over and over: while nobody attacks, and while somebody does."""
    clip = speech.say(speech.VOICES[0], speech.VOICES[0].together, folder)
    return np.resize(clip, CLIP_S * RATE_HZ)


def pesq_of_clips(clip, pcm):
    """PESQ of each time that the clip was said and heard whole."""
    first = scores.offset_of(pcm[: 2 * len(clip)], clip)
    begins = [first + number * len(clip) for number in range(CLIPS)]
    room = len(clip) // 8
    return [scores.score(clip, pcm[max(0, at - room) : at + len(clip) + room]) for at in begins]


async def attacked(bench, clip):
    """Three conferences, all under attack once the clip was said in peace; (tables, stranger, what a seat flooded)."""
    ours = await conference(bench, [("PCMU", tone(TONES_HZ[0])), ("PCMU", SILENCE), ("PCMU", SILENCE)], 100)
    others = await conference(bench, [("PCMU", tone(TONES_HZ[1])), ("PCMU", SILENCE)], 200)
    spoken = await conference(bench, [("PCMU", g711.encode(clip, g711.PCMU)), ("PCMU", SILENCE)], 300)
    stranger = assault.Stranger([ours[0].end, spoken[0].end])
    host, port = ours[0].end.peer

    async def attacks():
        await asyncio.sleep(CLIP_S + 0.5)
        flooded, _ = await asyncio.gather(
            assault.misbehave(ours[2].end, 2.0), stranger.run([(host, port + step) for step in PORTS])
        )
        return flooded

    tables = [ours, others, spoken]
    _, flooded = await asyncio.gather(talk(tables, int(CLIPS * CLIP_S / 0.02)), attacks())
    return tables, stranger, flooded


async def story(bench, clip):
    """(tables, stranger, what a seat flooded, the board's counts, PESQ); again if we were late and it was heard."""
    for _ in range(TRIES):
        tables, stranger, flooded = await attacked(bench, clip)
        await asyncio.sleep(0.5)
        found = await asyncio.to_thread(board_counts, bench.boards()[0].serial)
        await leave(tables)
        pesq = pesq_of_clips(clip, g711.decode(tables[2][1].heard(), g711.PCMU))
        if min(pesq) > pesq[0] - SAME_PESQ or max(tables[2][0].late_s) < LATE_S:
            break
    return tables, stranger, flooded, found, pesq


def test_nothing_of_a_stranger_is_heard_and_nothing_reaches_him(own_bench, figures, tmp_path):
    bench, clip = own_bench(boards=1), said(tmp_path)
    (ours, others, _), stranger, flooded, (totals, legs), pesq = asyncio.run(story(bench, clip))
    assert stranger.received() == [], "the board answers a stranger"
    assert len(legs) == 7, "somebody was put out"
    assert min(pesq) > pesq[0] - SAME_PESQ, pesq
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
        duplicate=of_flood["duplicate"], bad=of_flood["bad"], pesq=[round(one, 3) for one in pesq],
    )  # fmt: skip
