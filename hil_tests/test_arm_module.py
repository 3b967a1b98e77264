"""The native module on an emulated Arm board: the same octets as the reference, and refused when it does not suit."""

import re

import pytest

from hil_tests import ask, emulated, programs

pytestmark = [pytest.mark.hil, pytest.mark.emulated]

NATIVE = programs.REPOSITORY / "native"
RUNNER = NATIVE / "tests" / "run_vectors.py"
RUN = "import run_vectors; run_vectors.main('parley_native', {names!r})"
# Changes parley_native.mpy on the flash: {change} works on `body`, what stands before the seal.
CHANGE = """
import hashlib
with open("whole.mpy", "rb") as file:
    whole = file.read()
body, seal = bytearray(whole[:-40]), whole[-40:]
{change}
with open("parley_native.mpy", "wb") as file:
    file.write(body)
    file.write(seal)
"""
SEAL_AGAIN = "\nseal = hashlib.sha256(body).digest() + seal[32:]"
UNSUITABLE = {
    "other arch": ("body[2] = 2 << 2 | body[2] & 3" + SEAL_AGAIN, "incompatible .mpy arch"),  # x64
    "other format": ("body[1] = 5" + SEAL_AGAIN, "incompatible .mpy file"),
    "one bit wrong": ("body[len(body) // 2] ^= 1", "damaged or cut short"),
    "cut short": ("body, seal = body[:600], b''", "damaged or cut short"),
    "cut by an octet": ("seal = seal[:-1]", "damaged or cut short"),
    "no module": ("body, seal = b'not a module at all', b''", "damaged or cut short"),
}


@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=pytest.mark.emulated(kind)) for kind in emulated.KINDS]
)
def test_the_module_makes_the_octets_of_the_reference(own_bench, figures, kind):
    bench = own_bench(boards=1, board=kind)
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


@pytest.mark.limit_s(180)
def test_a_module_that_does_not_suit_is_refused(own_bench, figures):
    arm = own_bench(boards=1)
    emulated.execute(arm, "import os; os.rename('parley_native.mpy', 'whole.mpy')")
    for name, (change, reason) in UNSUITABLE.items():
        emulated.execute(arm, CHANGE.format(change=change))
        assert emulated.reset(arm)["kernels"] == "slow", name
        lines = re.findall(r"native kernels refused, the slow ones serve: (.+)", emulated.console_log(arm))
        assert reason in lines[-1], name
        figures.add(**{name.replace(" ", "_"): lines[-1].strip()})
        assert emulated.facts(arm)["state"] == "degraded", name
    shown = arm.parley("status", "--http", arm.http).stdout
    assert "degraded" in shown
    answer = ask.with_caller(lambda caller: ask.ask(caller, arm.server))
    assert answer.status == 302, "degraded, and still in the pool"
    emulated.execute(arm, CHANGE.format(change=""))
    assert emulated.reset(arm)["kernels"] == "native", "whole again"
