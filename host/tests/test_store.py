"""The SQLite store: durable, atomic, and clear about what is wrong with a file."""

import asyncio
import os
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import textwrap
import threading

import pytest

from parleyd.lease import Lease, LeaseState
from parleyd.ledger import Ledger
from parleyd.store.face import BoardKey, Heard, StoreError
from parleyd.store.sqlite import SCHEMA_VERSION, SqliteStore


def lease(slot=0, generation=5, state=LeaseState.OFFERED, board_id="b1"):
    return Lease(board_id, slot, generation, generation, 8, 99, state, 10, 20, 3, "sip:alice@here")


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


def written(ledger, *leases):
    """Stage and flush; the error, if any."""
    errors = []
    ledger.stage("b1", leases, errors.append)
    ledger.flush()
    return errors[0]


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


def test_a_store_of_the_schema_before_is_taken_over(path):
    store = SqliteStore(path)
    store.commit([lease(4)])
    store._database.execute("DROP TABLE heard")
    store._database.execute("PRAGMA user_version = 1")
    store.close()
    taken_over = SqliteStore(path)
    taken_over.commit([Heard("b1", "a1", 3, 99)])
    assert taken_over.load().leases == (lease(4),)
    assert taken_over.load().heard == (Heard("b1", "a1", 3, 99),)
    assert taken_over._pragma("user_version") == SCHEMA_VERSION


def test_the_clock_begins_above_all_that_was_written(path):
    ledger = Ledger(SqliteStore(path))
    assert ledger.floor_s() == 0
    assert written(ledger, lease(0)) is None
    assert ledger.floor_s() == 11
    ledger.stage("b1", (), lambda error: None, Heard("b1", "a1", 1, 50))
    ledger.flush()
    assert Ledger(SqliteStore(path)).floor_s() == 51


class Heedful:
    """A follower that is only told when there is something to send."""

    def __init__(self):
        self.told = 0

    def settled(self):
        self.told += 1


def in_a_loop(path, play, **options):
    """Let `play(store, ledger)` run where the disk is waited for by a thread; returns the follower."""
    follower = Heedful()

    async def run():
        store = SqliteStore(path, **options)
        ledger = Ledger(store)
        store.follow(follower)
        await play(store, ledger)
        await store.stop()

    asyncio.run(run())
    return follower


def test_in_a_loop_the_disk_is_waited_for_elsewhere_and_what_comes_meanwhile_shares_the_next_commit(path):
    answers = []

    async def play(store, ledger):
        gate = threading.Event()
        commits, real = [], store._commit

        def slow():
            gate.wait(10)
            commits.append(1)
            real()

        store._commit = slow
        for slot in range(20):
            ledger.stage("b1", [lease(slot)], lambda error, slot=slot: answers.append((slot, error)))
            ledger.flush()
        assert answers == [] and len(ledger.leases["b1"]) == 20  # it counts at once, and nobody is told
        gate.set()
        while len(answers) < 20:
            await asyncio.sleep(0.001)
        assert len(commits) == 2

    assert in_a_loop(path, play).told == 2
    assert answers == [(slot, None) for slot in range(20)]
    assert len(SqliteStore(path).load().leases) == 20


def test_a_commit_that_fails_takes_back_what_was_decided_on_it_too(path):
    answers = []

    async def play(store, ledger):
        gate, real = threading.Event(), store._commit

        def fails():
            gate.wait(10)
            raise sqlite3.OperationalError("database or disk is full")

        ledger.stage("b1", [lease(0, 5)], answers.append)
        ledger.flush()
        while len(answers) < 1:
            await asyncio.sleep(0.001)
        store._commit = fails
        for generation in (6, 7):  # the same slot: the second stands on the first
            ledger.stage("b1", [lease(0, generation)], answers.append)
            ledger.flush()
        ledger.stage("b1", [lease(1)], answers.append)
        ledger.flush()
        gate.set()
        while len(answers) < 4:
            await asyncio.sleep(0.001)
        assert ledger.leases["b1"] == {0: lease(0, 5)}
        store._commit = real
        ledger.stage("b1", [lease(2)], answers.append)
        ledger.flush()
        while len(answers) < 5:
            await asyncio.sleep(0.001)

    in_a_loop(path, play)
    assert [str(error) if error else None for error in answers][::4] == [None, None]
    assert all("full" in str(error) for error in answers[1:4])
    assert SqliteStore(path).load().leases == (lease(0, 5), lease(2))


def test_the_end_writes_what_waits(path):
    answers = []

    async def play(store, ledger):
        for slot in range(3):
            ledger.stage("b1", [lease(slot)], answers.append)
            ledger.flush()
        store.keep_key(BoardKey("b9", b"k" * 32))  # between two others, at once

    in_a_loop(path, play)
    assert answers == [None, None, None]
    assert len(SqliteStore(path).load().leases) == 3 and len(SqliteStore(path).load().keys) == 1


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
