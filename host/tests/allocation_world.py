"""A small world for allocation histories: virtual time, boards that follow the contract, the real server parts.

Used by test_allocate_history.py. Nothing here is random and nothing waits.
"""

import shutil

from parley.wire.address import read_token
from parley.wire.errors import RemoteError
from parley.wire.uri import parse_uri
from parleyd.allocate import AllocationUnit
from parleyd.books import Books
from parleyd.ledger import Ledger
from parleyd.pool import Pool, ProvisionedBoard
from parleyd.receive import Need
from parleyd.registrar import Registrar
from parleyd.report import BoardReport
from parleyd.store.sqlite import SqliteStore
from parleyd.verdict import Grant

OFFER_TTL_S = 60
QUARANTINE_S = 32
REGISTRATION_S = 9
REFRESH_S = 3
REQUEST_LIFE_S = 32  # RFC 3261 timer F: no REGISTER is older
OK, BUSY, GONE, NOT_READY = 200, 486, 410, 503


class SimulatedBoard:
    """What a board does with tokens; written from the contract alone, it shares no code with the server."""

    def __init__(self, board_id, key, legs, slots):
        self.board_id, self.key, self.legs, self.slots = board_id, key, legs, slots
        self.boots = 0
        self.refreshed_s = 0.0  # when a REGISTER of this board last came through
        self.reboot(0.0)

    def reboot(self, elapsed_s):
        self.boots += 1
        self.booted_s = elapsed_s
        self.offset_s = None  # unix time minus elapsed time; comes with a 200's Date
        self.started_s = 0  # unix time of this boot, the latest it can have been
        self.live = {}  # slot -> [generation, size, participants]
        self.ended = []
        self.answer_lost = False
        self.request = None  # (built at, report): one REGISTER at a time

    def set_clock(self, date_s, elapsed_s):
        self.offset_s = date_s - elapsed_s
        self.started_s = max(self.started_s, self.booted_s + self.offset_s)

    def answer(self, allocation, elapsed_s):
        """What an INVITE to an address of this board would get, without doing it."""
        if self.offset_s is None:
            return NOT_READY
        slot, generation = allocation.slot, allocation.generation
        if slot in self.live:
            live = self.live[slot]
            if live[0] != generation:
                return GONE
            return OK if len(live[2]) < live[1] else BUSY
        expired = allocation.expires_s < elapsed_s + self.offset_s
        before_boot = allocation.expires_s - OFFER_TTL_S < self.started_s
        return GONE if expired or before_boot or (slot, generation) in self.ended else OK

    def invite(self, token, who, elapsed_s):
        allocation = read_token(self.key, token)
        status = self.answer(allocation, elapsed_s)
        if status == OK:
            live = self.live.setdefault(allocation.slot, [allocation.generation, allocation.size, []])
            live[2].append(who)
        return status

    def leave(self, slot):
        self.live[slot][2].pop()
        if not self.live[slot][2]:
            self.end(slot)

    def end(self, slot):
        self.ended.append((slot, self.live.pop(slot)[0]))

    def report(self):
        return BoardReport.model_validate(
            {
                "firmware": "0.1.0",
                "boot": f"{self.boots:08x}",
                "board": "simulated",
                "codecs": ["PCMU"],
                "legs": self.legs,
                "slots": self.slots,
                "live": [(slot, *entry[:2], list(entry[2])) for slot, entry in sorted(self.live.items())],
                "ended": self.ended[-16:],
            }
        )


