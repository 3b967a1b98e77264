"""What servers tell each other of boards by etcd: which are registered with this one, and of which it met a second
one. Each is bound to a lease of etcd.

What the board says next keeps its lease alive. If the board falls silent, or this server dies, the key goes by itself.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Any

import grpc

from parleyd.store.etcd_link import EtcdLink, rpc
from parleyd.store.etcd_records import Told, put
from parleyd.store.face import Follower, StoreError

PAUSE_S = 0.2
GOODBYE_S = 1.0


@dataclass(slots=True)
class _Kept:
    """One key: what is to be told, for how long; what was told last, under which lease (0: none)."""

    told: str
    life_s: int
    written: str = ""
    lease_id: int = 0
    lease_life_s: int = 0


class Others:
    """What the other servers tell: their boards and their twins."""

    def __init__(self, server: str) -> None:
        """server: our own name; what it announced is no news."""
        self._server = server
        self._told: dict[tuple[str, str, str], str] = {}  # (kind, board, server) -> text
        self._follower: Follower | None = None

    def load(self, found: Iterable[Told]) -> None:
        """Begin with all there is."""
        self._told = {(kind, board_id, server): told for kind, board_id, server, told in found}

    def follow(self, follower: Follower) -> None:
        """Tell the follower, now and from now on."""
        self._follower = follower
        for (kind, board_id, server), told in self._told.items():
            self._tell(follower, kind, board_id, server, told)

    def learn(self, kind: str, board_id: str, server: str, told: str | None) -> None:
        """Take one in; told: None when it has gone."""
        if server == self._server or self._follower is None:
            return
        if told is None:
            self._told.pop((kind, board_id, server), None)
        else:
            self._told[kind, board_id, server] = told
        self._tell(self._follower, kind, board_id, server, told)

    def learn_all(self, found: Iterable[Told]) -> None:
        """Take in what there is now instead of what there was."""
        now = {(kind, board_id, server): told for kind, board_id, server, told in found}
        for key in set(self._told) | set(now):
            self.learn(*key, now.get(key))

    def _tell(self, follower: Follower, kind: str, board_id: str, server: str, told: str | None) -> None:
        (follower.twin if kind == "twins" else follower.present)(board_id, server, told)


class Presence:
    """Announces. `run` does the work; what fails is done again with the next announcement."""

    def __init__(self, link: EtcdLink) -> None:
        self._link = link
        self._kept: dict[bytes, _Kept] = {}  # by key
        self._due: dict[bytes, None] = {}  # an ordered set
        self._gone: list[int] = []  # leases to give back
        self._wake = asyncio.Event()
        self._alive: asyncio.Queue[int] = asyncio.Queue()

    def announce(self, key: bytes, told: str, life_s: int) -> None:
        """Write the key, for so long unless this is repeated."""
        kept = self._kept.setdefault(key, _Kept(told, life_s))
        kept.told, kept.life_s = told, life_s
        self._due[key] = None
        self._wake.set()

    def withdraw(self, key: bytes) -> None:
        """Take it back."""
        kept = self._kept.pop(key, None)
        self._due.pop(key, None)
        if kept is not None and kept.lease_id:
            self._gone.append(kept.lease_id)
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
        for key in list(self._kept):
            self.withdraw(key)
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
            key = next(iter(self._due))
            del self._due[key]
            await self._tell(key, self._kept[key])

    async def _tell(self, key: bytes, kept: _Kept) -> None:
        if kept.lease_id and kept.lease_life_s == kept.life_s:
            self._alive.put_nowait(kept.lease_id)
            if kept.written == kept.told:
                return
        else:
            granted = await self._link.call("grant", rpc.LeaseGrantRequest(TTL=kept.life_s))
            kept.lease_id, kept.lease_life_s = granted.ID, kept.life_s
        told = kept.told
        write = rpc.TxnRequest(success=[put(key, told.encode(), kept.lease_id)])
        try:
            await self._link.call("transact", write)
            kept.written = told
        except StoreError:
            kept.lease_id = 0  # it may be over; the next announcement takes a new one
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
        """Begin anew with a key whose lease was over before it was kept alive."""
        for key, kept in self._kept.items():
            if kept.lease_id == lease_id:
                kept.lease_id = 0
                self._due[key] = None
                self._wake.set()
