"""A small world for allocation histories: virtual time, boards that follow the contract, the real server parts.

One server on a file, or several on an etcd (allocation_places.py). Used by test_allocate_history.py. Nothing here is
random, and time passes only when told to.
"""

from parley.wire.uri import parse_uri
from parleyd.allocate import AllocationUnit
from parleyd.books import Books
from parleyd.ledger import Ledger
from parleyd.neighbours import Neighbours
from parleyd.pool import Pool, ProvisionedBoard
from parleyd.receive import Need
from parleyd.registrar import Registrar
from parleyd.store.face import ConflictError
from parleyd.verdict import Grant

from .simulated_board import BUSY, OFFER_TTL_S, OK

QUARANTINE_S = 32
REGISTRATION_S = 9
REFRESH_S = 3
REQUEST_LIFE_S = 32  # RFC 3261 timer F: no REGISTER is older


class ServerSide:
    """One server of the world, from its start to its crash."""

    def __init__(self, world, number, store):
        self.number, self.store, self.world = number, store, world
        self.ledger, self.pool = Ledger(store, turn=number), Pool()
        world.wall_s = max(world.wall_s, self.ledger.floor_s() - world.elapsed_s)  # what SystemClock does
        for board in world.boards.values():
            self.pool.provision(ProvisionedBoard(board.board_id, board.key, "127.0.1.1", 5060))
        self.ledger.rest_anew(world.now_s, QUARANTINE_S)
        self.pool.attach(self.ledger.books)
        self.registrar = Registrar(self.pool, self.ledger, None, QUARANTINE_S)
        self.unit = AllocationUnit(OFFER_TTL_S)
        if store.shared:
            world.place.loop.run_until_complete(self.follow())

    async def follow(self):
        self.store.follow(Follower(self.ledger, self.pool, None, self.ledger.flush))

    def settle(self):
        self.ledger.flush()
        self.world.place.settle(self.store)


class Follower(Neighbours):
    """Hears of leases only: registrations in etcd live in real time, not in this world's."""

    def present(self, board_id, server, told):
        pass


class World:
    """Servers on one store, their boards, and everything that was ever issued."""

    def __init__(self, place, boards, servers=1):
        self.place = place
        self.boards = {board.board_id: board for board in boards}
        self.elapsed_s = 0.0  # true time
        self.wall_s = 1_795_357_275.0  # the server machines' idea of it, minus elapsed
        self.issued = {}  # token -> (board_id, lease)
        self.ends = {}  # (board_id, slot) -> when a conference was last live, by the servers' and by true time
        self.servers = []
        for number in range(servers):
            self.servers.append(ServerSide(self, number, place.open(number)))

    def crash(self, step_s=0.0, number=0):
        """Kill a server at this very moment and start another on what the store holds, its clock stepped."""
        store = self.place.crash(self.servers[number].store)
        self.wall_s += step_s
        self.servers[number] = ServerSide(self, number, store)

    def close(self):
        self.place.close([server.store for server in self.servers])

    @property
    def now_s(self):
        return self.wall_s + self.elapsed_s

    @property
    def now_ms(self):
        return int(self.elapsed_s * 1000)

    def allocate(self, size, crash_after_commit=False, number=0):
        server = self.servers[number]
        server.pool.expire(self.now_ms)
        stored = [ConflictError("not tried yet")]
        while isinstance(stored[-1], ConflictError):
            verdict = self.decide(server, size)
            if not isinstance(verdict, Grant):
                return None
            server.ledger.grant(verdict.lease, None, lambda _, errors: stored.extend(errors))
            server.settle()
        assert stored[-1] is None, stored
        board = self.boards[verdict.lease.board_id]
        last_s = board.refreshed_s.get(number, -100)
        assert self.elapsed_s - last_s <= REGISTRATION_S, "address of a lost board"
        if crash_after_commit:
            self.crash(0, number)
            return None
        token = parse_uri(verdict.uri).user
        self.check_new(token, verdict.lease)
        self.issued[token] = (verdict.lease.board_id, verdict.lease)
        return token

    def decide(self, server, size):
        """The unit's verdict, which must be the one that follows from the leases alone."""
        books = server.ledger.books
        verdict = server.unit.allocate(books, Need(size=size), self.now_s)
        views = server.pool.view(self.now_ms)
        fresh = Books.of(views, server.ledger.leases, books.pattern, server.number)
        derived = AllocationUnit(OFFER_TTL_S).allocate(fresh, Need(size=size), self.now_s)
        same = verdict == derived or verdict.status == derived.status
        assert same  # when to try again is computed once a second
        quick = server.unit.lane(fresh, Need(size=size), self.now_s).grant([""])
        assert [grant for _, grant in quick] == [verdict] * isinstance(verdict, Grant)
        return verdict

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

    def send_refresh(self, board, number=0):
        if number not in board.requests:
            board.requests[number] = (self.elapsed_s, board.report(self.elapsed_s))

    def deliver_refresh(self, board, answer_lost=False, number=0):
        """Let the board's pending REGISTER arrive; it may have been under way for a while."""
        if number not in board.requests:
            return
        built_s, report = board.requests.pop(number)
        if self.elapsed_s - built_s > REQUEST_LIFE_S:
            return
        server, accepted = self.servers[number], []
        server.registrar.accept(
            board.board_id,
            report,
            REGISTRATION_S,
            self.now_s,
            self.now_ms,
            lambda *done: accepted.append(done),
        )
        server.settle()
        assert accepted and accepted[0][1] is None
        board.refreshed_s[number] = self.elapsed_s
        if answer_lost and number not in board.answer_lost:  # retransmissions are not all lost
            board.answer_lost.add(number)
        else:
            board.answer_lost.discard(number)
            heard = server.ledger.heard(board.board_id)
            board.set_clock(int(self.now_s), self.elapsed_s, heard.since_s)

    def refresh(self, board, number=0):
        self.send_refresh(board, number)
        self.deliver_refresh(board, number=number)

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
                for number in range(len(self.servers)):
                    self.refresh(board, number)
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
