"""Plain INVITEs are answered just as the whole SIP stack would answer them, and in the same transactions."""

import random
import re
import socket
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parleyd import server
from parleyd.ledger import Ledger
from parleyd.plain import key_of, read_plain
from parleyd.pool import Pool, ProvisionedBoard
from parleyd.redirects import Redirects
from parleyd.report import BoardReport
from parleyd.server import ConferenceServer
from parleyd.server_rules import Rules
from parleyd.sources import Sources
from parleyd.store.face import Snapshot, StoreError

from .plain_messages import OTHER, PEER, PLAIN, ack, invite
from .server_world import SERVER, SilentLog, VirtualClock

TAG = re.compile(rb";tag=[0-9a-f]{16}")


class Memory:
    """A store that forgets; `broken` makes it fail."""

    broken = False
    commits = 0

    def load(self):
        return Snapshot((), ())

    def submit(self, groups, answer):
        self.commits += 1
        answer([StoreError("disk full") if self.broken else None] * len(groups))


@pytest.fixture(scope="module", params=[Redirects, server.ShortestWay], autouse=True)
def short_way(request):
    """Everything is tested by both short ways, where there are two."""
    before, server.ShortestWay = server.ShortestWay, request.param
    yield
    server.ShortestWay = before


class Side:
    """A server with one board; `plain` is whether it reads plain INVITEs by the short way."""

    def __init__(self, plain=True, **rules):
        self.clock, self.store, pool = VirtualClock(), Memory(), Pool()
        self.server = ConferenceServer(
            SERVER,
            Rules(**rules),
            pool,
            Ledger(self.store),
            self.clock,
            random.Random(3).randbytes,
            SilentLog(),
        )
        if not plain:
            self.server._redirects.receive = lambda *_: False
        pool.provision(ProvisionedBoard("b1", b"k" * 32, "127.0.1.1", 5060))
        facts = {"firmware": "1", "boot": "a", "board": "x", "codecs": ["PCMU"], "legs": 4000, "slots": 400}
        pool.register("b1", BoardReport.model_validate(facts), self.clock.now_s(), 0, 10**9)

    def say(self, data, peer=PEER):
        self.server.receive(data, peer)
        return self.hear()

    def hear(self):
        return [(TAG.sub(b";tag=T", data, count=1), peer) for data, peer in self.server.transmits()]

    def wait(self, milliseconds):
        self.clock.elapsed_ms += milliseconds
        self.server.tick()
        return self.hear()


PADDED = invite().replace(b"Content-Length: ", b"Content-Length:    ")


@pytest.mark.parametrize("request_", [PADDED, *(invite(**parts) for parts in PLAIN)])
def test_plain_ones_are_answered_as_the_whole_stack_would(request_):
    assert read_plain(request_, PEER)
    assert Side().say(request_) == Side(plain=False).say(request_)


@pytest.mark.parametrize("request_", [invite(**parts) for parts in OTHER])
def test_what_is_not_plain_is_left_to_the_whole_stack(request_):
    assert read_plain(request_, PEER) is None
    assert Side().say(request_) == Side(plain=False).say(request_)


def test_a_source_that_is_not_in_the_via_is_answered_where_it_is():
    asked = invite(via=b";branch=z9hG4bK-%d;rport")
    peer = ("127.0.0.9", 40000)
    assert Side().say(asked, peer) == Side(plain=False).say(asked, peer)
    assert Side().say(asked, peer)[0][1] == peer


@settings(max_examples=1500, deadline=None, derandomize=True)
@given(st.integers(0, len(invite()) - 1), st.integers(0, 255), st.sampled_from(["put", "cut", "twice"]))
def test_one_wrong_byte_makes_no_difference_between_the_ways(at, byte, how):
    whole = invite()
    middle = {"put": bytes([byte]), "cut": b"", "twice": whole[at : at + 1] * 2}[how]
    data = whole[:at] + middle + whole[at + 1 :]
    assert Side().say(data) == Side(plain=False).say(data)


