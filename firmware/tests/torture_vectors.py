"""Reads the torture messages (torture/README.md tells their format) and says what became of one."""

from parley.call.endpoint import Endpoint

FOLDER = __file__.rpartition("/")[0] + "/torture/"
PEER = ("203.0.113.9", 5060)
SDP = (
    "v=0\r\no=ana 29740 7272940 IN IP4 198.51.100.5\r\ns=-\r\nc=IN IP4 198.51.100.5\r\nt=0 0\r\n"
    "m=audio 49218 RTP/AVP 0 12\r\nm=video 3228 RTP/AVP 31\r\na=rtpmap:31 LPC\r\n"
)
HEXDIGITS = "0123456789abcdef"


class Vector:
    """One message: name, section, outcome (see README.md), port its answer goes to, data."""

    def __init__(self, heading, lines):
        words = heading.split()
        self.name, self.section, self.outcome = words[:3]
        self.port = int(words[3]) if len(words) > 3 else 5060
        while lines[0][:1] == ";":
            lines = lines[1:]
        self.data = _measured(_expanded("".join([line + "\r\n" for line in lines])))


def vectors(group):
    """Yields the messages of one file, one after the other."""
    heading, lines = None, []
    with open(FOLDER + group + ".txt") as source:
        for line in source:
            line = line.rstrip("\n")
            if line[:3] == "== ":
                if heading:
                    yield Vector(heading, lines)
                heading, lines = line[3:], []
            else:
                lines.append(line)
    yield Vector(heading, lines)


def _expanded(text):
    pieces = text.split("{")
    data = bytearray(pieces[0].encode())
    for piece in pieces[1:]:
        inner, closed, rest = piece.partition("}")
        value = _value(inner) if closed else None
        data.extend(b"{" + piece.encode() if value is None else value + rest.encode())
    return bytes(data)


def _value(inner):
    repeated, _, count = inner.rpartition("*")
    if inner == "sdp":
        return SDP.encode()
    if repeated and not count.strip("0123456789"):
        return repeated.encode() * int(count)
    if inner[:1] == "x" and not inner[1:].strip(HEXDIGITS):
        return bytes([int(inner[at : at + 2], 16) for at in range(1, len(inner), 2)])
    return None


def _measured(data):
    before, found, rest = data.partition(b"{length}")
    if not found:
        return data
    body = rest.partition(b"\r\n\r\n")[2]
    return before + str(len(body)).encode() + rest


def random_bytes(count):
    """Different every time, the same in every run."""
    global _drawn
    _drawn += 1
    return _drawn.to_bytes(count, "big") if count >= 4 else bytes(count)


_drawn = 0


def outcome_of(data, methods=()):
    """Feeds one datagram into a new endpoint: (outcome in README.md's words, datagrams sent, endpoint)."""
    endpoint = Endpoint(("192.0.2.1", 5060), random_bytes, methods=methods)
    endpoint.receive(data, PEER, 0)
    events = endpoint.events()
    sent = endpoint.transmits()
    if events:
        outcome = {"incoming": "call", "request": "method"}.get(events[0].kind, events[0].kind)
    elif sent:
        outcome = sent[0][0][8:11].decode()
    else:
        outcome = "silence"
    return outcome, sent, endpoint
