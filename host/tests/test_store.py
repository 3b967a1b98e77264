"""The SQLite store: durable and atomic."""

import os
import shutil
import signal
import stat
import subprocess
import sys
import textwrap

import pytest

from parleyd.lease import LeaseState
from parleyd.ledger import Ledger
from parleyd.store.face import BoardKey, Heard
from parleyd.store.sqlite import SqliteStore
from parleyd.store.sqlite_rows import SCHEMA_VERSION

from .store_bench import lease, written


@pytest.fixture
def path(tmp_path):
    return tmp_path / "leases.sqlite"


def test_what_is_committed_is_loaded_again(path):
    store = SqliteStore(path)
    store.commit([lease(0), lease(1), BoardKey("b1", b"k" * 32)])
    store.commit([lease(0, 6, LeaseState.ACTIVE)])
    store.close()
    snapshot = SqliteStore(path).load()
    assert snapshot.leases == (lease(0, 6, LeaseState.ACTIVE), lease(1))
    assert snapshot.keys == (BoardKey("b1", b"k" * 32),)


def test_a_slot_has_one_record_only(path):
    store = SqliteStore(path)
    store.commit([lease(0, 5), lease(0, 6), lease(0, 7, board_id="b2")])
    assert [(entry.board_id, entry.generation) for entry in store.load().leases] == [("b1", 6), ("b2", 7)]


def test_a_copy_taken_while_open_has_every_commit(path, tmp_path):
    store = SqliteStore(path)
    store.commit([lease(4)])
    copy = tmp_path / "copy.sqlite"
    for ending in ("", "-wal"):
        shutil.copy(f"{path}{ending}", f"{copy}{ending}")
    assert SqliteStore(copy).load().leases == (lease(4),)


def test_commits_survive_kill_9(path):
    program = f"""
        import os, signal, sys
        sys.path[:0] = {sys.path!r}
        from pathlib import Path
        from parleyd.lease import Lease, LeaseState
        from parleyd.store.sqlite import SqliteStore
        store = SqliteStore(Path({str(path)!r}))
        for slot in range(20):
            store.commit([Lease("b1", slot, 5, 5, 8, 99, LeaseState.OFFERED, 10)])
        os.kill(os.getpid(), signal.SIGKILL)
    """
    ended = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=False)
    assert ended.returncode == -signal.SIGKILL
    assert len(SqliteStore(path).load().leases) == 20


def test_the_database_is_as_durable_as_promised(path):
    store = SqliteStore(path)
    assert store._pragma("journal_mode") == "wal"
    assert store._pragma("synchronous") == 2  # FULL
    assert store._pragma("user_version") == SCHEMA_VERSION


def test_only_the_owner_may_read_the_keys(path):
    SqliteStore(path).commit([BoardKey("b1", b"k" * 32)])
    for name in os.listdir(path.parent):
        assert stat.S_IMODE(os.stat(path.parent / name).st_mode) == 0o600


BY_BOARD = (  # how slots were kept up to schema 3
    "ALTER TABLE slot RENAME TO after",
    """CREATE TABLE slot (board_id TEXT NOT NULL, slot INTEGER NOT NULL, generation INTEGER NOT NULL,
        highest INTEGER NOT NULL, size INTEGER NOT NULL, expires_s INTEGER NOT NULL, state TEXT NOT NULL,
        since_s INTEGER NOT NULL, until_s INTEGER NOT NULL, serial INTEGER NOT NULL, asked_by TEXT NOT NULL,
        PRIMARY KEY (board_id, slot)) STRICT, WITHOUT ROWID""",
    "INSERT INTO slot SELECT * FROM after",
    "DROP TABLE after",
)


@pytest.mark.parametrize(
    "undoing",
    [
        ("DROP TABLE heard", "PRAGMA user_version = 1"),
        ("ALTER TABLE heard DROP COLUMN past", "PRAGMA user_version = 2"),
        ("PRAGMA user_version = 3",),
    ],
)
def test_a_store_of_a_schema_before_is_taken_over(path, undoing):
    store = SqliteStore(path)
    store.commit([lease(1, board_id="b2"), lease(4)])
    for statement in BY_BOARD + undoing:
        store._database.execute(statement)
    store.close()
    taken_over = SqliteStore(path)
    heard = Heard("b1", "a1", 3, 99, ("f0", "f1"))
    taken_over.commit([heard, lease(4, 6)])
    assert taken_over.load().leases == (lease(4, 6), lease(1, board_id="b2"))
    assert taken_over.load().heard == (heard,)
    assert taken_over._pragma("user_version") == SCHEMA_VERSION
    taken_over.close()
    assert SqliteStore(path).load().leases == (lease(4, 6), lease(1, board_id="b2"))


def test_the_clock_begins_above_all_that_was_written(path):
    ledger = Ledger(SqliteStore(path))
    assert ledger.floor_s() == 0
    assert written(ledger, lease(0)) is None
    assert ledger.floor_s() == 11
    ledger.stage("b1", (), lambda error: None, Heard("b1", "a1", 1, 50))
    ledger.flush()
    assert Ledger(SqliteStore(path)).floor_s() == 51


def test_keys_are_made_once_and_kept(path):
    ledger = Ledger(SqliteStore(path))
    key = ledger.key_for("b1")
    assert len(key) == 32 and ledger.key_for("b1") == key != ledger.key_for("b2")
    assert Ledger(SqliteStore(path)).key_for("b1") == key


def test_the_ledger_finds_a_conference_by_its_id(path):
    ledger = Ledger(SqliteStore(path))
    written(ledger, lease(3, 77))
    assert ledger.find("b1/3/77") == lease(3, 77)
    for unknown in ("b1/3/78", "b1/3", "b1", "", "b2/3/77", "b1/x/77"):
        assert ledger.find(unknown) is None
    assert ledger.floor_s() == 11
