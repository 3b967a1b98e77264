"""Settings: where a wrong one came from, what it should be, and what follows from right ones."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from parleyd.board_network import board_core, board_hosts, board_server
from parleyd.cli import app
from parleyd.client import DEFAULT_URL, Api, find_daemon, forget_address, write_address
from parleyd.settings import EXAMPLES, Settings, SettingsError, default_state, load_settings

KEY = "0" * 64
BOARD = f'[[provisioned]]\nid = "bench-1"\nhost = "192.0.2.17"\nkey = "{KEY}"\n'


@pytest.fixture(autouse=True)
def no_environment(monkeypatch):
    for name in Settings.model_fields:
        monkeypatch.delenv(f"PARLEY_{name.upper()}", raising=False)


def refused(config=None, **flags):
    with pytest.raises(SettingsError) as caught:
        load_settings(config, **flags)
    return str(caught.value)


def file(tmp_path, text):
    path = tmp_path / "parley.toml"
    path.write_text(text)
    return path


def test_the_sentence_names_the_source_the_key_and_an_example(tmp_path, monkeypatch):
    assert refused(board_net="1.2.3.4/33").startswith("--board-net: board_net: ")
    assert EXAMPLES["board_net"] in refused(board_net="1.2.3.4/33")
    assert refused(file(tmp_path, "legs = 1")).startswith(f"{tmp_path}/parley.toml: legs: ")
    monkeypatch.setenv("PARLEY_LEGS", "few")
    assert refused().startswith("PARLEY_LEGS: legs: ")
    assert refused(legs=0).startswith("--legs: legs: ")  # the flag is the one that counts


def test_an_unknown_key_lists_the_known_ones(tmp_path):
    sentence = refused(file(tmp_path, "bords = 3"))
    assert "bords" in sentence and "board_net" in sentence


def test_an_empty_variable_counts_as_none(monkeypatch):
    monkeypatch.setenv("PARLEY_LEGS", "")
    monkeypatch.setenv("PARLEY_SIP", "127.0.0.7:5070")
    settings = load_settings()
    assert (settings.legs, settings.sip) == (64, ("127.0.0.7", 5070))


@pytest.mark.parametrize(
    "value", ["phone.example:5060", "0.0.0.0:5060", "127.0.0.1", ":5060", "127.0.0.1:0", "a:b:c"]
)
def test_addresses_for_sip(value):
    assert "127.0.0.1:5060" in refused(sip=value)


def test_the_user_stands_in_a_uri():
    assert refused(user="two words").startswith("--user")


def test_provisioned_boards(tmp_path):
    (entry,) = load_settings(file(tmp_path, BOARD)).provisioned
    assert (entry.id, str(entry.host), entry.port, entry.key) == ("bench-1", "192.0.2.17", 5060, KEY)


@pytest.mark.parametrize(
    "text",
    [
        BOARD.replace(KEY, "short"),
        BOARD.replace("192.0.2.17", "bench"),
        BOARD.replace("bench-1", "../x"),
        BOARD + BOARD,
        BOARD + BOARD.replace("bench-1", "bench-2"),  # two at one address
        BOARD + "legs = 3\n",
    ],
)
def test_bad_provisioned_boards(tmp_path, text):
    assert "provisioned" in refused(file(tmp_path, text))


def test_boards_get_the_networks_addresses_but_not_the_servers():
    hosts = board_hosts(load_settings(boards=3, board_net="127.0.0.0/24"))
    assert hosts == ["127.0.0.2", "127.0.0.3", "127.0.0.4"]
    assert board_hosts(load_settings(boards=1, board_net="10.1.2.3/32")) == ["10.1.2.3"]
    with pytest.raises(SettingsError, match="too few addresses for 3 boards"):
        board_hosts(load_settings(boards=3, board_net="127.0.1.0/30"))


def test_boards_over_ipv6():
    six = load_settings(boards=2, board_net="fd00::/120", sip="[fd00::1]:5060")
    assert board_hosts(six) == ["fd00::2", "fd00::3"]
    assert board_server(six) == ("fd00::1", 5060)
    alone = {"boards": 1, "board_net": "::1/128"}
    assert board_hosts(load_settings(sip="[::1]:5070", **alone)) == ["::1"]
    with pytest.raises(SettingsError, match="too few"):  # the board has port 5060
        board_hosts(load_settings(sip="[::1]:5060", **alone))


def test_boards_register_at_an_address_of_their_family():
    both = load_settings(sip="127.0.0.1:5060", sip_also=["[::1]:5070"], board_net="::1/128", boards=1)
    assert board_server(both) == ("::1", 5070)
    with pytest.raises(SettingsError, match=r"IPv6.*--sip"):
        board_server(load_settings(board_net="::1/128", boards=1))
    with pytest.raises(SettingsError, match=r"IPv4.*--sip"):
        board_server(load_settings(sip="[::1]:5070"))


def test_the_state_folder(monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", "/var/lib")
    assert default_state() == Path("/var/lib/parley")
    monkeypatch.setenv("PARLEY_STATE", "/srv/parley")
    assert default_state() == load_settings().state == Path("/srv/parley")


def test_how_the_command_line_finds_the_daemon(tmp_path, monkeypatch):
    monkeypatch.delenv("PARLEY_HTTP", raising=False)
    monkeypatch.delenv("PARLEY_TOKEN", raising=False)
    assert find_daemon(None, tmp_path) == Api(DEFAULT_URL)
    write_address(tmp_path, "http://127.0.0.1:99", "own")
    assert (tmp_path / "daemon.json").stat().st_mode & 0o777 == 0o600
    assert find_daemon(None, tmp_path) == Api("http://127.0.0.1:99", "own")
    monkeypatch.setenv("PARLEY_HTTP", "127.0.0.1:98")
    assert find_daemon(None, tmp_path) == Api("http://127.0.0.1:98")  # no token of ours for somebody else
    assert find_daemon("127.0.0.1:97", tmp_path) == Api("http://127.0.0.1:97")
    monkeypatch.setenv("PARLEY_TOKEN", "given")
    assert find_daemon("127.0.0.1:99", tmp_path) == Api("http://127.0.0.1:99", "given")
    monkeypatch.delenv("PARLEY_HTTP")
    monkeypatch.delenv("PARLEY_TOKEN")
    forget_address(tmp_path)
    assert find_daemon(None, tmp_path) == Api(DEFAULT_URL)


def test_rules_of_allocation_come_from_the_settings(tmp_path):
    from parleyd.callers import CallerRule
    from parleyd.rules import callers_of

    config = tmp_path / "parley.toml"
    config.write_text(
        'pattern = "fill_first"\nquota = 3\n[[callers]]\ncaller = "a@h.example"\nsize = 16\n'
        '[[sites]]\nnetwork = "10.1.0.0/16"\nsite = "north"\n[[sites]]\nnetwork = "10.0.0.0/8"\nsite = "rest"\n'
    )
    settings = load_settings(config)
    callers = callers_of(settings)
    assert settings.pattern == "fill_first"
    assert callers.rule("sip:a@H.example:5060;transport=udp") == CallerRule(16, 3)
    assert callers.rule("sip:b@h.example") == CallerRule(0, 3)
    assert [callers.site(host) for host in ("10.1.2.3", "10.2.0.1", "192.0.2.1")] == ["north", "rest", ""]


def test_a_pattern_that_does_not_exist(tmp_path):
    with pytest.raises(SettingsError, match=r"pattern.*least_loaded"):
        load_settings(None, pattern="random")


def test_what_holds_is_printed_without_what_is_secret(tmp_path):
    user = f'[[users]]\nname = "alice"\nha1_sha256 = "{"1" * 64}"\nha1_md5 = "{"2" * 32}"\n'
    done = CliRunner().invoke(app, ["config", "check", str(file(tmp_path, BOARD + user))])
    assert done.exit_code == 0, done.output
    assert "alice" in done.output and not any(digit * 32 in done.output for digit in "012")


def test_pinned_boards_take_the_cores_in_turn(monkeypatch):
    monkeypatch.setattr("parleyd.board_network.os.sched_getaffinity", lambda pid: {5, 2})
    pinned = load_settings(pin=True)
    assert [board_core(pinned, number) for number in range(3)] == [2, 5, 2]
    assert board_core(load_settings(), 0) is None
