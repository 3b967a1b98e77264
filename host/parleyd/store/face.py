"""What any store of leases must do: load everything once, then write groups of changes.

A store may be shared by several servers. Then it tells each what the others write, and a group that was decided on
what is no longer so is not written (ConflictError): its server decides again.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from parley.wire.errors import LocalError
from parleyd.lease import Lease


class StoreError(LocalError):
    """The store cannot do its work; the text is one sentence for the operator. Nothing was changed."""


class ConflictError(StoreError):
    """Another server was faster. What it wrote is known to the follower by now; nothing of the group was written."""


@dataclass(frozen=True, slots=True)
class BoardKey:
    """The secret that server and board share, 32 bytes, made when the board was provisioned.

    host, port, site: where the board is, for other servers; "" and 0 in the store of one.
    """

    board_id: str
    key: bytes
    host: str = ""
    port: int = 0
    site: str = ""


KEPT_BOOTS = 8  # of a board, to know a second one by

Step = tuple[Lease | None, Lease]  # the record before and after
Answer = Callable[[Sequence[StoreError | None]], None]


class Heard(NamedTuple):
    """The report of a board by which its leases were last reconciled: its boot, and its number on that boot.

    since_s: unix time at which any server first heard of that boot, which cannot have begun later. past: the board's
    boots before it, the latest first: a board that was started anew never comes back as one of them.
    """

    board_id: str
    boot: str
    number: int
    since_s: int = 0
    past: tuple[str, ...] = ()

    def followed_by(self, boot: str, number: int, now_s: int) -> "Heard":
        """Return what is heard of the board after this report, by its next one."""
        if boot == self.boot:
            return self._replace(number=number)
        past = (self.boot, *(one for one in self.past if one != boot))
        return Heard(self.board_id, boot, number, now_s, past[:KEPT_BOOTS])


class Group(NamedTuple):
    """Steps of one board that are written together or not at all; `heard` is the report that they come from."""

    board_id: str
    steps: Sequence[Step]
    heard: Heard | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything a store holds."""

    leases: tuple[Lease, ...]
    keys: tuple[BoardKey, ...]
    heard: tuple[Heard, ...] = ()
    draining: tuple[str, ...] = ()  # boards; in a shared store only, else the roster knows


class Follower(Protocol):
    """Who is told what other servers do. Called in the event loop, never within a call of the store."""

    def learn(self, leases: Sequence[Lease], heard: Heard | None) -> None:
        """Take over records of one board that another server has written."""
        ...

    def learn_board(self, board_id: str, leases: Sequence[Lease], heard: Heard | None) -> None:
        """Take over all records of a board; whatever else was thought of its slots is void."""
        ...

    def learn_key(self, key: BoardKey) -> None:
        """Take over a board's identity, which perhaps another server has just made."""
        ...

    def heard(self, board_id: str) -> Heard | None:
        """Return the report by which the board's leases were last reconciled, as far as we know."""
        ...

    def present(self, board_id: str, server: str, told: str | None) -> None:
        """Hear that a board is registered with another server, and what that tells of it; None: it is no more."""
        ...

    def twin(self, board_id: str, server: str, boot: str | None) -> None:
        """Hear that another board in this boot has that one's identity, by a server's word; None: no more."""
        ...

    def drains(self, board_id: str, draining: bool) -> None:
        """Hear that a board is to get no new conferences, or may have them again; perhaps known already."""
        ...

    def all_drains(self, boards: Iterable[str]) -> None:
        """Hear which boards are to get no new conferences now; all others may have them."""
        ...

    def settled(self) -> None:
        """Hear that answers were given outside a call of ours: what they say is to be sent."""
        ...


class Store(Protocol):
    """Durable memory of leases and keys. Records are replaced whole, by board and slot or by board."""

    shared: bool  # whether other servers write, too

    def load(self) -> Snapshot:
        """Return everything. Raises StoreError."""
        ...

    def keep_key(self, key: BoardKey) -> BoardKey:
        """Keep a board's key if it has none yet, and where it is; return what is kept. Raises StoreError."""
        ...

    def submit(self, groups: Sequence[Group], answer: Answer) -> None:
        """Write groups, each whole or not at all, several together if that is cheaper.

        answer is called once, now or later, with one entry for each group: None when it would survive a power cut,
        else why it was not written (ConflictError, or the store cannot work).
        """
        ...

    def follow(self, follower: Follower) -> None:
        """Tell the follower from now on what other servers write. To be called in the running event loop."""
        ...

    async def drain(self, board_id: str, draining: bool) -> None:
        """Let all servers know that a board drains, or does no more. Raises StoreError: then none does."""
        ...

    def announce(self, board_id: str, told: str, life_s: int) -> None:
        """Tell other servers that a board is registered here, for life_s seconds unless this is repeated."""
        ...

    def withdraw(self, board_id: str) -> None:
        """Tell them that it has left."""
        ...

    def tell_twin(self, board_id: str, boot: str, life_s: int) -> None:
        """Tell them for life_s seconds that another board in this boot has that one's identity."""
        ...

    async def stop(self) -> None:
        """Give the store back; further calls are a mistake."""
        ...
