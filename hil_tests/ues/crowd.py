"""A crowd of test participants in one process: SIP, then RTP with a tone each, paced to the millisecond.

`python -m hil_tests.ues.crowd --server URI --conferences 8 --participants 4 --seconds 12 --output DIR`
prints JSON lines ({"event": "joined" | "talking" | "left" | "failed", ...}), writes DIR/crowd.json and with
--wav what each heard. SIGTERM makes everybody hang up early. The first participant of every conference asks
the server and follows its 302; it tells the others the address, and they call it directly.
"""

import argparse
import asyncio
import gc
import json
import signal
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from hil_tests import g711, measure, rtp_stream, sip_text, wav
from hil_tests.caller import Call, Caller, NoAnswerError

FRAME_S = 0.020
OUR_LATE_MS = 8.0  # a jitter buffer at its floor takes no more
SETTLE_S = 3.0  # of talking before anything is measured: jitter buffers find their delay
LAWS = {"PCMU": (g711.PCMU, "PCMU/8000"), "PCMA": (g711.PCMA, "PCMA/8000")}


def frequencies(count: int) -> list[int]:
    """Whole hertz for `count` talkers; nobody's harmonic (to the 9th) falls on another's tone."""

    def folded(hz: int) -> set[int]:
        return {min(k * hz % wav.RATE_HZ, -k * hz % wav.RATE_HZ) for k in range(2, 10)}

    chosen: list[int] = []
    for hz in range(311, 3300, 6):
        if all(hz not in folded(other) and other not in folded(hz) for other in chosen):
            chosen.append(hz)
    if count > len(chosen):
        raise ValueError(f"{count} talkers; {len(chosen)} tones can be told apart")
    # every 13th, around the list: neighbours lie apart, and a longer list begins like a shorter one
    return [chosen[index * 13 % len(chosen)] for index in range(count)]


@dataclass
class Participant:
    """One phone of the crowd: its call, its RTP, its tone."""

    name: str
    conference: str
    frequency_hz: int
    law: str
    caller: Caller
    rtp: rtp_stream.RtpEnd
    amplitude: float = 0.0
    call: Call | None = None
    facts: dict = field(default_factory=dict)

    def prepare(self, amplitude: float) -> None:
        """Make the second of tone that is sent over and over; remember its amplitude as coded."""
        turn = 2 * np.pi * self.frequency_hz * np.arange(wav.RATE_HZ) / wav.RATE_HZ
        number = self.rtp.payload_type = LAWS[self.law][0]
        self.rtp.loop_codes = g711.encode(np.round(amplitude * np.sin(turn)), number)
        self.amplitude = measure.amplitude(g711.decode(self.rtp.loop_codes, number), self.frequency_hz)

    async def join(self, uri: str, timeout_s: float) -> str:
        """Call the URI (the server's or an allocated one); returns the allocated address that answered."""
        self.call = self.caller.call(self.name)
        offer = sip_text.sdp_offer(self.caller.host, self.rtp.port, (LAWS[self.law],))
        outcome = await self.call.invite(uri, offer, timeout_s)
        self.facts.update(status=outcome.status, reason=outcome.response.start, address=outcome.uri)
        self.facts.update(answer_ms=round(outcome.latency_ms, 3), sends=outcome.sends)
        if outcome.status != 200:
            raise ConnectionError(f"{self.name}: {outcome.response.start} from {outcome.uri}")
        self.rtp.peer = sip_text.media_address(outcome.response.body)
        return outcome.uri

    async def leave(self) -> None:
        """Hang up, unless the other end did so before."""
        if self.call is None or not self.call.target:
            return
        if self.call.ended.is_set():
            self.facts["ended_by_peer"] = True
            return
        try:
            self.facts["bye"] = await self.call.bye()
        except NoAnswerError:
            self.facts["bye"] = 0


class Pacer:
    """Sends everybody's frames, each participant at a phase of its own within the 20 ms."""

    def __init__(self, ends: list[rtp_stream.RtpEnd], late_ms: float = OUR_LATE_MS) -> None:
        self.late_s = late_ms / 1000
        self.slots: dict[int, list[rtp_stream.RtpEnd]] = {}
        for index, end in enumerate(ends):
            self.slots.setdefault(index * 7 % 10, []).append(end)
        self.worst_late_ms = 0.0
        self.late_at: list[float] = []  # wall times at which we ourselves were late: nobody else's fault

    async def run(self) -> None:
        """Until cancelled."""
        slots = sorted(self.slots.items())
        origin = time.monotonic()
        frame = 0
        while True:
            for phase, ends in slots:
                due = origin + frame * FRAME_S + phase * 0.002
                wait = due - time.monotonic()
                if wait > 0:
                    await asyncio.sleep(wait)
                else:
                    self.worst_late_ms = max(self.worst_late_ms, -wait * 1000)
                    if wait < -self.late_s:
                        self.late_at.append(time.time())
                for end in ends:
                    end.send_frame()
            frame += 1
            await asyncio.sleep(0)


def say(event: str, **facts: object) -> None:
    """One JSON line for whoever drives us."""
    print(json.dumps({"event": event, "at": time.time(), **facts}), flush=True)


