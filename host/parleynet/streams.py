"""SIP over TCP and TLS (RFC 3261 18): the connections that peers made and those we made ourselves."""

import asyncio
import ssl
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, cast

from parley.wire.errors import RemoteError
from parley.wire.stream import PING, PONG, StreamReader

if TYPE_CHECKING:
    from parley.call.peers import Address

Stream = tuple[str, int, str]  # a peer that is reached over a stream, as parley.call.peers has it

MAX_STREAMS = 2048
MAX_UNSENT_BYTES = 262144  # whoever takes nothing in is let go
CONNECT_S = 4.0  # then the next thing is tried, long before timer B
IDLE_S = 900.0  # phones keep connections alive every two minutes or so (RFC 5626 4.4.1)
UNFINISHED_S = 32.0  # for a message to become whole: 64*T1, as for everything in SIP
PING_S = 100.0  # on connections of our own: between 95 and 120 s (RFC 5626 4.4.1)
PONG_S = 10.0  # without one by then the connection is dead, if this peer has ever answered one
SWEEP_S = 8.0
MOST_FAILURES = 64  # remembered, for people


class Receiver(Protocol):
    """Who is told what arrives: the server, or a phone."""

    def receive(self, data: bytes, peer: "Address") -> None:
        """Take one whole message."""
        ...

    def stream_lost(self, error: RemoteError, peer: "Address") -> None:
        """Answer what could not be framed."""
        ...

    def transport_error(self, peer: "Address") -> None:
        """Note that there is no way to the peer."""
        ...


class Connection(asyncio.Protocol):
    """One connection: bytes to messages, keep-alives answered. is_ours: we made it."""

    def __init__(self, streams: "Streams", transport_name: str, is_ours: bool) -> None:
        self._streams = streams
        self._reader = StreamReader()
        self.transport: asyncio.Transport | None = None
        self.peer: Stream = ("", 0, transport_name)
        self._is_ours = is_ours
        self._heard_s = 0.0
        self._pinged_s = 0.0  # 0: no answer is owed to us
        self._answers_pings = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is open."""
        self.transport = cast(asyncio.Transport, transport)
        address: Any = transport.get_extra_info("peername")
        self.peer = (address[0], address[1], self.peer[2]) if address else self.peer
        self._heard_s = self._streams.now_s()
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
        if self._pinged_s and not self._reader.awaits_pong:
            self._pinged_s, self._answers_pings, whole = 0.0, True, True
        if self.transport is not None and self._reader.pongs:
            self.transport.write(PONG * self._reader.pongs)
            whole, self._reader.pongs = True, 0
        if whole or not self._reader.waiting:
            self._heard_s = self._streams.now_s()
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

    def look_after(self, now_s: float) -> None:
        """Close it when it has been silent, or in the middle of a message, for too long; else keep it alive."""
        limit_s = UNFINISHED_S if self._reader.waiting else IDLE_S
        unanswered = self._pinged_s and self._answers_pings and now_s - self._pinged_s > PONG_S
        if now_s - self._heard_s > limit_s or unanswered:
            if self.transport is not None:
                self.transport.abort()
        elif self._is_ours and not self._pinged_s and now_s - self._heard_s > PING_S:
            self._pinged_s = now_s
            self._reader.awaits_pong = True
            self.send(PING)


class Streams:
    """All connections by peer. `drain` is called after each call into the receiver.

    local: address to connect from, None for any. client_tls: the context for connections of ours over TLS,
    None where there is none. names: host names of addresses, to check certificates against.
    """

    def __init__(
        self,
        receiver: Receiver,
        drain: Callable[[], None],
        limit: int = MAX_STREAMS,
        local: str | None = None,
        client_tls: ssl.SSLContext | None = None,
    ) -> None:
        self.receiver = receiver
        self.drain = drain
        self.names: dict[str, str] = {}
        self._limit = limit
        self._local = local
        self._client_tls = client_tls
        self._open: dict[Stream, Connection] = {}
        self._unsent: dict[Stream, list[bytes]] = {}  # while we connect
        self._tasks: set[asyncio.Task[None]] = set()
        self._servers: list[asyncio.Server] = []
        self._sweep: asyncio.TimerHandle | None = None
        self.failures: dict[Stream, str] = {}  # why the last connection to a peer could not be made

    def __len__(self) -> int:
        return len(self._open)

    def now_s(self) -> float:
        """The event loop's time."""
        return asyncio.get_running_loop().time()

    async def listen(self, bound: Any, tls: ssl.SSLContext | None = None) -> None:
        """Accept connections on a bound socket; with a context only over TLS."""
        loop = asyncio.get_running_loop()
        name = "tcp" if tls is None else "tls"
        server = await loop.create_server(
            lambda: Connection(self, name, is_ours=False),
            sock=bound,
            ssl=tls,
            ssl_handshake_timeout=None if tls is None else UNFINISHED_S,
        )
        self._servers.append(server)
        self._sweep_later()

    def add(self, connection: Connection) -> bool:
        """Take a new connection in; False when there are too many."""
        if len(self._open) >= self._limit:
            return False
        self._open[connection.peer] = connection
        return True

    def remove(self, connection: Connection) -> bool:
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
            connection = await self._connection(peer)
        except OSError as error:  # a TimeoutError is one, and so is an SSLError
            del self._unsent[peer]
            if len(self.failures) >= MOST_FAILURES:
                self.failures.clear()
            self.failures[peer] = str(error) or "no answer"
            self.receiver.transport_error(peer)
            self.drain()
            return
        self._sweep_later()
        for data in self._unsent.pop(peer):
            connection.send(data)

    async def _connection(self, peer: Stream) -> Connection:
        tls = self._client_tls if peer[2] == "tls" else None
        if peer[2] == "tls" and tls is None:
            raise OSError("there is no TLS on this side")
        name = self.names.get(peer[0], peer[0]) if tls is not None else None
        async with asyncio.timeout(CONNECT_S):
            _, connection = await asyncio.get_running_loop().create_connection(
                lambda: Connection(self, peer[2], is_ours=True),
                peer[0],
                peer[1],
                ssl=tls,
                server_hostname=name,
                local_addr=None if self._local is None else (self._local, 0),
            )
        return connection

    def _sweep_later(self) -> None:
        if self._sweep is None:
            self._sweep = asyncio.get_running_loop().call_later(SWEEP_S, self.sweep)

    def sweep(self) -> None:
        """Close what is stale and keep our own alive, now and every few seconds."""
        now_s = self.now_s()
        for connection in list(self._open.values()):
            connection.look_after(now_s)
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
