"""Where the servers of an allocation world keep their leases: a file each, or an etcd that they share."""

import asyncio
import itertools
import shutil

from parleyd.store.etcd import EtcdStore
from parleyd.store.sqlite import SqliteStore


class Files:
    """One server's SQLite file; a crash is a copy of it taken at that moment."""

    def __init__(self, folder):
        self.paths = (folder / f"{number}.sqlite" for number in itertools.count())

    def open(self, server):
        self.path = next(self.paths)
        return SqliteStore(self.path)

    def crash(self, store):
        copy = next(self.paths)
        for ending in ("", "-wal"):
            if (self.path.parent / f"{self.path.name}{ending}").exists():
                shutil.copy(f"{self.path}{ending}", f"{copy}{ending}")
        store.close()
        self.path = copy
        return SqliteStore(copy)

    def settle(self, store):
        pass

    def close(self, stores):
        for store in stores:
            store.close()


class Nodes:
    """A part of an etcd's keys that several servers share; a crash is a client that comes back without memory."""

    numbers = itertools.count()

    def __init__(self, endpoints, loop):
        self.loop = loop
        self.endpoints = endpoints
        self.prefix = f"/world-{next(self.numbers)}/"
        self.names = itertools.count()

    def open(self, server):
        return EtcdStore(self.endpoints, self.prefix, server=f"s{server}-{next(self.names)}")

    def crash(self, store):
        store.close()  # transactions under way may come through or not
        return self.open("again")

    def settle(self, store):
        self.loop.run_until_complete(store.settle())

    def hear(self, stores):
        """Let every server see all that was written."""

        async def all_seen():
            last = max(board.revision for store in stores for board in store._boards.values())
            while any(store.watch.revision < last for store in stores):
                await asyncio.sleep(0.001)

        self.loop.run_until_complete(all_seen())

    def close(self, stores):
        for store in stores:
            self.loop.run_until_complete(store.stop())
