"""A fleet in virtual time: the real books, patterns, allocation unit and lease table; boards and phones by contract.

Each server decides on its own books, which lag behind what the others have written as a watch of etcd does; a write on
a board that has changed meanwhile is a conflict, and is decided anew. Used by scale.py.
"""

import heapq
import random
import time
from collections import deque
from dataclasses import dataclass, field
from itertools import count

from parleyd.allocate import OFFER_TTL_S, AllocationUnit
from parleyd.books import Books
from parleyd.lease import CLOCK_MARGIN_S, QUARANTINE_S, Lease, LeaseEvent, step
from parleyd.pattern import PATTERNS
from parleyd.pool import BoardView
from parleyd.receive import Need
from parleyd.verdict import Grant

START_S = 1_800_000_000
CODECS = frozenset({("PCMU", 8000), ("PCMA", 8000)})
BOARD_LEGS = ((16, 60), (32, 30), (64, 10))  # legs, share in per cent
SIZES = ((3, 30), (4, 25), (6, 20), (8, 15), (16, 8), (32, 2))
SITES = (("north", 50), ("east", 30), ("south", 20))  # of boards and of phones
SERVER_SITES = ("north", "north", "east", "east", "south")
HOUR_SHARES = (  # of a day's conferences, in tenths of a per cent; an office's day
    (2, 1, 1, 1, 2, 6, 20, 55, 105, 120, 115, 85, 60, 95, 110, 90, 60, 30, 16, 10, 7, 4, 3, 2)
)
MEAN_TALK_S = 720
UNUSED_SHARE = 0.03  # of addresses that nobody calls
CALL_S = 1.0  # from the 302 to the board's word that somebody is there
REFRESH_S = 3.0
SERVER_LOST_S = 2.0  # until a phone, or the dispatcher before the servers, tries the next server
BACK_WITHIN_S = 30.0  # people whose conference has died call again within
TRIES = 8
WARMING_S = 1800


@dataclass
class Outcome:
    """What came of the requests of some part of the run. Latencies in seconds, decisions in seconds of this machine."""

    asked: int = 0
    refused: int = 0
    near: int = 0
    conflicts: int = 0
    latencies_s: list[float] = field(default_factory=list[float])
    decisions_s: list[float] = field(default_factory=list[float])

    def row(self) -> dict[str, float]:
        """Return the figures for people."""
        granted = max(1, self.asked - self.refused)
        return {
            "asked": self.asked,
            "refused_percent": round(100 * self.refused / max(1, self.asked), 3),
            "near_percent": round(100 * self.near / granted, 1),
            "conflicts_per_1000": round(1000 * self.conflicts / granted, 2),
            "latency_p50_ms": round(1000 * share_of(self.latencies_s, 0.5), 1),
            "latency_p99_ms": round(1000 * share_of(self.latencies_s, 0.99), 1),
            "latency_max_ms": round(1000 * share_of(self.latencies_s, 1), 1),
            "decision_p50_us": round(1e6 * share_of(self.decisions_s, 0.5), 1),
            "decision_p99_us": round(1e6 * share_of(self.decisions_s, 0.99), 1),
        }


