"""Writes docs/instruction-budget.md from native/bench/baseline.json and boards/*/board.toml.

python native/targets/budget.py            writes it
python native/targets/budget.py --check    exit code 1 when it is not what would be written
"""

import argparse
import json
import sys
import tomllib

from counts import BASELINE, table
from machines import HERE, MACHINES, NATIVE

ROOT = NATIVE.parent
DOCUMENT = ROOT / "docs" / "instruction-budget.md"
TEMPLATE = HERE / "budget.md.in"
ALL_MIXED = "tick all of 8 talk, all mixed"
LOUDEST = "tick 3 of 8 talk, 3 loudest mixed"
ALL_TALK = "tick all of 8 talk, 3 loudest mixed"
TICKS_PER_S = 50
FRAME_SAMPLES = 160
BEST_FORM = {"m4": "dsp", "m7": "dsp", "m55": "mve"}
CORES = {"Cortex-M4": "m4", "Cortex-M7": "m7", "Cortex-M33": "m4", "Cortex-M55": "m55"}


def forms_table(baseline):
    """Returns what plain C and the best form cost on each machine, and the factor between them."""
    lines = ["| | plain C | best form | factor |", "| --- | --: | --: | --: |"]
    for machine, form in BEST_FORM.items():
        for case in (ALL_MIXED, LOUDEST):
            plain, now = baseline[machine]["plain"][case], baseline[machine][form][case]
            name = f"{MACHINES[machine].core} ({form}): {case.removeprefix('tick ')}"
            lines.append(f"| {name} | {plain:,.0f} | {now:,.0f} | {plain / now:.1f} |")
    return "\n".join(lines)


def boards_table(baseline):
    """Returns, for each board with a clock, what its legs take of it."""
    lines = [
        "| board | core | clock, MHz | legs | all mixed: instructions/s, millions | of the clock | three loudest |",
        "| --- | --- | --: | --: | --: | --: | --: |",
    ]
    for path in sorted((ROOT / "boards").glob("*/board.toml")):
        board = tomllib.loads(path.read_text(encoding="utf-8"))
        core = board["core"].split(",")[0]
        if core not in CORES:
            continue
        machine = CORES[core]
        cases = baseline[machine][BEST_FORM[machine]]
        per_s = [cases[case] * board["legs"] * TICKS_PER_S / 1e6 for case in (ALL_MIXED, LOUDEST)]
        clock = board["clock_mhz"]
        shares = [f"{100 * millions / clock:.2f} %" for millions in per_s]
        lines.append(
            f"| {board['name']} | {core} | {clock} | {board['legs']} | {per_s[0]:.2f} | {shares[0]} | {shares[1]} |"
        )
    return "\n".join(lines)


def document():
    """Returns the whole text."""
    baseline = json.loads(BASELINE.read_text(encoding="utf-8"))
    parts = {"forms": forms_table(baseline), "boards": boards_table(baseline), "counts": table(baseline)}
    m7, m55 = baseline["m7"]["dsp"], baseline["m55"]["mve"]
    parts["loudest_m7"], parts["loudest_m55"] = (f"{cases[LOUDEST]:,.0f}" for cases in (m7, m55))
    parts["loudest_talk_m7"], parts["loudest_talk_m55"] = (f"{cases[ALL_TALK]:,.0f}" for cases in (m7, m55))
    parts["mix_m7"], parts["mix_m55"] = (f"{cases['mix_add'] / FRAME_SAMPLES:.2f}" for cases in (m7, m55))
    parts["sum_m55"] = f"{m55['frame_sum of 8'] / (8 * FRAME_SAMPLES):.2f}"
    protect, opened = m7["srtp protect AES_CM_80"], m7["srtp unprotect AES_CM_80"]
    parts["srtp_m7"], parts["srtp_leg_m7"] = f"{protect:,}", f"{protect + opened:,}"
    parts["gcm_m7"] = f"{m7['srtp protect AES_GCM']:,}"
    text = TEMPLATE.read_text(encoding="utf-8")
    for name, part in parts.items():
        text = text.replace(f"@{name}@", part)
    return text


def main():
    """Command line; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    if not parser.parse_args().check:
        DOCUMENT.write_text(document(), encoding="utf-8")
        print(DOCUMENT)
        return 0
    if DOCUMENT.read_text(encoding="utf-8") != document():
        print(f"{DOCUMENT.name} is not what the baseline says: run native/targets/budget.py", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
