"""The reader of plain SIP under sanitizers; what it says is compared in host/tests/test_plain_native.py."""

import shutil
from pathlib import Path

import pytest

SIP = Path(__file__).resolve().parent.parent / "sip"
FLAGS = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-O1", "-g", "-fsanitize=address,undefined"]


@pytest.fixture
def sanitized(run, tmp_path):
    """sanitized(name): the program of that name with the reader, built with sanitizers."""
    if shutil.which("gcc") is None:
        pytest.skip("no gcc")

    def build(name):
        program, tests = tmp_path / name, Path(__file__).parent
        sources = [tests / f"{name}.c", *sorted(SIP.glob("*.c"))]
        built = run(
            "gcc", *FLAGS, "-fno-sanitize-recover=all", f"-I{SIP}", f"-I{tests}", *sources, "-o", program
        )
        assert built == (0, "")
        return program

    return build


def test_damaged_requests_under_sanitizers(run, sanitized):
    code, text = run(sanitized("sip_hostile_main"), 200_000)
    assert code == 0, text
    _, invites, acks = map(int, text.split())
    assert invites > 5_000 and acks > 5_000, "damage must not be all there is"


def test_transactions_that_come_and_go_under_sanitizers(run, sanitized):
    code, text = run(sanitized("redirects_hostile_main"), 3, 200_000)
    assert code == 0, text
    assert all(count > 1_000 for place, count in enumerate(map(int, text.split())) if place != 2), (
        "every answer is met"
    )
