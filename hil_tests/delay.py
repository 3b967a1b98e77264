"""How long the mixing resource holds what it hears: pairs of one who sends tone bursts and one who listens.

    python -m hil_tests.delay [--pairs 10] [--seconds 30] [--jitter-ms 0] [--json FILE]

The delay of a burst is from when its first sample left the talker to when it left the board: onset to onset, less the
sender's packetisation. With --jitter-ms every packet is held back for a random time (seeded), and each pair's median
is set against the least delay that has 99.5 % of its packets in time, and the least such one on the grid of the ticks.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from hil_tests import g711, rtp_stream, sip_text
from hil_tests.bench import Bench
from hil_tests.caller import Caller
from hil_tests.ports import PortPicker
from hil_tests.wav import RATE_HZ

FRAME_S = rtp_stream.FRAME / RATE_HZ
BURST_AT, BURST_SAMPLES, TONE_HZ = 1234, 1600, 1000  # in a loop of one second; the rest is silence
SETTLE_S = 5.0
IN_TIME = 0.995


@dataclass
class Pair:
    """A talker and a listener. sent_at_s, due_s: of each of the talker's packets, by the wall clock."""

    talker: rtp_stream.RtpEnd
    listener: rtp_stream.RtpEnd
    sent_at_s: list[float] = field(default_factory=list)
    due_s: list[float] = field(default_factory=list)

    def delays_s(self, from_s: float = SETTLE_S, until_s: float = np.inf) -> np.ndarray:
        """Delay of each burst against the moment its packet was due to leave: first sample to first sample."""
        packets = rtp_stream.in_order(self.listener.arrived)
        codes = b"".join(packet.payload for packet in packets)
        loud = np.abs(g711.decode(codes, g711.PCMU).astype(int)) > 1000
        onsets = [at for at in np.flatnonzero(loud) if at > 800 and not loud[at - 800 : at].any()]
        heard = [packets[at // 160].at_s + at % 160 / RATE_HZ for at in onsets if at // 160 < len(packets)]
        first, rest = divmod(BURST_AT, rtp_stream.FRAME)
        said = np.array([due + rest / RATE_HZ for due in sorted(self.due_s)[first::50]])
        found = [moment - said[said <= moment].max() for moment in heard if (said <= moment).any()]
        start = min(self.due_s)
        pairs = zip(found, heard, strict=False)
        return np.array([delay for delay, moment in pairs if from_s < moment - start < until_s])

    def needed_s(self) -> float:
        """The least delay that most packets keep, by when they were sent."""
        return float(np.quantile(np.array(self.sent_at_s) - np.array(self.due_s), IN_TIME))

    def least_s(self) -> float:
        """The same on the grid of the board's ticks."""
        ticks = np.median([(packet.at_s - self.due_s[0]) % FRAME_S for packet in self.listener.arrived])
        return float(ticks + np.ceil((self.needed_s() - ticks) / FRAME_S) * FRAME_S)


async def pairs_of(bench: Bench, count: int) -> list[Pair]:
    """Calls the board with `count` pairs, each in a conference of its own."""
    made = []
    turn = np.arange(BURST_SAMPLES) * 2 * np.pi * TONE_HZ / RATE_HZ
    pcm = np.zeros(RATE_HZ)
    pcm[BURST_AT : BURST_AT + BURST_SAMPLES] = 12000 * np.cos(turn)
    silence = g711.encode(np.zeros(rtp_stream.FRAME), g711.PCMU)
    for number in range(count):
        caller, ends, uri = await Caller.open("127.0.0.1"), [], bench.server + ";size=2"
        for name in ("talker", "listener"):
            end = rtp_stream.RtpEnd("127.0.0.1", ssrc=2 * number + len(ends) + 1)
            offer = sip_text.sdp_offer("127.0.0.1", end.port, ((g711.PCMU, "PCMU/8000"),))
            outcome = await caller.call(f"{name}{number}").invite(uri, offer)
            assert outcome.status == 200, outcome.response.start
            end.peer, uri = sip_text.media_address(outcome.response.body), outcome.uri
            end.loop_codes = g711.encode(np.round(pcm), g711.PCMU) if name == "talker" else silence
            ends.append(end)
        made.append(Pair(*ends))
    return made


async def talk(
    pairs: list[Pair],
    seconds: float,
    jitter_s: float,
    seed: int,
    storm_s: tuple[float, float] = (0.0, np.inf),
) -> None:
    """Everybody sends for so long, each pair at its own phase of the 20 ms; storm_s: when there is jitter."""
    source, loop = random.Random(seed), asyncio.get_running_loop()
    for pair in pairs:
        loop.add_reader(pair.listener.socket.fileno(), pair.listener.receive)
    events = []
    for index, pair in enumerate(pairs):
        phase = index / len(pairs) * FRAME_S
        for frame in range(int(seconds / FRAME_S)):
            due = frame * FRAME_S + phase
            held_s = source.uniform(0, jitter_s if storm_s[0] <= due < storm_s[1] else 0)
            events += [(due + held_s, due, frame, pair), (due, due, frame, pair.listener)]
    events.sort(key=lambda event: event[0])
    start_s = time.time() + 0.1
    for moment, due, frame, who in events:
        await asyncio.sleep(max(0.0, start_s + moment - time.time()))
        if isinstance(who, Pair):
            who.due_s.append(start_s + due)
            who.sent_at_s.append(time.time())
            who.talker.skip_to(frame)
            who.talker.send_frame()
        else:
            who.send_frame()


def measure(bench: Bench, pairs: int, seconds: float, jitter_s: float, seed: int = 1) -> dict:
    """Runs it; returns the figures, in ms."""

    async def run() -> list[Pair]:
        made = await pairs_of(bench, pairs)
        await talk(made, seconds, jitter_s, seed)
        return made

    made = asyncio.run(run())
    delays = [pair.delays_s() for pair in made]
    every = np.concatenate(delays) * 1000
    sent_late = np.concatenate([np.array(pair.sent_at_s) - np.array(pair.due_s) for pair in made]) * 1000
    over = [1000 * (float(np.median(d)) - pair.needed_s()) for d, pair in zip(delays, made, strict=True)]
    above = [1000 * (float(np.median(d)) - pair.least_s()) for d, pair in zip(delays, made, strict=True)]
    return {
        "bursts": len(every),
        "p50_ms": round(float(np.quantile(every, 0.5)), 2),
        "p95_ms": round(float(np.quantile(every, 0.95)), 2),
        "worst_ms": round(float(every.max()), 2),
        "above_least_p50_ms": round(float(np.median(over)), 2),
        "above_least_worst_pair_ms": round(max(over), 2),
        "above_least_on_grid_ms": round(max(above), 2),
        "our_sends_late_p95_ms": round(float(np.quantile(sent_late, 0.95)), 2),
    }


def storm(bench: Bench, pairs: int, jitter_s: float, seed: int = 1) -> dict:
    """Median delay before a storm of 10 s, in its last 3 s, and from 10 s after it on, in ms."""

    async def run() -> list[Pair]:
        made = await pairs_of(bench, pairs)
        await talk(made, 36, jitter_s, seed, (9, 19))
        return made

    made = asyncio.run(run())
    spans = {"before_ms": (SETTLE_S, 9), "within_ms": (16, 19), "after_ms": (29, np.inf)}
    medians = {name: [np.median(pair.delays_s(*span)) for pair in made] for name, span in spans.items()}
    found = {name: round(1000 * float(np.median(values)), 2) for name, values in medians.items()}
    above = np.array(medians["after_ms"]) - np.array(medians["before_ms"])
    return found | {"worst_pair_above_ms": round(1000 * float(above.max()), 2)}


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--pairs", type=int, default=10, help="conferences of two, each at its own phase")
    parser.add_argument("--seconds", type=float, default=30.0, help="how long they talk")
    parser.add_argument(
        "--jitter-ms", type=float, default=0.0, help="every packet is held back up to so long"
    )
    parser.add_argument("--json", type=Path, help="write the figures there")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, Bench(Path(folder), PortPicker(), boards=1) as bench:
        found = measure(bench, options.pairs, options.seconds, options.jitter_ms / 1000)
    print("\n".join(f"{name:24} {value}" for name, value in found.items()))
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(
            json.dumps(found | {"options": {k: str(v) for k, v in vars(options).items()}}, indent=1)
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
