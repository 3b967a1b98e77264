"""The registrar's rules, request by request, without a wire."""

import json

import pytest

from parley.wire.address import derive
from parley.wire.auth import Authenticator, authorization, parse_challenge
from parley.wire.sip import Request
from parleyd.ledger import Ledger
from parleyd.pool import DHCP, Pool, ProvisionedBoard
from parleyd.registrar import REALM, Registrar
from parleyd.report import parse_report
from parleyd.store.face import ConflictError, Heard
from parleyd.store.sqlite import SqliteStore

KEY = b"k" * 32
NOW_S, NOW_MS = 1_795_357_275.0, 1_000_000
REPORT = {"firmware": "0.1.0", "boot": "a1", "board": "virtual", "codecs": ["PCMU"], "legs": 64, "slots": 32}
CONTACT = "<sip:127.0.1.1:5060;transport=udp>;expires=9"


class Desk:
    """A registrar with one known board, and a board's hand to write to it."""

    def __init__(self, path):
        self.pool = Pool()
        self.pool.provision(ProvisionedBoard("b1", KEY, "127.0.1.1", 5060))
        self.ledger = Ledger(SqliteStore(path))
        self.registrar = Registrar(self.pool, self.ledger, Authenticator(REALM, b"secret"))

    def ask(self, headers, body=b"", now_ms=NOW_MS, source="127.0.1.1"):
        request = Request("REGISTER", "sip:127.0.0.1:5060", [("To", "<sip:b1@127.0.0.1>"), *headers], body)
        results = []
        self.registrar.handle(request, NOW_S, now_ms, results.append, source)
        self.ledger.flush()
        return results[0]

    def login(self, algorithm="SHA-256", password=None, user="b1"):
        challenges = [parse_challenge(value) for name, value in self.ask([]).reply.headers]
        challenge = next(found for found in challenges if found["algorithm"] == algorithm)
        secret = derive(KEY, "register") if password is None else password
        value = authorization(challenge, "REGISTER", "sip:127.0.0.1:5060", user, secret, 1, "cafe")
        return ("Authorization", value)

    def register(self, *headers, contact=CONTACT, body=None, source="127.0.1.1", **login):
        given = [self.login(**login), ("Contact", contact), *headers]
        return self.ask(given, json.dumps(REPORT).encode() if body is None else body, source=source)


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path / "leases.sqlite")


def test_sha256_is_offered_before_md5(desk):
    result = desk.ask([])
    values = [value for name, value in result.reply.headers if name == "WWW-Authenticate"]
    assert result.reply.status == 401
    assert [parse_challenge(value)["algorithm"] for value in values] == ["SHA-256", "MD5"]


@pytest.mark.parametrize("algorithm", ["SHA-256", "MD5"])
def test_either_algorithm_lets_a_board_in(desk, algorithm):
    result = desk.register(algorithm=algorithm)
    assert (result.reply.status, result.change) == (200, "new")
    headers = dict(result.reply.headers)
    assert headers["Date"] == "Sun, 22 Nov 2026 14:21:15 GMT"
    assert headers["Contact"].endswith(";expires=9")
    assert desk.register(algorithm=algorithm).change == "refresh"


def test_a_registration_ends_when_it_was_said_to(desk):
    desk.register()
    assert desk.pool.view(NOW_MS + 8999) and not desk.pool.view(NOW_MS + 9000)
    assert desk.pool.expire(NOW_MS + 9000) == ["b1"]


def test_credentials_are_good_once(desk):
    login = desk.login()
    body = json.dumps(REPORT).encode()
    assert desk.ask([login, ("Contact", CONTACT)], body).reply.status == 200
    again = desk.ask([login, ("Contact", CONTACT)], body)
    assert again.reply.status == 401
    assert "stale=true" in dict(again.reply.headers)["WWW-Authenticate"]


