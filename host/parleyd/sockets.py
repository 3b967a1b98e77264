"""The daemon's SIP sockets: UDP, TCP and TLS at the addresses it listens at, and the timer of what is due."""

import asyncio
import socket
import ssl
from typing import TYPE_CHECKING, Protocol

from parleyd.clock import Clock
from parleynet.streams import Receiver, Streams

if TYPE_CHECKING:
    from parley.call.peers import Address

MAX_WAYS = 8192  # peers whose socket is remembered
MAX_DATAGRAM_BYTES = 65536
TURN_S = 0.004
CROWD = 4  # datagrams of a turn after which the next turn is not worth a wake-up of its own
BATCH = 256  # datagrams of one turn; timers and other sockets are not kept waiting for longer
QUEUE_LIMIT_S = 0.1  # a socket that was not empty for so long is a queue that grows


class Server(Receiver, Protocol):
    """What runs behind the sockets."""

    clock: Clock
    busy: bool  # more comes in than can be answered: refuse what is new

    def transmits(self) -> "list[tuple[bytes, Address]]":
        """Return what is to be sent now."""
        ...

    def next_deadline_ms(self) -> int | None:
        """Return when tick is due."""
        ...

    def tick(self) -> None:
        """Do what is due."""
        ...


class _Datagrams:
    """One UDP socket, emptied in turns.

    A datagram after a pause is read at once. Under load there is one turn in TURN_S, however many datagrams come:
    they share one wake-up and one commit to the disk.
    """

    def __init__(self, sockets: "SipSockets", udp: socket.socket) -> None:
        self._sockets = sockets
        self.udp = udp
        self._loop = asyncio.get_running_loop()
        self._last_s = 0.0
        self._next: asyncio.TimerHandle | None = None
        self._loop.add_reader(udp.fileno(), self._readable)

    def _readable(self) -> None:
        wait_s = self._last_s + TURN_S - self._loop.time()
        if wait_s <= 0:
            self._turn()
        else:
            self._loop.remove_reader(self.udp.fileno())
            self._next = self._loop.call_later(wait_s, self._next_turn)

    def _next_turn(self) -> None:
        self._next = None
        if self._turn() >= CROWD:
            self._next = self._loop.call_later(TURN_S, self._next_turn)
        else:
            self._loop.add_reader(self.udp.fileno(), self._readable)

    def _turn(self) -> int:
        """Take what has come, all of it if that is not too much for one turn, then answer; returns how much it was."""
        sockets, receive = self._sockets, self.udp.recvfrom
        count = 0
        try:
            while count < BATCH:
                data, address = receive(MAX_DATAGRAM_BYTES)
                count += 1
                sockets.datagram(data, (address[0], address[1]), self)
            sockets.queued(self._loop.time())
        except (BlockingIOError, InterruptedError):
            sockets.emptied()
        except OSError:
            pass  # of an earlier datagram of ours (ICMP); the next turn reads on
        finally:
            sockets.drain()
        self._last_s = self._loop.time()
        return count

    def send(self, data: bytes, peer: tuple[str, int]) -> None:
        """Send a datagram; what the system cannot take now is lost, as on any network."""
        try:
            self.udp.sendto(data, peer)
        except OSError:
            self._sockets.unsent += 1

    def close(self) -> None:
        """Stop reading."""
        if self._next is not None:
            self._next.cancel()
        self._loop.remove_reader(self.udp.fileno())
        self.udp.close()


class SipSockets:
    """Feeds the server with messages and time, and sends what it has to say."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._timer: asyncio.TimerHandle | None = None
        self._timer_ms = 0
        self._datagrams: dict[int, list[_Datagrams]] = {}  # by address family, in the order of listen()
        self._ways: dict[tuple[str, int], _Datagrams] = {}  # by which of several sockets a peer came
        self._several = False
        self._closed = False
        self._queued_since_s: float | None = None
        self.unsent = 0
        self.streams = Streams(server, self.drain)

    async def listen(self, udp: socket.socket, tcp: socket.socket) -> None:
        """Serve one address; the sockets are bound to it."""
        listeners = self._datagrams.setdefault(udp.family, [])
        listeners.append(_Datagrams(self, udp))
        self._several = self._several or len(listeners) > 1
        await self.streams.listen(tcp)

    async def listen_tls(self, tcp: socket.socket, tls: ssl.SSLContext) -> None:
        """Serve one address over TLS alone; the socket is bound to it."""
        await self.streams.listen(tcp, tls)

    def datagram(self, data: bytes, peer: tuple[str, int], way: _Datagrams) -> None:
        """Take one datagram; `way` is the socket it came by."""
        if self._several:
            if len(self._ways) >= MAX_WAYS:
                self._ways.clear()
            self._ways[peer] = way
        try:
            self._server.receive(data, peer)
        except Exception as error:  # a fault of ours costs one message, not the batch
            asyncio.get_running_loop().call_exception_handler(
                {"message": f"a message of {peer[0]}:{peer[1]}", "exception": error}
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
            for data, peer in pending:
                self._send(data, peer)
        deadline_ms = self._server.next_deadline_ms()
        if deadline_ms is None or (self._timer is not None and self._timer_ms <= deadline_ms):
            return  # a timer that is early looks again
        if self._timer is not None:
            self._timer.cancel()
        wait_s = max(0, deadline_ms - self._server.clock.now_ms()) / 1000
        self._timer_ms = deadline_ms
        self._timer = asyncio.get_running_loop().call_later(wait_s, self._tick)

    def _send(self, data: bytes, peer: "Address") -> None:
        if len(peer) == 3:
            self.streams.send(data, peer)
            return
        family = socket.AF_INET6 if ":" in peer[0] else socket.AF_INET
        way = self._ways.get(peer) or next(iter(self._datagrams.get(family, [])), None)
        if way is None or not (
            peer[0][-1].isdigit() or ":" in peer[0]
        ):  # a name would cost a wait for the DNS
            self._server.transport_error(peer)  # we have no address of that family
        else:
            way.send(data, peer)

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
