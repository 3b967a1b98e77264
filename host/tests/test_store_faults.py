"""The SQLite store is clear about what is wrong with a file, and nothing changes."""

import sqlite3

import pytest

from parleyd.ledger import Ledger
from parleyd.store.face import StoreError
from parleyd.store.sqlite import SqliteStore
from parleyd.store.sqlite_rows import SCHEMA_VERSION

from .store_bench import lease, written


@pytest.fixture
def path(tmp_path):
    return tmp_path / "leases.sqlite"


def test_a_failed_commit_changes_nothing(path):
    store = SqliteStore(path)
    ledger = Ledger(store)
    assert written(ledger, lease(0)) is None
    broken = lease(1, generation=None)  # NOT NULL fails after the first row was written
    assert "cannot write the lease store" in str(written(ledger, lease(0, 9), broken))
    assert ledger.leases["b1"] == {0: lease(0)}
    assert store.load().leases == (lease(0),)
    assert written(ledger, lease(0, 10)) is None  # and the store works on
    assert store.load().leases == (lease(0, 10),)


def test_a_full_disk_is_an_error_that_passes(path):
    store = SqliteStore(path)
    pages = store._pragma("page_count")
    store._database.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreError, match="full"):
        store.commit([lease(slot) for slot in range(2000)])
    assert store.load().leases == ()
    store._database.execute("PRAGMA max_page_count = 100000")
    store.commit([lease(1)])
    assert store.load().leases == (lease(1),)


def test_a_file_that_is_no_database(path):
    path.write_bytes(b"this is a letter to my aunt\n" * 100)
    with pytest.raises(StoreError, match="not a database; restore it or choose another state directory"):
        SqliteStore(path)
    assert path.read_bytes().startswith(b"this is a letter")  # and nothing was done to it


def test_a_database_of_another_program(path):
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE songs (title TEXT)")
    other.commit()
    other.close()
    with pytest.raises(StoreError, match="database of another program"):
        SqliteStore(path)


def test_a_store_of_a_newer_parley(path):
    SqliteStore(path).close()
    newer = sqlite3.connect(path)
    newer.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    newer.close()
    with pytest.raises(StoreError, match=f"schema {SCHEMA_VERSION + 1}"):
        SqliteStore(path)


def test_a_damaged_file(path):
    store = SqliteStore(path)
    store.commit([lease(slot) for slot in range(500)])
    store.close()
    damaged = bytearray(path.read_bytes())
    damaged[4096 * 2 : 4096 * 3] = b"\xa5" * 4096
    path.write_bytes(damaged)
    with pytest.raises(StoreError, match="choose another state directory"):
        SqliteStore(path)


def test_a_directory_that_is_not_there(tmp_path):
    with pytest.raises(StoreError, match="cannot open the lease store"):
        SqliteStore(tmp_path / "missing" / "leases.sqlite")


def test_a_store_that_another_program_locks(path):
    SqliteStore(path).close()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreError, match="is another Parley using it"):
        SqliteStore(path, timeout_s=0)


def test_a_state_nobody_knows(path):
    store = SqliteStore(path)
    store.commit([lease(0)])
    store._database.execute("UPDATE slot SET state = 'asleep'")
    with pytest.raises(StoreError, match="asleep"):
        store.load()
