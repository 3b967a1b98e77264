"""A real disk that is really full: what a phone hears, what was promised before, and what a start says."""

import os
import subprocess
from contextlib import contextmanager

import pytest

from .daemon_bench import Board, Daemon, Phone


@contextmanager
def small_disk(folder, size):
    """A file system of so many octets; needs root."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a file system")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder):
    """Leave no block free."""
    filler = folder / "filler"
    with open(filler, "wb", buffering=0) as file:
        try:
            while file.write(bytes(4096)):
                pass
        except OSError:
            pass
    return filler


def test_phones_get_503_until_there_is_room_and_nothing_promised_is_lost(tmp_path):
    daemon = Daemon(tmp_path)
    board, phone = Board(daemon.server), Phone(daemon.server)
    board.report |= {"legs": 4096, "slots": 512}
    config = tmp_path / "parley.toml"
    config.write_text(board.toml())
    with small_disk(daemon.state, 1 << 20) as disk:
        try:
            assert daemon.start("--config", str(config)).startswith("ready ")
            assert board.register().status == 200
            filler = fill(disk)
            answers = [phone.ask() for _ in range(3)]
            while answers[-1].status == 302 and len(answers) < 200:  # there may be room in the log as it is
                answers.append(phone.ask())
            assert answers[-1].status == 503, "the disk is full"
            assert int(answers[-1].get("Retry-After")) > 0 and "store" in answers[-1].reason
            filler.unlink()
            answers.append(phone.ask())
            assert answers[-1].status == 302
            addresses = {one.get("Contact") for one in answers if one.status == 302}
            daemon.process.kill()
            daemon.process.communicate()
            assert daemon.start("--config", str(config)).startswith("ready ")
            status, document = daemon.ask("/v1/status")
            kept = {f"<{row['address']}>;isfocus" for row in document["conferences"]}
            assert (status, kept) == (200, addresses)
        finally:
            daemon.process.kill()
            daemon.process.communicate()


def test_a_start_on_a_full_disk_is_one_sentence(tmp_path):
    daemon = Daemon(tmp_path)
    with small_disk(daemon.state, 1 << 16) as disk:
        fill(disk)
        assert daemon.start() == ""
        _output, errors = daemon.process.communicate()
        assert daemon.process.returncode == 1
        assert errors.count("\n") == 1 and "full" in errors and "lease store" in errors
