"""Boards on serial ports: found by their USB serial number, provisioned, known to the server afterwards."""

import json
from types import SimpleNamespace

import pytest

from parleyd.discovery import DiscoveryError, discover, port_of
from parleyd.images import load_board
from parleyd.provision import CONFIG_FILE
from parleyd.roster import Enrolled, RosterError, read_roster

from .test_cli import run
from .virtual_bench import ROOT, bare_board, small_image

NUCLEO = load_board(ROOT / "boards" / "nucleo-h743zi2" / "board.toml")


def usb_port(device, serial_number, usb_id=NUCLEO.usb_ids[0]):
    vid, pid = (int(part, 16) for part in usb_id.split(":"))
    return SimpleNamespace(device=device, vid=vid, pid=pid, serial_number=serial_number)


PLAIN = SimpleNamespace(device="/dev/ttyS0", vid=None, pid=None, serial_number=None)


def test_a_board_is_its_usb_serial_number_whatever_its_port_is_called(tmp_path):
    roster = read_roster(tmp_path)
    roster.enrol(Enrolled("bench-1", "192.0.2.7", 5060, "a" * 64, NUCLEO.name, "0042"))
    for ports in (
        [usb_port("/dev/ttyACM0", "0042"), usb_port("/dev/ttyACM1", "0043"), PLAIN],
        [usb_port("/dev/ttyACM1", "0042"), usb_port("/dev/ttyACM0", "0043"), PLAIN],
    ):
        found = discover(ports, [NUCLEO], read_roster(tmp_path))
        assert [(one.usb_serial, one.kind, one.board_id) for one in found] == [
            ("0042", NUCLEO.name, "bench-1"),
            ("0043", NUCLEO.name, ""),
        ]
        assert port_of("0042", found).port == ports[0].device


def test_what_is_not_there_or_not_one_is_said(tmp_path):
    found = discover([usb_port("/dev/a", "1"), usb_port("/dev/b", "1")], [NUCLEO], read_roster(tmp_path))
    with pytest.raises(DiscoveryError, match="2 ports have the USB serial number 1: /dev/a, /dev/b"):
        port_of("1", found)
    with pytest.raises(DiscoveryError, match="no port has the USB serial number 9; there are: 1, 1"):
        port_of("9", found)


def test_two_boards_cannot_have_one_address(tmp_path):
    roster = read_roster(tmp_path)
    roster.enrol(Enrolled("bench-1", "192.0.2.7", 5060, "a" * 64, "virtual"))
    with pytest.raises(RosterError, match="is the address of bench-1"):
        roster.enrol(Enrolled("bench-2", "192.0.2.7", 5060, "b" * 64, "virtual"))
    assert list(read_roster(tmp_path).enrolled) == ["bench-1"]
    assert roster.path.stat().st_mode & 0o777 == 0o600


def test_a_bare_board_is_provisioned_over_its_port(tmp_path):
    state = tmp_path / "state"
    (state / "images").mkdir(parents=True)
    image = small_image(state)
    with bare_board(tmp_path / "bare", image):
        words = ["board", "provision", "bench-1", "--kind", "virtual", "--host", "127.0.1.77"]
        words += [
            "--server",
            "127.0.0.1:5060",
            "--server",
            "127.0.0.2:5060",
            "--port",
            str(tmp_path / "bare" / "serial"),
        ]
        done = run(*words, "--state", str(state), "--json")
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["written"] > 5
        config = json.loads((tmp_path / "bare" / "flash" / CONFIG_FILE).read_text())
    enrolled = read_roster(state).enrolled["bench-1"]
    assert (config["server"], config["servers"]) == (
        ["127.0.0.1", 5060],
        [["127.0.0.1", 5060], ["127.0.0.2", 5060]],
    )
    assert (config["board_id"], config["host"], config["key"]) == ("bench-1", "127.0.1.77", enrolled.key)
    refused = run(*words[:-1], str(tmp_path / "nothing"), "--state", str(state))
    assert refused.returncode == 1 and "there is no serial port" in refused.stderr
