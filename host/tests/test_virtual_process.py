"""Back-off, console log and command line of a virtual board."""

import os
import re
from pathlib import Path

import pytest

from parleyd.console_log import ConsoleLog
from parleyd.virtual_control import KeeperStatus, read_status
from parleyd.virtual_process import QUICK_RESETS, Backoff, BoardCommand

KILLED = -9


def test_a_board_that_keeps_dying_is_started_ever_later():
    backoff = Backoff()
    assert [backoff.after(KILLED, 0.1) for _ in range(7)] == [1, 2, 4, 8, 16, 30, 30]


def test_a_healthy_run_starts_the_back_off_anew():
    backoff = Backoff()
    assert [backoff.after(1, 29.9), backoff.after(1, 29.9), backoff.after(1, 30.0)] == [1, 2, 1]


def test_a_reset_costs_nothing():
    backoff = Backoff()
    assert [backoff.after(0, 5.0) for _ in range(20)] == [0] * 20
    assert backoff.after(KILLED, 0.1) == 1


def test_a_reset_loop_is_slowed_down_like_a_crash():
    backoff = Backoff()
    assert [backoff.after(0, 0.1) for _ in range(QUICK_RESETS + 3)] == [0] * QUICK_RESETS + [1, 2, 4]
    assert backoff.after(0, 2.0) == 0


def test_the_command_has_the_heap_of_the_board_and_the_flash_as_its_world():
    command = BoardCommand("/bin/micropython", Path("/i/rom/rom.py"), 420, Path("/s/flash"), "b-1")
    assert command.arguments() == ["/bin/micropython", "-X", "heapsize=420k", "/i/rom/rom.py"]
    environment = command.environment(safe=True)
    assert environment["MICROPYPATH"] == "."
    assert environment["PARLEY_BOOT"] == "safe"
    assert environment["PATH"] == os.environ["PATH"]
    assert command.environment(safe=False)["PARLEY_BOOT"] == "normal"


def test_the_log_keeps_bytes_as_they_came(tmp_path):
    log = ConsoleLog(tmp_path / "console.log")
    log.write(b"\xff\x00half a li")
    log.write(b"ne\r\n")
    log.close()
    assert (tmp_path / "console.log").read_bytes() == b"\xff\x00half a line\r\n"


def test_the_log_goes_on_after_a_new_start(tmp_path):
    for number in range(2):
        log = ConsoleLog(tmp_path / "console.log")
        log.write(b"run %d\n" % number)
        log.close()
    assert (tmp_path / "console.log").read_bytes() == b"run 0\nrun 1\n"


def test_a_full_log_makes_room(tmp_path):
    log = ConsoleLog(tmp_path / "console.log", limit_bytes=100, kept=2)
    for number in range(10):
        log.write(b"%040d\n" % number)
    log.close()
    kept = [(tmp_path / name).read_bytes() for name in ("console.log.2", "console.log.1", "console.log")]
    assert b"".join(kept) == b"".join(b"%040d\n" % number for number in range(4, 10))
    assert all(len(part) <= 100 for part in kept)
    assert len(list(tmp_path.iterdir())) == 3


def test_one_write_larger_than_the_limit_is_not_lost(tmp_path):
    log = ConsoleLog(tmp_path / "console.log", limit_bytes=10)
    log.write(b"x" * 50)
    log.write(b"y")
    log.close()
    assert (tmp_path / "console.log.1").read_bytes() == b"x" * 50
    assert (tmp_path / "console.log").read_bytes() == b"y"


def test_our_own_notes_stand_on_lines_of_their_own(tmp_path):
    log = ConsoleLog(tmp_path / "console.log")
    log.write(b"unfinished")
    log.note("boot 2")
    log.note("stopped")
    log.close()
    lines = (tmp_path / "console.log").read_text().splitlines()
    assert lines[0] == "unfinished"
    assert re.fullmatch(r"\[\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ parley: boot 2\]", lines[1])
    assert lines[2].endswith("parley: stopped]")
    assert len(lines) == 3


def test_a_log_on_a_full_disk_is_given_up_silently(tmp_path):
    log = ConsoleLog(Path("/dev/full"))
    log.write(b"lost")
    log.close()


def test_a_status_survives_the_wire():
    status = KeeperStatus("running", 12, 3, -9, "f", True, "/dev/pts/1", 11)
    assert read_status(status.to_line()) == status


@pytest.mark.parametrize("line", [b"", b"{}\n", b"[]\n", b"nonsense\n", b'{"state": "running"}\n'])
def test_what_is_no_status_is_refused(line):
    with pytest.raises(ValueError):
        read_status(line)
