"""The daemon's SIP sockets: UDP and TCP at every address it listens at, and the timer of what is due."""

import asyncio
import socket
from typing import TYPE_CHECKING, Any, Protocol, cast

from parleyd.clock import Clock
from parleyd.streams import Receiver, Streams

if TYPE_CHECKING:
    from parley.call.peers import Address

MAX_WAYS = 8192  # peers whose socket is remembered


class Server(Receiver, Protocol):
    """What runs behind the sockets."""

    clock: Clock

    def transmits(self) -> "list[tuple[bytes, Address]]":
        """Return what is to be sent now."""
        ...

    def next_deadline_ms(self) -> int | None:
        """Return when tick is due."""
        ...

    def tick(self) -> None:
        """Do what is due."""
        ...


class _Datagrams(asyncio.DatagramProtocol):
    """One UDP socket."""

    def __init__(self, sockets: "SipSockets") -> None:
        self._sockets = sockets
        self.transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is open."""
        self.transport = cast(asyncio.DatagramTransport, transport)  # uvloop's is none by class

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        """One datagram came."""
        self._sockets.datagram(data, (addr[0], addr[1]), self)


class SipSockets:
    """Feeds the server with messages and time, and sends what it has to say."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._timer: asyncio.TimerHandle | None = None
        self._datagrams: dict[int, list[_Datagrams]] = {}  # by address family, in the order of listen()
        self._ways: dict[tuple[str, int], _Datagrams] = {}  # by which of several sockets a peer came
        self._several = False
        self._closed = False
        self.streams = Streams(server, self.drain)

    async def listen(self, udp: socket.socket, tcp: socket.socket) -> None:
        """Serve one address; the sockets are bound to it."""
        loop = asyncio.get_running_loop()
        _, protocol = await loop.create_datagram_endpoint(lambda: _Datagrams(self), sock=udp)
        listeners = self._datagrams.setdefault(udp.family, [])
        listeners.append(protocol)
        self._several = self._several or len(listeners) > 1
        await self.streams.listen(tcp)

    def datagram(self, data: bytes, peer: tuple[str, int], way: _Datagrams) -> None:
        """Take one datagram; `way` is the socket it came by."""
        if self._several:
            if len(self._ways) >= MAX_WAYS:
                self._ways.clear()
            self._ways[peer] = way
        try:
            self._server.receive(data, peer)
        finally:
            self.drain()

    def drain(self) -> None:
        """Send everything, then set the timer to the next deadline. Due after every call into the server."""
        if self._closed:
            return
        while pending := self._server.transmits():
            for data, peer in pending:
                self._send(data, peer)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        deadline_ms = self._server.next_deadline_ms()
        if deadline_ms is not None:
            wait_s = max(0, deadline_ms - self._server.clock.now_ms()) / 1000
            self._timer = asyncio.get_running_loop().call_later(wait_s, self._tick)

    def _send(self, data: bytes, peer: "Address") -> None:
        if len(peer) == 3:
            self.streams.send(data, peer)
            return
        family = socket.AF_INET6 if ":" in peer[0] else socket.AF_INET
        way = self._ways.get(peer) or next(iter(self._datagrams.get(family, [])), None)
        if way is None or way.transport is None:
            self._server.transport_error(peer)  # we have no address of that family
        elif not way.transport.is_closing():
            way.transport.sendto(data, peer)

    def close(self) -> None:
        """Stop listening."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        for listeners in self._datagrams.values():
            for one in listeners:
                if one.transport is not None:
                    one.transport.close()
        self.streams.close()

    def _tick(self) -> None:
        self._timer = None
        try:
            self._server.tick()
        finally:  # a fault of ours is logged by the loop; timers go on
            self.drain()
