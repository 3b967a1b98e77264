"""The phone's encrypted sound: what the keys of offer and answer make of its packets."""

import asyncio
import os

import pytest

from parley.call.negotiate import Negotiated, answer_offer, make_offer, read_answer
from parley.call.secure import Security
from parley.media.srtp import Protection
from parleyue.audio import Microphone
from parleyue.rtp_stream import RtpStream
from parleyue.sound import Sound

CODECS = [("PCMU", 8000)]


def agree(policy: str, other: str, port: int = 4000, other_port: int = 4002) -> tuple[Negotiated, Negotiated]:
    """What the one who offers and the one who answers have agreed on."""
    offer = make_offer(CODECS, "127.0.0.1", port, 1, 1, security=Security(policy, os.urandom))
    answered = answer_offer(offer, CODECS, "127.0.0.1", other_port, 2, 1, Security(other, os.urandom))
    return read_answer(offer, answered.answer), answered


def test_both_ends_have_the_same_keys_crosswise() -> None:
    offered, answered = agree("optional", "required")
    assert offered.keys is not None
    assert answered.keys is not None
    assert offered.keys.ours.master == answered.keys.theirs.master
    assert offered.keys.theirs.master == answered.keys.ours.master
    one, other = Protection(offered.keys), Protection(answered.keys)
    packet = bytes.fromhex("800000010000000000000009") + bytes(range(160))
    wire = one.protect(packet)
    assert wire[12:172] != packet[12:]
    assert other.unprotect(wire) == packet
    assert other.unprotect(wire) == b""
    assert other.unprotect(packet) == b""
    assert other.refused == 2


@pytest.mark.parametrize("pair", [("off", "optional"), ("optional", "off")])
def test_best_effort_falls_back_to_plain(pair: tuple[str, str]) -> None:
    offered, answered = agree(*pair)
    assert offered.keys is None
    assert answered.keys is None


def frames(policy: str, other: str) -> tuple[RtpStream, RtpStream, list[bytes | None]]:
    """Two phones talk for a while; what the second plays."""

    async def talk() -> tuple[RtpStream, RtpStream, list[bytes | None]]:
        sounds = [Sound(Microphone(b"", False), None) for _ in range(2)]
        one, two = (RtpStream("127.0.0.1", sound, speaks=True, heard=True) for sound in sounds)
        offered, answered = agree(policy, other, one.port, two.port)
        one.start(offered)
        two.start(answered)
        heard = []
        for _ in range(20):
            one.exchange(b"\x00\x20" * 160)
            await asyncio.sleep(0)
            await asyncio.sleep(0.001)
            heard.append(two.exchange(bytes(320)))
        one.stop()
        two.stop()
        return one, two, heard

    return asyncio.run(talk())


@pytest.mark.parametrize(("policy", "other"), [("required", "optional"), ("off", "off")])
def test_they_hear_each_other(policy: str, other: str) -> None:
    _, two, heard = frames(policy, other)
    played = [frame for frame in heard if frame is not None]
    assert len(played) > 10
    assert abs(int.from_bytes(played[-1][:2], "little", signed=True) - 0x2000) < 300
    assert two.stats().get("forged", 0) == 0
