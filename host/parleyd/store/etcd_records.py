"""How leases lie in etcd: names and values of keys, and the requests that read and write them.

| key, after the prefix | value (JSON) | life |
| --- | --- | --- |
| keys/BOARD | the board's key in hex, its host, port and site | for ever |
| slots/BOARD/SLOT | the slot's lease | for ever |
| boards/BOARD | by which transaction the board's slots were last written, and on which report | for ever |
| drains/BOARD | the server at which an operator asked for it | while the board drains |
| present/BOARD/SERVER | what a server tells of a board that is registered with it | as long as the registration |
| twins/BOARD/SERVER | the boot of another board with that identity that a server turned away | a minute after |

Legs are shared by all slots of a board, so that a comparison of slot keys alone would not do: two servers could
promise the same legs on two slots. Each transaction therefore compares `boards/BOARD` with what its server has seen,
and writes it: whatever is decided of a board is decided on all that was written of it before.
"""

import json
from collections.abc import Iterable, Sequence
from json.encoder import encode_basestring_ascii as quoted
from typing import Any, NamedTuple

from parleyd.lease import Lease, LeaseState
from parleyd.store.etcd_link import rpc
from parleyd.store.face import BoardKey, Group, Heard, StoreError

MOST_OPERATIONS = 120  # etcd takes 128 in a transaction (--max-txn-ops)


class Mark(NamedTuple):
    """The value of boards/BOARD: the transaction that wrote it, the last report that counted."""

    by: str
    heard: Heard | None


class Names:
    """The keys of one prefix."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.all_slots = f"{prefix}slots/".encode()
        self._slots: dict[str, bytes] = {}

    def key(self, board_id: str) -> bytes:
        """Return the name of a board's key."""
        return f"{self.prefix}keys/{board_id}".encode()

    def slots(self, board_id: str) -> bytes:
        """Return the beginning of the names of a board's slots."""
        name = self._slots.get(board_id)
        if name is None:
            name = self._slots[board_id] = self.all_slots + f"{board_id}/".encode()
        return name

    def slot(self, lease: Lease) -> bytes:
        """Return the name of a slot."""
        return self.slots(lease.board_id) + b"%05d" % lease.slot

    def board(self, board_id: str) -> bytes:
        """Return the name of a board's mark."""
        return f"{self.prefix}boards/{board_id}".encode()

    def drain(self, board_id: str) -> bytes:
        """Return the name of the key that is there while a board drains."""
        return f"{self.prefix}drains/{board_id}".encode()

    def present(self, board_id: str, server: str) -> bytes:
        """Return the name of a registration."""
        return f"{self.prefix}present/{board_id}/{server}".encode()

    def twin(self, board_id: str, server: str) -> bytes:
        """Return the name of what a server says of a second board with that identity."""
        return f"{self.prefix}twins/{board_id}/{server}".encode()

    def parts(self, name: bytes) -> list[str]:
        """Return the kind, the board and what follows."""
        return name.decode().removeprefix(self.prefix).split("/")


def after(prefix: bytes) -> bytes:
    """Return the end of the range of all names that begin so."""
    return prefix[:-1] + bytes([prefix[-1] + 1])


def lease_value(lease: Lease) -> bytes:
    """Return a lease as the value of its slot."""
    _, _, generation, highest, size, expires_s, state, since_s, until_s, serial, asked_by = lease
    return (  # as json.dumps() would write it, in a third of the time
        f'["{state._value_}", {generation}, {highest}, {size}, {expires_s}, '
        f"{since_s}, {until_s}, {serial}, {quoted(asked_by)}]"
    ).encode()


def read_lease(names: Names, name: bytes, value: bytes) -> Lease:
    """Return the lease of a slot. Raises StoreError."""
    try:
        _, board_id, slot = names.parts(name)
        state, generation, highest, size, expires_s, since_s, until_s, serial, asked_by = json.loads(value)
        held = (int(generation), int(highest), int(size), int(expires_s), LeaseState(state))
        return Lease(board_id, int(slot), *held, int(since_s), int(until_s), int(serial), str(asked_by))
    except (ValueError, TypeError) as error:
        raise StoreError(f"etcd: {name.decode(errors='replace')} is no lease: {error}") from error


def mark_value(mark: Mark) -> bytes:
    """Return the value of a board's mark."""
    heard = mark.heard or Heard("", "", 0)
    return json.dumps([mark.by, heard.boot, heard.number, heard.since_s, *heard.past]).encode()


