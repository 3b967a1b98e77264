"""Three ways to answer a request: redirect, proxy by rule, and HTTP without a call."""

import pytest

from parley.call.endpoint import Endpoint
from parley.wire.sip import Request
from parleyd.answers import AnswerRule, Answers
from parleyd.settings import SettingsError, load_settings
from parleyd.verdict import Grant
from parleyd.web.query import Query

from .server_world import FACTORY, PHONE, SERVER, START_S, World


def invite(uri=FACTORY, agent=None):
    return Request("INVITE", uri, [] if agent is None else [("User-Agent", agent)])


@pytest.mark.parametrize(
    ("rule", "uri", "agent", "source", "fits"),
    [
        ({"user_agent": "Acme*"}, FACTORY, "ACME Phone 3", "10.0.0.1", True),
        ({"user_agent": "Acme*"}, FACTORY, "Other", "10.0.0.1", False),
        ({"user_agent": "Acme*"}, FACTORY, None, "10.0.0.1", False),
        ({"source": "10.0.0.0/8"}, FACTORY, None, "10.9.9.9", True),
        ({"source": "10.0.0.0/8"}, FACTORY, None, "192.0.2.1", False),
        ({"source": "2001:db8::/32"}, FACTORY, None, "10.9.9.9", False),
        ({"source": "2001:db8::/32"}, FACTORY, None, "2001:db8::1", True),
        ({"source": "10.0.0.0/8"}, FACTORY, None, "a name", False),
        ({"uri_param": "way=proxy"}, FACTORY + ";way=PROXY", None, "10.0.0.1", True),
        ({"uri_param": "way=proxy"}, FACTORY + ";way=redirect", None, "10.0.0.1", False),
        ({"uri_param": "way"}, FACTORY + ";way", None, "10.0.0.1", True),
        ({"uri_param": "way"}, FACTORY, None, "10.0.0.1", False),
        ({"uri_param": "way"}, "nonsense", None, "10.0.0.1", False),
        ({"user_agent": "A*", "source": "10.0.0.0/8"}, FACTORY, "A", "192.0.2.1", False),
        ({"user_agent": "A*", "source": "10.0.0.0/8"}, FACTORY, "A", "10.0.0.1", True),
    ],
)
def test_whom_a_rule_means(rule, uri, agent, source, fits):
    made = AnswerRule.model_validate({"answer": "proxy", **rule})
    assert made.fits(invite(uri, agent), source) is fits


def test_the_first_rule_that_fits_counts():
    answers = Answers(
        "redirect",
        (
            AnswerRule(answer="redirect", user_agent="Acme 4*"),
            AnswerRule(answer="proxy", user_agent="Acme*"),
        ),
    )
    assert answers.choose(invite(agent="Acme 4.1"), "10.0.0.1") == "redirect"
    assert answers.choose(invite(agent="Acme 3"), "10.0.0.1") == "proxy"
    assert answers.choose(invite(agent="Other"), "10.0.0.1") == "redirect"
    assert not answers.always_redirect
    assert Answers().always_redirect


def test_rules_in_a_file(tmp_path):
    config = tmp_path / "parley.toml"
    config.write_text('answer = "proxy"\n[[answer_rules]]\nuser_agent = "Acme*"\nanswer = "redirect"\n')
    settings = load_settings(config)
    assert settings.answer == "proxy"
    assert settings.answer_rules[0].user_agent == "Acme*"
    config.write_text('[[answer_rules]]\nanswer = "proxy"\n')
    with pytest.raises(SettingsError, match="a rule needs user_agent, source or uri_param"):
        load_settings(config)
    config.write_text('answer = "shout"\n')
    with pytest.raises(SettingsError, match="answer"):
        load_settings(config)


@pytest.fixture
def proxied(tmp_path):
    """A server that passes on for whoever calls with ;way=proxy, and boards that answer INVITEs."""
    world = World(
        tmp_path / "leases.sqlite",
        answers=Answers("redirect", (AnswerRule(answer="proxy", uri_param="way=proxy"),)),
    )
    world.register_all()
    return world


