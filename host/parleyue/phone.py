"""The impure part of a phone: sockets, clock and names around the sans-I/O endpoint and a flow."""

import asyncio
import os
import socket
import ssl
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

from parley.call.endpoint import Endpoint
from parley.call.events import Event
from parley.call.peers import destination_of, is_stream
from parley.wire.errors import RemoteError
from parley.wire.uri import SipUri
from parleynet.streams import Streams
from parleyue.equipment import Address, Codec, Equipment, Hop, Reporter
from parleyue.rtp_stream import RtpStream
from parleyue.sound import Sound
from parleyue.udp import UdpSocket, is_literal

_BIND_TRIES = 20


class Flow(Protocol):
    """What a phone runs: see Initiator and Listener."""

    @property
    def finished(self) -> bool:
        """Whether it is over."""
        ...

    def start(self, now_ms: int) -> None:
        """Begin."""
        ...

    def event(self, event: Event, now_ms: int) -> None:
        """Take one event of the endpoint."""
        ...

    def tick(self, now_ms: int) -> None:
        """Time has come to next_deadline()."""
        ...

    def next_deadline(self) -> int | None:
        """When tick() is due, in ms."""
        ...

    def hang_up(self, now_ms: int) -> None:
        """The user wants to leave."""
        ...


class Phone:
    """One SIP address over UDP and TCP, its RTP ports and the user's sound. Use as an async context manager.

    local: (host, port), port 0 for any. methods: what the flow takes besides calls and REFER. client_tls: for calls
    over TLS; None: there are none. extensions: option tags that the flow knows (Endpoint).
    """

    def __init__(
        self,
        local: Address,
        user: str,
        sound: Sound,
        methods: tuple[str, ...] = (),
        client_tls: ssl.SSLContext | None = None,
        extensions: tuple[str, ...] = (),
    ) -> None:
        self.sound = sound
        self.streams: list[RtpStream] = []
        self._loop = asyncio.get_running_loop()
        self._zero_s = self._loop.time()
        self._socket, self._listener = self._bind(local)
        self.address: Address = (self._socket.host, self._socket.port)
        self.endpoint = Endpoint(
            self.address, os.urandom, user=user, methods=methods, streams=True, extensions=extensions
        )
        self._streams = Streams(self, self._nothing, local=self.address[0], client_tls=client_tls)
        self._report: Reporter | None = None
        self.address_of_record = str(SipUri("sip", user, *self.address))
        self._flow: Flow | None = None
        self._over: asyncio.Future[None] = self._loop.create_future()
        self._timer: asyncio.TimerHandle | None = None
        self._names: dict[Hop, Hop | None] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "Phone":
        self._socket.attach(self._loop)
        await self._streams.listen(self._listener)
        self._task(self.sound.run(self._fail))
        return self

    async def __aexit__(self, *_exception: object) -> None:
        if self._timer is not None:
            self._timer.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for stream in self.streams:
            stream.stop()
        self._streams.close()
        self._socket.close()
        self.sound.close()

    def equipment(self, report: Reporter, codecs: list[Codec], srtp: str = "off") -> Equipment:
        """What a flow on this phone needs."""
        self._report = report
        return Equipment(
            self.endpoint,
            self.resolve,
            self._open_media,
            report,
            self.address_of_record,
            codecs,
            _random_u31,
            srtp=srtp,
        )

    def now_ms(self) -> int:
        """Milliseconds since the phone was made; never backwards."""
        return int((self._loop.time() - self._zero_s) * 1000)

    async def run(self, flow: Flow) -> None:
        """Run one flow to its end. Raises what a mistake in it raised, OSError when the sound file fails."""
        self._flow = flow
        self._guarded(lambda: flow.start(self.now_ms()))
        await self._over

    def hang_up(self) -> None:
        """The user wants to leave (Ctrl-C); twice: at once."""
        if self._flow is not None:
            flow = self._flow
            self._guarded(lambda: flow.hang_up(self.now_ms()))

    def do(self, what: Callable[[int], None]) -> None:
        """Do something with the flow now, and all that follows from it; what is given the time in ms."""
        self._guarded(lambda: what(self.now_ms()))

    def resolve(self, uri: SipUri, then: Callable[[Hop | None, int], None]) -> None:
        """Look a URI's host up (A or AAAA; RFC 3263 section 4.2), see equipment.Resolve."""
        hop = destination_of(uri)
        if is_literal(hop[0]):
            then(hop, self.now_ms())
        else:
            self._task(self._look_up(hop, lambda found: then(found, self.now_ms())))

    # ---- what comes over TCP and TLS (parleynet.streams.Receiver)

    def receive(self, data: bytes, peer: Hop) -> None:
        """Take one message of a stream."""
        if self._flow is not None:
            self._guarded(lambda: self.endpoint.receive(data, peer, self.now_ms()))

    def stream_lost(self, error: RemoteError, peer: Hop) -> None:
        """Answer what could not be framed."""
        self._guarded(lambda: self.endpoint.stream_lost(error, peer, self.now_ms()))

    def transport_error(self, peer: Hop) -> None:
        """Note that there is no way to a peer."""
        problem = self._streams.failures.pop(peer, None) if len(peer) == 3 else None
        if problem is not None and self._report is not None:
            self._report.step(self.now_ms(), "", "no connection", to=f"{peer[0]}:{peer[1]}", problem=problem)
        self._guarded(lambda: self.endpoint.transport_error(peer, self.now_ms()))

    def _nothing(self) -> None:
        """Every input above drains by itself."""

    # ---- one input, then a full drain

    def _guarded(self, what: Callable[[], None]) -> None:
        if self._over.done():
            return
        try:
            what()
            self._drain()
        except Exception as error:  # whatever it is, run() raises it: a callback's error must not get lost
            self._fail(error)

    def _drain(self) -> None:
        assert self._flow is not None
        events: deque[Event] = deque()
        while True:
            for data, peer in self.endpoint.transmits():
                self._send(data, peer)
            events.extend(self.endpoint.events())
            if not events:
                break
            self._flow.event(events.popleft(), self.now_ms())
        if self._flow.finished and not self._over.done():
            self._over.set_result(None)
        self._arm()

    def _arm(self) -> None:
        assert self._flow is not None
        if self._timer is not None:
            self._timer.cancel()
        deadlines = (self.endpoint.next_deadline(), self._flow.next_deadline())
        times = [time for time in deadlines if time is not None]
        if times and not self._over.done():
            self._timer = self._loop.call_at(self._zero_s + min(times) / 1000, self._tick)

    def _tick(self) -> None:
        def tick() -> None:
            assert self._flow is not None
            now_ms = self.now_ms()
            self.endpoint.tick(now_ms)
            self._drain()
            self._flow.tick(now_ms)

        self._guarded(tick)

    def _datagram(self, data: bytes, peer: Address) -> None:
        if self._flow is not None:
            self._guarded(lambda: self.endpoint.receive(data, peer, self.now_ms()))

    def _unreachable(self, peer: Address) -> None:
        # Told by the kernel in the middle of a send, too: take it when that is done.
        self._loop.call_soon(self._guarded, lambda: self.endpoint.transport_error(peer, self.now_ms()))

    def _fail(self, error: Exception) -> None:
        if not self._over.done():
            self._over.set_exception(error)

    def _send(self, data: bytes, peer: Hop) -> None:
        if is_literal(peer[0]):
            self._send_to(data, peer)
        elif peer in self._names:
            self._send_to(data, self._names[peer])
        else:  # a Contact or Route with a host name
            self._task(self._look_up(peer, lambda hop: self._send_to(data, hop)))

    def _send_to(self, data: bytes, hop: Hop | None) -> None:
        if hop is None:
            return
        if len(hop) == 3:
            self._streams.send(data, hop)
        else:
            self._socket.send(data, hop)

    async def _look_up(self, name: Hop, then: Callable[[Hop | None], None]) -> None:
        family = socket.AF_INET6 if ":" in self.address[0] else socket.AF_INET
        kind = socket.SOCK_STREAM if is_stream(name) else socket.SOCK_DGRAM
        try:
            found = await self._loop.getaddrinfo(name[0], name[1], family=family, type=kind)
            host, port = str(found[0][4][0]), int(found[0][4][1])
            self._names[name] = (host, port, name[2]) if len(name) == 3 else (host, port)
            self._streams.names[host] = name[0]  # a certificate names the host
        except (OSError, UnicodeError):
            self._names[name] = None
        self._guarded(lambda: then(self._names[name]))

    def _bind(self, local: Address) -> tuple[UdpSocket, socket.socket]:
        """UDP and TCP at one address. Raises OSError with a sentence."""
        tries = _BIND_TRIES if local[1] == 0 else 1
        while True:
            tries -= 1
            udp = UdpSocket(*local, self._datagram, self._unreachable)
            tcp = socket.socket(socket.AF_INET6 if ":" in local[0] else socket.AF_INET, socket.SOCK_STREAM)
            tcp.setblocking(False)
            tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                tcp.bind((udp.host, udp.port))
                return udp, tcp
            except OSError as error:
                tcp.close()
                udp.close()
                if tries == 0:
                    problem = f"cannot use {udp.host} port {udp.port} over TCP: {error.strerror}"
                    raise OSError(error.errno, problem) from error

    def _open_media(self, purpose: str) -> RtpStream:
        own = purpose == "conference"
        stream = RtpStream(self.address[0], self.sound, speaks=own, heard=own)
        self.streams.append(stream)
        return stream

    def _task(self, work: Any) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _random_u31() -> int:
    return int.from_bytes(os.urandom(4), "big") >> 1
