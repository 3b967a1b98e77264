"""A conference server, boards and phones joined in memory, in virtual time. Not a test."""

import json
import random
from email.utils import parsedate_to_datetime

from parley.call.endpoint import Endpoint
from parley.call.negotiate import make_offer
from parley.wire.address import derive, read_token
from parley.wire.uri import parse_name_addr
from parleyd.ledger import Ledger
from parleyd.pool import Pool, ProvisionedBoard
from parleyd.server import ConferenceServer
from parleyd.server_rules import Rules
from parleyd.store.sqlite import SqliteStore

SERVER = ("127.0.0.1", 5060)
PHONE = ("127.0.0.1", 5070)
FACTORY = "sip:conference@127.0.0.1:5060"
START_S = 1_795_358_400


class VirtualClock:
    """Both of the daemon's times, moved by the test."""

    def __init__(self):
        self.elapsed_ms = 0

    def now_ms(self):
        return self.elapsed_ms

    def now_s(self):
        return START_S + self.elapsed_ms / 1000


class SilentLog:
    def info(self, event, **fields):
        pass

    warning = info


class FakeBoard:
    """What a board does towards the server: registers with a report, obeys orders."""

    def __init__(self, board_id, host, key, **report):
        self.board_id, self.host, self.key = board_id, host, key
        self.address = (host, 5060)
        self.endpoint = Endpoint(self.address, random.Random(board_id).randbytes, methods=("MESSAGE",))
        self.report = {"firmware": "0.1.0", "boot": "a1", "board": "virtual", "codecs": ["PCMU", "PCMA"]}
        self.report |= {"legs": 16, "slots": 8, "live": [], "ended": [], **report}
        self.password = derive(key, "register")
        self.answers, self.orders = [], []
        self.states_time = True  # older firmware does not
        self.unix_at_0_s = None

    def register(self, now_ms, expires_s=9, body=None):
        headers = [("Contact", f"<sip:{self.host}:5060;transport=udp>;expires={expires_s}")]
        headers.append(("Content-Type", "application/json"))
        report = self.report
        if self.states_time and self.unix_at_0_s is not None:
            report = report | {"unix_s": self.unix_at_0_s + now_ms // 1000}
        text = json.dumps(report).encode() if body is None else body
        identity = f"sip:{self.board_id}@127.0.0.1"
        uris = {"from_uri": identity, "to_uri": identity}
        login = (self.board_id, self.password)
        self.endpoint.request(
            "REGISTER", "sip:127.0.0.1:5060", now_ms, headers=headers, body=text, credentials=login, **uris
        )

    def allocation(self, contact):
        return read_token(self.key, parse_name_addr(contact).uri.user)

    def take(self, events, now_ms):
        for event in events:
            if event.kind == "response":
                self.answers.append(event.message)
                if event.status == 200 and event.message.get("Date"):
                    self.unix_at_0_s = date_of(event.message) - now_ms // 1000
            elif event.kind == "request":
                self.orders.append(json.loads(event.message.body))
                self.endpoint.respond(event.subject, 200, now_ms)


class World:
    """Everything on one wire; `settle` passes datagrams until nobody has any, `wait` lets time pass."""

    def __init__(self, path, boards=2, store=None, **rules):
        self.path = path
        self.clock = VirtualClock()
        self.rules = Rules(**rules)
        self.phone = Endpoint(PHONE, random.Random(7).randbytes)
        self.phone_events = []
        self.boards = []
        self.lost = set()
        self.start_server(store)
        for number in range(1, boards + 1):
            self.add_board(f"b{number}", f"127.0.1.{number}")

    def start_server(self, store=None):
        """A daemon's start on whatever the store holds; boards must register again."""
        ledger = Ledger(store or SqliteStore(self.path))
        pool = Pool()
        for board in self.boards:
            pool.provision(ProvisionedBoard(board.board_id, board.key, board.host, 5060))
        random_bytes = random.Random(3).randbytes
        self.server = ConferenceServer(
            SERVER, self.rules, pool, ledger, self.clock, random_bytes, SilentLog()
        )

    def add_board(self, board_id, host, **report):
        board = FakeBoard(board_id, host, self.server.ledger.key_for(board_id), **report)
        self.server.pool.provision(ProvisionedBoard(board_id, board.key, host, 5060))
        self.boards.append(board)
        return board

    def register_all(self):
        for board in self.boards:
            board.register(self.clock.now_ms())
        self.settle()

    def settle(self):
        """Deliver everything that is under way."""
        for _ in range(100):
            moved = self._deliver(self.server.transmits(), SERVER) + self._deliver(
                self.phone.transmits(), PHONE
            )
            moved += sum(self._deliver(board.endpoint.transmits(), board.address) for board in self.boards)
            self.phone_events += self.phone.events()
            for board in self.boards:
                board.take(board.endpoint.events(), self.clock.now_ms())
            if not moved:
                return
        raise AssertionError("the wire never falls silent")

    def wait(self, seconds, refresh=True):
        """Let time pass; boards refresh every three seconds unless told not to."""
        for _ in range(round(seconds)):
            self.clock.elapsed_ms += 1000
            now_ms = self.clock.now_ms()
            self.server.tick()
            self.phone.tick(now_ms)
            for board in self.boards:
                board.endpoint.tick(now_ms)
                if refresh and board.address not in self.lost and (now_ms // 1000) % 3 == 0:
                    board.register(now_ms)
            self.settle()

    def ask(self, uri=FACTORY, codecs=(("PCMU", 8000),), body=None, headers=()):
        """Call the server; returns its final response."""
        if body is None:
            body = make_offer(list(codecs), PHONE[0], 6000, 1, 1).to_bytes()
        self.phone_events.clear()
        self.phone.invite(uri, body, self.clock.now_ms(), peer=SERVER, headers=list(headers))
        self.settle()
        finals = [e for e in self.phone_events if e.kind in ("redirected", "rejected", "answered")]
        assert len(finals) == 1, self.phone_events
        return finals[0].message

    def granted(self, **kwargs):
        """Ask, insist on an address; returns (board, allocation, contact)."""
        response = self.ask(**kwargs)
        assert response.status == 302, response.to_bytes()
        (contact,) = response.get_all("Contact")
        host = parse_name_addr(contact).uri.host
        board = next(board for board in self.boards if board.host == host)
        return board, board.allocation(contact), contact

    def _deliver(self, datagrams, source):
        for data, peer in datagrams:
            if peer in self.lost or source in self.lost:
                continue
            if peer == SERVER:
                self.server.receive(data, source)
            elif peer == PHONE:
                self.phone.receive(data, source, self.clock.now_ms())
            else:
                board = next(board for board in self.boards if board.address == peer)
                board.endpoint.receive(data, source, self.clock.now_ms())
        return len(datagrams)


def date_of(response):
    """The unix time of a response's Date."""
    return int(parsedate_to_datetime(response.get("Date")).timestamp())
