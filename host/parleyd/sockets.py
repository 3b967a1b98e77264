"""The daemon's SIP sockets: UDP, TCP and TLS at the addresses it listens at, and the timer of what is due."""

import asyncio
import socket
import ssl
from collections.abc import Iterator
from operator import length_hint
from typing import TYPE_CHECKING, Protocol

from parleyd.clock import Clock
from parleyd.datagrams import Datagrams, Message, Peer
from parleynet.streams import Receiver, Streams

if TYPE_CHECKING:
    from parley.call.peers import Address
    from parley_sip import Asked, Transactions

MAX_WAYS = 8192  # peers whose socket is remembered
QUEUE_LIMIT_S = 0.1  # a socket that was not empty for so long is a queue that grows


class Server(Receiver, Protocol):
    """What runs behind the sockets."""

    clock: Clock
    busy: bool  # more comes in than can be answered: refuse what is new

    @property
    def transactions(self) -> "Transactions | None":
        """Return those that take from sockets what is theirs."""
        ...

    @property
    def takes_all(self) -> bool:
        """Whether nothing is refused by its source or for want of time."""
        ...

    def receive_all(self, messages: "Iterator[tuple[bytes, Address, Asked | None]]") -> None:
        """Take messages, each with what has begun for it; after an exception the next can be taken."""
        ...

    def transmits(self) -> "list[tuple[bytes, Address]]":
        """Return what is to be sent now."""
        ...

    def next_deadline_ms(self) -> int | None:
        """Return when tick is due."""
        ...

    def tick(self) -> None:
        """Do what is due."""
        ...


class SipSockets:
    """Feeds the server with messages and time, and sends what it has to say."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._timer: asyncio.TimerHandle | None = None
        self._timer_ms = 0
        self._datagrams: dict[int, list[Datagrams]] = {}  # by address family, in the order of listen()
        self._ways: dict[tuple[str, int], Datagrams] = {}  # by which of several sockets a peer came
        self._several = False
        self._closed = False
        self._queued_since_s: float | None = None
        self.unsent = 0
        self.streams = Streams(server, self.drain)

    async def listen(self, udp: socket.socket, tcp: socket.socket) -> None:
        """Serve one address; the sockets are bound to it."""
        listeners = self._datagrams.setdefault(udp.family, [])
        listeners.append(Datagrams(self, udp))
        self._several = self._several or len(listeners) > 1
        await self.streams.listen(tcp)

    async def listen_tls(self, tcp: socket.socket, tls: ssl.SSLContext) -> None:
        """Serve one address over TLS alone; the socket is bound to it."""
        await self.streams.listen(tcp, tls)

    def transactions(self) -> "tuple[Transactions | None, int, bool, bool]":
        """Return what Datagrams.receive() of the native module takes (Owner)."""
        server = self._server
        together = not self._several and server.takes_all
        return server.transactions, server.clock.now_ms(), not server.busy, together

    def datagrams(self, batch: "list[tuple[bytes, Peer, Asked | None]]", way: Datagrams) -> None:
        """Take datagrams: octets, source, the transaction that has begun for it; `way` is the socket they came by."""
        for _, peer, _ in batch if self._several else ():
            if len(self._ways) >= MAX_WAYS:
                self._ways.clear()
            self._ways[peer] = way
        left = iter(batch)
        for _ in batch:
            try:
                self._server.receive_all(left)
                return
            except Exception as error:  # a fault of ours costs one message, not those behind it
                host, port = batch[-1 - length_hint(left)][1]
                asyncio.get_running_loop().call_exception_handler(
                    {"message": f"a message of {host}:{port}", "exception": error}
                )

    def queued(self, now_s: float) -> None:
        """Note that more waits than one turn can take; when that lasts, new work is refused early."""
        if self._queued_since_s is None:
            self._queued_since_s = now_s
        self._server.busy = now_s - self._queued_since_s > QUEUE_LIMIT_S

    def emptied(self) -> None:
        """Note that nothing waits."""
        self._queued_since_s = None
        self._server.busy = False

    def drain(self) -> None:
        """Send everything, then set the timer to the next deadline. Due after every call into the server."""
        if self._closed:
            return
        while pending := self._server.transmits():
            ways: dict[Datagrams, list[Message]] = {}
            for data, peer in pending:
                if len(peer) == 3:
                    self.streams.send(data, peer)
                elif (way := self._way(peer)) is not None:
                    ways.setdefault(way, []).append((data, (peer[0], peer[1])))
            for way, messages in ways.items():
                way.send(messages)
        deadline_ms = self._server.next_deadline_ms()
        if deadline_ms is None or (self._timer is not None and self._timer_ms <= deadline_ms):
            return  # a timer that is early looks again
        if self._timer is not None:
            self._timer.cancel()
        wait_s = max(0, deadline_ms - self._server.clock.now_ms()) / 1000
        self._timer_ms = deadline_ms
        self._timer = asyncio.get_running_loop().call_later(wait_s, self._tick)

    def _way(self, peer: "Address") -> Datagrams | None:
        """Return the socket that a datagram to this peer leaves by; None, and the server is told, when none can."""
        host = peer[0]
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        way = self._ways.get((host, peer[1])) if self._several else None
        if way is None and family in self._datagrams:
            way = self._datagrams[family][0]
        if way is None or not (host[-1].isdigit() or ":" in host):  # a name would cost a wait for the DNS
            self._server.transport_error(peer)  # we have no address of that family
            return None
        return way

    def close(self) -> None:
        """Stop listening."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        for listeners in self._datagrams.values():
            for one in listeners:
                one.close()
        self.streams.close()

    def _tick(self) -> None:
        self._timer = None
        try:
            self._server.tick()
        finally:  # a fault of ours is logged by the loop; timers go on
            self.drain()
