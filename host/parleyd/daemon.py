"""The daemon: the conference server on real sockets, its boards, its HTTP API, and its clean end."""

import asyncio
import gc
import os
import secrets
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import structlog

from parley.wire.grammar import format_host_port
from parleyd.answers import Answers
from parleyd.api import api_server
from parleyd.board_network import board_core
from parleyd.claims import DaemonError, bind, lock_state
from parleyd.client import forget_address, write_address
from parleyd.clock import SystemClock
from parleyd.control import Outcome
from parleyd.drains import Drains
from parleyd.huge_pages import collapse_heap
from parleyd.images import load_image
from parleyd.introductions import introduce_boards
from parleyd.lease import Lease
from parleyd.ledger import Ledger
from parleyd.neighbours import Neighbours
from parleyd.pattern import PATTERNS
from parleyd.pool import Pool
from parleyd.receive import Need
from parleyd.roster import read_roster
from parleyd.rules import callers_of, sources_of
from parleyd.serial_consoles import Consoles, SerialBoard
from parleyd.server import ConferenceServer
from parleyd.server_rules import Rules
from parleyd.settings import Settings, is_loopback
from parleyd.sockets import SipSockets
from parleyd.status import status_document
from parleyd.store.choice import open_store
from parleyd.tokens import Tokens
from parleyd.upgrade import Upgrade, Upgrades, find_image
from parleyd.verdict import Grant, Refusal
from parleyd.virtual import VirtualBoard, stop_left_boards
from parleyd.web.broadcast import Broadcast
from parleynet.tls import server_context

# An answer makes some tens of objects, nearly all of which reference counts free; Python's default looks at 700.
COLLECT = (20_000, 20, 10)
SWITCH_S = 0.001  # the thread that waits for the disk need not wait long for the interpreter
GOODBYE_S = 5.0  # longest wait for boards to hang up on everybody at the end


