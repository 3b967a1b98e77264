"""The daemon's SIP sockets on the loopback: datagrams and streams, several addresses, both families, bounds."""

import asyncio
import os
import socket

import pytest

from parley.call.endpoint import Endpoint
from parleyd.clock import SystemClock
from parleyd.datagrams import pause_after
from parleyd.sockets import SipSockets
from parleynet import streams

WAIT_S = 5


class Server:
    """The least that runs behind the sockets: an endpoint that answers OPTIONS."""

    def __init__(self):
        self.clock = SystemClock()
        self.endpoint = Endpoint(("127.0.0.1", 5060), os.urandom)
        self.failed = []
        self.busy = False
        self.transactions = None

    def receive(self, data, peer):
        self.endpoint.receive(data, peer, self.clock.now_ms())
        self.endpoint.events()

    def receive_all(self, messages):
        for data, peer, _ in messages:
            if data == b"a fault of ours":
                raise ZeroDivisionError
            self.receive(data, peer)

    def stream_lost(self, error, peer):
        self.endpoint.stream_lost(error, peer, self.clock.now_ms())

    def transport_error(self, peer):
        self.failed.append(peer)
        self.endpoint.transport_error(peer, self.clock.now_ms())

    def tick(self):
        self.endpoint.tick(self.clock.now_ms())

    def transmits(self):
        return self.endpoint.transmits()

    def next_deadline_ms(self):
        return self.endpoint.next_deadline()


def options(number=1, transport="TCP", length=b"0"):
    return (
        b"OPTIONS sip:b@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/%s phone.example:5099;branch=z9hG4bK%d;rport\r\n"
        b"From: <sip:a@h>;tag=1\r\nTo: <sip:b@h>\r\nCall-ID: %d\r\nCSeq: 1 OPTIONS\r\nContent-Length: %s\r\n\r\n"
    ) % (transport.encode(), number, number, length)


def bound(host, kind, port=0):
    made = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, kind)
    made.bind((host, port))
    made.setblocking(False)
    return made


class World:
    """SipSockets on free ports of these hosts; `addresses` are where."""

    def __init__(self, *hosts):
        self.hosts = hosts
        self.server = Server()
        self.addresses = []
        self.writers = []

    async def __aenter__(self):
        self.sockets = SipSockets(self.server)
        for host in self.hosts:
            tcp = bound(host, socket.SOCK_STREAM)
            port = tcp.getsockname()[1]
            await self.sockets.listen(bound(host, socket.SOCK_DGRAM, port), tcp)
            self.addresses.append((host, port))
        return self

    async def __aexit__(self, *_):
        for writer in self.writers:
            writer.close()
        self.sockets.close()

    async def connect(self, number=0):
        reader, writer = await asyncio.open_connection(*self.addresses[number])
        self.writers.append(writer)
        return reader, writer


def run(work, *hosts):
    async def whole():
        async with asyncio.timeout(WAIT_S), World(*(hosts or ("127.0.0.1",))) as world:
            return await work(world)

    return asyncio.run(whole())


async def answer_on(reader):
    return await reader.readuntil(b"\r\n\r\n")


@pytest.mark.parametrize("piece", [1, 7, 10_000])
def test_answers_come_on_the_connection(piece):
    async def work(world):
        reader, writer = await world.connect()
        data = options(1) + options(2)
        for at in range(0, len(data), piece):
            writer.write(data[at : at + piece])
            await writer.drain()
        answers = [await answer_on(reader), await answer_on(reader)]
        assert [answer[:11] for answer in answers] == [b"SIP/2.0 200"] * 2
        assert b"\r\nVia: SIP/2.0/TCP phone.example:5099;branch=z9hG4bK1;rport=" in answers[0]

    run(work)


def test_a_keep_alive_is_answered():
    async def work(world):
        reader, writer = await world.connect()
        writer.write(b"\r\n\r\n")
        assert await reader.readexactly(2) == b"\r\n"

    run(work)


@pytest.mark.parametrize(("length", "status"), [(b"-5", b"400"), (b"99999", b"513"), (b"1\r\nl: 2", b"400")])
def test_lost_framing_is_answered_and_closed(length, status):
    async def work(world):
        reader, writer = await world.connect()
        writer.write(options(length=length))
        assert (await answer_on(reader))[8:11] == status
        assert await reader.read() == b""
        assert len(world.sockets.streams) == 0

    run(work)


