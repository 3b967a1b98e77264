"""Who talks, read from the wire: CSRC lists and levels for who asked; and the level a phone says of itself."""

import asyncio
import time

import numpy as np
import pytest

from hil_tests import g711, rtp_names
from hil_tests.capture import Capture
from hil_tests.console import mpremote
from hil_tests.joining import all_join
from hil_tests.paced_end import joined, leave, steady, talk
from hil_tests.test_srtp import MEDIA_PORTS
from hil_tests.ues.baresip import Baresip
from hil_tests.ues.parley_ue import ParleyUe

pytestmark = [pytest.mark.hil, pytest.mark.limit_s(120)]
TO_CLIENT = "urn:ietf:params:rtp-hdrext:csrc-audio-level"  # RFC 6465 5
SPOKEN_S, TRIES, SILENCE = 1, 4, b"\xff"
ASKED_ID, FAR_ID = 3, 200  # the last one needs the two-byte form
TALK_S = 3.0
DIGITAL_SILENCE = 127


def noise() -> bytes:
    """Codes of mu-law that are never silence, louder in the second half."""
    source = np.random.default_rng(1)
    soft, loud = source.integers(0x30, 0x50, SPOKEN_S * 4000), source.integers(0, 0x20, SPOKEN_S * 4000)
    return np.concatenate([soft, loud]).astype(np.uint8).tobytes()


def level_of(codes: bytes) -> int:
    """-dBov of a frame (RFC 6464 3)."""
    pcm = g711.decode(codes, g711.PCMU).astype(float)
    return round(-10 * np.log10(np.mean(pcm**2) / 32767**2))


def sent_to(capture: Capture, port: int) -> list[bytes]:
    """RTP packets that a board sent to a participant, by time."""
    found = [one for stream in capture.streams() if stream.target[1] == port for one in stream.packets]
    return [data for _, data in sorted(found)]


async def story(bench):
    said = noise()
    kinds = [("PCMU", 20, words, SILENCE) for words in (said, b"", b"", b"")]
    asks = {1: f"a=extmap:{ASKED_ID}/recvonly {TO_CLIENT}", 2: f"a=extmap:{FAR_ID} {TO_CLIENT}"}
    people = await joined(bench, kinds, asks)
    await talk(people, SPOKEN_S + 0.6)
    await leave(people)
    return said, people


def test_who_asks_is_told_who_talks_and_how_loud(lone_board, capture_of, figures):
    bench = lone_board()
    for _ in range(TRIES):
        capture = capture_of(bench)
        said, people = asyncio.run(story(bench))
        capture.stop()
        if steady(people):
            break
    talker, named, far, plain = people
    for one, number in ((named, ASKED_ID), (far, FAR_ID)):
        assert f"a=extmap:{number}/sendonly {TO_CLIENT}" in one.answered
        headers = [rtp_names.read(packet) for packet in sent_to(capture, one.end.port)]
        assert headers, "nothing was captured"
        levels = []
        for header in headers:
            if header.payload == SILENCE * 160:
                assert (header.csrcs, header.extension) == ([], None)
                continue
            assert header.csrcs == [talker.end.ssrc]
            (level,) = header.extension[number]
            assert abs(level - level_of(header.payload)) <= 1, (level, level_of(header.payload))
            levels.append(level)
        figures.add(**{f"levels under ID {number}": [min(levels), max(levels), len(levels)]})
        assert len(levels) in (50, 51) and max(levels) - min(levels) > 10
        assert b"".join(header.payload for header in headers).strip(SILENCE) == said
    for one in (talker, plain):
        assert "extmap" not in one.answered
        assert {(packet[0], len(packet)) for packet in sent_to(capture, one.end.port)} == {(0x80, 172)}
    bench.wait_status(bench.idle, 12, "the conference's end")


def told_levels(bench) -> list[int]:
    """What the board's legs say of their own levels, as its console shows it: 128 for voice, and -dBov."""
    (board,) = bench.boards()
    words = "print([leg[2]['level_told'] for leg in board.status()['legs']])"
    done = mpremote(board.serial, "exec", words)
    assert done.returncode == 0, done.stdout + done.stderr
    return [int(word) for word in done.stdout.strip().strip("[]").split(",")]


@pytest.mark.skipif(not Baresip.available(), reason="baresip is not installed")
def test_baresip_says_how_loud_it_is(lone_board, phone_of, capture_of, spoken, figures):
    bench = lone_board()
    ue1 = phone_of(Baresip, "ue1", play=spoken["ue1"], levels=True)
    ue2 = phone_of(ParleyUe, "ue2", play=spoken["ue2"], answer=False)
    capture = capture_of(bench, ue1, ue2)
    all_join([ue1, ue2], bench)
    time.sleep(TALK_S)
    told = told_levels(bench)
    for phone in (ue1, ue2):
        phone.finish()
    capture.stop()
    near = range(ue1.port, ue1.port + MEDIA_PORTS)
    sent = [data for one in capture.streams() if one.source[1] in near for _, data in one.packets]
    headers = [rtp_names.read(packet) for packet in sent]
    said = {octet for one in headers if one.extension for octet in next(iter(one.extension.values()))}
    figures.add(said=sorted(said), told=told)
    assert len(said) > 3, "its packets say no levels"
    told.remove(DIGITAL_SILENCE)  # of our phone, which says nothing
    assert len(told) == 1 and told[0] in said
    bench.wait_status(bench.idle, 12, "the conference's end")
