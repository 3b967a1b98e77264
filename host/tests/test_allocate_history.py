"""Any history of grants, calls, ends, lapses, crashes and clock steps keeps every promise of the address pool.

The real AllocationUnit, Ledger, Registrar and SQLite store, on virtual time, against boards simulated from the
contract. After every step: at most one conference can ever meet on a slot, no board is sold over. At every grant:
the token is new, the generation has grown, the slot has rested. At the end: everything is back in the pool.
"""

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from parleyd.lease import HOLDS_LEGS, LeaseState, reserved_legs

from .allocation_world import SimulatedBoard, World, refused

CROWDED = st.lists(st.tuples(st.integers(4, 8), st.integers(1, 3)), min_size=1, max_size=2)  # legs, slots
SIZES = st.sampled_from([2, 4, 4, 7])
# commits are synchronous; a file system in memory saves the disk the work
FAST = "/dev/shm" if Path("/dev/shm").is_dir() else None
ANY = st.integers(0, 5)


class AllocationHistory(RuleBasedStateMachine):
    @initialize(capacities=CROWDED)
    def build(self, capacities):
        self._folder = tempfile.TemporaryDirectory(dir=FAST)
        boards = [
            SimulatedBoard(f"b{index}", bytes([index + 1]) * 32, legs, slots)
            for index, (legs, slots) in enumerate(capacities)
        ]
        self.world = World(Path(self._folder.name), boards)
        for board in boards:
            self.world.refresh(board)

    def board(self, pick):
        return list(self.world.boards.values())[pick % len(self.world.boards)]

    def live(self, pick):
        places = [(board, slot) for board in self.world.boards.values() for slot in sorted(board.live)]
        return places[pick % len(places)] if places else None

    @rule(size=SIZES)
    def allocate(self, size):
        self.world.allocate(size)

    @rule(size=SIZES)
    def crash_between_commit_and_answer(self, size):
        self.world.allocate(size, crash_after_commit=True)

    @rule(size=SIZES, pick=ANY)
    def allocate_and_call(self, size, pick):
        if token := self.world.allocate(size):
            self.world.call(token, f"sip:u{pick}@127.0.0.1")

    @rule(
        size=SIZES, wait_s=st.sampled_from([50, 56, 58, 59.5]), under_way_s=st.sampled_from([0.4, 5, 20, 31])
    )
    def call_at_the_last_moment(self, size, wait_s, under_way_s):
        """A refresh is under way while the offer's last second passes and somebody calls."""
        if token := self.world.allocate(size):
            board = self.world.board_of(token)
            self.world.pass_time(wait_s)
            self.world.send_refresh(board)
            self.world.call(token, "sip:late@127.0.0.1")
            self.world.elapsed_s += under_way_s
            self.world.deliver_refresh(board)

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

    @rule(pick=ANY)
    def refresh(self, pick):
        self.world.refresh(self.board(pick))

    @rule(pick=ANY)
    def send_refresh(self, pick):
        self.world.send_refresh(self.board(pick))

    @rule(pick=ANY, lost=st.booleans())
    def deliver_refresh(self, pick, lost):
        self.world.deliver_refresh(self.board(pick), lost)

    @rule(seconds=st.sampled_from([0.4, 3, 10, 31, 33, 59, 62]))
    def time_passes(self, seconds):
        self.world.elapsed_s += seconds

    @rule(seconds=st.sampled_from([12, 36, 66]))
    def all_boards_refresh_for_a_while(self, seconds):
        self.world.pass_time(seconds)

    @rule(step_s=st.sampled_from([0, 0, 0, 3600, -3600, 45, -45]))
    def server_crash(self, step_s):
        self.world.crash(step_s)

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
            for board_id, records in self.world.ledger.leases.items():
                assert reserved_legs(records.values()) <= self.world.boards[board_id].legs

    def teardown(self):
        if not hasattr(self, "world"):
            return
        for board in self.world.boards.values():
            for slot in list(board.live):
                board.end(slot)
        self.world.pass_time(180)  # offers lapse, quarantines end
        self.world.crash()  # what counts is what the disk says
        for board_id, records in self.world.ledger.leases.items():
            held = [lease for lease in records.values() if lease.state is not LeaseState.FREE]
            assert not held, f"{board_id} never got back {held}"
            assert not any(lease.state in HOLDS_LEGS for lease in records.values())
        self.world.store.close()
        self._folder.cleanup()


TestAllocationHistory = AllocationHistory.TestCase
TestAllocationHistory.settings = settings(
    max_examples=100,
    stateful_step_count=50,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