def test_noise_is_closed_without_a_word():
    async def work(world):
        reader, writer = await world.connect()
        writer.write(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        assert await reader.read() == b""

    run(work)


def test_more_connections_than_allowed_are_refused():
    async def work(world):
        world.sockets.streams._limit = 2
        first, second, third = [await world.connect() for _ in range(3)]
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await third[0].readexactly(1)
        for reader, writer in (first, second):
            writer.write(options())
            await answer_on(reader)

    run(work)


def test_stale_connections_are_swept(monkeypatch):
    async def work(world):
        (quiet, _), (half, writer) = await world.connect(), await world.connect()
        writer.write(options()[:50])
        while not any(one._reader.waiting for one in world.sockets.streams._open.values()):
            await asyncio.sleep(0)
        now_s = world.sockets.streams.now_s()
        monkeypatch.setattr(world.sockets.streams, "now_s", lambda: now_s + streams.UNFINISHED_S + 1)
        world.sockets.streams.sweep()
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await half.readexactly(1)
        assert len(world.sockets.streams) == 1
        monkeypatch.setattr(world.sockets.streams, "now_s", lambda: now_s + streams.IDLE_S + 1)
        world.sockets.streams.sweep()
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await quiet.readexactly(1)

    run(work)


def test_our_own_connections_are_kept_alive(monkeypatch):
    """RFC 5626 4.4.1: a ping now and then; who has ever answered one and does so no more is dead."""

    async def work(world):
        phones = asyncio.Queue()

        async def phone(reader, writer):
            world.writers.append(writer)
            await phones.put((reader, writer))

        listening = await asyncio.start_server(phone, "127.0.0.1", 0)
        port = listening.sockets[0].getsockname()[1]
        world.server.endpoint.request("OPTIONS", f"sip:a@127.0.0.1:{port};transport=tcp", 0)
        world.sockets.drain()
        reader, writer = await phones.get()
        await answer_on(reader)
        now_s = world.sockets.streams.now_s()

        async def later(seconds):
            nonlocal now_s
            now_s += seconds
            monkeypatch.setattr(world.sockets.streams, "now_s", lambda: now_s)
            world.sockets.streams.sweep()
            await asyncio.sleep(0)

        await later(streams.PING_S + 1)
        assert await reader.readexactly(4) == b"\r\n\r\n"
        await later(streams.PONG_S + 1)  # it may not know how to answer
        assert len(world.sockets.streams) == 1
        writer.write(b"\r\n")
        connection = next(iter(world.sockets.streams._open.values()))
        while connection._pinged_s:
            await asyncio.sleep(0)
        await later(streams.PING_S + 1)
        assert await reader.readexactly(4) == b"\r\n\r\n"
        await later(streams.PONG_S + 1)  # but it does
        while len(world.sockets.streams):
            await asyncio.sleep(0)
        assert len(world.server.failed) == 1
        listening.close()

    run(work)


def test_our_own_requests_make_a_connection_and_use_it_again():
    async def work(world):
        arrived = asyncio.Queue()

        async def phone(reader, writer):
            world.writers.append(writer)
            while True:
                await arrived.put(await reader.readuntil(b"\r\n\r\n"))

        listening = await asyncio.start_server(phone, "127.0.0.1", 0)
        port = listening.sockets[0].getsockname()[1]
        for _ in range(3):
            uri = f"sip:a@127.0.0.1:{port};transport=tcp"
            world.server.endpoint.request("OPTIONS", uri, world.server.clock.now_ms())
        world.sockets.drain()
        requests = [await arrived.get() for _ in range(3)]
        assert all(b"\r\nVia: SIP/2.0/TCP 127.0.0.1:5060;" in request for request in requests)
        assert len(world.sockets.streams) == 1
        listening.close()

    run(work)


def test_where_nobody_listens_the_request_fails_at_once():
    async def work(world):
        free = bound("127.0.0.1", socket.SOCK_STREAM)
        uri = f"sip:a@127.0.0.1:{free.getsockname()[1]};transport=tcp"
        free.close()
        world.server.endpoint.request("OPTIONS", uri, world.server.clock.now_ms())
        world.sockets.drain()
        while not world.server.failed:
            await asyncio.sleep(0)
        event = world.server.endpoint.events()[0]
        assert (event.kind, event.text) == ("response", "transport error")

    run(work)


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
    [(31, 0.005, 0.005), (60, 0.005, 0.008), (80, 0.005, 0.006), (100, 0.005, 0.005), (200, 0.005, 0.005)],
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
