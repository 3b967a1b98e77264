"""Digest for phones at the server (RFC 3261 22, RFC 7616, RFC 8760): who is let in, who is asked, in which order."""

import random

import pytest
from typer.testing import CliRunner

from parley.wire.auth import authorization, ha1_of, parse_challenge
from parleyd.answers import Answers
from parleyd.cli import app
from parleyd.gate import HEADERS, Users
from parleyd.settings import SettingsError, load_settings

from .server_world import FACTORY, World

BOTH = ("SHA-256", "MD5")


def users(algorithms=BOTH):
    hashes = {("alice", one): ha1_of(one, "alice", "parley", "secret") for one in BOTH}
    return Users(hashes, algorithms)


def world_of(tmp_path, algorithms=BOTH, **rules):
    world = World(tmp_path / "leases.sqlite", users=users(algorithms), **rules)
    world.register_all()
    return world


def challenges(response, header="WWW-Authenticate"):
    return [parse_challenge(text) for text in response.get_all(header)]


def answered(response, which=0, password="secret", name="alice", count=1, uri=FACTORY):
    """The Authorization header for one of the challenges."""
    challenge = challenges(response)[which]
    return "Authorization", authorization(challenge, "INVITE", uri, name, password, count, "c0ffee")


def test_everybody_is_let_in_without_users(tmp_path):
    world = World(tmp_path / "leases.sqlite")
    world.register_all()
    assert world.ask().status == 302


@pytest.mark.parametrize("algorithms", [("SHA-256", "MD5"), ("MD5", "SHA-256"), ("MD5",), ("SHA-256",)])
def test_challenges_in_the_configured_order(tmp_path, algorithms):
    """baresip 1.0.0 fails on two of them, so an operator may offer one."""
    world = world_of(tmp_path, algorithms)
    response = world.ask()
    assert response.status == 401
    assert [one["algorithm"] for one in challenges(response)] == list(algorithms)
    assert {one["qop"] for one in challenges(response)} == {"auth"}
    for which in range(len(algorithms)):
        assert world.ask(headers=[answered(world.ask(), which)]).status == 302


def test_our_phone_answers_by_itself(tmp_path):
    world = world_of(tmp_path)
    world.phone.invite(FACTORY, b"", world.clock.now_ms(), credentials=("alice", "secret"))
    world.settle()
    assert [event.kind for event in world.phone_events] == ["redirected"]
    world.phone_events.clear()
    world.phone.invite(FACTORY, b"", world.clock.now_ms(), credentials=("alice", "wrong"))
    world.settle()
    assert [(event.kind, event.status) for event in world.phone_events] == [("rejected", 401)]


def test_nothing_is_kept_for_who_is_not_let_in(tmp_path):
    world = world_of(tmp_path)
    for _ in range(100):
        assert world.ask().status == 401
    assert world.server.running() == []
    world.wait(40)
    assert world.server.held()["calls"] == 0


@pytest.mark.parametrize(
    "change", [{"password": "wrong"}, {"name": "bob"}, {"name": ""}], ids=["password", "name", "no name"]
)
def test_wrong_names_and_wrong_passwords_look_the_same(tmp_path, change):
    world = world_of(tmp_path)
    response = world.ask(headers=[answered(world.ask(), **change)])
    assert response.status == 401
    assert "stale" not in challenges(response)[0]


def test_a_nonce_counts_upwards(tmp_path):
    world = world_of(tmp_path)
    asked = world.ask()
    assert world.ask(headers=[answered(asked, count=1)]).status == 302
    replayed = world.ask(headers=[answered(asked, count=1)])
    assert (replayed.status, challenges(replayed)[0]["stale"]) == (401, "true")
    assert world.ask(headers=[answered(asked, count=2)]).status == 302


def test_an_old_nonce_is_stale(tmp_path):
    world = world_of(tmp_path)
    asked = world.ask()
    world.wait(301)
    late = world.ask(headers=[answered(asked)])
    assert (late.status, challenges(late)[0]["stale"]) == (401, "true")
    assert world.ask(headers=[answered(late)]).status == 302


def test_credentials_for_others_are_no_reason_to_refuse(tmp_path):
    world = world_of(tmp_path)
    asked = world.ask()
    foreign = "Authorization", 'Digest username="a", realm="other", nonce="n", uri="sip:x", response="00"'
    assert world.ask(headers=[foreign, answered(asked)]).status == 302
    assert world.ask(headers=[foreign]).status == 401
    assert world.ask(headers=[("Authorization", "Digest nonsense")]).status == 401


def test_a_proxy_asks_by_407(tmp_path):
    world = world_of(tmp_path, answers=Answers("proxy", ()))
    response = world.ask()
    assert response.status == 407
    assert len(challenges(response, HEADERS[407][0])) == 2


def test_boards_register_as_before(tmp_path):
    world = world_of(tmp_path)
    assert [board.answers[-1].status for board in world.boards] == [200, 200]


def settings_of(folder, text):
    (folder / "parley.toml").write_text(text)
    return load_settings(folder / "parley.toml")


def test_what_the_command_prints_lets_the_user_in(tmp_path):
    done = CliRunner().invoke(app, ["user", "alice"], env={"PARLEY_PASSWORD": "secret"})
    assert done.exit_code == 0
    assert "secret" not in done.output
    settings = settings_of(tmp_path, done.output)
    assert settings.phone_users() == users()


def test_settings_say_what_is_missing(tmp_path):
    md5 = ha1_of("MD5", "alice", "parley", "secret")
    only_md5 = f'[[users]]\nname = "alice"\nha1_md5 = "{md5}"\n'
    with pytest.raises(SettingsError, match="alice has no hash for SHA-256; make it with parley user alice"):
        settings_of(tmp_path, only_md5)
    assert settings_of(tmp_path, 'digest_algorithms = ["MD5"]\n' + only_md5).phone_users().algorithms == (
        "MD5",
    )
    with pytest.raises(SettingsError, match="twice"):
        settings_of(tmp_path, 'digest_algorithms = ["MD5"]\n' + only_md5 * 2)
    with pytest.raises(SettingsError, match="digest_algorithms"):
        settings_of(tmp_path, 'digest_algorithms = ["SHA-1"]\n')
    with pytest.raises(SettingsError, match="users"):
        settings_of(tmp_path, '[[users]]\nname = "alice"\nha1_md5 = "secret"\n')


def test_random_histories_let_in_only_who_knows(tmp_path):
    """Whatever is put together of right and wrong parts, the right ones alone give an address."""
    world, chance = world_of(tmp_path, quarantine_s=0), random.Random(5)
    for _ in range(60):
        asked = world.ask()
        right = chance.random() < 0.3
        wrong = {"password": "x"} if chance.random() < 0.5 else {"name": "mallory"}
        header = answered(asked, which=chance.randrange(2), **({} if right else wrong))
        assert (world.ask(headers=[header]).status in (302, 503)) == right
        world.wait(5)