@pytest.mark.parametrize("login", [{"password": "wrong"}, {"user": "nobody"}, {"password": ""}])
def test_strangers_are_refused(desk, login):
    assert desk.register(**login).reply.status == 403
    assert desk.pool.registration("b1") is None


def test_a_board_registers_only_itself(desk):
    desk.pool.provision(ProvisionedBoard("b2", b"x" * 32, "127.0.1.2", 5060))
    result = desk.register(user="b2", password=derive(b"x" * 32, "register"))  # To names b1
    assert result.reply.status == 403


@pytest.mark.parametrize(
    ("contact", "status"),
    [
        ("<sip:127.0.1.9:5060>;expires=9", 403),
        ("<sip:127.0.1.1:5999>;expires=9", 403),
        ("<sip:127.0.1.1>;expires=9", 200),  # 5060 by default
        ("<sip:127.0.1.1;transport=udp>;expires=nine", 400),
        ("<tel:+4912345>;expires=9", 416),
        ("<sip:127.0.1.1>, <sip:127.0.1.2>", 400),
        ("*", 400),
    ],
)
def test_the_contact_must_be_the_address_it_was_given(desk, contact, status):
    assert desk.register(contact=contact).reply.status == status


@pytest.mark.parametrize(
    ("contact", "headers", "granted_s"),
    [
        ("<sip:127.0.1.1>;expires=5", [("Expires", "30")], 5),
        ("<sip:127.0.1.1>", [("Expires", "30")], 30),
        ("<sip:127.0.1.1>", [], 9),
        ("<sip:127.0.1.1>;expires=86400", [], 60),  # a dead board must leave the pool soon
    ],
)
def test_expiry(desk, contact, headers, granted_s):
    desk.register(*headers, contact=contact)
    assert desk.pool.registration("b1").expires_ms == NOW_MS + granted_s * 1000


@pytest.mark.parametrize(
    ("contact", "headers"), [("<sip:127.0.1.1>;expires=0", []), ("*", [("Expires", "0")])]
)
def test_leaving(desk, contact, headers):
    desk.register()
    result = desk.register(*headers, contact=contact)
    assert (result.reply.status, result.change) == (200, "left")
    assert desk.pool.registration("b1") is None


@pytest.mark.parametrize(
    "fault",
    [
        {"legs": 0},
        {"legs": "64"},
        {"legs": True},
        {"codecs": []},
        {"codecs": "PCMU"},
        {"slots": 65536},
        {"boot": ""},
        {"boot": "a b"},
        {"live": [[0, 1, 8]]},
        {"live": [[0, 0, 8, []]]},
        {"live": [[0, 1, 1, []]]},
        {"live": [[-1, 1, 8, []]]},
        {"live": [[0, 1.5, 8, []]]},
        {"live": [[0, 1, 8, [7]]]},
        {"live": {"0": 1}},
        {"ended": [[1]]},
        {"ended": [["1", 2]]},
    ],
)
def test_reports_are_checked_to_the_last_field(desk, fault):
    result = desk.register(body=json.dumps({**REPORT, **fault}).encode())
    assert result.reply.status == 400
    assert next(iter(fault)) in result.reply.reason
    assert desk.pool.registration("b1") is None


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b'{"legs":', b"\xff", b"[" * 100_000])
def test_what_is_no_report(desk, body):
    result = desk.register(body=body)
    assert result.reply.status == 400
    assert all(" " <= c <= "~" for c in result.reply.reason)


def test_fields_of_newer_boards_are_ignored(desk):
    assert desk.register(body=json.dumps({**REPORT, "temperature": 41.5}).encode()).reply.status == 200


def test_what_a_phone_calls_itself_never_costs_its_board_the_registration(desk):
    names = ["sip:" + "a" * 5000 + "@x", "sip:\u00e9\n\u2028@x", ""]
    live = [[3, 77, 8, names]]
    assert desk.register(body=json.dumps({**REPORT, "live": live}).encode()).reply.status == 200
    shown = desk.pool.registration("b1").report.live[0].participants
    assert len(shown) == 3
    assert all(len(name) <= 200 and all(" " <= c <= "~" for c in name) for name in shown)


