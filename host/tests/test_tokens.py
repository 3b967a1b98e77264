"""Tokens: made once, kept as hashes, revoked at once; and what each role may."""

import json

import pytest

from parleyd.tokens import FILE, Role, TokenError, Tokens
from parleyd.web.access import Gate


def test_a_token_is_known_by_its_hash_only(tmp_path):
    tokens = Tokens(tmp_path)
    token = tokens.add("anna", Role.OPERATOR)
    assert Tokens(tmp_path).role_of(token) == ("anna", Role.OPERATOR)
    assert tokens.role_of(token + "x") is None
    assert token not in (tmp_path / FILE).read_text()
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600


def test_a_running_daemon_sees_what_the_command_line_does(tmp_path):
    daemon, command = Tokens(tmp_path), Tokens(tmp_path)
    assert daemon.entries() == []
    token = command.add("anna", Role.VIEWER)
    assert daemon.role_of(token) == ("anna", Role.VIEWER)
    command.revoke("anna")
    assert daemon.role_of(token) is None


def test_names(tmp_path):
    tokens = Tokens(tmp_path)
    tokens.add("anna", Role.VIEWER)
    with pytest.raises(TokenError, match="revoke it first"):
        tokens.add("anna", Role.ADMIN)
    with pytest.raises(TokenError, match="is no name"):
        tokens.add("an na", Role.ADMIN)
    with pytest.raises(TokenError, match="no token of the name"):
        tokens.revoke("bert")


@pytest.mark.parametrize("text", ["{", "{}", '[{"name": 1}]', json.dumps([{"name": "a", "role": "king"}])])
def test_a_damaged_file_lets_nobody_in_by_mistake(tmp_path, text):
    (tmp_path / FILE).write_text(text)
    if text == "{}":
        assert Tokens(tmp_path).entries() == []
        return
    with pytest.raises(TokenError, match="damaged"):
        Tokens(tmp_path).role_of("x")


def test_roles_include_the_ones_before():
    assert [[mine.may(wanted) for wanted in Role] for mine in Role] == [
        [True, False, False],
        [True, True, False],
        [True, True, True],
    ]


def test_the_gate(tmp_path):
    tokens = Tokens(tmp_path)
    on_loopback, for_others = Gate(tokens, "own", True), Gate(tokens, "own", False)
    assert on_loopback.role(None) is Role.ADMIN
    assert for_others.role(None) is None
    token = tokens.add("anna", Role.VIEWER)
    for gate in (on_loopback, for_others):
        assert gate.role(None) is None
        assert gate.role(token) is Role.VIEWER
        assert gate.role("own") is Role.ADMIN
        assert gate.role("guess") is None
