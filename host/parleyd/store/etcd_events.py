"""What the watch brings of one transaction, sorted by what it is of."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from parleyd.lease import Lease
from parleyd.store.etcd_records import TOLD_KINDS, Mark, Names, read_key, read_lease, read_mark
from parleyd.store.face import BoardKey


class Written(NamedTuple):
    """What servers tell of boards, as (kind, board, server, text or None); boards that drain, or do no more; keys;
    marks by board; events of slots, as they came.
    """

    told: list[tuple[str, str, str, str | None]]
    drains: list[tuple[str, bool]]
    keys: list[BoardKey]
    marks: dict[str, Mark]
    slots: list[Any]


def read_events(names: Names, events: Sequence[Any]) -> Written:
    """Sort events of the watch. Raises StoreError for what makes no sense."""
    found = Written([], [], [], {}, [])
    for event in events:
        if event.kv.key.startswith(names.all_slots):
            found.slots.append(event)
            continue
        kind, board_id, *rest = names.parts(event.kv.key)
        if kind in TOLD_KINDS:
            found.told.append((kind, board_id, rest[0], None if event.type else event.kv.value.decode()))
        elif kind == "drains":
            found.drains.append((board_id, not event.type))
        elif kind == "keys" and not event.type:
            found.keys.append(read_key(board_id, event.kv.value))
        elif kind == "boards" and not event.type:
            found.marks[board_id] = read_mark(board_id, event.kv.value)
    return found


def leases_of(names: Names, slots: Sequence[Any]) -> dict[str, list[Lease]]:
    """Return the leases that events of slots have written, by board. Raises StoreError."""
    leases: dict[str, list[Lease]] = {}
    for event in slots:
        if not event.type:
            lease = read_lease(names, event.kv.key, event.kv.value)
            leases.setdefault(lease.board_id, []).append(lease)
    return leases