def test_boards_say_codecs_with_and_without_a_rate(desk):
    desk.register(body=json.dumps({**REPORT, "codecs": ["pcmu", "L16/16000"]}).encode())
    assert desk.pool.view(NOW_MS)[0].codecs == {("PCMU", 8000), ("L16", 16000)}


def test_a_board_whose_twin_another_server_meets_meanwhile_is_turned_away(desk):
    store = desk.ledger._store
    write = store.submit

    def overtaken(groups, answer):
        store.submit = write
        desk.ledger.learn((), Heard("b1", "b2", 1, int(NOW_S), ("a1",)))
        answer([ConflictError("another server was faster")])

    store.submit = overtaken
    result = desk.register()
    assert (result.reply.status, result.change) == (403, "twin")
    assert (desk.pool.registration("b1"), desk.pool.twins.of("b1", NOW_MS)) == (None, "a1")
    assert desk.ledger.heard("b1").boot == "b2"


def test_another_board_with_the_identity_elsewhere_is_a_twin(desk):
    assert desk.register().reply.status == 200
    there = {
        "contact": "<sip:127.0.1.9:5060>;expires=9",
        "body": json.dumps(REPORT | {"boot": "b2"}).encode(),
    }
    assert (desk.register(**there).reply.status, desk.register().reply.status) == (403, 200)
    assert desk.pool.twins.of("b1", NOW_MS) == "b2"


def at(host, source=None):
    """A registration of a board that says to be there."""
    return {"contact": f"<sip:{host}:5060;transport=udp>;expires=9", "source": source or host}


@pytest.fixture
def leased(desk):
    """b1 and b2 have their addresses by DHCP."""
    for name in ("b1", "b2"):
        desk.pool.provision(ProvisionedBoard(name, KEY, DHCP, 5060, dynamic=True))
    return desk


def test_a_board_with_dhcp_is_where_it_says_and_calls_from(leased):
    assert leased.register(**at("10.0.0.5", "10.0.0.6")).reply.status == 403
    assert leased.pool.view(NOW_MS) == []
    assert leased.register(**at("10.0.0.5")).change == "new"
    assert [view.host for view in leased.pool.view(NOW_MS)] == ["10.0.0.5"]
    assert leased.register(**at("10.0.0.5")).change == "refresh"
    dropped = []
    leased.pool.on_drop = lambda board_id, registration: dropped.append(board_id)
    assert leased.register(**at("10.0.0.7")).change == "moved"
    assert dropped == ["b1"]  # whoever was in it there has lost it
    assert [view.host for view in leased.pool.view(NOW_MS)] == ["10.0.0.7"]
    assert [leased.pool.is_board_at(host) for host in ("10.0.0.5", "10.0.0.7")] == [False, True]
    assert leased.register(contact="<sip:10.0.0.7:5061>", source="10.0.0.7").reply.status == 403


def test_who_gets_a_board_s_address_takes_it_from_that_one(leased):
    leased.register(**at("10.0.0.5"))
    report = parse_report(json.dumps(REPORT | {"host": "10.0.0.5"}).encode())
    leased.pool.vouch("b2", "another server", report, NOW_S, NOW_MS)
    assert [(view.board_id, view.host) for view in leased.pool.view(NOW_MS)] == [("b2", "10.0.0.5")]
    assert leased.pool.board("b1").host == DHCP


def test_a_board_does_not_say_itself_where_it_is(leased):
    body = json.dumps(REPORT | {"host": "10.0.0.9"}).encode()
    leased.register(**at("10.0.0.5"), body=body)
    assert [view.host for view in leased.pool.view(NOW_MS)] == ["10.0.0.5"]
