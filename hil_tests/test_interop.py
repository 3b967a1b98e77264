"""The matrix: every kind of phone does what it can with a conference; what came of it is read from the wire."""

import hashlib
import itertools
import json
import time
from functools import partial

import pytest

from hil_tests import certificates, features, interop_page, sip_text
from hil_tests.ask import ask, with_caller
from hil_tests.features import FEATURES, Wire
from hil_tests.interop_page import CANNOT, NO, YES
from hil_tests.interop_scenes import (
    PAUSE_S,
    attempt,
    calls_and_does_everything,
    is_called,
    offers_later,
    presses_keys,
    wait_inside,
)
from hil_tests.ports import connections_to
from hil_tests.ues.baresip import Baresip
from hil_tests.ues.face import Phone
from hil_tests.ues.parley_ue import ParleyUe
from hil_tests.ues.pjsua import Pjsua
from hil_tests.ues.sipp import Sipp

pytestmark = [pytest.mark.hil, pytest.mark.limit_s(120)]
KINDS = (Pjsua, Baresip, Sipp, ParleyUe)
TCP, TLS, SIX = "SIP over TCP", "SIP over TLS", "IPv6"
MD5, SHA256, BOTH = "digest, MD5", "digest, SHA-256", "digest, either offered"
OFFERED = {MD5: ["MD5"], SHA256: ["SHA-256"], BOTH: ["SHA-256", "MD5"]}
REALM, PASSWORD = "parley", "open-sesame"
# baresip 1.0.0 knows MD5 alone, and gives up when SHA-256 is offered beside it
DIGEST = [(kind, one) for kind in KINDS for one in OFFERED if kind in (Pjsua, ParleyUe) or one == MD5]
TLS_PORT = 5061  # of boards
# What each phone must be able to do here; anything else may come and is written into the table.
MUST = {
    "PJSUA": set(FEATURES),
    "baresip": {"follows the 302", "holds", "talks on", "is held", "REFER to the focus in the call",
                "obeys REFER", "moves with its conference", "DTMF"},
    "SIPp": {"follows the 302", "delayed offer", "holds", "talks on", "UPDATE sent", "session timer",
             "REFER to the focus in the call", "DTMF"},
    "parley": {"follows the 302", "holds", "talks on", "is held", "UPDATE taken", "session timer",
               "REFER to the focus out of dialog", "obeys REFER", "moves with its conference",
               "is fetched after its board's death", "DTMF"},
}  # fmt: skip
NUMBERS = itertools.count(1)
RESULTS: dict[str, dict[str, str]] = {}


@pytest.fixture(scope="module", autouse=True)
def page(request):
    """Write docs/interop.md when every phone was tried with everything."""
    yield
    if request.config.getoption("--board") != "virtual":
        return  # there what is the server's alone is left out
    if request.config.option.keyword or any("::" in argument for argument in request.config.args):
        return  # a part only: the page would lose what the rest found
    if len(RESULTS) == len(KINDS) and all(len(column) >= len(FEATURES) for column in RESULTS.values()):
        interop_page.write(interop_page.table(RESULTS, [*FEATURES, TCP, TLS, SIX, *OFFERED]))


def judge(kind: type[Phone], wires: list[Wire]) -> None:
    """Fill the phone's column; fail when something that it can do did not work."""
    done = {name: any(found(wire) for wire in wires) for name, found in FEATURES.items()}
    column = RESULTS.setdefault(kind.kind, {})
    for name in FEATURES:
        column[name] = YES if done[name] else (NO if name in MUST[kind.kind] else CANNOT)
    missing = [name for name in FEATURES if name in MUST[kind.kind] and not done[name]]
    assert not missing, f"{kind.kind}: {missing}"


def wire_of(bench, capture, phone: Phone) -> Wire:
    hosts = tuple(board.host for board in bench.boards())
    return Wire(capture.packets(), (phone.host, phone.port), ("127.0.0.1", bench.sip_port), hosts)


@pytest.fixture
def friends(phone_of):
    made = [
        phone_of(ParleyUe, name, join_messages=True)
        for name in (f"friend{next(NUMBERS)}", f"friend{next(NUMBERS)}")
    ]
    for friend in made:
        friend.start()
    return made


@pytest.mark.once
@pytest.mark.parametrize("kind", [Pjsua, Baresip], ids=lambda kind: kind.kind)
def test_a_phone_that_calls_and_is_called(kind, bench, phone_of, friends, capture_of, spoken):
    if not kind.available():
        pytest.skip(f"{kind.kind} is not installed")
    phone = phone_of(kind, f"{kind.kind}1", play=spoken["ue1"])
    capture = capture_of(bench, phone, *friends)
    phone.start()
    calls_and_does_everything(phone, bench, friends)
    offers_later(phone, bench)
    is_called(phone, bench)
    phone.finish()
    capture.stop()
    judge(kind, [wire_of(bench, capture, phone)])
    bench.wait_status(bench.idle, 12, "the conferences' ends")


@pytest.mark.once
def test_our_phone(bench, phone_of, friends, capture_of, spoken):
    phone = phone_of(ParleyUe, "parley1", play=spoken["ue1"], answer=False, keys=True, watch=True)
    called = phone_of(ParleyUe, "parley2", play=spoken["ue1"])
    capture = capture_of(bench, phone, called, *friends)
    calls_and_does_everything(phone, bench, friends)
    called.start()
    is_called(called, bench)
    called.finish()
    capture.stop()
    judge(ParleyUe, [wire_of(bench, capture, phone), wire_of(bench, capture, called)])
    bench.wait_status(bench.idle, 12, "the conferences' ends")


