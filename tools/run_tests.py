#!/usr/bin/env python3
"""Runs firmware/tests under CPython or MicroPython, each file in its own process, and adds up the totals."""

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

FIRMWARE = Path(__file__).resolve().parent.parent / "firmware"
TESTS = FIRMWARE / "tests"
NATIVE = FIRMWARE.parent / "host/parleyd/images/virtual/flash"  # has parley_native.mpy once it is built
TIMEOUT_S = 600
CLOSING_LINE = re.compile(r"^(\d+) passed, (\d+) failed, (\d+) skipped$")

MICROPYTHON_DRIVER = "import unittest; unittest.main({module!r})"
# The same closing line from the real unittest. A test with several failed sub-tests counts once, as in the
# shim; what goes wrong outside any test (setUpClass, import) counts too, but was not among testsRun.
CPYTHON_DRIVER = """
import sys, unittest
tests = unittest.defaultTestLoader.loadTestsFromName({module!r})
result = unittest.TextTestRunner(stream=sys.stdout, verbosity=0).run(tests)
def counted(pairs):
    cases = [getattr(test, "test_case", test) for test, _ in pairs]
    inside = {{case.id() for case in cases if isinstance(case, unittest.TestCase)}}
    return len(inside), sum(not isinstance(case, unittest.TestCase) for case in cases)
failed, failed_outside = counted(result.failures + result.errors)
skipped, skipped_outside = counted(result.skipped)
passed = result.testsRun - failed - skipped - len(result.unexpectedSuccesses)
failed += failed_outside + len(result.unexpectedSuccesses)
print(f"{{passed}} passed, {{failed}} failed, {{skipped + skipped_outside}} skipped")
sys.exit(1 if failed else 0)
"""


def micropython_command() -> str:
    """Return the interpreter beside this Python, or the one on PATH. Raises SystemExit without one."""
    beside = Path(sys.executable).parent / "micropython"
    found = str(beside) if beside.exists() else shutil.which("micropython")
    if found is None:
        raise SystemExit("no micropython beside this Python nor on PATH")
    return found


def command_and_environment(runtime: str, module: str, extra: list[str]) -> tuple[list[str], dict[str, str]]:
    """Return what runs one test module: argument list and environment. extra: further import folders."""
    environment = dict(os.environ)
    if runtime == "micropython":
        folders = [str(TESTS / "micropython"), str(FIRMWARE), str(TESTS), *extra, str(NATIVE), ".frozen"]
        environment["MICROPYPATH"] = ":".join(folders)
        return [micropython_command(), "-c", MICROPYTHON_DRIVER.format(module=module)], environment
    folders = [str(FIRMWARE), str(TESTS), *extra, *environment.get("PYTHONPATH", "").split(os.pathsep)]
    environment["PYTHONPATH"] = os.pathsep.join(folder for folder in folders if folder)
    return [sys.executable, "-c", CPYTHON_DRIVER.format(module=module)], environment


def timed_module(runtime: str, module: str, extra: list[str]) -> tuple[tuple[int, int, int], str, float]:
    """Run one test module; returns what run_module does, and the seconds it took."""
    started = time.monotonic()
    counts, output = run_module(runtime, module, extra)
    return counts, output, time.monotonic() - started


def run_module(runtime: str, module: str, extra: list[str]) -> tuple[tuple[int, int, int], str]:
    """Run one test module; returns (passed, failed, skipped) and its output. A crash is one failure."""
    command, environment = command_and_environment(runtime, module, extra)
    try:
        ended = subprocess.run(
            command,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        return (0, 1, 0), (error.stdout or b"").decode(errors="replace") + f"no end after {TIMEOUT_S} s\n"
    output = ended.stdout.decode(errors="replace")
    lines = output.strip().splitlines()
    closing = CLOSING_LINE.match(lines[-1]) if lines else None
    if closing is None:
        return (0, 1, 0), output + f"exit code {ended.returncode} without totals\n"
    passed, failed, skipped = (int(text) for text in closing.groups())
    if ended.returncode != 0 and failed == 0:
        failed = 1
    return (passed, failed, skipped), output


def main() -> int:
    """Run what the command line asks for; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runtime", choices=("cpython", "micropython"), default="cpython")
    parser.add_argument(
        "--path", action="append", default=[], help="further folder to import from; may be repeated"
    )
    parser.add_argument("--verbose", "-v", action="store_true", help="show the output of files that pass too")
    parser.add_argument("pattern", nargs="*", help="part of a file's name, such as wire_sip; default: all")
    options = parser.parse_args()
    totals = [0, 0, 0]
    names = [path.stem for path in sorted(TESTS.glob("test_*.py"))]
    chosen = [name for name in names if not options.pattern or any(part in name for part in options.pattern)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        ended = pool.map(lambda name: timed_module(options.runtime, name, options.path), chosen)
        for name, (counts, output, seconds) in zip(chosen, ended, strict=True):
            totals = [total + count for total, count in zip(totals, counts, strict=True)]
            if counts[1] or options.verbose:
                print(output, end="")
            print(
                f"{name}: {counts[0]} passed, {counts[1]} failed, {counts[2]} skipped ({seconds:.1f} s)",
                flush=True,
            )
    print(f"{totals[0]} passed, {totals[1]} failed, {totals[2]} skipped")
    return 1 if totals[1] or not chosen else 0


if __name__ == "__main__":
    sys.exit(main())