STEPS = st.one_of(
    st.tuples(st.just("invite"), st.integers(1, 3)),
    st.tuples(st.just("ack"), st.integers(1, 3)),
    st.tuples(st.just("wait"), st.sampled_from([1, 499, 500, 1000, 4000, 5000, 33000])),
    st.tuples(st.just("other branch"), st.integers(1, 3)),
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(STEPS, max_size=14))
def test_histories_end_the_same(steps):
    short, whole = Side(), Side(plain=False)
    for what, number in steps:
        if what == "wait":
            heard = [[], []]
            for _ in range(0, number, 500):  # timers due in one tick come in any order
                heard = [heard[0] + short.wait(min(500, number)), heard[1] + whole.wait(min(500, number))]
            assert sorted(heard[0]) == sorted(heard[1])
            continue
        via = b";branch=z9hG4bK-other-%d" if what == "other branch" else b";branch=z9hG4bK-%d"
        message = ack(number, via) if what == "ack" else invite(number, via)
        assert short.say(message) == whole.say(message), (what, number)


def test_one_commit_for_all_that_came_in_one_turn():
    side = Side()
    for number in range(1, 21):
        side.server.receive(invite(number), PEER)
    assert side.store.commits == 0
    answers = side.hear()
    assert side.store.commits == 1
    assert len({re.search(rb"sip:([0-9a-f]{46})@", data)[1] for data, _ in answers}) == 20


def test_what_cannot_be_stored_is_not_given_out_and_not_held():
    side = Side()
    side.store.broken = True
    ((answer, _),) = side.say(invite())
    assert answer.startswith(b"SIP/2.0 503 ") and b"Retry-After" in answer
    assert side.server.ledger.books.boards["b1"].reserved == 0
    side.store.broken = False
    assert side.say(invite(2))[0][0].startswith(b"SIP/2.0 302")


def test_overload_refuses_what_is_new_and_nothing_else():
    side = Side()
    side.say(invite(1))
    side.server.busy = True
    assert side.say(invite(1))[0][0].startswith(b"SIP/2.0 302")  # a repetition
    assert side.say(invite(2))[0][0].startswith(b"SIP/2.0 503")
    assert side.say(invite(3, body=b"", Content_Type=None))[0][0].startswith(
        b"SIP/2.0 503"
    )  # not a plain one
    assert side.say(ack(1)) + side.say(ack(3)) + side.wait(500) == [] and len(side.server._redirects) == 1


@pytest.mark.parametrize("plain", [True, False])
def test_a_flood_from_one_source_is_that_sources_affair(plain):
    side = Side(plain, sources=Sources(10))
    flood = [side.say(invite(number)) for number in range(1, 400)]
    statuses = [int(answers[0][0].split()[1]) for answers in flood if answers]
    assert (statuses.count(302), set(statuses)) == (20, {302, 503})
    assert 100 <= statuses.count(503) <= 210 and len(statuses) < len(flood)  # the rest is not even answered
    refused = next(answers[0][0] for answers in flood if answers and b" 503 " in answers[0][0])
    assert b"\r\nRetry-After: 2\r\n" in refused
    assert side.server.counters["limited refuse"] == statuses.count(503)
    assert side.server.counters["limited drop"] == len(flood) - len(statuses)
    assert side.say(ack(1)) == []  # work in progress goes on
    other = ("127.0.0.9", 5070)
    elsewhere = invite(500).replace(b"UDP 127.0.0.1:5070", b"UDP 127.0.0.9:5070")
    assert side.say(elsewhere, other)[0][0].startswith(b"SIP/2.0 302")
    side.clock.elapsed_ms += 60_000
    assert b"302 Moved" in side.say(invite(600))[-1][0]


@pytest.mark.parametrize("plain", [True, False])
def test_boards_are_let_in_however_much_there_is_to_do(plain):
    side = Side(plain, sources=Sources(1))
    side.server.busy = True
    register = (
        b"REGISTER sip:127.0.0.1:5060 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.1.1:5060;branch=z9hG4bK-r%d\r\n"
        b"From: <sip:b1@127.0.0.1>;tag=1\r\nTo: <sip:b1@127.0.0.1>\r\nCall-ID: r%d\r\nCSeq: 1 REGISTER\r\n"
        b"Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
    )
    for number in range(50):
        ((answer, _),) = side.say(register % (number, number), ("127.0.1.1", 5060))
        assert answer.startswith(b"SIP/2.0 401")
    stranger = (register % (99, 99)).replace(b"127.0.1.1", b"127.0.0.1")
    assert side.say(stranger, ("127.0.0.1", 5060))[0][0].startswith(b"SIP/2.0 503")
    assert side.server.counters["overload"] == 1


