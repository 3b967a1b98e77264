"""SipSockets on free ports, with the least of a server behind them."""

import asyncio
import os
import socket

from parley.call.endpoint import Endpoint
from parleyd.clock import SystemClock
from parleyd.sockets import SipSockets

WAIT_S = 5


class Server:
    """The least that runs behind the sockets: an endpoint that answers OPTIONS."""

    def __init__(self):
        self.clock = SystemClock()
        self.endpoint = Endpoint(("127.0.0.1", 5060), os.urandom)
        self.failed = []
        self.busy = False
        self.transactions = None
        self.takes_all = True

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
