"""A network in memory with virtual time, for the tests of parley.call: endpoints joined mouth to ear."""

from parley.call.endpoint import Endpoint
from parley.wire.sip import Request, Response, parse_message

HOST = "127.0.0.1"
OFFER = b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"
ANSWER = (
    b"v=0\r\no=- 2 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 5000 RTP/AVP 0\r\n"
)


class Chance:
    """A seeded generator, the same on both Pythons."""

    def __init__(self, seed):
        self.state = (seed * 2654435761 + 97) & 0xFFFFFFFF or 1

    def below(self, limit):
        state = self.state
        state ^= (state << 13) & 0xFFFFFFFF
        state ^= state >> 17
        state ^= (state << 5) & 0xFFFFFFFF
        self.state = state
        return (state >> 8) * limit >> 24

    def bytes(self, count):
        return bytes([self.below(256) for _ in range(count)])


def broken(chance, data):
    """Return the datagram with a few octets changed, removed, repeated, put in or cut off."""
    for _ in range(1 + chance.below(4)):
        at = chance.below(len(data) or 1)
        end = at + chance.below(12)
        kind = chance.below(5)
        if kind == 0:
            data = data[:at] + bytes([chance.below(256)]) + data[at + 1 :]
        elif kind == 1:
            data = data[:at] + data[end:]
        elif kind == 2:
            data = data[:end] + data[at:]
        elif kind == 3:
            data = data[:at] + bytes([b'<>";,:@=%\r\n \t?&'[chance.below(15)]]) + data[at:]
        else:
            data = data[:at]
    return data


class Party:
    """An endpoint, what it heard, and handlers by event kind: callable(party, event, now_ms)."""

    def __init__(self, port, seed=None, handlers=None, **options):
        self.address = (HOST, port)
        chance = Chance(port if seed is None else seed)
        options.setdefault("user", "p" + str(port))
        self.endpoint = Endpoint(self.address, chance.bytes, **options)
        self.uri = "sip:" + options["user"] + "@" + HOST + ":" + str(port)
        self.handlers = handlers or {}
        self.heard = []

    def kinds(self):
        return [event.kind for event in self.heard]

    def last(self, kind):
        return [event for event in self.heard if event.kind == kind][-1]

    def drain(self, now_ms):
        """Return the datagrams to send after all events are handled."""
        sent = self.endpoint.transmits()
        events = self.endpoint.events()
        while events:
            for event in events:
                self.heard.append(event)
                handler = self.handlers.get(event.kind)
                if handler is not None:
                    handler(self, event, now_ms)
            sent.extend(self.endpoint.transmits())
            events = self.endpoint.events()
        return sent + self.endpoint.transmits()


