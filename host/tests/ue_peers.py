"""A world without sockets for the user equipment's tests: virtual time, datagrams, scripted phones."""

import heapq
import itertools
import random

from parley.call.endpoint import Endpoint
from parley.call.negotiate import answer_offer, make_offer
from parley.wire.sdp import parse_sdp
from parley.wire.sip import Request, parse_message

LATENCY_MS = 1
CODECS = [("PCMU", 8000), ("PCMA", 8000)]
SERVER = ("127.0.0.1", 5060)
BOARD = ("127.0.1.1", 5060)
ALICE = ("127.0.0.1", 5070)
BOB = ("127.0.0.1", 5062)
CAROL = ("127.0.0.1", 5064)
SERVER_URI = "sip:conference@127.0.0.1:5060"
ADDRESS = "sip:0123456789abcdef@127.0.1.1:5060;transport=udp"
BOB_URI = "sip:bob@127.0.0.1:5062"
CAROL_URI = "sip:carol@127.0.0.1:5064"


class World:
    """Moves datagrams and time; log holds (t_ms, source, destination, message) of everything sent."""

    def __init__(self):
        self.now_ms = 0
        self.nodes = {}
        self.log = []
        self.lose = lambda message, source, destination: False
        self.nobody = set()  # addresses whose host says "port unreachable"
        self._flying = []
        self._order = itertools.count()
        self._random = random.Random(4711)

    def random_bytes(self, count):
        return self._random.randbytes(count)

    def send(self, data, source, destination):
        message = parse_message(data)
        self.log.append((self.now_ms, source, destination, message))
        if not self.lose(message, source, destination):
            entry = (self.now_ms + LATENCY_MS, next(self._order), data, source, destination)
            heapq.heappush(self._flying, entry)

    def run(self, until_ms=200_000, stop=lambda: False):
        """Live until nothing is left to happen, until_ms, or stop()."""
        while not stop():
            due = [node.next_deadline() for node in self.nodes.values()]
            if self._flying:
                due.append(self._flying[0][0])
            due = [time for time in due if time is not None]
            if not due or min(due) > until_ms:
                self.now_ms = max(self.now_ms, until_ms if due else self.now_ms)
                return
            self.now_ms = max(self.now_ms, min(due))
            while self._flying and self._flying[0][0] <= self.now_ms:
                _, _, data, source, destination = heapq.heappop(self._flying)
                if destination in self.nodes:
                    self.nodes[destination].receive(data, source)
                elif destination in self.nobody:
                    self.nodes[source].unreachable(destination)
            for node in list(self.nodes.values()):
                if node.next_deadline() is not None and node.next_deadline() <= self.now_ms:
                    node.tick()

    def sent(self, method=None, source=None, destination=None):
        """The requests of a method, as (t_ms, destination, request)."""
        return [
            (t_ms, to, message)
            for t_ms, sender, to, message in self.log
            if isinstance(message, Request)
            and method in (None, message.method)
            and source in (None, sender)
            and destination in (None, to)
        ]

    def first(self, what, source=None, destination=None):
        """Index in the log of the first message whose start line begins like this."""
        for index, (_, sender, to, message) in enumerate(self.log):
            if (
                message.start_line().startswith(what)
                and source in (None, sender)
                and destination in (None, to)
            ):
                return index
        raise AssertionError(f"no {what} was sent from {source} to {destination}")


class Node:
    """An endpoint in the world; subclasses react to its events."""

    def __init__(self, world, address, user, methods=("MESSAGE",), contact_params="", extensions=()):
        self.world = world
        self.address = address
        self.endpoint = Endpoint(
            address,
            world.random_bytes,
            user=user,
            methods=methods,
            contact_params=contact_params,
            extensions=extensions,
        )
        world.nodes[address] = self

    def drain(self):
        while True:
            for data, peer in self.endpoint.transmits():
                self.world.send(data, self.address, peer)
            events = self.endpoint.events()
            if not events:
                return
            for event in events:
                self.react(event)

    def react(self, event):
        handler = getattr(self, "on_" + event.kind, None)
        if handler is not None:
            handler(event, self.world.now_ms)

    def receive(self, data, source):
        self.endpoint.receive(data, source, self.world.now_ms)
        self.drain()

    def unreachable(self, peer):
        self.endpoint.transport_error(peer, self.world.now_ms)
        self.drain()

    def tick(self):
        self.endpoint.tick(self.world.now_ms)
        self.drain()

    def next_deadline(self):
        return self.endpoint.next_deadline()


