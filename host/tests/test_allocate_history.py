"""Any history of grants, calls, ends, lapses, crashes and clock steps keeps every promise of the address pool.

The real AllocationUnit, Ledger, Registrar and store, on virtual time, against boards simulated from the contract: one
server on SQLite, and three on an etcd, each of which may be asked, and with each of which every board registers.

After every step: at most one conference can ever meet on a slot, no board is sold over. At every grant: the token is
new, the generation has grown, the slot has rested. At the end: everything is back in the pool.
"""

import asyncio
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from parleyd.lease import HOLDS_LEGS, LeaseState, reserved_legs

from .allocation_places import Files, Nodes
from .allocation_world import World
from .etcd_bench import IN_MEMORY, Cluster, need_etcd
from .simulated_board import SimulatedBoard, refused

CROWDED = st.lists(st.tuples(st.integers(4, 8), st.integers(1, 3)), min_size=1, max_size=2)  # legs, slots
SIZES = st.sampled_from([2, 4, 4, 7])
ANY = st.integers(0, 5)
WHO = st.integers(0, 2)  # a server


class AllocationHistory(RuleBasedStateMachine):
    servers = 1

    def place(self):
        return Files(Path(self._folder.name))

    def who(self, pick):
        return pick % self.servers

    @initialize(capacities=CROWDED)
    def build(self, capacities):
        self._folder = tempfile.TemporaryDirectory(dir=IN_MEMORY)
        boards = [
            SimulatedBoard(f"b{index}", bytes([index + 1]) * 32, legs, slots)
            for index, (legs, slots) in enumerate(capacities)
        ]
        self.world = World(self.place(), boards, self.servers)
        for board in boards:
            for number in range(self.servers):
                self.world.refresh(board, number)

    def board(self, pick):
        return list(self.world.boards.values())[pick % len(self.world.boards)]

    def live(self, pick):
        places = [(board, slot) for board in self.world.boards.values() for slot in sorted(board.live)]
        return places[pick % len(places)] if places else None

    @rule(size=SIZES, who=WHO)
    def allocate(self, size, who):
        self.world.allocate(size, number=self.who(who))

    @rule(size=SIZES, who=WHO)
    def crash_between_commit_and_answer(self, size, who):
        self.world.allocate(size, crash_after_commit=True, number=self.who(who))

    @rule(size=SIZES, pick=ANY, who=WHO)
    def allocate_and_call(self, size, pick, who):
        if token := self.world.allocate(size, number=self.who(who)):
            self.world.call(token, f"sip:u{pick}@127.0.0.1")

    @rule(
        size=SIZES,
        wait_s=st.sampled_from([22, 28, 30, 31.5]),
        under_way_s=st.sampled_from([0.4, 5, 20, 31]),
        who=WHO,
    )
    def call_at_the_last_moment(self, size, wait_s, under_way_s, who):
        """A refresh is under way while the offer's last second passes and somebody calls."""
        if token := self.world.allocate(size, number=self.who(who)):
            board = self.world.board_of(token)
            self.world.pass_time(wait_s)
            self.world.send_refresh(board, self.who(who))
            self.world.call(token, "sip:late@127.0.0.1")
            self.world.elapsed_s += under_way_s
            self.world.deliver_refresh(board, number=self.who(who))

    @precondition(lambda self: self.world.issued)
    @rule(pick=ANY)
    def call(self, pick):
        tokens = list(self.world.issued)
        token = tokens[-1 - pick % len(tokens)]  # shrinks towards the youngest
        self.world.call(token, f"sip:u{pick}@127.0.0.1")
        owner = self.world.board_of(token)
        assert all(refused(other, token) for other in self.world.boards.values() if other is not owner)

    @rule(pick=ANY)
    def leave(self, pick):
        if place := self.live(pick):
            place[0].leave(place[1])

    @rule(pick=ANY)
    def end(self, pick):
        if place := self.live(pick):
            place[0].end(place[1])

    @rule(pick=ANY, who=WHO)
    def refresh(self, pick, who):
        self.world.refresh(self.board(pick), self.who(who))

    @rule(pick=ANY, who=WHO)
    def send_refresh(self, pick, who):
        self.world.send_refresh(self.board(pick), self.who(who))

    @rule(pick=ANY, lost=st.booleans(), who=WHO)
    def deliver_refresh(self, pick, lost, who):
        self.world.deliver_refresh(self.board(pick), lost, self.who(who))

    @rule(seconds=st.sampled_from([0.4, 3, 10, 31, 33, 35, 62]))
    def time_passes(self, seconds):
        self.world.elapsed_s += seconds

    @rule(seconds=st.sampled_from([12, 36, 66]))
    def all_boards_refresh_for_a_while(self, seconds):
        self.world.pass_time(seconds)

    @rule(step_s=st.sampled_from([0, 0, 0, 3600, -3600, 45, -45]), who=WHO)
    def server_crash(self, step_s, who):
        if self.servers > 1:
            step_s = 0  # a fleet's clocks go alike (NTP)
        self.world.crash(step_s, self.who(who))

    @rule(pick=ANY)
    def board_crash(self, pick):
        self.world.reboot(self.board(pick))

    @invariant()
    def promises_hold(self):
        if hasattr(self, "world"):
            self.world.check()

    @invariant()
    def the_books_balance(self):
        if hasattr(self, "world"):
            for server in self.world.servers:
                for board_id, records in server.ledger.leases.items():
                    assert reserved_legs(records.values()) <= self.world.boards[board_id].legs

    def teardown(self):
        if not hasattr(self, "world"):
            return
        for board in self.world.boards.values():
            for slot in list(board.live):
                board.end(slot)
        self.world.pass_time(180)  # offers lapse, quarantines end
        for number in range(self.servers):
            self.world.crash(0, number)  # what counts is what the store says
        for server in self.world.servers:
            for board_id, records in server.ledger.leases.items():
                held = [lease for lease in records.values() if lease.state is not LeaseState.FREE]
                assert not held, f"{board_id} never got back {held}"
                assert not any(lease.state in HOLDS_LEGS for lease in records.values())
        self.world.close()
        self._folder.cleanup()


class FleetHistory(AllocationHistory):
    """Servers hear of each other only while one of them writes, or when all are let hear."""

    servers = 3
    endpoints = loop = None

    def place(self):
        return Nodes(self.endpoints, self.loop)

    @rule()
    def hear(self):
        self.world.place.hear([server.store for server in self.world.servers])


def history(machine, examples, phases=tuple(Phase)):
    run_settings = settings(
        max_examples=examples,
        stateful_step_count=50,
        deadline=None,
        derandomize=True,
        phases=phases,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine, settings=run_settings)


def test_one_server_on_sqlite():
    history(AllocationHistory, 100)


@pytest.mark.parametrize("examples", [12, pytest.param(400, marks=pytest.mark.soak)])
def test_three_servers_on_etcd(examples):
    need_etcd()
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as folder, Cluster(Path(folder)) as cluster:
        FleetHistory.endpoints, FleetHistory.loop = cluster.endpoints, asyncio.new_event_loop()
        history(FleetHistory, examples, (Phase.generate,))  # shrinking would take minutes
