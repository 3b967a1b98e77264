"""The daemon's SIP datagrams on the loopback: several addresses, both families, turns under load."""

import asyncio
import socket

import pytest

from parleyd.datagrams import pause_after

from .sockets_bench import answer_on, bound, options, run


def test_answers_leave_by_the_address_they_were_asked_at():
    async def work(world):
        loop = asyncio.get_running_loop()
        with bound("127.0.0.1", socket.SOCK_DGRAM) as phone:
            for address in (*world.addresses, world.addresses[0]):
                await loop.sock_sendto(phone, options(address[1], "UDP"), address)
                data, source = await loop.sock_recvfrom(phone, 4096)
                assert (data[:11], source) == (b"SIP/2.0 200", address)

    run(work, "127.0.0.1", "127.0.0.2", "127.0.0.3")


def test_a_fault_of_ours_costs_one_datagram_and_not_those_behind_it():
    async def work(world):
        faults, loop = [], asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: faults.append(context["message"]))
        phone = bound("127.0.0.1", socket.SOCK_DGRAM)
        host, port = phone.getsockname()
        for data in (options(1, "UDP"), b"a fault of ours", options(2, "UDP"), b"a fault of ours"):
            phone.sendto(data, world.addresses[0])
        answers = [await loop.sock_recv(phone, 2000) for _ in range(2)]
        assert [b"Call-ID: %d\r\n" % number in answers[number - 1] for number in (1, 2)] == [True, True]
        while len(faults) < 2:
            await asyncio.sleep(0)
        assert faults == [f"a message of {host}:{port}"] * 2
        phone.close()

    run(work)


@pytest.mark.parametrize(
    ("count", "period_s", "pause_s"),
    [
        (31, 0.005, 0.005),
        (60, 0.005, 0.009),
        (80, 0.005, 0.007),
        (112, 0.005, 0.005),
        (200, 0.005, 0.005),
        (512, 0.005, 0),
    ],
)
def test_turns_are_longer_where_few_calls_would_share_a_commit(count, period_s, pause_s):
    assert pause_after(count, period_s) == pytest.approx(pause_s)


def test_ipv6_beside_ipv4():
    async def work(world):
        loop = asyncio.get_running_loop()
        for host, address in zip(("127.0.0.1", "::1"), world.addresses, strict=True):
            with bound(host, socket.SOCK_DGRAM) as phone:
                await loop.sock_sendto(phone, options(1 + (":" in host), "UDP"), address)
                data, source = await loop.sock_recvfrom(phone, 4096)
                assert (data[:11], source[:2]) == (b"SIP/2.0 200", address)
        reader, writer = await world.connect(1)
        writer.write(options(7))
        assert (await answer_on(reader)).startswith(b"SIP/2.0 200")

    run(work, "127.0.0.1", "::1")


def test_a_peer_of_a_family_we_do_not_have_is_an_error_not_a_fault():
    async def work(world):
        world.server.endpoint.request("OPTIONS", "sip:a@[::1]:5099", world.server.clock.now_ms())
        world.sockets.drain()
        assert world.server.failed == [("::1", 5099)]

    run(work)
