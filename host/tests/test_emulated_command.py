"""The emulator that is missing, too old or broken: one sentence says so, to the caller and to who types `parley up`."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from parleyd.emulated_command import EmulatorError, qemu_path, qemu_version
from parleyd.images import images_folder

BOARD = "mps2-an500"


def free_port() -> int:
    """A port of UDP and TCP that nobody has; nothing is bound in these tests anyway."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def emulator_that_says(folder: Path, text: str, code: int = 0) -> str:
    """A folder for PATH with an emulator that does no more than tell its version."""
    folder.mkdir()
    program = folder / "qemu-system-arm"
    program.write_text(f"#!/bin/sh\necho '{text}'\nexit {code}\n")
    program.chmod(0o755)
    return str(folder)


def test_what_is_wrong_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cases = (
        ("QEMU emulator version 6.2.0 (Debian)", 0, "6.2 is too old: 7.2 or newer is needed"),
        ("something else", 0, "does not say its version"),
        ("", 1, "does not run"),
    )
    for number, (text, code, expected) in enumerate(cases):
        monkeypatch.setenv("PATH", emulator_that_says(tmp_path / str(number), text, code) + ":/bin")
        with pytest.raises(EmulatorError, match=expected):
            qemu_path()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EmulatorError, match="not installed: apt-get install qemu-system-arm"):
        qemu_path()


def test_newer_ones_suit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number, (text, version) in enumerate(
        (("QEMU emulator version 7.2.22", (7, 2)), ("QEMU emulator version 10.0.2", (10, 0)))
    ):
        folder = emulator_that_says(tmp_path / str(number), text)
        monkeypatch.setenv("PATH", f"{folder}:/bin")
        assert qemu_version(qemu_path()) == version


@pytest.mark.skipif(not (images_folder() / BOARD).is_dir(), reason=f"no image: make build BOARD={BOARD}")
@pytest.mark.parametrize("old", [False, True], ids=["missing", "too old"])
def test_parley_up_says_it_in_one_sentence(tmp_path: Path, old: bool) -> None:
    folder = emulator_that_says(tmp_path / "bin", "QEMU emulator version 5.2.0" if old else "")
    if not old:
        (tmp_path / "bin" / "qemu-system-arm").unlink()
    command = [str(Path(sys.executable).with_name("parley")), "up", "--board", BOARD, "--boards", "1"]
    command += ["--state", str(tmp_path / "state"), "--sip", f"127.0.0.1:{free_port()}"]
    command += ["--http", f"127.0.0.1:{free_port()}"]
    path = f"{folder}:/bin" if old else folder  # a shell for the script
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=30, env={"PATH": path}, check=False
    )
    said = done.stdout + done.stderr
    assert done.returncode == 1, said
    expected = "5.2 is too old" if old else "the emulator is not installed: apt-get install qemu-system-arm"
    assert expected in " ".join(said.split())