class World:
    """One server on one store file, its boards, and everything that was ever issued."""

    def __init__(self, folder, boards):
        self.folder = folder
        self.boards = {board.board_id: board for board in boards}
        self.elapsed_s = 0.0  # true time
        self.wall_s = 1_795_357_275.0  # the server machine's idea of it, minus elapsed
        self.lives = 0
        self.issued = {}  # token -> (board_id, lease)
        self.ends = {}  # (board_id, slot) -> when a conference was last live, by the server's and by true time
        self.start(folder / "0.sqlite")

    def start(self, path):
        self.store = SqliteStore(path)
        self.path = path
        self.ledger, self.pool = Ledger(self.store), Pool()
        self.wall_s = max(self.wall_s, self.ledger.latest_s() - self.elapsed_s)  # what SystemClock does
        for board in self.boards.values():
            self.pool.provision(ProvisionedBoard(board.board_id, board.key, "127.0.1.1", 5060))
        self.ledger.rest_anew(self.now_s, QUARANTINE_S)
        self.pool.attach(self.ledger.books)
        self.registrar = Registrar(self.pool, self.ledger, None, QUARANTINE_S)
        self.unit = AllocationUnit(OFFER_TTL_S)

    def crash(self, step_s=0.0):
        """Kill the server at this very moment and start another on what the disk holds, its clock stepped."""
        self.lives += 1
        copy = self.folder / f"{self.lives}.sqlite"
        for ending in ("", "-wal"):
            if (self.path.parent / f"{self.path.name}{ending}").exists():
                shutil.copy(f"{self.path}{ending}", f"{copy}{ending}")
        self.store.close()
        self.wall_s += step_s
        self.start(copy)

    @property
    def now_s(self):
        return self.wall_s + self.elapsed_s

    @property
    def now_ms(self):
        return int(self.elapsed_s * 1000)

    def allocate(self, size, crash_after_commit=False):
        self.pool.expire(self.now_ms)
        verdict = self.unit.allocate(self.ledger.books, Need(size=size), self.now_s)
        fresh = Books.of(self.pool.view(self.now_ms), self.ledger.leases, self.ledger.books.pattern)
        derived = AllocationUnit(OFFER_TTL_S).allocate(fresh, Need(size=size), self.now_s)
        assert (
            verdict == derived or verdict.status == derived.status
        )  # when to try again is computed once a second
        if not isinstance(verdict, Grant):
            return None
        board = self.boards[verdict.lease.board_id]
        assert self.elapsed_s - board.refreshed_s <= REGISTRATION_S, "address of a lost board"
        stored = []
        self.ledger.stage([verdict.lease], stored.append)
        self.ledger.flush()
        assert stored == [None]
        if crash_after_commit:
            self.crash()
            return None
        token = parse_uri(verdict.uri).user
        self.check_new(token, verdict.lease)
        self.issued[token] = (verdict.lease.board_id, verdict.lease)
        return token

    def check_new(self, token, lease):
        assert token not in self.issued, "token issued twice"
        place = (lease.board_id, lease.slot)
        for board_id, other in self.issued.values():
            if (board_id, other.slot) == place:
                assert other.generation < lease.generation, "the generation must grow"
        wall_s, elapsed_s = self.ends.get(place, (0, 0))
        rested_s = max(
            self.now_s - wall_s, self.elapsed_s - elapsed_s
        )  # a stepped clock cannot count both ways
        assert rested_s >= QUARANTINE_S, "slot issued in its quarantine"

    def send_refresh(self, board):
        if board.request is None:
            board.request = (self.elapsed_s, board.report())

    def deliver_refresh(self, board, answer_lost=False):
        """Let the board's pending REGISTER arrive; it may have been under way for a while."""
        if board.request is None:
            return
        built_s, report = board.request
        board.request = None
        if self.elapsed_s - built_s > REQUEST_LIFE_S:
            return
        accepted = []
        self.registrar.accept(
            board.board_id,
            report,
            REGISTRATION_S,
            self.now_s,
            self.now_ms,
            lambda *done: accepted.append(done),
        )
        self.ledger.flush()
        assert accepted and accepted[0][1] is None
        board.refreshed_s = self.elapsed_s
        board.answer_lost = answer_lost and not board.answer_lost  # retransmissions are not all lost
        if not board.answer_lost:
            board.set_clock(int(self.now_s), self.elapsed_s)

    def refresh(self, board):
        self.send_refresh(board)
        self.deliver_refresh(board)

    def reboot(self, board):
        """Crash a board; booting takes longer than the second that a token's times are counted in."""
        self.elapsed_s += 2
        board.reboot(self.elapsed_s)

    def pass_time(self, seconds):
        """Let time pass with every board refreshing as it should."""
        whole, rest_s = divmod(seconds, REFRESH_S)
        for step_s in [REFRESH_S] * int(whole) + [rest_s]:
            self.elapsed_s += step_s
            for board in self.boards.values():
                self.refresh(board)
            self.check()

    def board_of(self, token):
        return self.boards[self.issued[token][0]]

    def call(self, token, who):
        status = self.board_of(token).invite(token, who, self.elapsed_s)
        self.note_live()
        return status

    def note_live(self):
        for board in self.boards.values():
            for slot in board.live:
                self.ends[(board.board_id, slot)] = (self.now_s, self.elapsed_s)

    def usable(self):
        """Every issued token that would still get a caller in, and those of full conferences, by board and slot."""
        found = {}
        for board_id, lease in self.issued.values():
            if self.boards[board_id].answer(lease, self.elapsed_s) in (OK, BUSY):
                found.setdefault((board_id, lease.slot), []).append(lease)
        return found

    def check(self):
        self.note_live()
        usable = self.usable()
        for place, leases in usable.items():
            assert len(leases) == 1, f"two conferences can meet on slot {place}: {leases}"
        for board in self.boards.values():
            sizes = [leases[0].size for (name, _), leases in usable.items() if name == board.board_id]
            assert sum(sizes) <= board.legs, f"{board.board_id} is sold over: {sizes}"
            assert all(len(entry[2]) <= entry[1] for entry in board.live.values())


def refused(board, token):
    """Whether the board does not even know the token as its own."""
    try:
        read_token(board.key, token)
    except RemoteError:
        return True
    return False
