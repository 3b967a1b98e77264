"""Conferences of bare RTP ends for the sound measurements: who joins, who plays what, which packets get lost."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from hil_tests import rtp_stream, sip_text
from hil_tests.bench import Bench
from hil_tests.caller import Call, Caller, Outcome
from hil_tests.wav import RATE_HZ

REST_S = 10  # who has joined and does not talk is put out after 30 s
FRAME_S = rtp_stream.FRAME / RATE_HZ
CODECS = {"PCMU": (0, "PCMU/8000"), "PCMA": (8, "PCMA/8000"), "G722": (9, "G722/8000")}  # RFC 3551 table 4


@dataclass
class Seat:
    """One participant. lost: numbers of its packets that do not leave; ppm: how much its clock runs fast."""

    end: rtp_stream.RtpEnd
    call: Call
    lost: frozenset[int] = frozenset()
    ppm: float = 0.0
    late_s: list[float] = field(default_factory=list)

    def send(self) -> None:
        """The next packet, if it is not lost."""
        if self.end.sent not in self.lost:
            self.end.send_frame()
            return
        self.end.sequence += 1
        self.end.timestamp += rtp_stream.FRAME
        self.end.sent += 1

    def heard(self) -> bytes:
        """All codes that came, in order; AssertionError when one of the board's packets is missing."""
        packets = rtp_stream.in_order(self.end.arrived)
        return b"".join(packet.payload for packet in packets)


async def conference(
    bench: Bench,
    plays: Iterable[tuple[str, bytes]],
    ssrc: int = 1,
    named: tuple[str, ...] = (),
    spare: int = 0,
) -> list[Seat]:
    """A conference of as many as there are (codec, codes): codes are played in a loop.

    named: for the first seats, the hosts that their descriptions name for media, whatever the truth is. spare: places
    for others.
    """
    plays, seats = list(plays), []
    uri = f"{bench.server};size={max(2, len(plays) + spare)}"
    for number, (codec, codes) in enumerate(plays):
        caller, end = await Caller.open("127.0.0.1"), rtp_stream.RtpEnd("127.0.0.1", ssrc=ssrc + number)
        call = caller.call(f"seat{caller.port}")
        host = named[number] if number < len(named) else "127.0.0.1"
        outcome = await _invited(call, uri, sip_text.sdp_offer(host, end.port, (CODECS[codec],)))
        end.peer, uri = sip_text.media_address(outcome.response.body), outcome.uri
        end.loop_codes, end.payload_type = codes, CODECS[codec][0]
        asyncio.get_running_loop().add_reader(end.socket.fileno(), end.receive)
        seats.append(Seat(end, call))
    return seats


async def _invited(call: Call, uri: str, offer: bytes) -> Outcome:
    """The answer of 200; while addresses rest after the conferences before, it is asked again."""
    for _ in range(REST_S):
        outcome = await call.invite(uri, offer)
        if outcome.status != 503:
            break
        await asyncio.sleep(1.0)
    assert outcome.status == 200, outcome.response.start
    return outcome


async def talk(tables: list[list[Seat]], frames: int) -> None:
    """Everybody sends so many frames: a table's seats in step, the tables at phases of their own."""
    gc.disable()  # among all the packets of ten minutes it takes longer than a jitter buffer bears
    try:
        await _talk(tables, frames)
    finally:
        gc.enable()


async def _talk(tables: list[list[Seat]], frames: int) -> None:
    events = []
    for index, seats in enumerate(tables):
        phase_s = index / len(tables) * FRAME_S
        for seat in seats:
            step_s = FRAME_S / (1 + seat.ppm * 1e-6)
            events += [(phase_s + number * step_s, id(seat), seat) for number in range(frames)]
    events.sort(key=lambda event: event[:2])
    start_s = time.monotonic() + 0.1  # after the sorting, which takes longer than that for minutes of talk
    for due_s, _, seat in events:
        wait_s = start_s + due_s - time.monotonic()
        if wait_s > 0:
            await asyncio.sleep(wait_s)
        seat.late_s.append(max(0.0, time.monotonic() - start_s - due_s))
        seat.send()
    await asyncio.sleep(0.3)


async def leave(tables: list[list[Seat]]) -> None:
    """Everybody hangs up."""
    for seat in (seat for seats in tables for seat in seats):
        asyncio.get_running_loop().remove_reader(seat.end.socket.fileno())
        await seat.call.bye()
        seat.end.close()
        seat.call.caller.close()
