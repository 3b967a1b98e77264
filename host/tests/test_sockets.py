"""The daemon's SIP streams on the loopback: framing, bounds, connections of our own."""

import asyncio
import socket

import pytest

from parleynet import streams

from .sockets_bench import answer_on, bound, options, run


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
