"""The reader in C takes a part of what `plain.py` takes, and says the same of it; batches keep what came in."""

import itertools
import socket

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parley.wire.address import make_token
from parleyd.plain import PlainInvite, key_of, read_plain
from parleyd.redirects import NEW_INVITE

from .plain_messages import OTHER, PEER, PLAIN, SDP, ack, invite

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
        return PlainInvite(key, merged, before, after, (uri, tail), asker.decode(), (peer[0], back_port[0]))
    return key if kind == lib.PARLEY_SIP_ACK else None


def same(data, peer=PEER):
    """Whether the reader in C took it; if so, what it says must be what `plain.py` says."""
    pieces = read(data, peer)
    if isinstance(pieces, PlainInvite):
        assert pieces == read_plain(data, peer)
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


def test_python_knows_what_a_new_invite_is_called():
    assert parley_sip.INVITE == NEW_INVITE


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
    assert datagrams.receive(server.fileno()) == (0, [])
    sent = []
    for number in range(100):
        phone = socket.socket(type=socket.SOCK_DGRAM)
        phone.bind(("127.0.0.1", 0))
        data = [invite(number, b";rport;branch=z9hG4bK-%d"), ack(number), b"", b"\xff" * 9000][number % 4]
        sent.append((data, phone.getsockname()))
        phone.sendto(data, server.getsockname())
        phones.append(phone)
    came, got = datagrams.receive(server.fileno())
    assert came == len(got) == parley_sip.BATCH
    got += datagrams.receive(server.fileno())[1]
    assert got == [(data, peer, None) for data, peer in sent]
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


def test_transactions_take_what_is_theirs_from_a_socket_and_answer_by_it():
    server, phone = socket.socket(type=socket.SOCK_DGRAM), socket.socket(type=socket.SOCK_DGRAM)
    for one in (server, phone):
        one.bind(("127.0.0.1", 0))
    phone.settimeout(2)
    transactions = parley_sip.Transactions(4, bytes, b"\r\nServer: x")
    datagrams = parley_sip.Datagrams()
    via = b";rport;branch=z9hG4bK-%d"
    for number in (1, 1, 2, 3, 4, 5, 6):
        phone.sendto(invite(number, via), server.getsockname())
    came, got = datagrams.receive(server.fileno(), transactions, 0, True)
    assert came == 7 and len(transactions) == 4 and transactions.counts() == (1, 0, 0)
    assert [asked[0] for _, _, asked in got] == [parley_sip.INVITE] * 4 + [lib.PARLEY_SIP_FULL] * 2
    assert [data for data, _, _ in got] == [invite(number, via) for number in range(1, 7)]
    read = read_plain(invite(1, via), phone.getsockname())
    host = phone.getsockname()[0]
    assert (*got[0][2][2:], got[0][1]) == (read.kind, [read.asker], [host], phone.getsockname())
    for _, _, asked in got[:3]:
        transactions.answer(asked[1][0], b"404 Nobody", b"\r\nX: y")
    transactions.forget(got[3][2][1][0])
    phone.sendto(ack(2, via), server.getsockname())
    assert datagrams.receive(server.fileno(), transactions, 1, True) == (1, [])
    assert transactions.send() == 0 and transactions.send() == 0
    heard = [phone.recv(2000) for _ in range(2)]  # the second was acknowledged before it left
    assert all(
        text.startswith(b"SIP/2.0 404 Nobody\r\nVia: ") and b"\r\nX: y\r\nContent-L" in text for text in heard
    )
    assert len(transactions) == 3 and transactions.deadline_ms() == 500
    assert transactions.knows(read.key) and not transactions.knows(read_plain(invite(4, via), PEER).key)
    for one in (server, phone):
        one.close()


