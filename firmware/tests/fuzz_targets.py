"""What is fuzzed: each target takes bytes, and may return or raise RemoteError, nothing else.

tools/fuzz/fuzz.py feeds them for hours; test_corpus.py replays what it found.
"""

from parley.call.endpoint import Endpoint
from parley.call.subscription import parse_event, parse_sipfrag, parse_subscription_state
from parley.wire.address import read_token
from parley.wire.auth import Authenticator, choose_challenge, parse_challenge, parse_credentials
from parley.wire.dialog_id import parse_dialog_id
from parley.wire.dtmf import parse_event as parse_telephone_event
from parley.wire.errors import LocalError, RemoteError
from parley.wire.grammar import parse_params, split_outside
from parley.wire.rtcp import is_rtcp, parse_compound
from parley.wire.rtp import read_header
from parley.wire.sdes import parse_crypto
from parley.wire.sdp import parse_sdp
from parley.wire.session_expires import parse_min_se, parse_rack, parse_rseq, parse_session_expires
from parley.wire.sip import Request, parse_message, response_to
from parley.wire.stream import StreamReader
from parley.wire.uri import parse_name_addr, parse_uri, parse_via

PEER = ("192.0.2.9", 5060)
MINUTES_MS = 400000  # every timer of an endpoint is over by then
LISTS = ("Contact", "Via", "Supported", "Route", "Require")
SERVER = Authenticator("r", b"s")


class FaultError(Exception):
    """A parser contradicts itself."""


def require(condition, what):
    if not condition:
        raise FaultError(what)


def text_of(data):
    try:
        return data.decode()
    except UnicodeError:
        return "".join([chr(octet) for octet in data])


def message(data):
    """A datagram: written again it is read the same."""
    parsed = parse_message(data)
    again = parse_message(parsed.to_bytes())
    require(again.to_bytes() == parsed.to_bytes(), "not the same when written again")
    require(again.body == parsed.body, "another body when written again")
    parsed.cseq()
    for name in LISTS:
        attempt(parsed.get_all, name)
    if isinstance(parsed, Request):
        attempt(parse_uri, parsed.uri)
        response_to(parsed, 400, to_tag="t").to_bytes()


def sdp(data):
    """A session description."""
    session = parse_sdp(data)
    require(parse_sdp(session.to_bytes()).to_bytes() == session.to_bytes(), "not the same when written again")
    for media in session.media:
        attempt(media.rtpmaps)
        media.ptime_ms()
        media.fmtp(96)
        attempt(session.address_of, media)


def uri(data):
    """A URI: its text means the same again."""
    parsed = parse_uri(text_of(data))
    parsed.address()
    parsed.header_list()
    require(str(parse_uri(str(parsed))) == str(parsed), "not the same when written again")
    require(parsed.same_as(parsed), "not the same as itself")


def values(data):
    """Header values; the first octet says which."""
    text = text_of(data[1:])
    readers = (
        parse_name_addr,
        parse_via,
        parse_challenge,
        parse_credentials,
        parse_params,
        _token,
        _check,
        _chosen,
        _dialog_id,
        parse_session_expires,
        parse_min_se,
        parse_rseq,
        parse_rack,
        parse_subscription_state,
        parse_event,
        parse_crypto,
        _sipfrag,
    )
    parsed = readers[data[0] % len(readers)](text) if data else None
    if data and data[0] % len(readers) == 0:
        attempt(str, parsed.uri_text)
        attempt(parse_uri, parsed.uri_text)
    elif data and data[0] % len(readers) == 1:
        attempt(parsed.reply_address)
        require(str(parse_via(str(parsed))) == str(parsed), "not the same when written again")


def _sipfrag(text):
    status = parse_sipfrag(text.encode())
    require(status == 0 or 100 <= status < 700, "no status")


def _dialog_id(text):
    parsed = parse_dialog_id(text)
    require(str(parse_dialog_id(str(parsed))) == str(parsed), "not the same when written again")


def _token(text):
    return read_token(b"key", text)


def _check(text):
    return SERVER.check(text, "REGISTER", lambda name: "p", 5)


def _chosen(text):
    return choose_challenge(split_outside(text, ","))


def rtp(packet):
    """An RTP packet: the payload lies inside it."""
    _, start, end = read_header(packet)
    require(12 <= start <= end <= len(packet), "payload outside the packet")


def media(packet):
    """What comes to an RTP port: RTCP, and telephone events (RFC 3550 6, RFC 4733 2.3)."""
    attempt(parse_telephone_event, packet)
    if is_rtcp(packet):
        compound = parse_compound(packet)
        require(len(compound.blocks) <= len(packet) // 24, "more blocks than there is room for")


def stream(data):
    """A stream; the first octet is the size of the pieces. Pieces change nothing."""
    if not data:
        return
    pieces, whole = _framed(data[1:], data[0] or 1), _framed(data[1:], len(data))
    require(pieces == whole, "pieces make a difference")


def _framed(data, piece):
    reader, found = StreamReader(2000), []
    try:
        for at in range(0, len(data), piece):
            reader.feed(data[at : at + piece])
            while True:
                taken = reader.take()
                if taken is None:
                    break
                found.append(taken)
    except RemoteError as error:
        return found, error.status
    return found, reader.pongs


def endpoint(data):
    """Datagrams (a line of two NUL between them) into an endpoint, which answers all and forgets all."""
    agent = Endpoint(
        ("192.0.2.1", 5060),
        _octets,
        methods=("MESSAGE",),
        extensions=("replaces", "join"),
        packages={"conference": "text/plain"},
        streams=True,
    )
    agent.invite("sip:a@192.0.2.9", b"v=0\r\n", 0, credentials=("a", "b"))
    agent.transmits()
    for number, datagram in enumerate(data.split(b"\x00\x00\n")[:8]):
        agent.receive(datagram, PEER, number)
        for event in agent.events():
            _decide(agent, event, number)
        for sent, _ in agent.transmits():
            attempt(parse_message, sent)
    now_ms = 10
    for call in agent.calls:
        agent.hangup(call, now_ms)
    for _ in range(8):
        now_ms += MINUTES_MS
        agent.tick(now_ms)
        for event in agent.events():
            _decide(agent, event, now_ms)
        agent.transmits()
    require(agent.pending() == 0, "something is left")


def _decide(agent, event, now_ms):
    if event.kind == "incoming":
        attempt_ours(agent.provisional, event.subject, 183, now_ms)
        attempt_ours(agent.update, event.subject, b"", now_ms)
        agent.answer(event.subject, b"v=0\r\n", now_ms)
        agent.hangup(event.subject, now_ms)
    elif event.kind == "reoffer":
        agent.answer_reoffer(event.subject, None, now_ms)
    elif event.kind == "subscribe":
        agent.accept_subscribe(event.subject, _document, now_ms)
    elif event.kind in ("request", "referred"):
        agent.respond(event.subject, 403, now_ms)


def _document(subscription, full, limit):
    return b"x", not full


def _octets(count):
    return bytes([count] * count)


def attempt(function, *args):
    """The function's value, None when it raised RemoteError."""
    try:
        return function(*args)
    except RemoteError:
        return None


def attempt_ours(function, *args):
    """Call the function; a LocalError says that it is not the time for it."""
    try:
        function(*args)
    except LocalError:
        pass


TARGETS = {
    "message": message,
    "sdp": sdp,
    "uri": uri,
    "values": values,
    "rtp": rtp,
    "media": media,
    "stream": stream,
    "endpoint": endpoint,
}
