"""One endpoint or one layer under test, and a peer made of raw messages."""

from call_network import ANSWER, HOST, OFFER, Party, reply, request

from parley.call.requests import new_request
from parley.call.timers import TimerQueue
from parley.call.transaction import TransactionLayer
from parley.wire.sip import parse_message, response_to

PEER = (HOST, 5090)
CONTACT = [("Contact", "<sip:carol@127.0.0.1:5090>")]


class Bench:
    """A layer with a clock, a log of what was sent and told."""

    def __init__(self, reliable=False):
        self.timers = TimerQueue()
        self.counters = {}
        self.tokens = 0
        self.layer = TransactionLayer(
            self.timers, self.token, "SIP/2.0/UDP 127.0.0.1:5060", self.count, reliable
        )
        self.sent = []  # (ms, method or status)
        self.told = []  # (ms, event)
        self.requests = {}  # transaction key -> request: a transaction forgets its own
        self.now_ms = 0

    def token(self):
        self.tokens += 1
        return "t" + str(self.tokens)

    def count(self, name):
        self.counters[name] = self.counters.get(name, 0) + 1

    def tell(self, transaction, event, message, now_ms):
        self.told.append((now_ms, event))

    def note(self):
        for data, _ in self.layer.outgoing:
            words = data.split(b"\r\n", 1)[0].decode().split(" ")
            self.sent.append((self.now_ms, words[1] if words[0] == "SIP/2.0" else words[0]))
        self.layer.outgoing = []

    def run(self, until_ms):
        self.note()
        due_ms = self.timers.next_deadline()
        while due_ms is not None and due_ms <= until_ms:
            self.now_ms = max(due_ms, self.now_ms)
            self.timers.fire_due(self.now_ms)
            self.note()
            due_ms = self.timers.next_deadline()
        self.now_ms = until_ms

    def client(self, method="INVITE"):
        message = new_request(
            method, "sip:b@127.0.0.1", "<sip:a@127.0.0.1>;tag=1", "<sip:b@127.0.0.1>", "c", 7
        )
        message.add("Route", "<sip:proxy.example.com;lr>")
        transaction = self.layer.start_client(message, PEER, self.tell, self.now_ms)
        self.requests[transaction.key] = message
        return transaction

    def reply(self, transaction, status, to_tag="9"):
        request = self.requests.get(transaction.key, transaction.request)
        self.layer.receive_response(response_to(request, status, None, to_tag), self.now_ms)
        self.note()

    def server(self, data):
        message = parse_message(data)
        transaction = self.layer.start_server(message, PEER, self.tell, self.now_ms)
        self.note()
        return transaction

    def respond(self, transaction, status):
        self.layer.respond(transaction, response_to(transaction.request, status, None, "9"), self.now_ms)
        self.note()

    def again(self, transaction, event="request"):
        transaction.step(event, transaction.request, self.now_ms)
        self.note()

    def empty(self):
        return len(self.timers) + len(self.layer.clients) + len(self.layer.servers) == 0


class Incoming:
    """One endpoint that was called by a peer made of raw messages."""

    def __init__(self, offer=OFFER, **parts):
        self.party = Party(5060)
        self.endpoint = self.party.endpoint
        self.receive(request("INVITE", body=offer, **parts))
        self.call = self.party.heard[0].subject
        self.sent = []

    def receive(self, data, now_ms=0):
        self.endpoint.receive(data, PEER, now_ms)
        return self.drain(now_ms)

    def drain(self, now_ms=0):
        """Return (status or method, message) of what goes out now."""
        found = []
        for data, _ in self.party.drain(now_ms):
            message = parse_message(data)
            found.append((getattr(message, "status", None) or message.method, message))
        return found

    def tick(self, now_ms):
        return [word for word, _ in self.tick_all(now_ms)]

    def tick_all(self, now_ms):
        self.endpoint.tick(now_ms)
        return self.drain(now_ms)

    def told(self):
        return [(event.kind, event.text) for event in self.party.heard]

    def inside(self, method, number=2, branch_suffix="", **parts):
        branch = parts.pop("branch", "z9hG4bK" + method + branch_suffix)
        return request(method, to_tag=self.call.local_tag, branch=branch, number=number, **parts)

    def ack(self, now_ms=0, number=1):
        return self.receive(self.inside("ACK", number), now_ms)

    def answered(self):
        self.endpoint.answer(self.call, ANSWER, 0)
        return self.drain()

    def established(self):
        self.answered()
        self.ack()
        return self


def words(found):
    return [word for word, _ in found]


class Outgoing:
    """One endpoint that calls a peer made of raw messages."""

    def __init__(self, uri="sip:carol@127.0.0.1:5090", **options):
        self.party = Party(5060)
        self.endpoint = self.party.endpoint
        self.call = self.endpoint.invite(uri, OFFER, 0, **options)
        self.invite = self.endpoint.transmits()[0][0]

    def drain(self, now_ms=0):
        found = []
        for data, _ in self.party.drain(now_ms):
            message = parse_message(data)
            found.append((getattr(message, "status", None) or message.method, message))
        return found

    def receive(self, data, now_ms=0):
        self.endpoint.receive(data, PEER, now_ms)
        return self.drain(now_ms)

    def reply(self, status, now_ms=0, **parts):
        """The peer answers the INVITE; returns what goes out."""
        if 100 < status < 300 and "headers" not in parts:
            parts["headers"] = CONTACT
        return [word for word, _ in self.receive(reply(self.invite, status, **parts), now_ms)]

    def answer_to(self, message, status):
        self.receive(reply(message.to_bytes(), status))

    def tick(self, now_ms):
        self.endpoint.tick(now_ms)
        return [word for word, _ in self.drain(now_ms)]

    def hangup(self):
        self.endpoint.hangup(self.call, 0)
        return self.drain()

    def told(self):
        return [(event.kind, event.text) for event in self.party.heard]

    def bye(self, number=1):
        parts = {"call_id": self.call.call_id, "from_tag": "t1", "number": number}
        return request("BYE", to_tag=self.call.local_tag, branch="z9hG4bKbye", **parts)

    def rest(self):
        """Let all timers run out; returns what is left."""
        while self.endpoint.next_deadline() is not None:
            now_ms = self.endpoint.next_deadline()
            self.endpoint.tick(now_ms)
            self.drain(now_ms)
        return self.endpoint.pending()


def news(party):
    """Return (status, final, text) of each refer_progress."""
    return [
        (event.status, event.final, event.text) for event in party.heard if event.kind == "refer_progress"
    ]


def accept(party, event, now_ms):
    """Handle "referred": take it on, and keep the subscription."""
    party.subscription = party.endpoint.accept_refer(event.subject, now_ms)
