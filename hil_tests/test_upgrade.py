"""Another firmware for a board in service: built, deployed over its serial line, running after the reset."""

import re
import shutil
import subprocess
import sys

import pytest

from hil_tests import ask, emulated, programs

pytestmark = pytest.mark.hil

NEW_VERSION = "0.1.99"
TOOLS = programs.REPOSITORY / "tools"


def tool(*words: object) -> str:
    """Run one of the product's scripts; what it printed."""
    done = subprocess.run(
        [sys.executable, *map(str, words)], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def new_firmware(folder):
    """The firmware of this tree under another version's name, in another shape: one module more, one less."""
    source = folder / "firmware"
    shutil.copytree(
        programs.REPOSITORY / "firmware", source, ignore=shutil.ignore_patterns("tests", "__pycache__")
    )
    package = source / "parley" / "__init__.py"
    text, count = re.subn(r'__version__ = "[^"]+"', f'__version__ = "{NEW_VERSION}"', package.read_text())
    assert count == 1
    package.write_text(text)
    (source / "parley" / "wire" / "added.py").write_text("ADDED = 6 * 7\n")
    return source


@pytest.mark.limit_s(180)
def test_a_board_is_upgraded_over_its_serial_line(own_bench, artifacts, figures):
    bench = own_bench(boards=1)
    kind, port = bench.board_kind, bench.boards()[0].serial
    old = emulated.facts(bench)
    assert old["firmware"] != NEW_VERSION
    images = artifacts / "images"
    tool(TOOLS / "build.py", "--board", kind, "--firmware", new_firmware(artifacts), "--output", images)

    async def join(caller):
        _, outcome = await ask.join(caller, await ask.allocate(caller, bench.server, 2))
        return outcome.status

    assert ask.with_caller(join) == 200  # somebody is in it: an upgrade ends his call
    said = tool(TOOLS / "flash.py", "--board", kind, "--images", images, "--port", port)
    board = emulated.wait_for_reboot(bench, old["pid"])
    figures.add(flash=said.splitlines()[-1])
    assert (board["firmware"], board["kernels"], board["connected"]) == (NEW_VERSION, "native", 0)
    assert emulated.execute(bench, "import parley.wire.added as a; print(a.ADDED)") == "42"
    assert ask.with_caller(join) == 200
    again = tool(TOOLS / "flash.py", "--board", kind, "--images", images, "--port", port)
    assert again.splitlines()[-1].startswith("0 written, 0 removed"), again


@pytest.mark.limit_s(120)
def test_an_image_for_another_processor_is_not_deployed(lone_board):
    bench = lone_board()
    other = "virtual" if bench.board_kind in emulated.KINDS else emulated.KINDS[0]
    if not (emulated.IMAGES / other / "manifest.json").exists():
        pytest.skip(f"no image of {other}: make build BOARD={other}")
    before = emulated.facts(bench)
    command = [
        sys.executable,
        str(TOOLS / "flash.py"),
        "--board",
        other,
        "--port",
        str(bench.boards()[0].serial),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "cannot load native code for" in done.stderr
    after = emulated.facts(bench)
    assert (after["pid"], after["firmware"]) == (before["pid"], before["firmware"])
