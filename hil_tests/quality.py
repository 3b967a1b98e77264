"""How a running board sounds, through real sockets: what a codec, spandsp and arithmetic do, beside what it does.

    python -m hil_tests.quality [--seeds 4] [--seconds 30] [--only clean,loss,steady,delay] [--page]

Writes out/bench/quality.json, and with --page the figures of docs/sound.md. Everything random is seeded.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from hil_tests import delay, g711, pages, quality_page, sip_text, spandsp, speech
from hil_tests import quality_scores as scores
from hil_tests.bench import Bench
from hil_tests.console import mpremote
from hil_tests.ports import PortPicker
from hil_tests.processes import urgent
from hil_tests.table_talk import Seat, conference, leave, talk

ROOT = Path(__file__).resolve().parent.parent
OUTPUT = ROOT / "out" / "bench" / "quality.json"
FRAME, RATE_HZ, WIDE_HZ = 160, 8000, 16000
LEAD_S, CLIP_S = 6.0, 8.0  # the lead is for the jitter buffers, whose windows have 4 s
ROWS = (("random", 1), ("random", 3), ("random", 5), ("random", 10), ("bursts", 5), ("bursts", 10))
TABLES = 16  # conferences of two at a time
TONE_HZ = 1000
PPM = 200
SILENCE = g711.encode(np.zeros(FRAME), g711.PCMU)


def clips(rate_hz: int = RATE_HZ) -> list[np.ndarray]:
    """The three voices, each CLIP_S long."""
    with tempfile.TemporaryDirectory() as folder:
        said = [speech.say(voice, voice.together, Path(folder), rate_hz) for voice in speech.VOICES]
    return [np.resize(one, int(CLIP_S * rate_hz)) for one in said]


def led(clip: np.ndarray, rate_hz: int = RATE_HZ) -> np.ndarray:
    """The clip after a while of silence."""
    return np.concatenate([np.zeros(int(LEAD_S * rate_hz), np.int16), clip])


def mu(pcm: np.ndarray) -> bytes:
    return g711.encode(pcm, g711.PCMU)


def late_ms(tables: list[list[Seat]], part: float = 0.99) -> float:
    """How late we ourselves sent, at most for this part of the packets."""
    late = np.concatenate([seat.late_s for seats in tables for seat in seats])
    return round(1000 * float(np.quantile(late, part)), 2)


async def clean(bench: Bench) -> dict:
    """One talker, three talkers, one wideband talker."""
    said, wide = clips(), clips(WIDE_HZ)
    tables = [await conference(bench, [("PCMU", mu(led(one))), ("PCMU", SILENCE)]) for one in said]
    mixed = await conference(bench, [*(("PCMU", mu(led(one))) for one in said), ("PCMU", SILENCE)])
    codes = [spandsp.g722_encode(led(one, WIDE_HZ)) for one in wide]
    of_wide = [await conference(bench, [("G722", one), ("G722", one[:FRAME])]) for one in codes]
    every = [*tables, mixed, *of_wide]
    await talk(every, int((LEAD_S + CLIP_S) / 0.02))
    await leave(every)
    alone = [g711.decode(seats[1].heard(), g711.PCMU) for seats in tables]
    coded = [g711.decode(mu(one), g711.PCMU) for one in said]
    exact = [
        bool(np.array_equal(scores.cut(a, c)[: -FRAME * 5], c[: -FRAME * 5]))
        for a, c in zip(alone, coded, strict=True)
    ]
    ears = [g711.decode(seat.heard(), g711.PCMU) for seat in mixed]
    wide_heard = [spandsp.g722_decode(seats[1].heard()) for seats in of_wide]
    wide_once = [spandsp.g722_decode(one) for one in codes]
    return {
        "g711_alone_pesq": [scores.score(s, c) for s, c in zip(said, coded, strict=True)],
        "one_talker_pesq": [scores.score(s, a) for s, a in zip(said, alone, strict=True)],
        "one_talker_same_samples": exact,
        "three_talkers_snr_db": scores.snr_db(ears[3], said),
        "two_of_three_snr_db": [scores.snr_db(ears[i], said[:i] + said[i + 1 :]) for i in range(3)],
        "own_voice_db": [scores.own_db(ears[i], said[:i] + said[i + 1 :], said[i]) for i in range(3)],
        "g722_once_pesq": [scores.score(w, o, WIDE_HZ) for w, o in zip(wide, wide_once, strict=True)],
        "g722_pesq": [scores.score(w, h, WIDE_HZ) for w, h in zip(wide, wide_heard, strict=True)],
        "our_sends_late_p99_ms": late_ms(every),
    }


async def losses(bench: Bench, seeds: int) -> dict:
    """Row name -> PESQ of ours and of spandsp's concealment, the same packets lost."""
    said, lead = clips(), int(LEAD_S / 0.02)
    jobs = [
        (kind, percent, seed, one)
        for kind, percent in ROWS
        for seed in range(1, seeds + 1)
        for one in range(3)
    ]
    found: dict[str, dict[str, list[float]]] = {}
    late = 0.0
    for begin in range(0, len(jobs), TABLES):
        tables = []
        for kind, percent, seed, one in jobs[begin : begin + TABLES]:
            seats = await conference(bench, [("PCMU", mu(led(said[one]))), ("PCMU", SILENCE)])
            fate = scores.fate(kind, percent, int(CLIP_S / 0.02), seed)
            seats[0].lost = frozenset(lead + number for number in fate)
            tables.append(seats)
        await talk(tables, int((LEAD_S + CLIP_S) / 0.02))
        late = max(late, late_ms(tables))
        await leave(tables)
        for (kind, percent, _, one), seats in zip(jobs[begin : begin + TABLES], tables, strict=True):
            coded = g711.decode(mu(said[one]), g711.PCMU)
            lost = [lead + number in seats[0].lost for number in range(len(coded) // FRAME)]
            row = found.setdefault(f"{percent} % {kind}", {"ours": [], "spandsp": []})
            row["ours"].append(scores.score(said[one], g711.decode(seats[1].heard(), g711.PCMU)))
            row["spandsp"].append(scores.score(said[one], spandsp.concealed(coded, lost)))
    means = {
        name: {who: float(np.mean(all_of)) for who, all_of in row.items()} for name, row in found.items()
    }
    return {"rows": means, "seeds": seeds, "our_sends_late_p99_ms": late}


def counts(bench: Bench, tables: list[list[Seat]]) -> dict:
    """What the board counts of the talkers of `steady`."""
    done = mpremote(
        bench.boards()[0].serial, "exec", "import json; print(json.dumps(board.status()['legs']))"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    legs = {sip_text.user_of(uri): found for uri, _, found in json.loads(done.stdout.splitlines()[-1])}
    users = [sip_text.user_of(sip_text.uri_in(seats[0].call.local)) for seats in tables]
    names = ("concealed", "dropped", "stretched", "late", "lost")
    return {
        title: {name: legs[user][name] for name in names}
        for title, user in zip(("true", "fast", "slow", "tone"), users, strict=True)
    }


async def late_counts(bench: Bench, tables: list[list[Seat]], after_s: float) -> dict:
    """The same after a while: shortly before the talkers' end, which costs each of them a concealment."""
    await asyncio.sleep(after_s)
    return await asyncio.to_thread(counts, bench, tables)


async def steady(bench: Bench, seconds: float) -> dict:
    """Clocks that run fast and slow beside a true one, and a tone."""
    said = clips()[0]
    at = np.arange(RATE_HZ)
    tone = np.round(10000 * np.sin(2 * np.pi * TONE_HZ * at / RATE_HZ))
    plays = [mu(said), mu(said), mu(said), mu(tone)]
    tables = [await conference(bench, [("PCMU", one), ("PCMU", SILENCE)]) for one in plays]
    for seats, ppm in zip(tables, (0, PPM, -PPM, 0), strict=True):
        seats[0].ppm = ppm
    counted = asyncio.get_running_loop().create_task(late_counts(bench, tables, seconds - 2))
    with urgent(0, *(board.pid for board in bench.boards())):
        await talk(tables, int(seconds / 0.02))
    board = await counted
    await leave(tables)
    heard = [g711.decode(seats[1].heard(), g711.PCMU) for seats in tables]
    found: dict = {"seconds": seconds, "our_sends_late_p99_ms": late_ms(tables), "board": board}
    found["our_sends_late_worst_ms"] = late_ms(tables, 1.0)
    last = len(heard[0]) - 2 * len(said)
    places = list(range(5 * RATE_HZ, last, RATE_HZ * max(1, int(seconds / 30))))
    for name, pcm in zip(("true", "fast", "slow"), heard, strict=False):
        begins = list(range(5 * RATE_HZ, last, max(len(said), last // 6)))
        doubled = [pcm[begin : begin + 2 * len(said)] for begin in begins]
        found[f"{name}_pesq"] = float(np.mean([scores.score(said, one) for one in doubled]))
        found[f"{name}_wander_ms"] = scores.wander_ms(pcm, said, places)
    found["tone_breaks"] = scores.breaks(heard[3][3 * RATE_HZ : -RATE_HZ], TONE_HZ)
    return found


def delays(bench: Bench) -> dict:
    """Delay without jitter and with 40 ms of it."""
    return {
        "clean": delay.measure(bench, pairs=10, seconds=20, jitter_s=0.0),
        "jitter_40_ms": delay.measure(bench, pairs=10, seconds=40, jitter_s=0.04),
        "storm_80_ms": delay.storm(bench, pairs=10, jitter_s=0.08),
    }


def run(only: set[str], seeds: int, seconds: float) -> Iterator[tuple[str, dict]]:
    """Measures what was asked for, each on boards of its own; yields name and figures of each."""
    jobs = {
        "clean": (1, lambda bench: asyncio.run(clean(bench))),
        "loss": (5, lambda bench: asyncio.run(losses(bench, seeds))),  # so that addresses used can rest
        "steady": (1, lambda bench: asyncio.run(steady(bench, seconds))),
        "delay": (1, delays),
    }
    for name, (boards, job) in jobs.items():
        if name in only:
            with (
                tempfile.TemporaryDirectory() as work,
                Bench(Path(work), PortPicker(), boards=boards) as bench,
            ):
                figures = job(bench)
            yield name, figures


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--seeds", type=int, default=4, help="losses of each kind, for each voice")
    parser.add_argument("--seconds", type=float, default=30.0, help="of drift and of the tone")
    parser.add_argument(
        "--only", default="clean,loss,steady,delay", help="which of them, with commas between"
    )
    parser.add_argument("--page", action="store_true", help="write the figures into docs/sound.md")
    options = parser.parse_args()
    found = json.loads(OUTPUT.read_text()) if OUTPUT.exists() else {}
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    for name, figures in run(set(options.only.split(",")), options.seeds, options.seconds):
        found[name] = figures
        OUTPUT.write_text(json.dumps(found, indent=1) + "\n")
    return pages.conclude(quality_page, found, options.page)


if __name__ == "__main__":
    sys.exit(main())
