"""Participants with a packet time and a codec of their own: what they send and hear is octets, whatever they mean."""

from __future__ import annotations

import asyncio
import struct
import time
from dataclasses import dataclass, field

from hil_tests import rtp_stream, sip_text
from hil_tests.bench import Bench
from hil_tests.caller import Call, Caller


@dataclass(frozen=True)
class Kind:
    """A codec as it stands in descriptions, and what 10 ms of it are: octets, ticks of its RTP clock."""

    payload_type: int
    encoding: str
    octets: int = 80
    ticks: int = 80


LATE_S = 0.015
RTCP = range(72, 77)  # of a neighbour, whose RTP port is the one below (RFC 3550 section 11)
KINDS = {
    "PCMU": Kind(0, "PCMU/8000"),
    "PCMA": Kind(8, "PCMA/8000"),
    "G722": Kind(9, "G722/8000"),
    "L16/8000": Kind(97, "L16/8000", 160, 80),
    "L16/16000": Kind(98, "L16/16000", 320, 160),
}


@dataclass
class Paced:
    """One participant. said: octets that it sends, once, and silence afterwards."""

    kind: Kind
    ptime_ms: int
    said: bytes
    silence: bytes
    end: rtp_stream.RtpEnd
    call: Call | None = None
    answered: str = ""
    late_s: list[float] = field(default_factory=list)

    def send(self, number: int) -> None:
        """Packet `number` of its stream."""
        octets, ticks = (each * self.ptime_ms // 10 for each in (self.kind.octets, self.kind.ticks))
        payload = self.said[octets * number : octets * (number + 1)]
        payload += self.silence * ((octets - len(payload)) // len(self.silence))
        second = self.kind.payload_type | (0x80 if number == 0 else 0)
        header = struct.pack("!BBHII", 0x80, second, number & 0xFFFF, ticks * number, self.end.ssrc)
        if self.end.peer is not None:
            self.end.socket.sendto(header + payload, self.end.peer)

    def leapt(self) -> bool:
        """Whether the board's clock leapt: it could not run all its ticks."""
        packets = rtp_stream.in_order([one for one in self.end.arrived if one.payload_type not in RTCP])
        stamps = rtp_stream.unwrap([packet.timestamp for packet in packets], 32)
        return {int(step) for step in stamps[1:] - stamps[:-1]} != {self.kind.ticks * self.ptime_ms // 10}

    def heard(self) -> bytes:
        """All octets that came, in order; AssertionError for a missing packet, or one of another length or time."""
        packets = rtp_stream.in_order([one for one in self.end.arrived if one.payload_type not in RTCP])
        octets, ticks = (each * self.ptime_ms // 10 for each in (self.kind.octets, self.kind.ticks))
        lengths = {(packet.payload_type, len(packet.payload)) for packet in packets}
        assert lengths == {(self.kind.payload_type, octets)}, (lengths, self.kind, self.ptime_ms)
        stamps = rtp_stream.unwrap([packet.timestamp for packet in packets], 32)
        assert {int(step) for step in stamps[1:] - stamps[:-1]} == {ticks}, self.kind
        return b"".join(packet.payload for packet in packets)


def _offer(port: int, kind: Kind, ptime_ms: int, ask: str = "", noise: bool = False) -> bytes:
    formats = ((kind.payload_type, kind.encoding),) + (((13, "CN/8000"),) if noise else ())
    text = sip_text.sdp_offer("127.0.0.1", port, formats)
    text = text.replace(b"a=ptime:20", b"a=ptime:%d\r\na=maxptime:%d" % (ptime_ms, ptime_ms))
    return text + (ask + "\r\n").encode() if ask else text


async def joined(
    bench: Bench,
    kinds: list[tuple[str, int, bytes, bytes]],
    asks: dict[int, str] | None = None,
    takes_noise: tuple[int, ...] = (),
) -> list[Paced]:
    """A conference of (name of a kind, packet time in ms, what it says, the octets of its silence).

    asks: a line more of the offer, by number of the participant; takes_noise: who offers comfort noise, too.
    """
    found: list[Paced] = []
    uri = f"{bench.server};size={len(kinds)}"
    for number, (name, ptime_ms, said, silence) in enumerate(kinds):
        caller, end = await Caller.open("127.0.0.1"), rtp_stream.RtpEnd("127.0.0.1", ssrc=number + 1)
        call = caller.call(f"paced{caller.port}")
        offer = _offer(end.port, KINDS[name], ptime_ms, (asks or {}).get(number, ""), number in takes_noise)
        outcome = await call.invite(uri, offer)
        for _ in range(10):
            if outcome.status != 503:  # addresses rest after the conference before
                break
            await asyncio.sleep(1.0)
            outcome = await call.invite(uri, offer)
        assert outcome.status == 200, outcome.response.start
        end.peer, uri = sip_text.media_address(outcome.response.body), outcome.uri
        asyncio.get_running_loop().add_reader(end.socket.fileno(), end.receive)
        found.append(Paced(KINDS[name], ptime_ms, said, silence, end, call, outcome.response.body.decode()))
    return found


async def talk(people: list[Paced], seconds: float) -> None:
    """Everybody sends for so long, each in packets of its time."""
    begin_s = time.monotonic() + 0.1
    due = sorted(
        (begin_s + number * one.ptime_ms / 1000, index, number)
        for index, one in enumerate(people)
        for number in range(int(seconds * 1000 / one.ptime_ms))
    )
    for due_s, index, number in due:
        await asyncio.sleep(max(0.0, due_s - time.monotonic()))
        people[index].late_s.append(max(0.0, time.monotonic() - due_s))
        people[index].send(number)
    await asyncio.sleep(0.3)


def steady(people: list[Paced]) -> bool:
    """Whether the machine let the judge send and the board run on time; else nothing can be said of the bits."""
    return max(max(one.late_s) for one in people) < LATE_S and not any(one.leapt() for one in people)


async def leave(people: list[Paced]) -> None:
    """Everybody hangs up."""
    for one in people:
        asyncio.get_running_loop().remove_reader(one.end.socket.fileno())
        if one.call is not None:
            await one.call.bye()
            one.call.caller.close()
        one.end.close()
