"""Servers on an etcd, as far as their store goes, for the tests of the store."""

import asyncio
import functools
import itertools
import time

from parleyd.lease import Lease, LeaseState
from parleyd.store.etcd import EtcdStore
from parleyd.store.face import Group


def lease(slot=0, generation=5, state=LeaseState.OFFERED, board_id="b1"):
    return Lease(board_id, slot, generation, generation, 8, 99, state, 10, 20, 3, "sip:alice@here")


def group(*leases, heard=None):
    return Group(leases[0].board_id, [(None, one) for one in leases], heard)


class Follower:
    """Takes note of all it is told."""

    def __init__(self):
        self.learned, self.boards, self.registered = [], [], {}
        self.last_heard = {}
        self.drained = []
        self.twins = {}
        self.keys = []

    def learn(self, leases, heard):
        self.learned += leases
        if heard is not None:
            self.last_heard[heard.board_id] = heard

    def learn_board(self, board_id, leases, heard):
        self.boards.append((board_id, tuple(leases), heard))

    def learn_key(self, key):
        self.keys.append(key)

    def heard(self, board_id):
        return self.last_heard.get(board_id)

    def present(self, board_id, server, told):
        self.registered[board_id, server] = told

    def twin(self, board_id, server, boot):
        self.twins[board_id, server] = boot

    def drains(self, board_id, draining):
        self.drained.append((board_id, draining))

    def all_drains(self, boards):
        self.drained.extend((board_id, True) for board_id in boards)

    def settled(self):
        pass


prefixes = (f"/test-{number}/" for number in itertools.count())


class Server:
    """A store with its follower, and how it answers."""

    started = []

    def __init__(self, endpoints, prefix, **options):
        self.store = EtcdStore(endpoints, prefix, **options)
        self.loaded = self.store.load()
        self.follower = Follower()
        self.store.follow(self.follower)
        Server.started.append(self)

    async def write(self, *groups):
        answers = []
        self.store.submit(groups, answers.extend)
        await self.store.settle()
        return answers


async def until(true, what, patience_s=15):
    end_s = time.monotonic() + patience_s
    while not true():
        assert time.monotonic() < end_s, f"waited in vain for {what}"
        await asyncio.sleep(0.01)


def on_loop(test):
    """Runs a test that is a coroutine, and stops the servers it started."""

    async def whole(arguments, named):
        try:
            await test(*arguments, **named)
        finally:
            while Server.started:
                await Server.started.pop().store.stop()

    @functools.wraps(test)
    def run(*arguments, **named):
        asyncio.run(whole(arguments, named))

    return run