class Refuser(Node):
    """Answers every INVITE with one status: a server that redirects or refuses, a busy phone."""

    def __init__(self, world, address, user, status, headers=(), reason=None):
        super().__init__(world, address, user)
        self.status, self.headers, self.reason = status, headers, reason

    def on_incoming(self, event, now_ms):
        self.endpoint.reject(event.subject, self.status, now_ms, reason=self.reason, headers=self.headers)


def server(world, contact=f"<{ADDRESS}>;isfocus", address=SERVER):
    """An allocation server that gives one address."""
    return Refuser(world, address, "conference", 302, [("Contact", contact)])


class Answerer(Node):
    """Answers calls with 200 and SDP; a board with contact_params ";isfocus". calls: those established."""

    def __init__(self, world, address, user, contact_params="", body=None, contact=None):
        super().__init__(world, address, user, contact_params=contact_params)
        self.body, self.contact, self.calls, self.ended = body, contact, [], []

    def sdp_for(self, call, offer=None):
        offer = call.offer if offer is None else offer
        if self.body is not None:
            return self.body
        if not offer:
            return make_offer(CODECS, self.address[0], 40_000, 1, 1).to_bytes()
        return answer_offer(parse_sdp(offer), CODECS, self.address[0], 40_000, 1, 1).answer.to_bytes()

    def on_incoming(self, event, now_ms):
        self.endpoint.answer(event.subject, self.sdp_for(event.subject), now_ms, contact=self.contact)

    def on_established(self, event, now_ms):
        self.calls.append(event.subject)

    def on_reoffer(self, event, now_ms):
        self.endpoint.answer_reoffer(event.subject, self.sdp_for(event.subject, event.message.body), now_ms)

    def on_ended(self, event, now_ms):
        self.ended.append(event.text)

    def hang_up(self, call):
        self.endpoint.hangup(call, self.world.now_ms)
        self.drain()


def board(world, **options):
    """The resource at the allocated address."""
    return Answerer(world, BOARD, "0123456789abcdef", contact_params=";isfocus", **options)


class Obeyer(Answerer):
    """A phone that answers and does what REFER says.

    refer_status: answer REFER with this instead, 0 for silence. final: NOTIFY this whatever came of the call.
    hangs_up: end the call it was referred in as soon as REFER came. never_final: no last NOTIFY.
    """

    def __init__(
        self, world, address, user, refer_status=None, final=None, hangs_up=False, never_final=False
    ):
        super().__init__(world, address, user)
        self.refer_status, self.final = refer_status, final
        self.hangs_up, self.never_final = hangs_up, never_final
        self.refers, self.messages = [], []
        self._subscriptions = {}

    def on_referred(self, event, now_ms):
        refer = event.subject
        self.refers.append(event.message)
        if self.refer_status is not None:
            if self.refer_status:
                self.endpoint.respond(refer, self.refer_status, now_ms)
            return
        subscription = self.endpoint.accept_refer(refer, now_ms)
        if self.hangs_up and refer.call is not None:
            self.endpoint.hangup(refer.call, now_ms)
        target = refer.refer_to.strip("<>")
        offer = make_offer(CODECS, self.address[0], 40_002, 1, 1).to_bytes()
        call = self.endpoint.invite(target, offer, now_ms)
        self._subscriptions[call] = subscription

    def _notify(self, call, status, reason, now_ms):
        if self.never_final or call not in self._subscriptions:
            return
        if self.final is not None:
            status, reason = self.final
        self.endpoint.notify_refer(self._subscriptions[call], status, reason, now_ms)

    def on_answered(self, event, now_ms):
        self._notify(event.subject, 200, "OK", now_ms)

    def on_rejected(self, event, now_ms):
        self._notify(event.subject, event.message.status, event.message.reason, now_ms)

    def on_request(self, event, now_ms):
        self.messages.append(event.message)
        self.endpoint.respond(event.subject, 200, now_ms)


class Ringer(Node):
    """Rings and never answers."""

    def on_incoming(self, event, now_ms):
        self.endpoint.provisional(event.subject, 180, now_ms)
