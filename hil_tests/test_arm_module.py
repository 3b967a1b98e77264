"""The native module on an emulated Arm board: the same octets as the reference, and refused when it does not suit."""

import re

import pytest

from hil_tests import ask, emulated, programs
from hil_tests.caller import Caller

pytestmark = [pytest.mark.hil, pytest.mark.emulated]

NATIVE = programs.REPOSITORY / "native"
RUNNER = NATIVE / "tests" / "run_vectors.py"
RUN = "import run_vectors; run_vectors.main('parley_native', {names!r})"
# Writes parley_native.mpy anew from whole.mpy, in pieces: {change} works on `piece` at offset `at`, {end} on `seal`.
CHANGE = """
import hashlib, os
left = os.stat("whole.mpy")[6] - 40
middle, at, digest = left // 2, 0, hashlib.sha256()
with open("whole.mpy", "rb") as whole, open("parley_native.mpy", "wb") as file:
    while left:
        piece = bytearray(whole.read(min(left, 512)))
        left -= len(piece)
        {change}
        digest.update(piece)
        file.write(piece)
        at += len(piece)
    whole.seek(os.stat("whole.mpy")[6] - 40)
    seal = whole.read()
    {end}
    file.write(seal)
"""
SEAL_AGAIN = "seal = digest.digest() + seal[32:]"
NO_MODULE = "piece = b'not a module at all' if at == 0 else b''"
UNSUITABLE = {
    "other arch": (
        "piece[2] = 2 << 2 | piece[2] & 3 if at == 0 else piece[2]",
        SEAL_AGAIN,
        "incompatible .mpy arch",
    ),
    "other format": ("piece[1] = 5 if at == 0 else piece[1]", SEAL_AGAIN, "incompatible .mpy file"),
    "one bit wrong": ("piece[0] ^= at <= middle < at + 512", "pass", "damaged or cut short"),
    "cut short": ("left = 0", "seal = b''", "damaged or cut short"),
    "cut by an octet": ("pass", "seal = seal[:-1]", "damaged or cut short"),
    "no module": (NO_MODULE, "seal = b''", "damaged or cut short"),
}  # "other arch" is x64


@pytest.mark.limit_s(180)  # the first of its kind deploys the firmware, too
@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=pytest.mark.emulated(kind)) for kind in emulated.KINDS]
)
def test_the_module_makes_the_octets_of_the_reference(lone_board, figures, kind):
    bench = lone_board(kind)
    vectors = sorted((NATIVE / "vectors").glob("*.txt"))
    emulated.copy_to_flash(bench, RUNNER, *vectors)
    said = emulated.execute(bench, RUN.format(names=[path.name for path in vectors]))
    figures.add(said=said)
    cases = sum(len(path.read_text().splitlines()) for path in vectors)
    assert said == f"parley_native: {cases} cases, 0 failed"
    loaded = (
        "import parley_native, sys; print(sys.modules['parley_native'].__file__, sys.implementation._machine)"
    )
    assert emulated.execute(bench, loaded).startswith("parley_native.mpy ")


async def join_and_leave(caller: Caller, server: str) -> None:
    call, _ = await ask.join_when_free(caller, server, 2)
    await call.bye()


@pytest.mark.limit_s(180)
def test_a_module_that_does_not_suit_is_refused(lone_board, figures):
    arm = lone_board()
    emulated.execute(arm, "import os; os.rename('parley_native.mpy', 'whole.mpy')")
    for name, (change, end, reason) in UNSUITABLE.items():
        emulated.execute(arm, CHANGE.format(change=change, end=end))
        assert emulated.reset(arm)["kernels"] == "slow", name
        lines = re.findall(r"native kernels refused, the slow ones serve: (.+)", emulated.console_log(arm))
        assert reason in lines[-1], name
        figures.add(**{name.replace(" ", "_"): lines[-1].strip()})
        assert emulated.facts(arm)["state"] == "degraded", name
    shown = arm.parley("status", "--http", arm.http).stdout
    assert "degraded" in shown
    ask.with_caller(lambda caller: join_and_leave(caller, arm.server))  # degraded, and still in the pool
    emulated.execute(arm, CHANGE.format(change="pass", end="pass"))
    assert emulated.reset(arm)["kernels"] == "native", "whole again"
