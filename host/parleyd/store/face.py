"""What any store of leases must do: load everything once, then commit lists of changes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from parley.wire.errors import LocalError
from parleyd.lease import Lease


class StoreError(LocalError):
    """The store cannot do its work; the text is one sentence for the operator. Nothing was changed."""


@dataclass(frozen=True, slots=True)
class BoardKey:
    """The secret that server and board share, 32 bytes, made when the board was provisioned."""

    board_id: str
    key: bytes


Change = Lease | BoardKey


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything a store holds."""

    leases: tuple[Lease, ...]
    keys: tuple[BoardKey, ...]


Step = tuple[Lease | None, Lease]  # the record before and after
Answer = Callable[[Sequence[StoreError | None]], None]


class Store(Protocol):
    """Durable memory of leases and keys. Records are replaced whole, by board and slot or by board."""

    def load(self) -> Snapshot:
        """Return everything. Raises StoreError."""
        ...

    def commit(self, changes: Sequence[Change]) -> None:
        """Write all changes or none; they survive a power cut once this returns. Raises StoreError."""
        ...

    def submit(self, groups: Sequence[Sequence[Step]], answer: Answer) -> None:
        """Write groups of steps, each group whole or not at all, several together if that is cheaper.

        answer is called once, now or later, with one entry for each group: None when it would survive a power cut,
        else why it was not written (a record was not what the step took it for, or the store cannot work).
        """
        ...

    def close(self) -> None:
        """Give the store back; further calls are a mistake."""
        ...
