"""Leases in one SQLite file: WAL, synchronous=FULL, one transaction for all that waits (group commit).

In a running event loop the wait for the disk is a thread's: meanwhile the next transaction gathers. Only a disk that
answers within a millisecond is waited for in place, for that costs less.
"""

import asyncio
import os
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from parleyd.lease import Lease
from parleyd.store.disk import DiskPace, DiskThread, Wait
from parleyd.store.face import Answer, BoardKey, Follower, Group, Heard, Snapshot, StoreError
from parleyd.store.sqlite_rows import (
    APPLICATION_ID,
    NEXT_SCHEMA,
    PUT_BOARD,
    PUT_HEARD,
    PUT_SLOT,
    SCHEMA,
    SCHEMA_VERSION,
    heard_of,
    lease_of,
    row_of,
    row_of_heard,
)

LOG_PAGES = (
    4000  # of the write-ahead log, then it is folded into the file: that takes longer than ten commits
)
LOG_BYTES = 32 + LOG_PAGES * (24 + 4096)  # as SQLite lays it out, in pages of the size that it chooses itself

Submission = tuple[Sequence[Group], Answer]


class SqliteStore:
    """The store of a single server. Use from one thread; the second is our own, and does nothing but COMMIT."""

    shared = False

    def __init__(self, path: Path, timeout_s: float = 2, now_s: Callable[[], float] = time.monotonic) -> None:
        """Open or create the file, waiting timeout_s for a lock. Raises StoreError with one sentence.

        now_s: monotonic; how long commits take decides who waits for them.
        """
        self._path = path
        self._now_s = now_s
        self._pace = DiskPace()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._follower: Follower | None = None
        self._disk = DiskThread()
        self._under_way: Wait | None = None  # the COMMIT
        self._committing: list[Submission] = []
        self._waiting: list[Submission] = []
        try:
            path.touch(mode=0o600)  # it holds the boards' keys
            self._database = sqlite3.connect(
                path, isolation_level=None, timeout=timeout_s, check_same_thread=False
            )
        except (sqlite3.Error, OSError) as error:
            raise StoreError(f"cannot open the lease store {path}: {error}") from error
        try:
            self._prepare()
        except sqlite3.Error as error:
            self._database.close()
            raise StoreError(f"cannot use the lease store {path}: {_advice(error)}") from error
        except StoreError:
            self._database.close()
            raise

    def load(self) -> Snapshot:
        """Return every record. Raises StoreError when one makes no sense."""
        try:
            rows = self._database.execute("SELECT * FROM slot ORDER BY board_id, slot").fetchall()
            keys = self._database.execute("SELECT board_id, key FROM board ORDER BY board_id").fetchall()
            heard = self._database.execute("SELECT * FROM heard ORDER BY board_id").fetchall()
            leases = tuple(lease_of(row) for row in rows)
        except (sqlite3.Error, ValueError) as error:
            raise StoreError(f"cannot read the lease store {self._path}: {error}") from error
        identities = tuple(BoardKey(board_id, key) for board_id, key in keys)
        return Snapshot(leases, identities, tuple(heard_of(row) for row in heard))

    def commit(self, changes: Sequence[Lease | BoardKey | Heard]) -> None:
        """Write all changes in one transaction; on disk when this returns. Raises StoreError, nothing changed."""
        if not changes:
            return
        self._wait()
        slots = [change for change in changes if isinstance(change, Lease)]
        keys = [change for change in changes if isinstance(change, BoardKey)]
        heard = [change for change in changes if isinstance(change, Heard)]
        try:
            self._write(slots, keys, heard)
            self._database.execute("COMMIT")
        except sqlite3.Error as error:
            raise self._failed(error) from error

    def _write(self, slots: Sequence[Lease], keys: Sequence[BoardKey], heard: Sequence[Heard]) -> None:
        """Begin a transaction with these changes. Raises sqlite3.Error."""
        self._database.execute("BEGIN IMMEDIATE")
        self._database.executemany(PUT_SLOT, map(row_of, slots))
        if keys:
            self._database.executemany(PUT_BOARD, [(key.board_id, key.key) for key in keys])
        if heard:
            self._database.executemany(PUT_HEARD, map(row_of_heard, heard))

    def _failed(self, error: Exception) -> StoreError:
        self._roll_back()
        return StoreError(f"cannot write the lease store {self._path}: {_advice(error)}")

    def keep_key(self, key: BoardKey) -> BoardKey:
        """Keep the key; nobody else can have made one."""
        self.commit([key])
        return key

    def submit(self, groups: Sequence[Group], answer: Answer) -> None:
        """Write all groups in one transaction, one wait for the disk; on disk when `answer` is called.

        That is at once before follow(), later in a running event loop.
        """
        self._waiting.append((groups, answer))
        if self._under_way is None:
            self._begin()

    def _begin(self) -> None:
        """Write all that waits; the thread commits it."""
        submissions, self._waiting = self._waiting, []
        groups = [group for groups, _ in submissions for group in groups]
        slots = [after for group in groups for _, after in group.steps]
        heard = [group.heard for group in groups if group.heard is not None]
        try:
            if slots or heard:
                self._write(slots, [], heard)
                if self._loop is not None and not self._pace.quick:
                    self._committing = submissions
                    self._under_way = self._disk.begin(self._timed_commit, self._told)
                    return
                self._timed_commit()
        except sqlite3.Error as error:
            _answer(submissions, self._failed(error))
            return
        _answer(submissions, None)

    def _timed_commit(self) -> None:
        began_s = self._now_s()
        self._commit()
        self._pace.note(self._now_s() - began_s)

    def _commit(self) -> None:
        self._database.execute("COMMIT")

    def _wait(self) -> None:
        """Wait until no COMMIT is under way, nor anything waits for one."""
        while (commit := self._under_way) is not None:
            commit.join()
            self._committed(commit)

    def _told(self, commit: Wait) -> None:
        """Be told by the thread."""
        with suppress(RuntimeError):  # the loop is closed, nobody waits
            if self._loop is not None:
                self._loop.call_soon_threadsafe(self._committed, commit)

    def _committed(self, commit: Wait) -> None:
        if self._under_way is not commit:
            return  # stop() was faster
        self._under_way = None
        submissions, self._committing = self._committing, []
        error = commit.error
        if error is not None:
            # What was decided since counts on what is undone now: it goes first, the latest first of all.
            fault = self._failed(error)
            late, self._waiting = self._waiting, []
            for submission in reversed(late):
                _answer([submission], fault)
            _answer(submissions, fault)
        else:
            _answer(submissions, None)
        if self._waiting and self._under_way is None:
            self._begin()
        if self._follower is not None:
            self._follower.settled()

    def follow(self, follower: Follower) -> None:
        """Let the disk be waited for by a thread from now on. Nobody else writes, so there is nothing to tell."""
        self._loop = asyncio.get_running_loop()
        self._follower = follower
        self._lay_out_log()

    async def drain(self, board_id: str, draining: bool) -> None:
        """Do nothing: the roster of the only server remembers it."""

    def announce(self, board_id: str, told: str, life_s: int) -> None:
        """Do nothing: nobody else is to know."""

    def withdraw(self, board_id: str) -> None:
        """Do nothing, likewise."""

    def tell_twin(self, board_id: str, boot: str, life_s: int) -> None:
        """Do nothing, likewise."""

    async def stop(self) -> None:
        """Write what waits, and close it."""
        self._wait()
        self.close()

    def close(self) -> None:
        """Close the file; the write-ahead log is folded into it. A COMMIT under way comes first."""
        self._loop = None
        self._disk.stop()
        self._database.close()

    def _prepare(self) -> None:
        application_id, version = self._pragma("application_id"), int(self._pragma("user_version"))
        tables = self._database.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
        if tables and application_id != APPLICATION_ID:
            raise StoreError(f"{self._path} is a database of another program; choose another state directory")
        if tables and version != SCHEMA_VERSION and version not in NEXT_SCHEMA:
            raise StoreError(
                f"{self._path} has schema {version}, this Parley knows schema {SCHEMA_VERSION}; "
                "use the Parley that wrote it or another state directory"
            )
        if self._pragma("quick_check") != "ok":
            raise StoreError(f"{self._path} is damaged; restore it or choose another state directory")
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = FULL")
        self._database.execute(f"PRAGMA wal_autocheckpoint = {LOG_PAGES}")
        self._database.execute("BEGIN IMMEDIATE")  # also shows now, not at the first call, that we may write
        if not tables:
            for statement in SCHEMA:
                self._database.execute(statement)
        while tables and version in NEXT_SCHEMA:
            for statement in NEXT_SCHEMA[version]:
                self._database.execute(statement)
            version += 1
        self._database.execute("COMMIT")

    def _lay_out_log(self) -> None:
        """Give the write-ahead log its full length: what lies behind its last valid frame means nothing to SQLite, and
        a commit that makes no file longer is data alone, without the file system's own books.
        """
        with suppress(OSError), open(f"{self._path}-wal", "r+b", buffering=0) as log:
            disk, length = os.statvfs(log.fileno()), log.seek(0, os.SEEK_END)
            if length < LOG_BYTES < disk.f_bavail * disk.f_frsize // 8:  # else there is better use for it
                log.write(bytes(LOG_BYTES - length))
                os.fsync(log.fileno())

    def _pragma(self, name: str) -> int | str:
        return self._database.execute(f"PRAGMA {name}").fetchone()[0]

    def _roll_back(self) -> None:
        if self._database.in_transaction:
            try:
                self._database.execute("ROLLBACK")
            except sqlite3.Error:  # the failed COMMIT has rolled back by itself
                pass


def _answer(submissions: "Sequence[Submission]", error: StoreError | None) -> None:
    for groups, answer in reversed(submissions) if error else submissions:
        answer([error] * len(groups))


def _advice(error: Exception) -> str:
    text = str(error)
    if "not a database" in text or "malformed" in text:
        return f"{text}; restore it or choose another state directory"
    if "locked" in text:
        return f"{text}; is another Parley using it?"
    if "readonly" in text or "unable to open" in text:
        return f"{text}; the state directory must be writable"
    return text