class Network:
    """Carries datagrams between parties. Percentages of loss, duplicates and late ones; delay in ms."""

    def __init__(self, parties, seed=1, loss=0, duplicates=0, late=0, delay_ms=5):
        self.parties = {}
        for party in parties:
            self.parties[party.address] = party
        self.chance = Chance(seed)
        self.loss = loss
        self.duplicates = duplicates
        self.late = late
        self.delay_ms = delay_ms
        self.now_ms = 0
        self.flying = []  # (due_ms, number, data, source, destination)
        self.number = 0
        self.log = []  # (time_ms, source port, destination port, first line, CSeq number)
        self.drop = None  # callable(data, source, destination) -> True to lose it
        self.tap = None  # callable(data, source, destination), sees all that is sent
        self.spoil = None  # callable(data) -> what arrives instead

    def run(self, duration_ms):
        """Let this much time pass."""
        end_ms = self.now_ms + duration_ms
        self.collect()
        due_ms = self.next_ms()
        while due_ms is not None and due_ms <= end_ms:
            self.now_ms = max(self.now_ms, due_ms)
            self.deliver()
            for party in self.parties.values():
                deadline_ms = party.endpoint.next_deadline()
                if deadline_ms is not None and deadline_ms <= self.now_ms:
                    party.endpoint.tick(self.now_ms)
            self.collect()
            due_ms = self.next_ms()
        self.now_ms = end_ms

    def next_ms(self):
        times = [entry[0] for entry in self.flying]
        for party in self.parties.values():
            deadline_ms = party.endpoint.next_deadline()
            if deadline_ms is not None:
                times.append(deadline_ms)
        return min(times) if times else None

    def deliver(self):
        due = sorted([entry for entry in self.flying if entry[0] <= self.now_ms], key=lambda entry: entry[:2])
        self.flying = [entry for entry in self.flying if entry[0] > self.now_ms]
        for _, _, data, source, destination in due:
            party = self.parties.get(destination[:2])
            if party is not None:
                party.endpoint.receive(data, source, self.now_ms)
                self.send_all(party)

    def collect(self):
        for party in self.parties.values():
            self.send_all(party)

    def send_all(self, party):
        for data, destination in party.drain(self.now_ms):
            self.send(data, party.address + destination[2:], destination)  # a stream goes both ways

    def send(self, data, source, destination):
        first_line = data.split(b"\r\n", 1)[0].decode()
        number = data.partition(b"CSeq: ")[2].split(b" ")[0]
        self.log.append((self.now_ms, source[1], destination[1], first_line, number))
        if self.tap is not None:
            self.tap(data, source, destination)
        if self.drop is not None and self.drop(data, source, destination):
            return
        if self.chance.below(100) < self.loss:
            return
        if self.spoil is not None:
            data = self.spoil(data)
        copies = 2 if self.chance.below(100) < self.duplicates else 1
        for _ in range(copies):
            delay_ms = self.delay_ms
            if self.chance.below(100) < self.late:
                delay_ms += self.chance.below(400)
            self.number += 1
            self.flying.append((self.now_ms + delay_ms, self.number, data, source, destination))

    def lines(self, word=""):
        """Return the first lines sent so far that hold this word."""
        return [entry[3] for entry in self.log if word in entry[3]]

    def numbers(self, method):
        """Return the CSeq numbers of all requests of this method sent so far."""
        return [entry[4] for entry in self.log if entry[3].startswith(method)]

    def pending(self):
        return sum([party.endpoint.pending() for party in self.parties.values()])


def answering(body=ANSWER):
    """Return a handler for "incoming" that answers at once."""

    def handler(party, event, now_ms):
        party.endpoint.answer(event.subject, body, now_ms)

    return handler


def established_pair(**options):
    """Return (network, caller, callee, their calls) with the call up."""
    caller = Party(5062)
    callee = Party(5060, handlers={"incoming": answering()}, **options)
    network = Network([caller, callee])
    call = caller.endpoint.invite(callee.uri, OFFER, 0)
    network.run(100)
    return network, caller, callee, call, callee.endpoint.calls[0]


def messages(endpoint):
    """Return what the endpoint wants to send, parsed."""
    return [parse_message(data) for data, _ in endpoint.transmits()]


def request(
    method, to_tag=None, branch="z9hG4bK1", number=1, body=b"", headers=(), uri="sip:bob@127.0.0.1", **parts
):
    """Return a request as bytes; parts: call_id, from_tag, contact, via."""
    to_value = "<sip:bob@127.0.0.1>" + (";tag=" + to_tag if to_tag else "")
    via = parts.get("via", "SIP/2.0/UDP 127.0.0.1:5090")
    fields = [
        ("Via", via + (";branch=" + branch if branch else "")),
        ("From", "<sip:carol@127.0.0.1:5090>;tag=" + parts.get("from_tag", "f1")),
        ("To", to_value),
        ("Call-ID", parts.get("call_id", "c1")),
        ("CSeq", str(number) + " " + method),
        ("Max-Forwards", "70"),
    ]
    if parts.get("contact", True):
        fields.append(("Contact", "<sip:carol@127.0.0.1:5090>"))
    return Request(method, uri, fields + list(headers), body).to_bytes()


def reply(sent, status, to_tag="t1", headers=(), body=b""):
    """Return the response to a request that an endpoint sent, as bytes."""
    message = parse_message(sent)
    fields = [(name, value) for name, value in message.headers if name in ("Via", "From", "Call-ID", "CSeq")]
    to_value = message.get("To")
    fields.append(("To", to_value + ";tag=" + to_tag if to_tag and "tag=" not in to_value else to_value))
    return Response(status, "", fields + list(headers), body).to_bytes()
