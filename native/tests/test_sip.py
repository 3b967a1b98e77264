"""The reader of plain SIP under sanitizers; what it says is compared in host/tests/test_plain_native.py."""

import shutil
from pathlib import Path

import pytest

SIP = Path(__file__).resolve().parent.parent / "sip"
FLAGS = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-O1", "-g", "-fsanitize=address,undefined"]


def test_damaged_requests_under_sanitizers(run, tmp_path):
    if shutil.which("gcc") is None:
        pytest.skip("no gcc")
    program = tmp_path / "sip_hostile"
    sources = [Path(__file__).parent / "sip_hostile_main.c", *sorted(SIP.glob("*.c"))]
    built = run("gcc", *FLAGS, "-fno-sanitize-recover=all", f"-I{SIP}", *sources, "-o", program)
    assert built == (0, "")
    code, text = run(program, 200_000)
    assert code == 0, text
    _, invites, acks = map(int, text.split())
    assert invites > 5_000 and acks > 5_000, "damage must not be all there is"
