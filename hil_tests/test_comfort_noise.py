"""Comfort noise at a board that was told to send it (RFC 3389): to a phone that offers it, instead of silence alone."""

import asyncio
from itertools import pairwise

import numpy as np
import pytest

from hil_tests.console import mpremote
from hil_tests.paced_end import joined, leave, steady, talk
from hil_tests.test_names import sent_to

pytestmark = [pytest.mark.hil, pytest.mark.limit_s(120)]
LEVEL, COMFORT_NOISE, SILENCE = 65, 13, b"\xff"
SPOKEN_S, QUIET_S, TRIES = 1, 1.6, 4
CHANGE = (
    "import json\n"
    "fields = json.load(open('board_config.json'))\n"
    f"fields['comfort_noise'] = {LEVEL}\n"
    "file = open('board_config.json', 'w')\n"
    "file.write(json.dumps(fields))\n"
    "file.close()\n"
)


def tell(bench) -> None:
    """Write it into the configuration on the board's flash, and start the board anew."""
    (board,) = bench.boards()
    for words in (("exec", CHANGE), ("reset",)):
        done = mpremote(board.serial, *words)
        assert done.returncode == 0, done.stdout + done.stderr

    def back(status: dict) -> bool:
        (facts,) = status["boards"]
        return facts["registered"] and int(facts["pid"] or 0) not in (0, board.pid)

    bench.wait_status(back, 20, "the board to be back after its reset")


async def story(bench):
    said = np.random.default_rng(1).integers(0, 0x50, SPOKEN_S * 8000, np.uint8).tobytes()
    words = SILENCE * 8000 + said
    people = await joined(bench, [("PCMU", 20, one, SILENCE) for one in (words, b"", b"")], takes_noise=(1,))
    await talk(people, 1 + SPOKEN_S + QUIET_S)
    await leave(people)
    return said, people


def parts(packets: list[bytes]) -> list[tuple[str, list[bytes]]]:
    """Runs of packets of one kind: "noise", "silence", "sound"."""
    found: list[tuple[str, list[bytes]]] = []
    for packet in packets:
        kind = (
            "noise"
            if packet[1] & 127 == COMFORT_NOISE
            else "silence"
            if packet[12:] == SILENCE * 160
            else "sound"
        )
        if not found or found[-1][0] != kind:
            found.append((kind, []))
        found[-1][1].append(packet)
    return found


def stamp(packet: bytes) -> int:
    return int.from_bytes(packet[4:8], "big")


def test_who_takes_comfort_noise_hears_it_while_nobody_speaks(own_bench, capture_of, figures):
    bench = own_bench(boards=1)
    tell(bench)
    for _ in range(TRIES):
        capture = capture_of(bench)
        said, people = asyncio.run(story(bench))
        capture.stop()
        if not people[2].leapt() and steady([people[0]]):
            break
    _, taker, plain = people
    assert "m=audio" in taker.answered and " 13\r\n" in taker.answered
    assert " 13\r\n" not in plain.answered
    runs = parts(sent_to(capture, taker.end.port))
    figures.add(runs=[(kind, len(packets)) for kind, packets in runs])
    assert [kind for kind, _ in runs][:5] == ["silence", "noise", "sound", "silence", "noise"]
    noise = runs[1][1] + runs[4][1]
    assert {packet[12:] for packet in noise} == {bytes([LEVEL])} and not any(
        packet[1] & 128 for packet in noise
    )
    for packets in (runs[1][1], runs[4][1]):
        stamps = [stamp(packet) for packet in packets]
        assert {after - before for before, after in pairwise(stamps)} <= {4000}  # ticks: 500 ms
    sound = runs[2][1]
    assert b"".join(packet[12:] for packet in sound) == said
    assert sound[0][1] & 128, "a marker opens a talkspurt (RFC 3551 4.1)"
    assert len(runs[3][1]) == 10
    assert {len(packet) for packet in sent_to(capture, plain.end.port)} == {172}
    bench.wait_status(bench.idle, 12, "the conference's end")
