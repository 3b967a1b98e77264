"""The kernels on Cortex-M4, M7 and M55 under QEMU: every form exact to the bit, and as cheap as the baseline says."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

NATIVE = Path(__file__).resolve().parent.parent
TARGETS = NATIVE / "targets"
sys.path.insert(0, str(TARGETS))
import budget  # noqa: E402
import counts  # noqa: E402
import machines  # noqa: E402

VECTORS = sorted((NATIVE / "vectors").glob("*.txt"))
VECTOR_PROGRAM = ("vectors_main.c", "vectors_sound.c")
TICKS = [TARGETS / "ticks_main.c", TARGETS / "noise.c"]
ALL_FORMS = [(machine, form) for machine, kind in machines.MACHINES.items() for form in kind.forms]
needs_arm = pytest.mark.skipif(bool(machines.missing_tools()), reason=machines.missing_tools())


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("targets")


@pytest.fixture(scope="module")
def host_crc(folder):
    """What the plain form makes of the conferences of ticks_main.c, on this machine."""
    program = folder / "ticks"
    includes = [f"-I{path}" for path in (NATIVE / "include", NATIVE / "src", TARGETS)]
    kernels = sorted((NATIVE / "src").glob("*.c"))
    machines.check(["gcc", *machines.STRICT, *includes, *TICKS, *kernels, "-o", program])
    return machines.check([program])


@pytest.fixture(scope="module")
def found(folder):
    counted = counts.count_all(machines.MACHINES, machines.FORMS, folder)
    return {
        machine: {form: counts.totals(cases) for form, cases in forms.items()}
        for machine, forms in counted.items()
    }


@needs_arm
@pytest.mark.parametrize(("machine", "form"), ALL_FORMS)
def test_golden_vectors(folder, machine, form):
    sources = [*(NATIVE / "tests" / name for name in VECTOR_PROGRAM), TARGETS / "start.c"]
    elf = machines.build(machine, form, "vectors", sources, folder / f"{machine}-{form}")
    code, text = machines.execute(machine, elf, [path.name for path in VECTORS], folder=NATIVE / "vectors")
    assert code == 0, text
    assert text.count(" 0 failed") == len(VECTORS)
    assert " 0 cases" not in text


@needs_arm
@pytest.mark.parametrize(("machine", "form"), ALL_FORMS)
def test_conferences_sound_the_same_everywhere(folder, host_crc, machine, form):
    """Every packet of 182 conferences, in each form on each machine, against the plain form on this one."""
    elf = machines.build(machine, form, "ticks", [*TICKS, TARGETS / "start.c"], folder / f"{machine}-{form}")
    assert machines.execute(machine, elf) == (0, host_crc)


@needs_arm
@pytest.mark.parametrize(
    ("machine", "form", "fits"),
    [
        ("m3", "dsp", False),
        ("m4", "dsp", True),
        ("m7", "dsp", True),
        ("m7", "mve", False),
        ("m55", "mve", True),
    ],
)
def test_a_form_asks_the_processor_whether_it_fits(tmp_path, monkeypatch, machine, form, fits):
    m3 = machines.Machine("mps2-an385", "Cortex-M3", ("-mthumb", "-mcpu=cortex-m3"), ())
    monkeypatch.setitem(machines.MACHINES, "m3", m3)
    sources = [TARGETS / "fits_main.c", TARGETS / "start.c", NATIVE / "src" / "kernel_form.c"]
    elf = machines.build_alone(machine, form, "fits", sources, tmp_path)
    assert machines.execute(machine, elf) == (10 if fits else 20, "")


@needs_arm
def test_counts_are_those_of_the_baseline(found):
    baseline = json.loads(counts.BASELINE.read_text(encoding="utf-8"))
    lines = counts.differences(baseline, found)
    assert not lines, "\n".join(
        ["instructions changed by more than 1 %:", *lines, f"to accept them: {counts.ACCEPT}"]
    )


@needs_arm
def test_counts_repeat_exactly(folder, found):
    counted = counts.count_all(["m55"], ["mve"], folder)
    assert counts.totals(counted["m55"]["mve"]) == found["m55"]["mve"]


def test_baseline_keeps_within_the_budget():
    """The limits that docs/instruction-budget.md names."""
    baseline = json.loads(counts.BASELINE.read_text(encoding="utf-8"))
    m7, m55 = baseline["m7"]["dsp"], baseline["m55"]["mve"]
    assert m7["tick all of 8 talk, all mixed"] <= 2200
    assert m7["tick 3 of 8 talk, 3 loudest mixed"] <= 1200
    assert m55["tick all of 8 talk, all mixed"] <= 1000
    assert m7["mix_add"] / 160 <= 2.3
    assert m55["frame_sum of 8"] / (8 * 160) <= 0.8


def test_encrypted_legs_leave_half_of_the_clock():
    """What boards/*/board.toml grants: a packet each way and frame, at one instruction a cycle."""
    baseline = json.loads(counts.BASELINE.read_text(encoding="utf-8"))
    for path in budget.ROOT.glob("boards/*/board.toml"):
        board = tomllib.loads(path.read_text(encoding="utf-8"))
        core = board["core"].split(",")[0]
        if core in budget.CORES:
            machine = budget.CORES[core]
            cases = baseline[machine][budget.BEST_FORM[machine]]
            leg = (
                cases["srtp protect AES_CM_80"] + cases["srtp unprotect AES_CM_80"] + cases[budget.ALL_MIXED]
            )
            legs = board.get("srtp_legs", board["legs"])
            assert 50 * leg * legs <= board["clock_mhz"] * 1e6 / 2, board["name"]


def test_the_judge_can_say_no():
    before = {"m7": {"dsp": {"mix_add": 1000, "gone": 1}}}
    now = {"m7": {"dsp": {"mix_add": 1011}}}
    assert counts.differences(before, now) == [
        "m7 dsp: gone: 1 before, None now",
        "m7 dsp: mix_add: 1000 before, 1011 now",
    ]
    assert counts.differences({"m7": {"dsp": {"mix_add": 1000}}}, {"m7": {"dsp": {"mix_add": 1010}}}) == []


def test_document_is_generated_from_the_baseline():
    assert budget.DOCUMENT.read_text(encoding="utf-8") == budget.document()


def test_flags_are_those_of_the_native_modules():
    text = (NATIVE / "micropython" / "build.py").read_text(encoding="utf-8")
    assert [flag for flag in machines.MODULE_FLAGS if f'"{flag}"' not in text] == []


def test_missing_tools_are_named(tmp_path):
    program = [sys.executable, TARGETS / "counts.py", "--check"]
    done = subprocess.run(program, env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.endswith(f": apt-get install {machines.PACKAGES}\n")