def test_sipp(bench, phone_of, friends, capture_of, spoken):
    phone = phone_of(Sipp, "SIPp1", play=spoken["ue1"], answer=False)
    capture = capture_of(bench, phone, *friends)
    phone.start()
    phone.call_with_everything(bench.server, friends[0].uri)
    assert phone.succeeded(30), phone.process.tail() + phone.messages()[-3000:]
    presses_keys(phone, bench)
    for friend in friends:
        friend.finish()
    capture.stop()
    judge(Sipp, [wire_of(bench, capture, phone)])
    bench.wait_status(bench.idle, 12, "the conference's end")


def joins(phone: Phone, bench, uri: str, feature: str, inside=lambda: None) -> None:
    """The phone asks there, joins, leaves; noted as a feature. inside: called while it is in."""
    RESULTS.setdefault(phone.kind, {})[feature] = NO
    phone.start()
    phone.call(uri)
    wait_inside(bench, phone.name)
    time.sleep(PAUSE_S)
    inside()
    attempt(phone.hangup)
    wait_inside(bench, phone.name, False)
    phone.finish()
    RESULTS[phone.kind][feature] = YES


@pytest.mark.once
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_over_tcp(kind, bench, phone_of, spoken):
    phone = phone_of(kind, f"{kind.kind}3", play=spoken["ue1"], transport="tcp", answer=False)
    joins(phone, bench, bench.server + ";transport=tcp", TCP)


@pytest.mark.once
@pytest.mark.parametrize("kind", [Pjsua, Baresip, ParleyUe], ids=lambda kind: kind.kind)
def test_over_tls(kind, own_bench, artifacts, ports, phone_of, capture_of, spoken):
    """To the server and to the board."""
    issued = certificates.issue(artifacts, ["127.0.0.1", *(f"127.0.{third}.1" for third in range(1, 255))])
    pair = (str(issued.chain), str(issued.key))
    port = ports.take()
    words = ["--sip-tls", f"127.0.0.1:{port}", "--tls-cert", pair[0], "--tls-key", pair[1]]
    words += ["--board-tls-cert", pair[0], "--board-tls-key", pair[1]]
    bench = own_bench(boards=1, extra=tuple(words))
    options = {"tls_ca": issued.authority} if kind is ParleyUe else {}
    phone = phone_of(kind, f"{kind.kind}4", play=spoken["ue1"], transport="tls", answer=False, **options)
    capture = capture_of(bench, phone)
    board, used = bench.boards()[0].host, []
    uri = f"sip:conference@127.0.0.1:{port};transport=tls"
    joins(phone, bench, uri, TLS, lambda: used.extend(connections_to(board)))
    capture.stop()
    assert used == [TLS_PORT]  # one connection to the board, and none without TLS
    ends = {(stream.source[0], stream.target[0]) for stream in capture.streams()}
    assert ends >= {(phone.host, board), (board, phone.host)}


@pytest.mark.once  # emulated boards have IPv4 alone
@pytest.mark.parametrize("kind", [Baresip, Sipp, ParleyUe], ids=lambda kind: kind.kind)
def test_over_ipv6(kind, own_bench, phone_of, capture_of, spoken):
    """No IPv4 anywhere: the phone is at ::1, as are server and board; PJSUA's wheel is built without IPv6."""
    bench = own_bench(boards=1, host="::1")
    phone = phone_of(kind, f"{kind.kind}6", play=spoken["ue1"], answer=False, host="::1")
    capture = capture_of(bench, phone)
    joins(phone, bench, bench.server, SIX)
    capture.stop()
    board = bench.boards()[0].address
    ways = [(stream.source, stream.target) for stream in capture.streams() if len(stream.packets) > 20]
    assert board == ("::1", 5060) and {source for way in ways for source, _ in way} == {"::1"}
    assert len(ways) == 2 and ways[0] == ways[1][::-1], "sound goes both ways"


@pytest.mark.once
@pytest.mark.parametrize(("kind", "feature"), DIGEST, ids=lambda value: getattr(value, "kind", value))
def test_digest(kind, feature, own_bench, phone_of, spoken):
    users = [{"name": "ue", **hashes("ue")}]
    env = {"PARLEY_USERS": json.dumps(users), "PARLEY_DIGEST_ALGORITHMS": json.dumps(OFFERED[feature])}
    bench = own_bench(boards=1, env=env)
    with_caller(partial(is_challenged, bench=bench, count=len(OFFERED[feature])))
    phone = phone_of(kind, f"{kind.kind}5", play=spoken["ue1"], answer=False, credentials=("ue", PASSWORD))
    joins(phone, bench, bench.server, feature)


def hashes(name: str) -> dict[str, str]:
    """What the operator stores of a user's password (RFC 7616 3.4.2)."""
    text = f"{name}:{REALM}:{PASSWORD}".encode()
    return {"ha1_md5": hashlib.md5(text).hexdigest(), "ha1_sha256": hashlib.sha256(text).hexdigest()}


async def is_challenged(caller, bench, count: int) -> None:
    """Whoever shows nothing is asked, once for each algorithm."""
    outcome = await ask(caller, bench.server)
    assert outcome.status == 401
    assert len(outcome.response.all("www-authenticate")) == count


@pytest.mark.once
def test_predicates_tell_a_hold_from_none():
    offer = sip_text.sdp_offer("127.0.0.1", 4000)
    assert features.direction_of(offer) == "sendrecv"
    assert features.direction_of(offer.replace(b"a=sendrecv", b"a=inactive")) == "inactive"
    wire = Wire([], ("127.0.0.1", 1), ("127.0.0.1", 2), ("127.0.1.1",))
    assert not any(found(wire) for found in FEATURES.values())
