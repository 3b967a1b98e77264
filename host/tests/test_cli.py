"""The command line's faults are one sentence each, with the right exit code."""

import json
import os
import socket
import subprocess
import sys

import pytest

from parleyd.settings import Settings, SettingsError, load_settings

PARLEY = [sys.executable, "-c", "from parleyd.cli import main; main()"]
PARLEYD = [sys.executable, "-c", "from parleyd.cli import daemon_main; daemon_main()"]


def run(*arguments, command=PARLEY, **environment):
    return subprocess.run(
        [*command, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "NO_COLOR": "1", "COLUMNS": "200", **environment},
        check=False,
    )


def free_port(kind=socket.SOCK_DGRAM):
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def addresses():
    return ["--sip", f"127.0.0.1:{free_port()}", "--http", f"127.0.0.1:{free_port(socket.SOCK_STREAM)}"]


def sentence(done):
    """The one error line of a command that failed for a reason of this machine."""
    assert done.returncode == 1, done.stderr
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert "Traceback" not in done.stderr
    return line


def test_version_and_help():
    assert run("version").stdout.startswith("parley ")
    assert json.loads(run("version", "--json").stdout)["version"]
    assert "conference" in run("--help").stdout
    for command in ("up", "status", "call", "listen"):
        assert run(command, "--help").returncode == 0


def test_bad_usage_is_2():
    assert run("dance").returncode == 2
    assert run("up", "--boards", "many").returncode == 2
    assert run("conference", "end").returncode == 2


def test_no_daemon_says_how_to_start_one(tmp_path):
    nobody = f"127.0.0.1:{free_port(socket.SOCK_STREAM)}"
    assert "parley up" in sentence(run("status", "--http", nobody))
    assert "parley up" in sentence(run("board", "list", PARLEY_HTTP=nobody))


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--sip", "nonsense"], ["sip", "HOST:PORT"]),
        (["--sip", "0.0.0.0:5060"], ["sip", "phones can reach"]),
        (["--board-net", "300.0.0.0/8"], ["board_net"]),
        (["--board-net", "127.0.9.0/31", "--boards", "9"], ["board_net", "too few"]),
        (["--board", "toaster"], ["toaster", "build"]),
        (["--legs", "1"], ["legs"]),
        (["--log-level", "loud"], ["log_level"]),
    ],
)
def test_bad_settings_name_the_key(tmp_path, flags, words):
    given = ["up", *addresses(), "--state", str(tmp_path), *flags]
    line = sentence(run(*given))
    assert all(word in line for word in words), line


def test_a_port_in_use_names_the_flag(tmp_path):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        http = f"127.0.0.1:{free_port(socket.SOCK_STREAM)}"
        line = sentence(
            run("up", "--boards", "0", "--sip", address, "--http", http, "--state", str(tmp_path))
        )
    assert address in line and "--sip" in line


def test_a_port_that_others_can_reach_needs_a_token(tmp_path):
    sip, http = f"127.0.0.1:{free_port(socket.SOCK_DGRAM)}", f"0.0.0.0:{free_port(socket.SOCK_STREAM)}"
    line = sentence(run("up", "--boards", "0", "--sip", sip, "--http", http, "--state", str(tmp_path)))
    assert "a token is needed first: parley token add NAME --role admin" in line


def test_state_folder_faults(tmp_path):
    a_file = tmp_path / "file"
    a_file.write_text("x")
    assert "--state" in sentence(run("up", *addresses(), "--state", str(a_file)))
    (tmp_path / "leases.sqlite").write_bytes(b"this is no database, it is a letter to a friend" * 50)
    assert "leases.sqlite" in sentence(run("up", *addresses(), "--state", str(tmp_path)))


def test_two_daemons_on_one_state_folder(tmp_path):
    first = subprocess.Popen(
        [*PARLEYD, *addresses(), "--state", str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert first.stdout.readline().startswith("ready conference=sip:conference@127.0.0.1:")
        assert "another daemon" in sentence(run(*addresses(), "--state", str(tmp_path), command=PARLEYD))
        document = json.loads(run("status", "--json", "--state", str(tmp_path)).stdout)
        assert document["boards"] == [] and document["conferences"] == []
        assert "404" in sentence(run("conference", "end", "virtual-1/0/1", "--state", str(tmp_path)))
    finally:
        first.terminate()
        assert first.wait(20) == 0


def test_sources_of_settings_in_order(tmp_path, monkeypatch):
    config = tmp_path / "parley.toml"
    config.write_text('boards = 3\nlegs = 10\nsip = "127.0.0.5:5060"\n')
    monkeypatch.setenv("PARLEY_LEGS", "20")
    settings = load_settings(config, boards=4)
    assert (settings.boards, settings.legs, settings.sip) == (4, 20, ("127.0.0.5", 5060))
    assert Settings().boards == 2


@pytest.mark.parametrize("text", ["boards = ", "bords = 3\n", 'boards = "many"\n'])
def test_bad_config_files_name_the_file(tmp_path, text):
    config = tmp_path / "parley.toml"
    config.write_text(text)
    with pytest.raises(SettingsError, match=r"parley\.toml"):
        load_settings(config)