class Crowd:
    """Everybody together: join, talk, leave, report."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.everybody: list[Participant] = []
        self.groups: list[list[Participant]] = []
        self.stop = asyncio.Event()
        self.talking_from = self.talking_until = 0.0

    async def gather(self) -> None:
        """Open the sockets and give out the tones."""
        o = self.options
        tones = frequencies(o.conferences * o.participants + o.skip_tones)[o.skip_tones :]
        for c in range(o.conferences):
            group = []
            for p in range(o.participants):
                caller, rtp = await Caller.open(o.host), rtp_stream.RtpEnd(o.host)
                tone = tones[p * o.conferences + c]
                member = Participant(f"{o.prefix}c{c}p{p}", f"c{c}", tone, o.law, caller, rtp)
                rtp.ssrc = 0x1000000 * (c + 1) + p
                member.prepare(10000 / max(o.participants, 3) * (0.8 + 0.4 * p / max(o.participants, 2)))
                asyncio.get_running_loop().add_reader(rtp.socket.fileno(), rtp.receive)
                group.append(member)
            self.groups.append(group)
            self.everybody += group

    async def join_group(self, group: list[Participant]) -> None:
        """The first asks the server; the others call the address it got."""
        uri = self.options.address or self.options.server
        for member in group:
            uri = await member.join(uri, self.options.answer_s)
            say("joined", name=member.name, **member.facts)

    async def run(self) -> int:
        """The whole performance; the exit code."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop.set)
        await self.gather()
        pacer = Pacer([member.rtp for member in self.everybody], self.options.late_ms)
        pacing = asyncio.create_task(pacer.run())
        problem = ""
        try:
            await asyncio.gather(*(self.join_group(group) for group in self.groups))
            self.talking_from = time.time()
            say("talking", participants=len(self.everybody))
            await asyncio.wait([asyncio.create_task(self.stop.wait())], timeout=self.options.seconds)
        except (ConnectionError, NoAnswerError) as error:
            problem = str(error)
            say("failed", problem=problem)
        self.talking_until = time.time()
        await asyncio.gather(*(member.leave() for member in self.everybody))
        pacing.cancel()
        self.write(pacer, problem)
        say("left", problem=problem)
        return 1 if problem else 0

    def write(self, pacer: Pacer, problem: str) -> None:
        """crowd.json and the recordings."""
        folder: Path = self.options.output
        folder.mkdir(parents=True, exist_ok=True)
        results = {
            "problem": problem,
            "talking_from": self.talking_from,
            "talking_until": self.talking_until,
            "worst_send_late_ms": round(pacer.worst_late_ms, 2),
            "participants": [self.result(member, pacer) for member in self.everybody],
        }
        (folder / "crowd.json").write_text(json.dumps(results, indent=1))
        if self.options.wav:
            for member in self.everybody:
                wav.write(folder / f"{member.name}.wav", rtp_stream.samples(member.rtp.arrived))

    def result(self, member: Participant, pacer: Pacer) -> dict:
        """All there is to say of one participant."""
        settle_s = min(SETTLE_S, 0.3 * (self.talking_until - self.talking_from))
        start, end = self.talking_from + settle_s, self.talking_until - 0.1
        steady = [packet for packet in member.rtp.arrived if start <= packet.at_s <= end]
        facts = {
            "name": member.name,
            "conference": member.conference,
            "sent": member.rtp.sent,
            **member.facts,
        }
        facts["stream"] = asdict(rtp_stream.report(steady, len(member.rtp.ssrcs)))
        facts["payload_types"] = sorted({packet.payload_type for packet in steady})
        if len(steady) < 50:
            return facts | {"seconds": 0}
        others = {m.name: m for m in self.everybody if m is not member}
        tones = {name: (other.frequency_hz, other.amplitude) for name, other in others.items()}
        levels = measure.tone_levels(
            rtp_stream.samples(steady), tones, (member.frequency_hz, member.amplitude)
        )
        mates = {
            name: levels.error_db[name] for name, m in others.items() if m.conference == member.conference
        }
        foreign = [levels.error_db[name] for name, m in others.items() if m.conference != member.conference]
        strangers = np.max(foreign, axis=0) if foreign else np.full(len(levels.own_db), measure.ABSENT_DB)
        starts = steady[0].at_s + np.arange(len(levels.own_db))
        return facts | {
            "seconds": len(starts),
            "first_second_at": steady[0].at_s,
            "judged": [not any(-0.6 < at - start < 1.1 for at in pacer.late_at) for start in starts],
            "error_db": {name: [round(float(v), 3) for v in errors] for name, errors in mates.items()},
            "own_db": [round(float(v), 1) for v in levels.own_db],
            "strangers_db": [round(float(v), 1) for v in strangers],
        }


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--server", default="", help="URI of the conference server")
    parser.add_argument("--address", default="", help="an allocated address to call instead")
    parser.add_argument("--conferences", type=int, default=1)
    parser.add_argument("--participants", type=int, default=3, help="in each conference")
    parser.add_argument("--seconds", type=float, default=8.0, help="of talking")
    parser.add_argument("--answer-s", type=float, default=8.0, help="how long an answer may take")
    parser.add_argument("--law", choices=sorted(LAWS), default="PCMU")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--prefix", default="", help="put before every participant's name")
    parser.add_argument(
        "--late-ms", type=float, default=OUR_LATE_MS, help="seconds in which we are later are not judged"
    )
    parser.add_argument("--skip-tones", type=int, default=0, help="leave the first tones to another crowd")
    parser.add_argument("--wav", action="store_true", help="write what everybody heard")
    parser.add_argument("--output", type=Path, required=True)
    return parser.parse_args(arguments)


def main() -> None:
    """Run as a program."""
    gc.disable()  # a collection in the middle of a frame would be our own jitter

    async def play() -> int:
        return await Crowd(parse()).run()

    raise SystemExit(asyncio.run(play()))


if __name__ == "__main__":
    main()