@pytest.mark.parametrize(
    "via", [b";branch=z9hG4bK-%d", b";branch=z9hG4bK-%d;rport", b";rport;branch=z9hG4bK-%d"]
)
def test_a_refusal_in_haste_says_what_the_stack_would_say(via):
    sides = [Side(True), Side(False)]
    answers = []
    for side in sides:
        side.server.busy = True
        ((answer, back),) = side.say(invite(5, via=via))
        assert back == PEER
        answers.append(
            sorted(re.sub(rb";tag=[^\r>]*(?=\r\nCall-ID)|\r\nServer[^\r]*", b"", answer).split(b"\r\n"))
        )
        tag = re.search(rb"\r\nTo: [^\r]*(;tag=[^\r;]+)", answer)[1]
        assert side.say(ack(5, via).replace(b";tag=x", tag)) == []
    quick, whole = answers
    assert [line for line in quick if not line.startswith(b"Via")] == [
        line for line in whole if not line.startswith(b"Via")
    ]
    params = [set(line.split(b";")) for answer in answers for line in answer if line.startswith(b"Via")]
    assert params[0] == params[1]


@pytest.mark.parametrize(
    "text",
    [
        invite(5).replace(b"SIP/2.0/UDP 127.0.0.1", b"SIP/2.0/UDP 10.0.0.9"),
        invite(5).replace(
            b"To: <sip:conference@127.0.0.1:5060>", b"To: <sip:conference@127.0.0.1:5060>;tag=a"
        ),
        invite(5).replace(b"To: ", b"t: "),
        invite(5).replace(b"CSeq: 1 INVITE\r\n", b""),
    ],
)
def test_what_cannot_be_refused_in_haste_is_left_to_the_stack(text):
    side = Side()
    assert not side.server._redirects._refused(text, PEER)
    assert side.server._redirects.transmits() == []


def test_a_late_cancel_is_acknowledged():
    side = Side()
    side.say(invite(1))
    cancel = ack(1).replace(b"ACK", b"CANCEL").replace(b";tag=x", b"")
    assert side.say(cancel)[0][0].startswith(b"SIP/2.0 200 OK")
    assert key_of(cancel) == key_of(ack(1)) == read_plain(invite(1), PEER).key


def test_everything_is_forgotten_in_the_end():
    side = Side()
    for number in range(1, 4):
        side.say(invite(number))
    side.say(ack(1))
    for _ in range(80):
        side.wait(500)
    assert len(side.server._redirects) == 0 and side.server._redirects.next_deadline() is None


@pytest.mark.parametrize("together", [False, True])
def test_what_comes_in_batches_is_answered_as_one_by_one(together):
    parley_sip = pytest.importorskip("parley_sip", reason="Linux only")
    listening, phone = socket.socket(type=socket.SOCK_DGRAM), socket.socket(type=socket.SOCK_DGRAM)
    for one in (listening, phone):
        one.bind(("127.0.0.1", 0))
    via, peer = b";rport;branch=z9hG4bK-%d", phone.getsockname()
    parts = (
        [PLAIN[0]] * 9
        + [PLAIN[6]] * 3
        + [PLAIN[0]] * 4
        + OTHER[4:6]
        + [PLAIN[8]] * 2
        + [PLAIN[0]] * 3
        + PLAIN[9:]
    )
    messages = [invite(number, **{**part, "via": part.get("via", via)}) for number, part in enumerate(parts)]
    batch, single, datagrams = Side(), Side(), parley_sip.Datagrams()
    for data in (*messages, ack(3, via)):
        phone.sendto(data, listening.getsockname())
    now_ms = batch.clock.now_ms()
    _, got = datagrams.receive(listening.fileno(), batch.server.transactions, now_ms, True, together)
    several = [len(asked[1]) for _, _, asked in got if asked is not None and len(asked[1]) > 1]
    assert not together or not batch.server.transactions or several[:3] == [9, 3, 4]
    batch.server.receive_all(iter(got))
    answers = batch.hear()
    phone.setblocking(False)
    with suppress(BlockingIOError):
        while True:
            answers.append((TAG.sub(b";tag=T", phone.recv(4096), count=1), peer))
    alone = [answer for data in messages for answer in single.say(data, peer)]
    assert sorted(answers) == sorted(alone)
    assert batch.server.ledger.leases == single.server.ledger.leases
    assert batch.server.counters == single.server.counters
    for one in (listening, phone):
        one.close()