class Daemon:
    """One server with its boards. `run` is its whole life."""

    def __init__(self, settings: Settings, progress: Callable[[str], None] = lambda text: None) -> None:
        self.settings = settings
        self.boards: dict[str, VirtualBoard] = {}
        self._progress = progress
        self._log: Any = structlog.get_logger("parleyd")
        self._tls = (
            server_context(settings.tls_cert, settings.tls_key)
            if settings.tls_cert is not None and settings.tls_key is not None
            else None
        )
        self._lock = lock_state(settings.state)
        self.tokens = Tokens(settings.state)
        self.own_token = secrets.token_urlsafe(32)
        self._check_access()
        self._roster = read_roster(settings.state)
        self._store = open_store(settings)
        ledger = Ledger(self._store, PATTERNS[settings.pattern], settings.turn)
        answers = Answers(settings.answer, tuple(settings.answer_rules))
        times = (settings.offer_ttl_s, settings.quarantine_s, settings.reunion_s)
        rules = Rules(
            settings.user,
            settings.default_size,
            *times,
            answers=answers,
            callers=callers_of(settings),
            reunion_trust=settings.reunion_trust,
            spared_share=settings.spared_percent / 100,
            users=settings.phone_users(),
            sources=sources_of(settings),
        )
        clock = SystemClock(ledger.floor_s())
        tls = None if settings.sip_tls is None else settings.sip_tls[1]
        self.server = ConferenceServer(settings.sip, rules, Pool(), ledger, clock, os.urandom, self._log, tls)
        self.drains = Drains(ledger, self._roster, self.server.pool, self.server.events)
        self.server.on_board_change = self._board_changed
        self._sip = SipSockets(self.server)
        self._neighbours = Neighbours(
            ledger,
            self.server.pool,
            clock,
            self._sip.drain,
            self._board_changed,
            self.drains,
            self.server.events,
        )
        self.upgrades = Upgrades(
            self.server.pool, self.server.events, self.drains.say, self._busy, self._end_all_on
        )
        self.broadcast = Broadcast(
            self.server, lambda: status_document(self.server, self.boards), self._sip.drain
        )
        self._consoles = Consoles(settings.state, self._roster.enrolled.values())
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
        addresses = self.settings.listening()
        kinds = (socket.SOCK_DGRAM, socket.SOCK_STREAM)
        bound = [[bind(kind, address, "sip") for kind in kinds] for address in addresses]
        sip_tls = self.settings.sip_tls
        bound_tls = None if sip_tls is None else bind(socket.SOCK_STREAM, sip_tls, "sip-tls")
        http = bind(socket.SOCK_STREAM, self.settings.http, "http")
        for udp, tcp in bound:
            await self._sip.listen(udp, tcp)
        if bound_tls is not None and self._tls is not None:
            await self._sip.listen_tls(bound_tls, self._tls)
        api = api_server(self)
        serving = asyncio.create_task(api.serve(sockets=[http]))
        write_address(self.settings.state, f"http://{format_host_port(*self.settings.http)}", self.own_token)
        self._consoles.start()
        try:
            await self._until_stopped(self._start(ready))
            await self._stopping.wait()
            await self._say_goodbye()
        finally:
            self.server.closing = True
            await asyncio.gather(*(board.stop() for board in self.boards.values()), return_exceptions=True)
            await self.upgrades.stop()
            await self._consoles.stop()
            self.broadcast.close()
            api.end()
            await asyncio.gather(serving, return_exceptions=True)
            self._sip.close()
            await self._store.stop()
            forget_address(self.settings.state)
            os.close(self._lock)

    def order(self, conference_id: str, name: str, *numbers: int) -> "asyncio.Future[Outcome]":
        """Give the conference's board an order (Orders.conference); the future is its outcome."""
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self.server.orders.conference(conference_id, name, numbers, lambda outcome: _resolve(future, outcome))
        self._sip.drain()
        return future

    def allocate(self, need: Need) -> "asyncio.Future[Grant | Refusal]":
        """Have an address without a call; the future is the verdict."""
        future: asyncio.Future[Grant | Refusal] = asyncio.get_running_loop().create_future()
        self.server.allocate(need, lambda verdict: _resolve(future, verdict))
        self._sip.drain()
        return future

    def move_all(self, board_id: str) -> int:
        """Begin to move every conference off a board that drains; returns how many there are."""
        count = self.server.moves.board(board_id, lambda outcome: None)
        self._sip.drain()
        return count

    def console_log(self, board_id: str) -> Path | None:
        """Return the file of what the board writes to its serial port, None when we do not hold that."""
        board = self.boards.get(board_id)
        return self._consoles.log(board_id) if board is None else board.log

    async def reset_board(self, board_id: str) -> None:
        """Start a board anew. Raises SerialFault or DaemonError when we have no hold of it."""
        await self._held(board_id).reset()
        self.server.events.info("board is reset", board=board_id)

    def upgrade_board(self, board_id: str, name: str | None, now: bool, if_needed: bool = False) -> Upgrade:
        """Start the upgrade of a board. name: of an image, by default that of its kind. Raises LocalError."""
        board = self._held(board_id)
        kind = board.image.name if isinstance(board, VirtualBoard) else board.kind
        image = find_image(self.settings.state, name or kind)
        return self.upgrades.begin(board_id, board, image, now, if_needed)

    def _held(self, board_id: str) -> VirtualBoard | SerialBoard:
        """Return the board as we reach it besides the network. Raises DaemonError when we do not."""
        board = self.boards.get(board_id) or self._consoles.board(board_id)
        if board is None:
            raise DaemonError(f"this server does not hold the serial port of {board_id}")
        return board

    def _busy(self, board_id: str) -> bool:
        return any(lease.board_id == board_id for lease in self.server.running())

    async def _end_all_on(self, board_id: str) -> None:
        leases = [lease for lease in self._reachable() if lease.board_id == board_id]
        await asyncio.gather(*(self.order(lease.conference_id, "end") for lease in leases))

    def _check_access(self) -> None:
        """Refuse to serve others than this machine without tokens. Raises DaemonError, TokenError."""
        host = self.settings.http[0]
        if not self.tokens.entries() and not is_loopback(host):
            raise DaemonError(
                f"http: {host} can be reached by others, so a token is needed first: "
                f"parley token add NAME --role admin --state {self.settings.state}"
            )

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
        configs = introduce_boards(settings, self.server.pool, self.server.ledger, self._roster)
        if self._store.shared:
            self._neighbours.meet()
        self._store.follow(self._neighbours)
        await stop_left_boards(settings.state, keep={config.board_id for config in configs})
        if configs:
            image = load_image(settings.board)
            self._progress(f"starting {len(configs)} board{'s' if len(configs) > 1 else ''} ...")
            for number, config in enumerate(configs):
                core = board_core(settings, number)
                self.boards[config.board_id] = VirtualBoard(config, settings.state, image, core=core)
            await asyncio.gather(*(board.start() for board in self.boards.values()))
        await self._all_registered(set(self.boards))
        gc.collect()
        gc.freeze()  # what a start makes stays; not to be looked through again and again
        gc.set_threshold(*COLLECT)
        collapse_heap()
        sys.setswitchinterval(SWITCH_S)
        sip, http = settings.sip, settings.http
        ready(
            f"ready conference=sip:{settings.user}@{format_host_port(*sip)} "
            f"http=http://{format_host_port(*http)} boards={len(self.server.pool.boards())}"
        )

    async def _all_registered(self, names: set[str]) -> None:
        """Wait for the boards we started; provisioned ones come and go as they please."""
        try:
            async with asyncio.timeout(self.settings.ready_s):
                while missing := self._missing(names):
                    self._progress(f"waiting for {', '.join(missing)} to register ...")
                    await self._changed.wait()
        except TimeoutError:
            logs = self.settings.state / "boards"
            raise DaemonError(
                f"not registered after {self.settings.ready_s:g} s: {', '.join(self._missing(names))}; "
                f"see {logs}/*/console.log"
            )

    def _missing(self, names: set[str]) -> list[str]:
        return sorted(name for name in names if self.server.pool.registration(name) is None)

    def _board_changed(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def _say_goodbye(self) -> None:
        """BYE to everybody, by way of the boards (the face that `parley up` promises).

        Also waits for the boards to report the ends, so that nothing is held when the daemon is started again.
        """
        self.server.closing = True
        leases = self._reachable()
        if not leases:
            return
        self._progress(f"ending {len(leases)} conference{'s' if len(leases) > 1 else ''} ...")
        with suppress(TimeoutError):
            async with asyncio.timeout(GOODBYE_S):
                await asyncio.gather(*(self.order(lease.conference_id, "end") for lease in leases))
                while self._reachable():
                    await self._changed.wait()

    def _reachable(self) -> list[Lease]:
        """Return the running conferences on boards that are there."""
        pool = self.server.pool
        return [lease for lease in self.server.running() if pool.registration(lease.board_id)]


def _resolve(future: "asyncio.Future[Any]", result: Any) -> None:
    if not future.done():
        future.set_result(result)
