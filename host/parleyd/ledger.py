"""The leases in memory, the truth for reads, with every change written through to the store first."""

import math
import secrets
from collections.abc import Sequence
from dataclasses import replace

from parleyd.lease import RESTS, Lease, Leases
from parleyd.store.face import BoardKey, Store

KEY_BYTES = 32


class Ledger:
    """The single writer of a store."""

    def __init__(self, store: Store) -> None:
        """Load everything. Raises StoreError."""
        self._store = store
        self._leases: dict[str, dict[int, Lease]] = {}
        snapshot = store.load()
        self._keys = {entry.board_id: entry.key for entry in snapshot.keys}
        for lease in snapshot.leases:
            self._put(lease)

    @property
    def leases(self) -> Leases:
        """Return all records by board and slot; a live view, not to be changed."""
        return self._leases

    def record(self, changes: Sequence[Lease]) -> None:
        """Make the changes durable, then visible. Raises StoreError; then nothing has changed."""
        if changes:
            self._store.commit(changes)
            for lease in changes:
                self._put(lease)

    def rest_anew(self, now_s: float, quarantine_s: float) -> None:
        """Let every resting slot rest once more in full, as a daemon that starts must: it cannot know how long it
        was away, the system's clock may have been stepped since. In memory only, each start does it again.
        """
        until_s = math.ceil(now_s + quarantine_s)
        for lease in [lease for slots in self._leases.values() for lease in slots.values()]:
            if lease.state in RESTS and lease.until_s < until_s:
                self._put(replace(lease, until_s=until_s))

    def latest_s(self) -> int:
        """Return the latest unix time that any record knows of, 0 for an empty store."""
        return max((lease.since_s for slots in self._leases.values() for lease in slots.values()), default=0)

    def find(self, conference_id: str) -> Lease | None:
        """Return the record that is or was this conference's last, by `board/slot/generation`."""
        board_id, _, rest = conference_id.partition("/")
        for lease in self._leases.get(board_id, {}).values():
            if rest and lease.conference_id == conference_id:
                return lease
        return None

    def key_for(self, board_id: str) -> bytes:
        """Return the board's key, made and recorded at the first call. Raises StoreError."""
        if board_id not in self._keys:
            key = secrets.token_bytes(KEY_BYTES)
            self._store.commit([BoardKey(board_id, key)])
            self._keys[board_id] = key
        return self._keys[board_id]

    def set_key(self, board_id: str, key: bytes) -> None:
        """Record a key that was made elsewhere. Raises StoreError."""
        if self._keys.get(board_id) != key:
            self._store.commit([BoardKey(board_id, key)])
            self._keys[board_id] = key

    def _put(self, lease: Lease) -> None:
        self._leases.setdefault(lease.board_id, {})[lease.slot] = lease