def share_of(values: list[float], share: float) -> float:
    """Return the value below which this share of the values lies; 0 of none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def draw(chance: random.Random, shares: tuple[tuple[object, int], ...]) -> object:
    """Return one of the values by its share."""
    return chance.choices([value for value, _ in shares], [share for _, share in shares])[0]


class Server:
    """Books that lag behind, and a queue of requests."""

    def __init__(self, name: str, turn: int, site: str, pattern: str) -> None:
        self.name, self.site = name, site
        self.books = Books(PATTERNS[pattern], turn)
        self.unit = AllocationUnit()
        self.read = 0  # how much of the log of writes it has seen
        self.free_s = 0.0  # when it has answered all that was asked so far
        self.seen: dict[str, int] = {}  # board -> writes seen


@dataclass(frozen=True)
class Model:
    """What is simulated. service_s: processor time of one request; commit_s: of a transaction in etcd; lag_s: of a
    watch. The first half hour fills the fleet and is not counted.
    """

    boards: int = 10_000
    conferences_a_day: int = 1_000_000
    pattern: str = "round_robin"
    service_s: float = 150e-6
    commit_s: float = 0.005
    lag_s: float = 0.005
    from_h: float = 9.0
    until_h: float = 10.25
    lost_at_h: float = 10.0  # when the largest site is lost
    seed: int = 1


class Fleet:
    """One run."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.chance = random.Random(model.seed)
        self.servers = [
            Server(f"s{number}", number, site, model.pattern) for number, site in enumerate(SERVER_SITES, 1)
        ]
        self.log: deque[tuple[float, Lease]] = deque()  # writes that some server has not seen
        self.dropped = 0
        self.writes: dict[str, int] = {}
        self.truth: dict[tuple[str, int], Lease] = {}
        self.reserved: dict[str, int] = {}
        self.sites: dict[str, str] = {}
        self.legs: dict[str, int] = {}
        self.events: list[tuple[float, int, str, object]] = []
        self.order = count()
        self.outcomes = {"before": Outcome(), "minute after": Outcome(), "after": Outcome()}
        self._warming = Outcome()
        self.lost = ""
        self.peak_legs = self.used_legs = self.oversold = 0
        self._make_boards()

    def _make_boards(self) -> None:
        for number in range(self.model.boards):
            name, site = f"b{number:05d}", str(draw(self.chance, SITES))
            legs = int(str(draw(self.chance, BOARD_LEGS)))
            host = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
            view = BoardView(name, host, 5060, name.encode() * 5, CODECS, legs, legs, 0, site)
            self.sites[name], self.legs[name] = site, legs
            for server in self.servers:
                server.books.show(view)

    def run(self) -> "Fleet":
        """Play it to the end."""
        model = self.model
        self._later(3600 * model.from_h, "arrival", None)
        self._later(3600 * model.lost_at_h, "loss", None)
        handlers = {"arrival": self._arrival, "ask": self._ask, "write": self._write, "loss": self._lose}
        while self.events:
            now_s, _, kind, what = heapq.heappop(self.events)
            if now_s > 3600 * model.until_h:
                break
            handlers[kind](now_s, what)
        return self

    def _later(self, at_s: float, kind: str, what: object) -> None:
        heapq.heappush(self.events, (at_s, next(self.order), kind, what))

    def _arrival(self, now_s: float, _: object) -> None:
        self._ask(now_s, (int(str(draw(self.chance, SIZES))), str(draw(self.chance, SITES)), now_s))
        share = HOUR_SHARES[int(now_s // 3600) % 24] / sum(HOUR_SHARES)
        rate = self.model.conferences_a_day * share / 3600
        self._later(now_s + self.chance.expovariate(rate), "arrival", None)

    def _ask(self, now_s: float, what: object) -> None:
        """A phone asks the server that DNS SRV or the dispatcher gives it."""
        assert isinstance(what, tuple)
        size, site, first_s = what
        server = self.chance.choice(self.servers)
        if server.site == self.lost:
            if first_s == now_s:
                self._later(now_s + SERVER_LOST_S, "ask", (size, site, first_s))
                return
            server = self.chance.choice([one for one in self.servers if one.site != self.lost])
        server.free_s = max(now_s, server.free_s) + self.model.service_s
        outcome = self._outcome(now_s)
        outcome.asked += 1
        need = Need(size=size, site=site if server.books.pattern.near else "")
        done_s = server.free_s
        for _ in range(TRIES):
            self._catch_up(server, done_s)
            started = time.thread_time()
            verdict = server.unit.allocate(server.books, need, START_S + done_s)
            outcome.decisions_s.append(time.thread_time() - started)
            if not isinstance(verdict, Grant):
                outcome.refused += 1
                return
            done_s += self.model.commit_s
            board = verdict.lease.board_id
            if server.seen.get(board, 0) == self.writes.get(board, 0):
                outcome.latencies_s.append(done_s - first_s)
                outcome.near += self.sites[board] == site
                self._granted(verdict.lease, done_s)
                return
            outcome.conflicts += 1
            self._read_board(server, board)
        outcome.refused += 1

    def _granted(self, lease: Lease, now_s: float) -> None:
        self._put(lease, now_s)
        if self.chance.random() < UNUSED_SHARE:
            over_s = now_s + OFFER_TTL_S + CLOCK_MARGIN_S + self.chance.uniform(0, REFRESH_S)
            self._later(over_s, "write", (lease, LeaseEvent.EXPIRED))
            return
        talk_s = self.chance.expovariate(1 / MEAN_TALK_S)
        self._later(now_s + CALL_S, "write", (lease, LeaseEvent.SEEN_LIVE))
        self._later(now_s + CALL_S + talk_s, "write", (lease, LeaseEvent.RELEASED))

    def _write(self, now_s: float, what: object) -> None:
        """A board's refresh changes a lease."""
        assert isinstance(what, tuple)
        named, event = what
        lease = self.truth[named.board_id, named.slot]
        if lease.generation != named.generation or self.sites[named.board_id] == self.lost:
            return
        after = step(lease, event, START_S + now_s, QUARANTINE_S)
        self._put(after, now_s)
        if event in (LeaseEvent.RELEASED, LeaseEvent.EXPIRED):
            rest_s = QUARANTINE_S + 1 + self.chance.uniform(0, REFRESH_S)
            self._later(now_s + rest_s, "write", (after, LeaseEvent.QUARANTINE_OVER))

    def _put(self, lease: Lease, now_s: float) -> None:
        board, place = lease.board_id, (lease.board_id, lease.slot)
        before = self.truth.get(place)
        change = _held(lease) - (_held(before) if before else 0)
        self.truth[place] = lease
        self.reserved[board] = self.reserved.get(board, 0) + change
        self.oversold += self.reserved[board] > self.legs[board]
        self.used_legs += change
        self.peak_legs = max(self.peak_legs, self.used_legs)
        self.writes[board] = self.writes.get(board, 0) + 1
        self.log.append((now_s + self.model.lag_s, lease))

    def _catch_up(self, server: Server, now_s: float) -> None:
        """Let the server see what its watch has brought by now."""
        index = server.read - self.dropped
        while index < len(self.log) and self.log[index][0] <= now_s:
            self._see(server, self.log[index][1])
            index += 1
        server.read = index + self.dropped
        seen_by_all = min(one.read for one in self.servers)
        while self.dropped < seen_by_all:
            self.log.popleft()
            self.dropped += 1

    def _see(self, server: Server, lease: Lease) -> None:
        server.books.put([lease])
        server.seen[lease.board_id] = server.seen.get(lease.board_id, 0) + 1

    def _read_board(self, server: Server, board: str) -> None:
        """A conflict: all that was written so far is read."""
        while server.read - self.dropped < len(self.log):
            self._see(server, self.log[server.read - self.dropped][1])
            server.read += 1

    def _lose(self, now_s: float, _: object) -> None:
        """The largest site is gone, with its servers; people call again."""
        self.lost = SITES[0][0]
        gone = [board for board, site in self.sites.items() if site == self.lost]
        for server in self.servers:
            for board in gone:
                server.books.hide(board)
        for (board, _slot), lease in self.truth.items():
            if self.sites[board] == self.lost and lease.state.value == "active":
                again_s = now_s + self.chance.uniform(0, BACK_WITHIN_S)
                self._later(again_s, "ask", (lease.size, str(draw(self.chance, SITES)), again_s))
        self.used_legs -= sum(self.reserved.get(board, 0) for board in gone)

    def _outcome(self, now_s: float) -> Outcome:
        if now_s < 3600 * self.model.from_h + WARMING_S:
            return self._warming
        after_s = now_s - 3600 * self.model.lost_at_h
        return self.outcomes["before" if after_s < 0 else "minute after" if after_s < 60 else "after"]

    def capacity(self) -> int:
        """Return the legs of all boards."""
        return sum(self.legs.values())


def _held(lease: Lease) -> int:
    return lease.size if lease.state.value in ("offered", "active", "lapsed") else 0
