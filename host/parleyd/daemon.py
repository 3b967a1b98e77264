"""The daemon: the conference server on real sockets, its boards, its HTTP API, and its clean end."""

import asyncio
import errno
import fcntl
import os
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import structlog

from parley.wire.errors import LocalError
from parleyd.api import api_server
from parleyd.clock import SystemClock
from parleyd.control import Outcome
from parleyd.images import load_image
from parleyd.ledger import Ledger
from parleyd.pool import Pool, ProvisionedBoard
from parleyd.provision import BoardConfig
from parleyd.server import ConferenceServer, Rules
from parleyd.settings import Settings
from parleyd.store.sqlite import SqliteStore
from parleyd.virtual import VirtualBoard, stop_left_boards

GOODBYE_S = 5.0  # longest wait for boards to hang up on everybody at the end
SIP_RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024
SIP_PORT = 5060


class DaemonError(LocalError):
    """The daemon cannot start or cannot become ready; one sentence says why."""


class _SipSocket(asyncio.DatagramProtocol):
    """Feeds the server with datagrams and time, and sends what it has to say."""

    def __init__(self, server: ConferenceServer) -> None:
        self._server = server
        self._timer: asyncio.TimerHandle | None = None
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is open."""
        self._transport = cast(asyncio.DatagramTransport, transport)  # uvloop's is none by class

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        """One datagram came."""
        self._server.receive(data, (addr[0], addr[1]))
        self.drain()

    def drain(self) -> None:
        """Send everything, then set the timer to the next deadline. Due after every call into the server."""
        if self._transport is None or self._transport.is_closing():
            return
        for data, peer in self._server.transmits():
            self._transport.sendto(data, peer)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        deadline_ms = self._server.next_deadline_ms()
        if deadline_ms is not None:
            wait_s = max(0, deadline_ms - self._server.clock.now_ms()) / 1000
            self._timer = asyncio.get_running_loop().call_later(wait_s, self._tick)

    def close(self) -> None:
        """Stop listening."""
        if self._timer is not None:
            self._timer.cancel()
        if self._transport is not None:
            self._transport.close()

    def _tick(self) -> None:
        self._timer = None
        self._server.tick()
        self.drain()


class Daemon:
    """One server with its boards. `run` is its whole life."""

    def __init__(self, settings: Settings, progress: Callable[[str], None] = lambda text: None) -> None:
        self.settings = settings
        self.boards: dict[str, VirtualBoard] = {}
        self._progress = progress
        self._log: Any = structlog.get_logger("parleyd")
        self._lock = _lock_state(settings.state)
        self._store = SqliteStore(settings.state / "leases.sqlite")
        ledger = Ledger(self._store)
        rules = Rules(settings.user, settings.default_size, settings.offer_ttl_s, settings.quarantine_s)
        clock = SystemClock(ledger.latest_s())
        self.server = ConferenceServer(settings.sip, rules, Pool(), ledger, clock, os.urandom, self._log)
        self.server.on_board_change = self._board_changed
        self._sip = _SipSocket(self.server)
        self._changed = asyncio.Event()
        self._stopping = asyncio.Event()

    async def run(self, ready: Callable[[str], None]) -> None:
        """Serve until SIGINT or SIGTERM.

        Args:
            ready: called with the ready line once calls can be made.

        Raises DaemonError, VirtualBoardError, SerialFault or ImageError (all LocalError) when it cannot start.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stopping.set)
        sip = _bind(socket.SOCK_DGRAM, self.settings.sip, "sip")
        http = _bind(socket.SOCK_STREAM, self.settings.http, "http")
        await loop.create_datagram_endpoint(lambda: self._sip, sock=sip)
        api = api_server(self)
        serving = asyncio.create_task(api.serve(sockets=[http]))
        try:
            await self._until_stopped(self._start(ready))
            await self._stopping.wait()
            await self._say_goodbye()
        finally:
            self.server.closing = True
            await asyncio.gather(*(board.stop() for board in self.boards.values()), return_exceptions=True)
            api.should_exit = True
            await asyncio.gather(serving, return_exceptions=True)
            self._sip.close()
            self._store.close()
            os.close(self._lock)

    def end_conference(self, conference_id: str) -> "asyncio.Future[Outcome]":
        """Tell the conference's board to end it; the future is what came of it."""
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self.server.end_conference(conference_id, lambda outcome: _resolve(future, outcome))
        self._sip.drain()
        return future

    async def _until_stopped(self, work: Any) -> None:
        """Do the work, but give it up as soon as the daemon is told to stop."""
        task = asyncio.ensure_future(work)
        stop = asyncio.ensure_future(self._stopping.wait())
        await asyncio.wait([task, stop], return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        if not task.done():
            task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    async def _start(self, ready: Callable[[str], None]) -> None:
        settings = self.settings
        configs = self._provisioned_boards()
        await stop_left_boards(settings.state, keep={config.board_id for config in configs})
        if configs:
            image = load_image(settings.board)
            self._progress(f"starting {len(configs)} board{'s' if len(configs) > 1 else ''} ...")
            for config in configs:
                self.boards[config.board_id] = VirtualBoard(config, settings.state, image)
            await asyncio.gather(*(board.start() for board in self.boards.values()))
        await self._all_registered()
        sip, http = settings.sip, settings.http
        ready(
            f"ready conference=sip:{settings.user}@{sip[0]}:{sip[1]} http=http://{http[0]}:{http[1]} "
            f"boards={len(configs)}"
        )

    def _provisioned_boards(self) -> list[BoardConfig]:
        settings = self.settings
        configs: list[BoardConfig] = []
        for number in range(1, settings.boards + 1):
            board_id, host = f"{settings.board}-{number}", settings.board_host(number)
            key = self.server.ledger.key_for(board_id)
            self.server.pool.provision(ProvisionedBoard(board_id, key, host, SIP_PORT, virtual=True))
            configs.append(
                BoardConfig(
                    board_id,
                    settings.board,
                    host,
                    settings.sip,
                    key.hex(),
                    settings.legs,
                    slots=max(1, settings.legs // 2),
                    registration_s=settings.registration_s,
                    offer_ttl_s=settings.offer_ttl_s,
                )
            )
        return configs

    async def _all_registered(self) -> None:
        try:
            async with asyncio.timeout(self.settings.ready_s):
                while missing := self._missing():
                    self._progress(f"waiting for {', '.join(missing)} to register ...")
                    await self._changed.wait()
        except TimeoutError:
            logs = self.settings.state / "boards"
            names = ", ".join(self._missing())
            raise DaemonError(
                f"not registered after {self.settings.ready_s:g} s: {names}; see {logs}/*/console.log"
            )

    def _missing(self) -> list[str]:
        pool = self.server.pool
        return [board.board_id for board in pool.boards() if pool.registration(board.board_id) is None]

    def _board_changed(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def _say_goodbye(self) -> None:
        """BYE to everybody, by way of the boards (the face that `parley up` promises)."""
        self.server.closing = True
        active = self.server.running()
        if active:
            self._progress(f"ending {len(active)} conference{'s' if len(active) > 1 else ''} ...")
            orders = [self.end_conference(lease.conference_id) for lease in active]
            await asyncio.wait(orders, timeout=GOODBYE_S)


def _resolve(future: "asyncio.Future[Outcome]", outcome: Outcome) -> None:
    if not future.done():
        future.set_result(outcome)


def _lock_state(state: Path) -> int:
    """Make the state folder and keep other daemons out of it; returns the lock's descriptor."""
    try:
        state.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = os.open(state / "daemon.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise DaemonError(
            f"cannot use the state folder {state}: {error.strerror}; choose one with --state"
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        raise DaemonError(
            f"another daemon uses the state folder {state}; choose another with --state"
        ) from None
    return lock


def _bind(kind: socket.SocketKind, address: tuple[str, int], flag: str) -> socket.socket:
    """Return a bound, non-blocking socket. Raises DaemonError with one sentence."""
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    bound = socket.socket(family, kind)
    try:
        if kind is socket.SOCK_STREAM:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        else:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SIP_RECEIVE_BUFFER_BYTES)
        bound.bind(address)
    except OSError as error:
        bound.close()
        what = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be had: {error.strerror}"
        raise DaemonError(f"{address[0]}:{address[1]} {what}; choose another with --{flag}") from error
    bound.setblocking(False)
    return bound
