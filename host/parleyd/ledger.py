"""The leases in memory, the truth for reads; every change is durable before anybody is told of it.

Changes are staged: they count at once for whoever decides next, and are written together with whatever else is staged
in the same turn (group commit). Only when the store has them is their `done` called; if it cannot take them, they
are undone as if they had never been.
"""

import math
import secrets
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

from parleyd.books import Books
from parleyd.lane import Granted
from parleyd.lease import RESTS, Lease, Leases
from parleyd.pattern import ROUND_ROBIN, Pattern
from parleyd.store.face import BoardKey, Group, Heard, Step, Store, StoreError

KEY_BYTES = 32
MAX_WAITING = 4096  # groups that a slow store may owe us; beyond, new work is refused

Settled = Callable[[StoreError | None], None]


AllSettled = Callable[[list[Any], Sequence[StoreError | None]], None]


class Run(NamedTuple):
    """Groups that follow each other and have one who waits: told by settled(items, errors), one of each a group."""

    settled: AllSettled
    groups: list[Group]
    items: list[Any]


class Ledger:
    """The writer of a store."""

    def __init__(self, store: Store, pattern: Pattern = ROUND_ROBIN, turn: int = 0) -> None:
        """Load everything; pattern, turn: as in Books. draining: boards that drained then. Raises StoreError."""
        self._store = store
        self.books = Books(pattern, turn)
        self._leases: dict[str, dict[int, Lease]] = {}
        self._staged: list[Run] = []
        self._owed = 0  # groups that are staged, or with the store
        snapshot = store.load()
        self.draining = set(snapshot.draining)
        self._keys = {entry.board_id: entry for entry in snapshot.keys}
        self._heard = {entry.board_id: entry for entry in snapshot.heard}
        self._put(snapshot.leases)

    @property
    def leases(self) -> Leases:
        """Return all records by board and slot; a live view, not to be changed."""
        return self._leases

    @property
    def full(self) -> bool:
        """Tell whether the store owes us so much that nothing new should be begun."""
        return self._owed >= MAX_WAITING

    @property
    def shared(self) -> bool:
        """Tell whether other servers write to the store, too."""
        return self._store.shared

    async def drain(self, board_id: str, draining: bool) -> None:
        """Let all servers of the store know that a board drains, or does no more. Raises StoreError: then none does."""
        await self._store.drain(board_id, draining)

    def heard(self, board_id: str) -> Heard | None:
        """Return the report by which any server last reconciled the board's leases, None before the first."""
        return self._heard.get(board_id)

    def stage(
        self, board_id: str, changes: Sequence[Lease], done: Settled, heard: Heard | None = None
    ) -> None:
        """Make changes of one board visible now and durable with the next flush().

        done: called with None then, or with why they could not be written and are undone. heard: the report that
        they come from, to be remembered where other servers can see it.
        """
        records = self._leases.get(board_id) or {}
        steps = [(records.get(lease.slot), lease) for lease in changes]
        self._put(changes)
        self._owed += 1
        self._staged.append(Run(_settle_one, [Group(board_id, steps, heard)], [done]))

    def grant(self, lease: Lease, item: Any, settled: AllSettled) -> None:
        """Do the same with one new lease, for less: those that are granted in a row are answered together.

        settled: the same function for all; called with the items and, for each, what stage() tells.
        """
        self._stage_granted(((self.books.grant(lease), lease),), (item,), settled)

    def grant_all(self, granted: Sequence[Granted], items: Sequence[Any], settled: AllSettled) -> None:
        """Do the same with leases that the books have already (Lane.grant)."""
        self._stage_granted([(before, grant.lease) for before, grant in granted], items, settled)

    def _stage_granted(self, steps: Sequence[Step], items: Sequence[Any], settled: AllSettled) -> None:
        self._owed += len(steps)
        run = self._staged[-1] if self._staged else None
        if run is None or run.settled is not settled:
            run = Run(settled, [], [])
            self._staged.append(run)
        leases, put = self._leases, run.groups.append
        for step in steps:
            board_id = step[1].board_id
            if board_id not in leases:
                leases[board_id] = self.books.boards[board_id].records
            put(Group._make((board_id, (step,), None)))
        run.items.extend(items)

    def flush(self) -> None:
        """Write all that is staged, in one go if the store can, and what those stage who hear of that at once."""
        while self._staged:
            runs, self._staged = self._staged, []
            groups = [group for run in runs for group in run.groups]
            self._store.submit(groups, partial(self._settled, runs, groups))

    def learn(self, changes: Sequence[Lease], heard: Heard | None = None) -> None:
        """Take over what another server has written. What was decided before goes to the store first, as such."""
        self.flush()
        self._put(changes)
        if heard is not None:
            self._heard[heard.board_id] = heard

    def learn_board(self, board_id: str, leases: Sequence[Lease], heard: Heard | None) -> None:
        """Take over all that the store has of a board; whatever else was thought of its slots is void."""
        self.learn(leases, heard)
        for slot in set(self._leases.get(board_id, {})) - {lease.slot for lease in leases}:
            self.books.remove(board_id, slot)

    def announce(self, board_id: str, told: str, life_s: int) -> None:
        """Tell other servers, if there are any, of a board that is registered here (Store.announce)."""
        self._store.announce(board_id, told, life_s)

    def withdraw(self, board_id: str) -> None:
        """Tell them that it has left."""
        self._store.withdraw(board_id)

    def tell_twin(self, board_id: str, boot: str, life_s: int) -> None:
        """Tell them of another board with that one's identity."""
        self._store.tell_twin(board_id, boot, life_s)

    def rest_anew(self, now_s: float, quarantine_s: float) -> None:
        """Let every resting slot rest once more in full, as a daemon that starts must: it cannot know how long it
        was away, the system's clock may have been stepped since. In memory only, each start does it again.
        """
        until_s = math.ceil(now_s + quarantine_s)
        leases = [lease for slots in self._leases.values() for lease in slots.values()]
        self._put(
            [
                lease._replace(until_s=until_s)
                for lease in leases
                if lease.state in RESTS and lease.until_s < until_s
            ]
        )

    def floor_s(self) -> int:
        """Return the unix time below which a clock must not begin: one second after all that was ever written.

        Each commit bears its time (a lease's since_s, a new boot's), so this is the store's high-water mark.
        """
        leases = (lease.since_s for slots in self._leases.values() for lease in slots.values())
        boots = (heard.since_s for heard in self._heard.values())
        return max((*leases, *boots, -1)) + 1

    def find(self, conference_id: str) -> Lease | None:
        """Return the record that is or was this conference's last, by `board/slot/generation`."""
        board_id, _, rest = conference_id.partition("/")
        for lease in self._leases.get(board_id, {}).values():
            if rest and lease.conference_id == conference_id:
                return lease
        return None

    def key_for(self, board_id: str, host: str = "", port: int = 0, site: str = "") -> bytes:
        """Return the board's key, made and recorded at the first call; where it is, for others. Raises StoreError."""
        known = self._keys.get(board_id)
        key = secrets.token_bytes(KEY_BYTES) if known is None else known.key
        return self.keep(BoardKey(board_id, key, host, port, site)).key

    def keep(self, key: BoardKey) -> BoardKey:
        """Record a board's identity; return it with the key that it has, if it has one. Raises StoreError."""
        if self._keys.get(key.board_id) != key:
            self._keys[key.board_id] = self._store.keep_key(key)
        return self._keys[key.board_id]

    def learn_key(self, key: BoardKey) -> None:
        """Take over what another server has recorded."""
        self._keys[key.board_id] = key

    def identities(self) -> list[BoardKey]:
        """Return all boards that the store knows."""
        return list(self._keys.values())

    def _put(self, changes: Sequence[Lease]) -> None:
        self.books.put(changes)
        for lease in changes:
            board_id = lease.board_id
            if board_id not in self._leases:
                self._leases[board_id] = self.books.boards[board_id].records

    def _settled(self, runs: list[Run], groups: list[Group], errors: Sequence[StoreError | None]) -> None:
        self._owed -= len(groups)
        if any(errors):
            for group, error in zip(reversed(groups), reversed(errors), strict=True):
                if error is not None:
                    self._undo(group)
        begin = 0
        for run in runs:
            end = begin + len(run.groups)
            heard = run.groups[0].heard
            if heard is not None and errors[begin] is None:
                self._heard[heard.board_id] = heard
            run.settled(run.items, errors[begin:end])
            begin = end

    def _undo(self, group: Group) -> None:
        for before, after in reversed(group.steps):
            if self._leases[after.board_id].get(after.slot) is not after:
                continue  # the store, or another server, knows better by now
            if before is None:
                self.books.remove(after.board_id, after.slot)
            else:
                self.books.put([before])


def _settle_one(items: list[Any], errors: Sequence[StoreError | None]) -> None:
    items[0](errors[0])
