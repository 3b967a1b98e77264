"""The SQLite store in a loop: the disk is waited for elsewhere, and commits are shared."""

import asyncio
import shutil
import sqlite3
import threading

import pytest

from parleyd.ledger import Ledger
from parleyd.store.face import BoardKey
from parleyd.store.sqlite import LOG_BYTES, SqliteStore

from .store_bench import lease


@pytest.fixture
def path(tmp_path):
    return tmp_path / "leases.sqlite"


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


def test_a_disk_that_is_quick_is_waited_for_in_place_and_a_slow_one_is_not(path):
    answers, commit_s, clock = [], [0.0004], [0.0]

    async def play(store, ledger):
        real = store._commit

        def timed():
            clock[0] += commit_s[0]
            real()

        async def staged(slot):
            """Whether it was answered at once."""
            ledger.stage("b1", [lease(slot)], answers.append)
            ledger.flush()
            at_once = len(answers) == slot + 1
            while len(answers) <= slot:
                await asyncio.sleep(0.001)
            return at_once

        store._commit = timed
        quick = [await staged(slot) for slot in range(30)]
        first = quick.index(True)
        assert 5 < first < 25 and all(quick[first:])
        commit_s[0] = 0.03
        assert [await staged(slot) for slot in (30, 31)] == [True, False]
        assert answers == [None] * 32

    in_a_loop(path, play, now_s=lambda: clock[0])
    assert len(SqliteStore(path).load().leases) == 32


def test_the_log_lies_ready_and_a_copy_of_it_is_read(path, tmp_path):
    async def play(store, ledger):
        log = path.with_name(path.name + "-wal")
        assert log.stat().st_size == LOG_BYTES
        for slot in range(50):
            ledger.stage("b1", [lease(slot)], lambda error: None)
            ledger.flush()
        store._wait()
        assert log.stat().st_size == LOG_BYTES
        for ending in ("", "-wal"):
            shutil.copy(f"{path}{ending}", f"{tmp_path}/copy{ending}")

    in_a_loop(path, play)
    assert SqliteStore(tmp_path / "copy").load().leases == tuple(lease(slot) for slot in range(50))
