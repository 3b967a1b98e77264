"""Registrations in etcd: which boards are registered with this server, each bound to a lease of etcd as long as that.

A board's refresh keeps its lease alive. If the board falls silent, or this server dies, the key goes by itself.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Any

import grpc

from parleyd.store.etcd_link import EtcdLink, rpc
from parleyd.store.etcd_records import Names, put
from parleyd.store.face import Follower, StoreError

PAUSE_S = 0.2
GOODBYE_S = 1.0


@dataclass(slots=True)
class _Told:
    """One board: what is to be told, for how long; what was told last, under which lease (0: none)."""

    told: str
    life_s: int
    written: str = ""
    lease_id: int = 0
    lease_life_s: int = 0


class Others:
    """Which boards are registered with the other servers, by what these have announced."""

    def __init__(self, server: str) -> None:
        """server: our own name; what it announced is no news."""
        self._server = server
        self._told: dict[tuple[str, str], str] = {}  # (board, server) -> report
        self._follower: Follower | None = None

    def load(self, found: Iterable[tuple[str, str, str]]) -> None:
        """Begin with (board, server, report) of all there are."""
        self._told = {(board_id, server): told for board_id, server, told in found}

    def follow(self, follower: Follower) -> None:
        """Tell the follower, now and from now on."""
        self._follower = follower
        for (board_id, server), told in self._told.items():
            follower.present(board_id, server, told)

    def learn(self, board_id: str, server: str, told: str | None) -> None:
        """Take one in; told: its report, None when it has gone."""
        if server == self._server or self._follower is None:
            return
        if told is None:
            self._told.pop((board_id, server), None)
        else:
            self._told[board_id, server] = told
        self._follower.present(board_id, server, told)

    def learn_all(self, found: Iterable[tuple[str, str, str]]) -> None:
        """Take in what there is now instead of what there was."""
        now = {(board_id, server): told for board_id, server, told in found}
        for board_id, server in set(self._told) | set(now):
            self.learn(board_id, server, now.get((board_id, server)))


class Presence:
    """Announces boards. `run` does the work; what fails is done again with the board's next refresh."""

    def __init__(self, link: EtcdLink, names: Names, server: str) -> None:
        self._link = link
        self._names = names
        self._server = server
        self._boards: dict[str, _Told] = {}
        self._due: dict[str, None] = {}  # an ordered set
        self._gone: list[int] = []  # leases to give back
        self._wake = asyncio.Event()
        self._alive: asyncio.Queue[int] = asyncio.Queue()

    def announce(self, board_id: str, told: str, life_s: int) -> None:
        """See EtcdStore.announce."""
        board = self._boards.setdefault(board_id, _Told(told, life_s))
        board.told, board.life_s = told, life_s
        self._due[board_id] = None
        self._wake.set()

    def withdraw(self, board_id: str) -> None:
        """See EtcdStore.withdraw."""
        board = self._boards.pop(board_id, None)
        self._due.pop(board_id, None)
        if board is not None and board.lease_id:
            self._gone.append(board.lease_id)
            self._wake.set()

    async def run(self) -> None:
        """Work for ever."""
        keeping = asyncio.ensure_future(self._keep_alive())
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                while self._due or self._gone:
                    try:
                        await self._turn()
                    except StoreError:
                        await asyncio.sleep(PAUSE_S)
        finally:
            keeping.cancel()

    async def stop(self) -> None:
        """Give all leases back, if that is quick: then other servers need not wait for their ends."""
        for board_id in list(self._boards):
            self.withdraw(board_id)
        try:
            async with asyncio.timeout(GOODBYE_S):
                while self._gone:
                    await self._turn()
        except (TimeoutError, StoreError):
            pass

    async def _turn(self) -> None:
        while self._gone:
            await self._link.call("revoke", rpc.LeaseRevokeRequest(ID=self._gone.pop()))
        if self._due:
            board_id = next(iter(self._due))
            del self._due[board_id]
            await self._tell(board_id, self._boards[board_id])

    async def _tell(self, board_id: str, board: _Told) -> None:
        if board.lease_id and board.lease_life_s == board.life_s:
            self._alive.put_nowait(board.lease_id)
            if board.written == board.told:
                return
        else:
            granted = await self._link.call("grant", rpc.LeaseGrantRequest(TTL=board.life_s))
            board.lease_id, board.lease_life_s = granted.ID, board.life_s
        told = board.told
        name = self._names.present(board_id, self._server)
        write = rpc.TxnRequest(success=[put(name, told.encode(), board.lease_id)])
        try:
            await self._link.call("transact", write)
            board.written = told
        except StoreError:
            board.lease_id = 0  # it may be over; the next refresh takes a new one
            raise

    async def _keep_alive(self) -> None:
        while True:
            endpoint, responses = self._link.stream("keep_alive", self._requests())
            try:
                async for response in responses:
                    if response.TTL <= 0:
                        self._lost(response.ID)
            except grpc.RpcError:
                pass
            finally:
                responses.cancel()
            self._link.turn_from(endpoint)
            await asyncio.sleep(PAUSE_S)

    async def _requests(self) -> AsyncIterator[Any]:
        while True:
            yield rpc.LeaseKeepAliveRequest(ID=await self._alive.get())

    def _lost(self, lease_id: int) -> None:
        """Begin anew with a board whose lease was over before it was kept alive."""
        for board_id, board in self._boards.items():
            if board.lease_id == lease_id:
                board.lease_id = 0
                self._due[board_id] = None
                self._wake.set()
