"""A power cut at any moment: the store's files are copied while it writes, and its process is killed by SIGKILL.

A copy of a file that is being written is worse than what a disk holds after a power cut: its pages are from different
moments. The write-ahead log is copied after the database, as recovery reads them; a copy that a checkpoint ran through
is what real disks never show, so checkpoints wait (their own durability is SQLite's, tested by `kill -9` below).
"""

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from parleyd.lease import HOLDS_LEGS, reserved_legs
from parleyd.store.sqlite import SqliteStore

LEGS, SLOTS = 64, 32
WRITER = """
    import sys
    sys.path[:0] = {path!r}
    from pathlib import Path
    from parleyd.lease import Lease, LeaseState
    from parleyd.store.face import Group
    from parleyd.store.sqlite import SqliteStore
    store = SqliteStore(Path({file!r}))
    {before}
    print("ready", flush=True)
    serial, generations, held = 0, dict.fromkeys(range({slots}), 0), []
    while True:
        groups = []
        for _ in range(1 + serial % 7):  # several grants share a commit
            serial += 1
            if len(held) * 8 >= {legs}:  # the oldest ends in the same commit as the next begins
                slot = held.pop(0)
                lease = Lease("b1", slot, generations[slot], generations[slot], 8, 99, LeaseState.FREE, serial)
                groups.append(Group("b1", [(None, lease)]))
            slot = serial % {slots}
            generations[slot] = serial
            held.append(slot)
            lease = Lease("b1", slot, serial, serial, 8, 99, LeaseState.OFFERED, serial, 0, serial, "x" * (serial % 90))
            groups.append(Group("b1", [(None, lease)]))
        store.submit(groups, lambda errors: None)
        print(serial, flush=True)
"""


class Writer:
    """A process that grants and frees without end and says each serial once it is durable."""

    def __init__(self, file, before=""):
        text = textwrap.dedent(WRITER).format(
            path=sys.path, file=str(file), before=before, legs=LEGS, slots=SLOTS
        )
        self.process = subprocess.Popen([sys.executable, "-c", text], stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "ready\n"
        self.acknowledged = 0
        os.set_blocking(self.process.stdout.fileno(), False)

    def read(self):
        """Return the last serial that was said to be durable."""
        try:
            text = os.read(self.process.stdout.fileno(), 1 << 20).decode()
        except BlockingIOError:
            return self.acknowledged
        whole = text[: text.rfind("\n")].split("\n")
        if whole[-1]:
            self.acknowledged = int(whole[-1])
        return self.acknowledged

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()


def check(path: Path, acknowledged: int):
    """Open what is left, as a daemon that starts would, and look at every promise."""
    store = SqliteStore(path)
    leases = store.load().leases
    store.close()
    assert len({lease.slot for lease in leases}) == len(leases)
    assert all(lease.highest >= lease.generation for lease in leases)
    assert reserved_legs(leases) <= LEGS, "a commit was torn: the end and the beginning belong together"
    last = max((lease.serial for lease in leases), default=0)
    assert last >= acknowledged, f"grant {acknowledged} was acknowledged, {last} is the last on disk"
    held = sorted(lease.serial for lease in leases if lease.state in HOLDS_LEGS)
    assert held == list(range(held[0], held[-1] + 1)) if held else True, "no grant is missing in between"


@pytest.mark.parametrize("copies", [60, pytest.param(1000, marks=pytest.mark.soak)])
def test_every_copy_taken_in_the_middle_of_a_write_opens_and_holds_its_promises(tmp_path, copies):
    file = tmp_path / "leases.sqlite"
    writer = Writer(file, 'store._database.execute("PRAGMA wal_autocheckpoint = 0")')
    try:
        for number in range(copies):
            acknowledged = writer.read()
            copy = tmp_path / f"copy{number}.sqlite"
            for ending in ("", "-wal"):
                if Path(f"{file}{ending}").exists():
                    shutil.copyfile(f"{file}{ending}", f"{copy}{ending}")
            check(copy, acknowledged)
            for ending in ("", "-wal", "-shm"):
                Path(f"{copy}{ending}").unlink(missing_ok=True)
            if number % 100 == 99:  # the log would grow for ever
                writer.kill()
                check(file, writer.acknowledged)
                writer = Writer(
                    tmp_path / f"next{number}.sqlite",
                    'store._database.execute("PRAGMA wal_autocheckpoint = 0")',
                )
                file = tmp_path / f"next{number}.sqlite"
    finally:
        writer.kill()


@pytest.mark.parametrize("kills", [8, pytest.param(1000, marks=pytest.mark.soak)])
def test_kill_9_at_any_moment_loses_nothing_that_was_acknowledged(tmp_path, kills):
    """Checkpoints run as they do in a daemon, here after every few commits."""
    for number in range(kills):
        file = tmp_path / f"{number}.sqlite"
        writer = Writer(file, 'store._database.execute("PRAGMA wal_autocheckpoint = 4")')
        time.sleep(0.005 * (number % 13))
        writer.process.send_signal(signal.SIGKILL)
        writer.process.wait()
        check(file, writer.read())
        writer.process.stdout.close()
        for ending in ("", "-wal", "-shm"):
            Path(f"{file}{ending}").unlink(missing_ok=True)
