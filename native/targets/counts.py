"""Counts the instructions of the media kernels and of whole participant-frames on the emulated Arm machines.

    python native/targets/counts.py [--machine m7] [--form dsp] [--json | --table | --functions]
    python native/targets/counts.py --check        exit code 1 when a count differs by more than 1 %
    python native/targets/counts.py --accept       writes native/bench/baseline.json

Counts are exact: the same files give the same numbers, to the last instruction. They are instructions, not
cycles: caches, wait states and dual issue are not in them.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

import machines

BASELINE = machines.NATIVE / "bench" / "baseline.json"
TOLERANCE = 0.01
ACCEPT = "python native/targets/counts.py --accept && python native/targets/budget.py"
PROGRAM = ("bench_main.c", "bench_conference.c", "bench_srtp.c", "noise.c", "marks.c", "start.c")


def build_plugin(folder):
    """Builds the counting plugin of the emulator; returns its path."""
    library = folder / "libcount.so"
    source = machines.HERE / "count_marked.c"
    warnings = ["-std=c99", "-Wall", "-Wextra", "-Werror"]
    machines.check(
        ["gcc", *warnings, "-O2", "-shared", "-fPIC", "-fvisibility=hidden", source, "-o", library]
    )
    return library


def write_symbols(elf, path):
    """Writes the functions of a program, sorted by address; returns name -> address."""
    lines = machines.check(["arm-none-eabi-nm", "--print-size", "--numeric-sort", elf]).splitlines()
    functions = [line.split() for line in lines if line.count(" ") >= 3]
    functions = [words for words in functions if words[2] in "tTwW"]
    path.write_text("".join(f"{words[0]} {words[1]} {words[3]}\n" for words in functions), encoding="ascii")
    return {words[3]: words[0] for words in functions}


def read_counts(names, text):
    """Returns name -> {function: count} from what the plugin wrote, the cost of an empty case taken off."""
    cases = []
    for line in text.splitlines():
        if not line.startswith(" "):
            cases.append({})
        else:
            count, function = line.split()
            cases[-1][function] = int(count)
    if len(cases) != len(names):
        raise RuntimeError(f"{len(names)} cases, {len(cases)} counted")
    return dict(zip(names, cases, strict=True))


def count(machine, form, folder):
    """Runs the bench of one form on one machine; returns case -> {function: instructions}."""
    folder = folder / f"{machine}-{form}"
    elf = machines.build(machine, form, "bench", [machines.HERE / name for name in PROGRAM], folder)
    addresses = write_symbols(elf, folder / "symbols")
    wanted = {
        "begin": addresses["mark_begin"],
        "end": addresses["mark_end"],
        "symbols": folder / "symbols",
        "out": folder / "counts",
    }
    plugin = ",".join(
        [str(folder.parent / "libcount.so"), *(f"{key}={value}" for key, value in wanted.items())]
    )
    code, text = machines.execute(machine, elf, plugin=["-plugin", plugin])
    if code != 0:
        raise RuntimeError(f"the bench on {machine} ended with {code}:\n{text}")
    return read_counts(text.splitlines(), (folder / "counts").read_text(encoding="ascii"))


def totals(cases):
    """Returns case -> instructions: of a kernel a frame, of a tick a participant."""
    empty = sum(cases["empty"].values())
    found = {}
    for name, functions in cases.items():
        instructions = sum(functions.values()) - empty
        if name.startswith("tick"):
            legs = int(name.split(" of ")[1].split()[0])
            found[name] = round(instructions / legs, 1)
        elif name != "empty":
            found[name] = instructions
    return found


def count_all(wanted_machines, wanted_forms, folder=None):
    """Returns machine -> form -> case -> {function: instructions}; builds in `folder`, if one is given."""
    if folder is None:
        with tempfile.TemporaryDirectory() as work:
            return count_all(wanted_machines, wanted_forms, Path(work))
    build_plugin(folder)
    return {
        machine: {
            form: count(machine, form, folder)
            for form in machines.MACHINES[machine].forms
            if form in wanted_forms
        }
        for machine in wanted_machines
    }


def differences(baseline, found):
    """Returns a line for each count that is new, gone, or differs by more than TOLERANCE."""
    lines = []
    for machine, forms in found.items():
        for form, cases in forms.items():
            before = baseline.get(machine, {}).get(form, {})
            for case in sorted(before.keys() | cases.keys()):
                old, new = before.get(case), cases.get(case)
                if old is None or new is None or abs(new - old) > TOLERANCE * old:
                    lines.append(f"{machine} {form}: {case}: {old} before, {new} now")
    return lines


def table(found):
    """Returns the counts as Markdown: a line a case, a column a machine and form."""
    columns = [(machine, form) for machine, forms in found.items() for form in forms]
    names = list(found[columns[0][0]][columns[0][1]])
    lines = ["| case | " + " | ".join(f"{machine} {form}" for machine, form in columns) + " |"]
    lines.append("| --- |" + " --: |" * len(columns))
    for name in names:
        cells = [f"{found[machine][form][name]:,.0f}" for machine, form in columns]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def print_functions(counted):
    """Prints, for each case, which functions took how much."""
    for machine, forms in counted.items():
        for form, cases in forms.items():
            for case, functions in cases.items():
                print(f"{machine} {form}: {case}: {sum(functions.values())}")
                for name, instructions in sorted(functions.items(), key=lambda item: -item[1]):
                    print(f"    {instructions:8} {name}")


def main():
    """Command line; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--machine", action="append", choices=sorted(machines.MACHINES))
    parser.add_argument("--form", action="append", choices=sorted(machines.FORMS))
    output = parser.add_mutually_exclusive_group()
    output.add_argument("--json", action="store_true", help="machine -> form -> case -> instructions")
    output.add_argument(
        "--table", action="store_true", help="the same as Markdown (what is printed by itself)"
    )
    output.add_argument("--functions", action="store_true", help="each case by function")
    output.add_argument("--check", action="store_true", help="compare with native/bench/baseline.json")
    output.add_argument("--accept", action="store_true", help="make these counts the baseline")
    asked = parser.parse_args()
    if machines.missing_tools():
        print(machines.missing_tools(), file=sys.stderr)
        return 2
    counted = count_all(asked.machine or machines.MACHINES, asked.form or machines.FORMS)
    found = {
        machine: {form: totals(cases) for form, cases in forms.items()} for machine, forms in counted.items()
    }
    if asked.json:
        print(json.dumps(found, indent=1))
    elif asked.functions:
        print_functions(counted)
    elif asked.accept:
        BASELINE.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
        print(BASELINE)
    elif asked.check:
        lines = differences(json.loads(BASELINE.read_text(encoding="utf-8")), found)
        print("\n".join([*lines, f"to accept them: {ACCEPT}"] if lines else ["as the baseline"]))
        return 1 if lines else 0
    else:
        print(table(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
