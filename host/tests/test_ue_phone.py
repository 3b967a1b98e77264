"""Two phones with real sockets on the loopback: one call, sound both ways, and nobody at a closed port."""

import asyncio
import socket

import numpy as np
import pytest

from parley.call.negotiate import make_offer, read_answer
from parleyue import outcome
from parleyue.audio import Microphone
from parleyue.equipment import CallPlan
from parleyue.flow import Initiator
from parleyue.listen import Listener, ListenPlan
from parleyue.phone import Phone
from parleyue.report import Report
from parleyue.rtp_stream import RtpStream
from parleyue.sound import Sound
from parleyue.udp import UdpSocket, even_port, host_towards

LIMIT_S = 10
CODECS = [("PCMU", 8000), ("PCMA", 8000)]


def tone(frequency_hz):
    samples = 8000 * np.sin(2 * np.pi * frequency_hz * np.arange(8000) / 8000)
    return Sound(Microphone(samples.astype("<i2").tobytes()))


@pytest.mark.parametrize("codec", ["PCMU", "PCMA"])
def test_two_phones_hear_each_other(codec):
    async def talk():
        async with (
            Phone(("127.0.0.1", 0), "bob", tone(700)) as bob,
            Phone(("127.0.0.1", 0), "alice", tone(500)) as alice,
        ):
            listener = Listener(bob.equipment(Report(), CODECS), ListenPlan(calls=1))
            plan = CallPlan(bob.address_of_record, duration_ms=300)
            flow = Initiator(alice.equipment(Report(), [(codec, 8000)]), plan)
            await asyncio.wait_for(asyncio.gather(bob.run(listener), alice.run(flow)), LIMIT_S)
            return alice, bob, flow, listener

    alice, bob, flow, listener = asyncio.run(talk())
    assert flow.outcome.code == outcome.OK
    assert listener.answered == 1
    for phone in (alice, bob):
        stats = phone.streams[0].stats()
        assert stats["sent"] >= 10
        assert stats["received"] >= 10
        assert stats["foreign"] == stats["bad"] == 0
        assert -20 < phone.sound.listened.dbov < -12  # the tone's -15.3 dBov, a little less for the beginning


def test_rtp_of_strangers_is_counted_and_not_heard():
    async def listen():
        sound = Sound(Microphone())
        stream = RtpStream("127.0.0.1", sound, speaks=True, heard=True)
        packet = bytes([0x80, 0, 0, 1, *bytes(8)]) + bytes([0xD5] * 160)
        answer = make_offer(CODECS, "127.0.0.1", 9, 1, 1)
        stream.start(read_answer(make_offer(CODECS, "127.0.0.1", stream.port, 1, 1), answer))
        for host in ("127.0.0.2", "127.0.0.1"):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                sender.bind((host, 0))
                sender.sendto(packet, (stream.host, stream.port))
        await asyncio.sleep(0.02)  # the kernel's way from one socket to the other
        stream.stop()
        return stream.stats()

    stats = asyncio.run(listen())
    assert (stats["foreign"], stats["received"]) == (1, 1)


def test_a_closed_port_is_known_at_once_by_icmp():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        closed = probe.getsockname()[1]

    async def call():
        async with Phone(("127.0.0.1", 0), "alice", Sound(Microphone())) as alice:
            flow = Initiator(alice.equipment(Report(), CODECS), CallPlan(f"sip:x@127.0.0.1:{closed}"))
            await asyncio.wait_for(alice.run(flow), 3)
            return flow

    assert asyncio.run(call()).outcome == outcome.Outcome(
        outcome.NO_ANSWER, f"nobody listens at sip:x@127.0.0.1:{closed}"
    )


def test_names_are_looked_up_and_unknown_ones_said():
    async def call(server):
        async with Phone(("127.0.0.1", 0), "alice", Sound(Microphone())) as alice:
            flow = Initiator(alice.equipment(Report(), CODECS), CallPlan(server))
            await asyncio.wait_for(alice.run(flow), LIMIT_S)
            return flow.outcome

    assert asyncio.run(call("sip:x@localhost:9")).code == outcome.NO_ANSWER
    assert asyncio.run(call("sip:x@" + "a" * 64 + ".invalid")).code == outcome.FAILED_HERE


def test_a_mistake_in_a_flow_is_raised_by_run_and_not_lost():
    class Broken:
        finished = False

        def start(self, now_ms):
            raise KeyError("mistake")

        def next_deadline(self):
            return None

    async def call():
        async with Phone(("127.0.0.1", 0), "alice", Sound(Microphone())) as alice:
            await asyncio.wait_for(alice.run(Broken()), LIMIT_S)

    with pytest.raises(KeyError):
        asyncio.run(call())


def test_a_port_in_use_is_an_error_with_a_sentence():
    taken = UdpSocket("127.0.0.1", 0, lambda data, peer: None)
    with pytest.raises(OSError, match="in use"):
        UdpSocket("127.0.0.1", taken.port, lambda data, peer: None)
    taken.close()


def test_rtp_ports_are_even():
    made = [
        even_port("127.0.0.1", lambda port: UdpSocket("127.0.0.1", port, lambda data, peer: None))
        for _ in range(4)
    ]
    assert [one.port % 2 for one in made] == [0, 0, 0, 0]
    for one in made:
        one.close()


def test_our_address_towards_the_loopback_is_the_loopback():
    assert host_towards(("127.0.0.1", 5060)) == "127.0.0.1"
