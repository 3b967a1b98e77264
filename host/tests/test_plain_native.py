"""The reader in C takes a part of what `plain.py` takes, and says the same of it; batches keep what came in."""

import itertools
import random
import socket

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parleyd.plain import PlainInvite, key_of, read_plain

from .plain_messages import OTHER, PEER, PLAIN, ack, invite

parley_sip = pytest.importorskip("parley_sip", reason="Linux only")
ffi, lib = parley_sip.ffi, parley_sip.lib
MESSAGES = [invite(**parts) for parts in PLAIN + OTHER] + [ack(1), ack(7, b";branch=z9hG4bK-%d;rport")]
PIECES = [
    b"\r\n",
    b"\r",
    b"\n",
    b";",
    b"<",
    b">",
    b'"',
    b" ",
    b"@",
    b":",
    b"=",
    b"0",
    b"-",
    b".",
    b"\xff",
    b"\x00",
]
PIECES += [
    b";rport",
    b";branch=z9hG4bKx",
    b";received=1.2.3.4",
    b"Via: ",
    b"To: ",
    b"sip:",
    b"a",
    b"9",
    b"256",
]


def read(data, peer):
    """What the reader in C makes of one datagram: what PlainInvite has but the datagram, an ACK's key, or None."""
    scratch, back_port = ffi.new("uint8_t[]", lib.PARLEY_SIP_SCRATCH), ffi.new("int32_t *")
    ends = ffi.new("int32_t[]", lib.PARLEY_SIP_PIECES)
    address = int.from_bytes(socket.inet_aton(peer[0]), "big")
    kind = lib.parley_sip_read(data, len(data), address, peer[1], scratch, ends, back_port)
    marks = itertools.pairwise([0, *ends])
    key, merged, before, after, uri, tail, asker = [bytes(ffi.buffer(scratch)[i:j]) for i, j in marks]
    if kind == lib.PARLEY_SIP_INVITE:
        return key, merged, before, after, (uri, tail), asker.decode(), (peer[0], back_port[0])
    return key if kind == lib.PARLEY_SIP_ACK else None


def same(data, peer=PEER):
    """Whether the reader in C took it; if so, what it says must be what `plain.py` says."""
    pieces = read(data, peer)
    if isinstance(pieces, tuple):
        assert PlainInvite(*pieces, data) == read_plain(data, peer)
    elif pieces is not None:
        assert pieces == key_of(data)
    return pieces is not None


@pytest.mark.parametrize("parts", PLAIN)
def test_what_is_plain_is_read(parts):
    assert same(invite(**parts))
    assert same(invite(**parts), ("10.200.3.4", 60001)) == (b";rport" in parts.get("via", b""))


@pytest.mark.parametrize("parts", OTHER)
def test_what_is_not_plain_is_left_to_others(parts):
    assert not same(invite(**parts))


def test_an_ack_is_known_by_its_key():
    assert same(ack(1))
    assert same(ack(7, b";rport;branch=z9hG4bK-%d"))
    assert not same(ack(1, b";branch=old"))


@settings(max_examples=400)
@given(
    message=st.sampled_from(MESSAGES),
    edits=st.lists(
        st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 3), st.sampled_from([b"", *PIECES])),
        max_size=3,
    ),
)
def test_damaged_messages_are_read_alike_or_not_at_all(message, edits):
    for place, gone, piece in edits:
        at = int(place * len(message))
        message = message[:at] + piece + message[at + gone :]
    same(message)


def test_the_longest_plain_request_fits():
    body = invite()[invite().index(b"\r\n\r\n") + 4 :]
    tag = b"t" * (4096 - len(invite(From=b"<sip:%b@a>;tag=" % (b"u" * 220))))
    message = invite(From=b"<sip:%b@a>;tag=%b" % (b"u" * 220, tag), via=b";branch=z9hG4bK-%d;rport")
    assert len(message) == 4096 + len(b";rport")
    assert not same(message)
    assert same(message.replace(b"t" * 6, b"", 1), ("255.255.255.255", 65535)), body


def test_a_batch_brings_every_datagram_with_its_source_and_takes_every_answer():
    server, phones = socket.socket(type=socket.SOCK_DGRAM), []
    server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    server.bind(("127.0.0.1", 0))
    datagrams = parley_sip.Datagrams()
    assert datagrams.receive(server.fileno()) == []
    sent = []
    for number in range(100):
        phone = socket.socket(type=socket.SOCK_DGRAM)
        phone.bind(("127.0.0.1", 0))
        data = [
            invite(number, b";rport;branch=z9hG4bK-%d"),
            ack(number),
            b"",
            random.Random(number).randbytes(9000),
        ]
        sent.append((data[number % 4], phone.getsockname()))
        phone.sendto(data[number % 4], server.getsockname())
        phones.append(phone)
    got = datagrams.receive(server.fileno())
    assert len(got) == parley_sip.BATCH
    got += datagrams.receive(server.fileno())
    assert [(data, peer) for data, peer, _ in got] == sent
    for number, (data, peer, pieces) in enumerate(got):
        if number % 4 == 0:
            assert PlainInvite(*pieces, data) == read_plain(data, peer)
        else:
            assert pieces == (key_of(data) if number % 4 == 1 else None)
    assert datagrams.send(server.fileno(), [(b"%d" % n, peer) for n, (_, peer) in enumerate(sent)]) == 0
    assert [phone.recv(100) for phone in phones] == [b"%d" % number for number in range(100)]
    assert (
        datagrams.send(server.fileno(), [(b"x" * 65508, PEER), (b"ok", sent[0][1])]) == 1
    )  # too long for UDP
    assert phones[0].recv(100) == b"ok"
    with pytest.raises(OSError, match=r"host|illegal"):
        datagrams.send(server.fileno(), [(b"x", ("example", 5060))])
    for one in (server, *phones):
        one.close()
