"""Leases in etcd: the store of several servers. One transaction at a time, with all that waits (group commit).

What a server decides of a board it decides on what it has seen of it. A group goes out only if nothing else of its
board was seen since, and is written only if nothing else was written; else the board is read anew, its follower told,
and the group answered with ConflictError.
"""

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from parleyd.lease import Lease
from parleyd.store.etcd_events import leases_of, read_events
from parleyd.store.etcd_link import PATIENCE_S, Endpoint, EtcdLink, rpc
from parleyd.store.etcd_presence import Others, Presence
from parleyd.store.etcd_queue import Entry, Queue, SeenBoard, settle_all
from parleyd.store.etcd_records import (
    MOST_OPERATIONS,
    Mark,
    Names,
    after,
    drain,
    everything,
    keeping,
    key_value,
    put,
    read_all,
    read_key,
    read_lease,
    read_mark,
    reading,
    writing,
)
from parleyd.store.etcd_watch import Watch
from parleyd.store.face import Answer, BoardKey, ConflictError, Follower, Group, Heard, Snapshot, StoreError

PREFIX = "/parley/"
CONFLICT = ConflictError("another server has changed this board meanwhile")


class EtcdStore:
    """The store of one of several servers. load() and keep_key() block; the rest is for one event loop."""

    shared = True

    def __init__(
        self,
        endpoints: Sequence[Endpoint],
        prefix: str = PREFIX,
        patience_s: float = PATIENCE_S,
        server: str = "",
    ) -> None:
        """server: our name among the servers, by default a random one."""
        self.server = server or secrets.token_hex(4)
        self.counters = {"transactions": 0, "conflicts": 0}
        self.link = EtcdLink(endpoints, patience_s)
        self._names = Names(prefix)
        self._boards: dict[str, SeenBoard] = {}
        self._queue = Queue()
        self._written = 0  # transactions, for their names
        self._under_way = ""  # name of the transaction under way
        self._revision = 0
        self._others = Others(self.server)
        self._follower: Follower | None = None
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._presence = Presence(self.link)
        end = after(prefix.encode())
        self.watch = Watch(self.link, prefix.encode(), end, self._took, self._missed)

    def load(self) -> Snapshot:
        """Return everything. Raises StoreError when etcd cannot be reached, or holds what makes no sense."""
        response = self.link.call_now("range", everything(self._names))
        found = read_all(self._names, response.kvs)
        self._revision = response.header.revision
        self._boards = {board_id: SeenBoard(revision) for board_id, (revision, _) in found.marks.items()}
        self._others.load(found.told)
        heard = tuple(mark.heard for _, mark in found.marks.values() if mark.heard is not None)
        leases = tuple(lease for slots in found.leases.values() for lease in slots)
        return Snapshot(leases, tuple(found.keys), heard, tuple(sorted(found.draining)))

    def keep_key(self, key: BoardKey) -> BoardKey:
        """Keep the key unless the board has one, of another server perhaps. Raises StoreError."""
        response = self.link.call_now("transact", keeping(self._names, key))
        if response.succeeded:
            return key
        before = read_key(key.board_id, response.responses[0].response_range.kvs[0].value)
        kept = replace(key, key=before.key)
        if kept != before:  # it has moved
            moved = [put(self._names.key(key.board_id), key_value(kept))]
            self.link.call_now("transact", rpc.TxnRequest(success=moved))
        return kept

    def submit(self, groups: Sequence[Group], answer: Answer) -> None:
        """Queue groups for the next transaction; answered when most nodes of etcd have it on their disks."""
        self._queue.add(groups, answer, lambda board_id: self._board(board_id).epoch)
        self._wake.set()
        self._idle.clear()

    def follow(self, follower: Follower) -> None:
        """Begin to write and to watch; load() comes before."""
        self._follower = follower
        self._others.follow(follower)
        work = self._write(), self.watch.run(self._revision), self._presence.run()
        self._tasks = [asyncio.ensure_future(one) for one in work]

    async def drain(self, board_id: str, draining: bool) -> None:
        """Write the board's drain, or delete it; every server hears of it by its watch. Raises StoreError."""
        await self.link.call("transact", drain(self._names, board_id, draining, self.server))

    def announce(self, board_id: str, told: str, life_s: int) -> None:
        """Write the registration, bound to a lease of etcd that lives as long; the next one keeps it alive."""
        self._presence.announce(self._names.present(board_id, self.server), told, life_s)

    def withdraw(self, board_id: str) -> None:
        """Give that lease back."""
        self._presence.withdraw(self._names.present(board_id, self.server))

    def tell_twin(self, board_id: str, boot: str, life_s: int) -> None:
        """Write that, likewise."""
        self._presence.announce(self._names.twin(board_id, self.server), boot, life_s)

    async def settle(self) -> None:
        """Wait until everything that was submitted is answered."""
        if self._queue or self._under_way:
            await self._idle.wait()

    async def stop(self) -> None:
        """Stop writing and watching, take back our registrations, and give the connections back."""
        await self._presence.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.link.close()

    def close(self) -> None:
        """Stop at once. What waits stays unanswered."""
        for task in self._tasks:
            task.cancel()

    def _board(self, board_id: str) -> SeenBoard:
        board = self._boards.get(board_id)
        if board is None:
            board = self._boards[board_id] = SeenBoard()
        return board

    async def _write(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._queue:
                self._under_way = f"{self.server}:{self._written}"
                self._written += 1
                try:
                    await self._turn()
                finally:
                    self._under_way = ""
                if self._follower is not None:
                    self._follower.settled()
            self._idle.set()

    async def _turn(self) -> None:
        """Answer groups that were overtaken; write the others, as many as fit."""
        late = self._queue.boards(self._is_late)
        if late:
            await self._read_anew(late)
            return
        batch, marks = self._batch()
        boards = {board_id: self._board(board_id) for board_id in marks}
        seen = {board_id: board.revision for board_id, board in boards.items()}
        request = writing(self._names, [entry.group for entry in batch], seen, marks)
        self.counters["transactions"] += 1
        try:
            response = await self.link.call("transact", request)
        except StoreError as error:
            for board in boards.values():
                board.sure = False
            settle_all(batch, error)
            return
        if response.succeeded:
            self._wrote(boards, response.header.revision)
            settle_all(batch, None)
        else:
            self._overtaken(batch, boards, response)

    def _is_late(self, entry: Entry) -> bool:
        board = self._board(entry.group.board_id)
        return entry.epoch != board.epoch or not board.sure

    def _batch(self) -> tuple[list[Entry], dict[str, Mark]]:
        """Take what one transaction can hold; a slot that is written twice counts once, by its last record."""
        batch = self._queue.take(MOST_OPERATIONS)
        marks: dict[str, Mark] = {}
        for group in (entry.group for entry in batch):
            before = marks.get(group.board_id)
            heard = group.heard or (before.heard if before else self._heard(group.board_id))
            marks[group.board_id] = Mark(self._under_way, heard)
        return batch, marks

    def _heard(self, board_id: str) -> Heard | None:
        return None if self._follower is None else self._follower.heard(board_id)

    def _wrote(self, boards: dict[str, SeenBoard], revision: int) -> None:
        for board in boards.values():
            board.revision = max(board.revision, revision)

    def _overtaken(self, batch: list[Entry], boards: dict[str, SeenBoard], response: Any) -> None:
        """Find out which boards others have written; the groups of the rest go out again."""
        marks: dict[str, tuple[int, Mark]] = {}
        for board_id, read in zip(boards, response.responses, strict=True):
            for pair in read.response_range.kvs:
                marks[board_id] = (pair.mod_revision, read_mark(board_id, pair.value))
        ours = [revision for revision, mark in marks.values() if mark.by == self._under_way]
        if ours:  # an earlier try was carried out after all, its answer was lost
            self._wrote(boards, ours[0])
            settle_all(batch, None)
            return
        self.counters["conflicts"] += 1
        for board_id, board in boards.items():
            if marks.get(board_id, (0, None))[0] != board.revision:
                board.sure = False
        self._queue.put_back(batch)

    async def _read_anew(self, board_ids: set[str]) -> None:
        """Read these boards, tell the follower, and answer what was decided on less."""
        for board_id in sorted(board_ids):
            try:
                response = await self.link.call("transact", reading(self._names, board_id))
                if self._learn_board(board_id, response):
                    self._answer_late(board_id, CONFLICT)
            except StoreError as error:
                self._answer_late(board_id, error)

    def _learn_board(self, board_id: str, response: Any) -> bool:
        """Take what was read over; False if it is older than what the watch has brought meanwhile."""
        board = self._board(board_id)
        head, slots = (one.response_range.kvs for one in response.responses)
        revision = head[0].mod_revision if head else 0
        if revision < board.revision:
            return False
        mark = read_mark(board_id, head[0].value) if head else None
        leases = [read_lease(self._names, pair.key, pair.value) for pair in slots]
        if self._follower is not None:
            self._follower.learn_board(board_id, leases, mark.heard if mark else None)
        board.revision, board.sure = revision, True
        board.epoch += 1
        return True

    def _answer_late(self, board_id: str, error: StoreError) -> None:
        """Answer the groups of this board that were decided before the present epoch."""
        late = self._queue.take_all(lambda one: one.group.board_id == board_id and self._is_late(one))
        settle_all(late, error)

    def _took(self, revision: int, events: Sequence[Any]) -> None:
        """Take what one transaction has written: ours, which the follower knows, or another server's."""
        written = read_events(self._names, events)
        for told in written.told:
            self._others.learn(*told)
        if self._follower is not None:
            for board_id, draining in written.drains:
                self._follower.drains(board_id, draining)
            for key in written.keys:
                self._follower.learn_key(key)
        news = {key: mark for key, mark in written.marks.items() if self._is_news(key, revision, mark)}
        if news:  # under load most are ours, and are not read
            self._others_wrote(news, revision, leases_of(self._names, written.slots))

    def _is_news(self, board_id: str, revision: int, mark: Mark) -> bool:
        return revision > self._board(board_id).revision and mark.by != self._under_way

    def _others_wrote(self, news: dict[str, Mark], revision: int, leases: dict[str, list[Lease]]) -> None:
        for board_id, mark in news.items():
            if self._follower is not None:
                self._follower.learn(leases.get(board_id, []), mark.heard)
            board = self._board(board_id)
            board.revision = revision
            board.epoch += 1

    async def _missed(self) -> int:
        """Read everything, as at the start; returns its revision."""
        response = await self.link.insist("range", everything(self._names))
        found = read_all(self._names, response.kvs)
        for board_id in set(found.marks) | set(self._boards):
            revision, mark = found.marks.get(board_id, (0, None))
            board = self._board(board_id)
            if revision > board.revision and self._follower is not None:
                self._follower.learn_board(
                    board_id, found.leases.get(board_id, []), mark.heard if mark else None
                )
                board.revision = revision
                board.epoch += 1
        if self._follower is not None:
            for key in found.keys:
                self._follower.learn_key(key)
            self._follower.all_drains(found.draining)
        self._others.learn_all(found.told)
        return response.header.revision