def test_those_that_say_the_same_are_told_of_together_and_nothing_else_is():
    server, phones = socket.socket(type=socket.SOCK_DGRAM), {}
    server.bind(("127.0.0.1", 0))
    for host in ("127.0.0.2", "127.0.0.3"):
        phones[host] = socket.socket(type=socket.SOCK_DGRAM)
        phones[host].bind((host, 0))
    via, larger, longest = (
        b";rport;branch=z9hG4bK-%d",
        b"sip:conference@127.0.0.1;size=3",
        b"sip:" + b"u" * 300,
    )
    sent = [
        (invite(0, via), "127.0.0.2"),
        (invite(1, via, From=b"<sip:bob@h>;tag=1"), "127.0.0.3"),
        (invite(0, via), "127.0.0.2"),  # again: nothing is left to do
        (invite(2, via, uri=larger), "127.0.0.3"),
        (invite(3, via, uri=larger, From=b"<%b>;tag=1" % longest), "127.0.0.2"),
        (ack(9), "127.0.0.2"),
        (invite(4, via, uri=larger), "127.0.0.2"),
        (invite(5, via, uri=larger, body=SDP + b"a=ptime:20\r\n"), "127.0.0.2"),
        (invite(0, b";rport;branch=z9hG4bK-far-%d"), "127.0.0.2"),  # by another path
        (invite(6, via, uri=larger, body=SDP + b"a=ptime:20\r\n"), "127.0.0.3"),
    ]
    for data, host in sent:
        phones[host].sendto(data, server.getsockname())
    transactions, datagrams = parley_sip.Transactions(99, bytes, b""), parley_sip.Datagrams()
    came, got = datagrams.receive(server.fileno(), transactions, 0, True, True)
    assert came == len(sent)
    sipp = "sip:sipp@127.0.0.1:5070"
    asked = [None if one is None else (one[0], list(one[3]), list(one[4])) for _, _, one in got]
    assert asked == [
        (parley_sip.INVITE, [sipp, "sip:bob@h"], ["127.0.0.2", "127.0.0.3"]),
        (parley_sip.INVITE, [sipp, longest[:200].decode()], ["127.0.0.3", "127.0.0.2"]),
        None,
        (parley_sip.INVITE, [sipp], ["127.0.0.2"]),
        (parley_sip.INVITE, [sipp], ["127.0.0.2"]),
        (parley_sip.MERGED, [sipp], ["127.0.0.2"]),
        (parley_sip.INVITE, [sipp], ["127.0.0.3"]),
    ]
    assert [data for data, _, _ in got] == [b"", b"", ack(9), b"", b"", sent[8][0], b""]
    kinds = [one[2] for _, _, one in got if one is not None]
    assert kinds == [read_plain(sent[place][0], PEER).kind for place in (0, 3, 6, 7, 8, 9)]
    numbers = [number for _, _, one in got if one is not None for number in one[1]]
    assert len(set(numbers)) == len(numbers) == 8
    for one in (server, *phones.values()):
        one.close()


def test_a_grant_in_c_is_the_one_in_python():
    for key, where in (
        (b"k" * 32, "@127.0.1.1:5060;transport=udp>;isfocus"),
        (b"\x00", "@x>"),
        (b"\xff" * 64, ""),
    ):
        transactions = parley_sip.Transactions(9, bytes, b"")
        asked = transactions.take(invite(1), PEER, 0, True)
        slot, generation, size, expires_s = fields = (0xFFFF, 0xFFFFFFFE, 2, 0x80000001)
        transactions.grant(
            [(transactions.place(key, where), asked[1][0], slot, size, 32, generation, expires_s)]
        )
        ((answer, _),) = transactions.pop()
        assert f"\r\nContact: <sip:{make_token(key, *fields)}{where}\r\nExpires: 32\r\n".encode() in answer
    assert transactions.place(b"k" * 65, "") is None
    assert transactions.place(b"k", "w" * 301) is None


def test_tags_do_not_end_in_the_middle_of_many_grants():
    seed = itertools.count()
    transactions = parley_sip.Transactions(
        2000, lambda octets: next(seed).to_bytes(8, "big") * (octets // 8), b""
    )
    place = transactions.place(b"k", "@x>")
    numbers = [transactions.take(invite(number), PEER, 0, True)[1][0] for number in range(1500)]
    transactions.grant([(place, number, slot, 2, 32, 7, 9) for slot, number in enumerate(numbers)])
    answers = transactions.pop()
    tokens = [make_token(b"k", slot, 7, 2, 9).encode() for slot in range(1500)]
    assert all(token in answer for token, (answer, _) in zip(tokens, answers, strict=True))
    transactions.answer(transactions.take(invite(1500), PEER, 0, True)[1][0], b"503 x", b"")
