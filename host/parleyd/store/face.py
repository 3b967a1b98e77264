"""What any store of leases must do: load everything once, then commit lists of changes."""

from collections.abc import Sequence
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


class Store(Protocol):
    """A single writer's durable memory. Records are replaced whole, by board and slot or by board."""

    def load(self) -> Snapshot:
        """Return everything. Raises StoreError."""
        ...

    def commit(self, changes: Sequence[Change]) -> None:
        """Write all changes or none; they survive a power cut once this returns. Raises StoreError."""
        ...

    def close(self) -> None:
        """Give the store back; further calls are a mistake."""
        ...