def read_mark(board_id: str, value: bytes) -> Mark:
    """Return a board's mark. Raises StoreError."""
    try:
        by, boot, number, since_s, *past = json.loads(value)
        heard = Heard(board_id, str(boot), int(number), int(since_s), tuple(map(str, past)))
        return Mark(str(by), heard if boot else None)
    except (ValueError, TypeError) as error:
        raise StoreError(f"etcd: the mark of board {board_id} makes no sense: {error}") from error


def put(key: bytes, value: bytes, lease_id: int = 0) -> Any:
    """Return the operation that writes a key."""
    return rpc.RequestOp(request_put=rpc.PutRequest(key=key, value=value, lease=lease_id))


def drain(names: Names, board_id: str, draining: bool, server: str) -> Any:
    """Return the transaction that writes, in the name of this server, that a board drains, or deletes that."""
    key = names.drain(board_id)
    gone = rpc.RequestOp(request_delete_range=rpc.DeleteRangeRequest(key=key))
    return rpc.TxnRequest(success=[put(key, server.encode()) if draining else gone])


def get(key: bytes, end: bytes = b"") -> Any:
    """Return the operation that reads a key, or all from it to `end`."""
    return rpc.RequestOp(request_range=rpc.RangeRequest(key=key, range_end=end))


def unchanged(key: bytes, revision: int) -> Any:
    """Return the comparison that holds if the key was last written at this revision, 0 for never."""
    return rpc.Compare(key=key, target=rpc.Compare.MOD, result=rpc.Compare.EQUAL, mod_revision=revision)


def writing(names: Names, groups: Iterable[Group], seen: dict[str, int], marks: dict[str, Mark]) -> Any:
    """Return the transaction that writes these groups if their boards are as seen; else it reads the boards' marks.

    seen: board -> revision of its mark; marks: board -> its new mark.
    """
    slots = {names.slot(lease): lease_value(lease) for group in groups for _, lease in group.steps}
    boards = {names.board(board_id): mark_value(mark) for board_id, mark in marks.items()}
    return rpc.TxnRequest(
        compare=[unchanged(names.board(board_id), seen[board_id]) for board_id in marks],
        success=[put(name, value) for name, value in {**slots, **boards}.items()],
        failure=[get(name) for name in boards],
    )


def reading(names: Names, board_id: str) -> Any:
    """Return the transaction that reads a board's mark and all its slots, at one moment."""
    slots = names.slots(board_id)
    return rpc.TxnRequest(success=[get(names.board(board_id)), get(slots, after(slots))])


def key_value(key: BoardKey) -> bytes:
    """Return a board's identity as the value of its key."""
    return json.dumps([key.key.hex(), key.host, key.port, key.site]).encode()


def read_key(board_id: str, value: bytes) -> BoardKey:
    """Return a board's identity. Raises StoreError."""
    try:
        key, host, port, site = json.loads(value)
        return BoardKey(board_id, bytes.fromhex(key), str(host), int(port), str(site))
    except (ValueError, TypeError) as error:
        raise StoreError(f"etcd: the key of board {board_id} makes no sense: {error}") from error


def keeping(names: Names, key: BoardKey) -> Any:
    """Return the transaction that writes a board's key if it has none; else it reads it."""
    name = names.key(key.board_id)
    return rpc.TxnRequest(
        compare=[unchanged(name, 0)], success=[put(name, key_value(key))], failure=[get(name)]
    )


def everything(names: Names) -> Any:
    """Return the request for all that lies under the prefix."""
    prefix = names.prefix.encode()
    return rpc.RangeRequest(key=prefix, range_end=after(prefix))


TOLD_KINDS = ("present", "twins")
Told = tuple[str, str, str, str]  # kind, board, server, text


class Contents(NamedTuple):
    """All that was read: leases and marks by board, keys; what servers tell of boards, as (kind, board, server, text);
    boards that drain.
    """

    leases: dict[str, list[Lease]]
    marks: dict[str, tuple[int, Mark]]
    keys: list[BoardKey]
    told: list[Told]
    draining: set[str]


def read_all(names: Names, pairs: Sequence[Any]) -> Contents:
    """Sort what lies under the prefix. Raises StoreError for what makes no sense."""
    found = Contents({}, {}, [], [], set())
    for pair in pairs:
        kind, board_id, *rest = names.parts(pair.key)
        if kind == "slots":
            found.leases.setdefault(board_id, []).append(read_lease(names, pair.key, pair.value))
        elif kind == "boards":
            found.marks[board_id] = (pair.mod_revision, read_mark(board_id, pair.value))
        elif kind == "keys":
            found.keys.append(read_key(board_id, pair.value))
        elif kind in TOLD_KINDS:
            found.told.append((kind, board_id, rest[0], pair.value.decode()))
        elif kind == "drains":
            found.draining.add(board_id)
    return found