class AnsweringBoard:
    """Answers every INVITE on a board of the world."""

    def __init__(self, board, status=200):
        self.board, self.status, self.calls = board, status, []
        board.take = self.take

    def take(self, events, now_ms):
        for event in events:
            if event.kind == "incoming":
                self.calls.append(event.subject)
                if self.status == 200:
                    contact = f"<{event.message.uri}>;isfocus"
                    self.board.endpoint.answer(event.subject, event.message.body, now_ms, contact=contact)
                else:
                    self.board.endpoint.reject(event.subject, self.status, now_ms)


def test_a_phone_that_follows_no_302_sees_the_focus_in_the_200(proxied):
    boards = [AnsweringBoard(board) for board in proxied.boards]
    response = proxied.ask(uri=FACTORY + ";way=proxy")
    assert response.status == 200
    assert response.get("Contact").endswith(";isfocus")
    assert response.get("Record-Route") is None
    (call,) = proxied.phone.calls
    assert call.is_focus
    (theirs,) = [call for board in boards for call in board.calls]
    assert theirs.state == "established"  # its ACK came straight from the phone
    assert theirs.dialog.remote_target == f"sip:parley@{PHONE[0]}:{PHONE[1]};transport=udp"
    assert proxied.server.counters["invite passed on"] == 1
    proxied.phone.hangup(call, proxied.clock.now_ms())
    proxied.settle()
    assert theirs.state == "ended"


def test_others_are_redirected_as_ever(proxied):
    assert proxied.ask().status == 302


def test_refusals_are_the_same_either_way(proxied):
    assert proxied.ask(uri=FACTORY + ";way=proxy", codecs=(("G729", 8000),)).status == 488
    assert proxied.ask(uri=FACTORY + ";size=99;way=proxy").status == 606


def test_the_board_s_refusal_reaches_the_phone(proxied):
    for board in proxied.boards:
        AnsweringBoard(board, 486)
    assert proxied.ask(uri=FACTORY + ";way=proxy").status == 486


def test_a_board_that_is_silent(proxied):
    events = []
    proxied.lost = {board.address for board in proxied.boards}
    proxied.phone.invite(FACTORY + ";way=proxy", b"", proxied.clock.now_ms(), peer=SERVER)
    for _ in range(40):
        proxied.wait(1, refresh=False)
        events = proxied.phone_events
    assert [event.status for event in events if event.kind == "rejected"] == [503]


def allocated(world, **query):
    verdicts = []
    world.server.allocate(Query(**query).need(8), verdicts.append)
    world.settle()
    (verdict,) = verdicts
    return verdict


def test_a_conference_without_a_call(proxied):
    grant = allocated(proxied, size=4, asked_by="planner")
    assert (grant.ttl_s, grant.lease.expires_s) == (32, START_S + 32)
    board = next(board for board in proxied.boards if board.board_id == grant.lease.board_id)
    assert board.allocation(f"<{grant.uri}>").size == 4
    lease = proxied.server.ledger.find(grant.lease.conference_id)
    assert (lease.state.value, lease.asked_by, lease.size) == ("offered", "planner", 4)


def test_an_unused_address_lapses_like_any_other(proxied):
    grant = allocated(proxied)
    proxied.wait(140)
    found = proxied.server.ledger.find(grant.lease.conference_id)
    assert found is None or found.state.value == "free"


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"size": 64}, 606),
        ({"codecs": ["G729"]}, 488),
        ({"srtp": "required"}, 606),
    ],
)
def test_what_cannot_be_had(proxied, query, status):
    assert allocated(proxied, **query).status == status


def test_the_first_codec_that_a_board_speaks(proxied):
    assert isinstance(allocated(proxied, codecs=["OPUS/48000", "PCMA"]), Grant)


@pytest.mark.parametrize(
    "body", [{"size": 1}, {"size": "many"}, {"codecs": []}, {"codecs": ["a b"]}, {"kind": 1}]
)
def test_a_query_that_makes_no_sense(body):
    with pytest.raises(ValueError, match=next(iter(body))):
        Query.model_validate(body)


def test_a_server_that_passes_on_holds_nothing_afterwards(proxied):
    for board in proxied.boards:
        AnsweringBoard(board)
    for _ in range(4):
        proxied.ask(uri=FACTORY + ";size=2;way=proxy")
        for call in proxied.phone.calls:
            proxied.phone.hangup(call, proxied.clock.now_ms())
        proxied.settle()
    proxied.wait(120)
    endpoint = proxied.server._endpoint
    assert isinstance(endpoint, Endpoint)
    assert endpoint._core.forwards == {} and endpoint.calls == []
