"""SIP over TCP (RFC 3261 18): the daemon's connections, those phones made and those it made itself."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, cast

from parley.wire.errors import RemoteError
from parley.wire.stream import PONG, StreamReader

if TYPE_CHECKING:
    from parley.call.peers import Address

Stream = tuple[str, int, str]  # a peer that is reached over TCP, as parley.call.peers has it

MAX_STREAMS = 2048
MAX_UNSENT_BYTES = 262144  # whoever takes nothing in is let go
CONNECT_S = 4.0  # then the next thing is tried, long before timer B
IDLE_S = 900.0  # phones keep connections alive every two minutes or so (RFC 5626 4.4.1)
UNFINISHED_S = 32.0  # for a message to become whole: 64*T1, as for everything in SIP
SWEEP_S = 8.0


class Receiver(Protocol):
    """Who is told what arrives: the server."""

    def receive(self, data: bytes, peer: "Address") -> None:
        """Take one whole message."""
        ...

    def stream_lost(self, error: RemoteError, peer: "Address") -> None:
        """Answer what could not be framed."""
        ...

    def transport_error(self, peer: "Address") -> None:
        """Note that there is no way to the peer."""
        ...


class _Connection(asyncio.Protocol):
    """One connection: bytes to messages, keep-alives answered."""

    def __init__(self, streams: "Streams") -> None:
        self._streams = streams
        self._reader = StreamReader()
        self.transport: asyncio.Transport | None = None
        self.peer: Stream = ("", 0, "tcp")
        self.heard_s = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is open."""
        self.transport = cast(asyncio.Transport, transport)
        address: Any = transport.get_extra_info("peername")
        self.peer = (address[0], address[1], "tcp") if address else self.peer
        self.heard_s = self._streams.now_s()
        if not self._streams.add(self):
            self.transport.abort()

    def data_received(self, data: bytes) -> None:
        """Take what arrived."""
        self._reader.feed(data)
        whole = False
        try:
            while message := self._reader.take():
                whole = True
                self._streams.receiver.receive(message, self.peer)
        except RemoteError as error:
            self._streams.receiver.stream_lost(error, self.peer)
            self._streams.drain()
            if self.transport is not None:
                self.transport.close()
            return
        if self.transport is not None and self._reader.pongs:
            self.transport.write(PONG * self._reader.pongs)
            whole, self._reader.pongs = True, 0
        if whole or not self._reader.waiting:
            self.heard_s = self._streams.now_s()
        self._streams.drain()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is closed: what waits for an answer on it will not get one."""
        if self._streams.remove(self):
            self._streams.receiver.transport_error(self.peer)
            self._streams.drain()

    def send(self, data: bytes) -> None:
        """Write one message."""
        if self.transport is None or self.transport.is_closing():
            return
        self.transport.write(data)
        if self.transport.get_write_buffer_size() > MAX_UNSENT_BYTES:
            self.transport.abort()

    def is_stale(self, now_s: float) -> bool:
        """Whether it has been silent, or in the middle of a message, for too long."""
        return now_s - self.heard_s > (UNFINISHED_S if self._reader.waiting else IDLE_S)


class Streams:
    """All connections by peer. `drain` is called after each call into the receiver."""

    def __init__(self, receiver: Receiver, drain: Callable[[], None], limit: int = MAX_STREAMS) -> None:
        self.receiver = receiver
        self.drain = drain
        self._limit = limit
        self._open: dict[Stream, _Connection] = {}
        self._unsent: dict[Stream, list[bytes]] = {}  # while we connect
        self._tasks: set[asyncio.Task[None]] = set()
        self._servers: list[asyncio.Server] = []
        self._sweep: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._open)

    def now_s(self) -> float:
        """The event loop's time."""
        return asyncio.get_running_loop().time()

    def connection(self) -> _Connection:
        """Return the protocol of a new connection."""
        return _Connection(self)

    async def listen(self, bound: Any) -> None:
        """Accept connections on a bound socket."""
        loop = asyncio.get_running_loop()
        self._servers.append(await loop.create_server(self.connection, sock=bound))
        if self._sweep is None:
            self._sweep = loop.call_later(SWEEP_S, self.sweep)

    def add(self, connection: _Connection) -> bool:
        """Take a new connection in; False when there are too many."""
        if len(self._open) >= self._limit:
            return False
        self._open[connection.peer] = connection
        return True

    def remove(self, connection: _Connection) -> bool:
        """Forget a closed connection; False when it was never taken in."""
        if self._open.get(connection.peer) is not connection:
            return False
        del self._open[connection.peer]
        return True

    def send(self, data: bytes, peer: Stream) -> None:
        """Send a message on the peer's connection; one is made when there is none."""
        connection = self._open.get(peer)
        if connection is not None:
            connection.send(data)
        elif peer in self._unsent:
            self._unsent[peer].append(data)
        else:
            self._unsent[peer] = [data]
            task = asyncio.get_running_loop().create_task(self._connect(peer))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _connect(self, peer: Stream) -> None:
        try:
            async with asyncio.timeout(CONNECT_S):
                loop = asyncio.get_running_loop()
                _, connection = await loop.create_connection(self.connection, peer[0], peer[1])
        except OSError:  # a TimeoutError is one
            del self._unsent[peer]
            self.receiver.transport_error(peer)
            self.drain()
            return
        for data in self._unsent.pop(peer):
            connection.send(data)

    def sweep(self) -> None:
        """Close what is stale, now and every few seconds."""
        now_s = self.now_s()
        for connection in [one for one in self._open.values() if one.is_stale(now_s)]:
            if connection.transport is not None:
                connection.transport.abort()
        self._sweep = asyncio.get_running_loop().call_later(SWEEP_S, self.sweep)

    def close(self) -> None:
        """Stop listening and hang up everywhere."""
        if self._sweep is not None:
            self._sweep.cancel()
        for server in self._servers:
            server.close()
        for task in self._tasks:
            task.cancel()
        for connection in list(self._open.values()):
            if connection.transport is not None:
                connection.transport.close()
