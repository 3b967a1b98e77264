"""What the tests of virtual boards share: a small firmware, its image, and boards on a bench."""

import asyncio
import importlib.util
import os
import select
import shutil
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

from parleyd.images import load_image
from parleyd.machines import micropython_path
from parleyd.provision import BoardConfig

ROOT = Path(__file__).resolve().parents[2]
RAW_REPL = ROOT / "firmware" / "parley" / "app" / "raw_repl.py"
MPREMOTE = [sys.executable, "-m", "mpremote"]
BIG_BYTES = 70_000  # more than two of the largest chunks


def load_tool(name):
    """tools/<name>.py as a module."""
    spec = importlib.util.spec_from_file_location(f"tool_{name}", ROOT / "tools" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# Serves the raw REPL from its own loop as the real firmware does, and says so on the console.
MAIN = """\
import io, json, sys
from parley import greeting
from parley.app.raw_repl import RawRepl

names = {"__name__": "__main__"}

def execute(source):
    try:
        exec(source, names)
    except Exception as error:
        text = io.StringIO()
        sys.print_exception(error, text)
        return text.getvalue()
    return ""

def reset(raw):
    if not raw:
        raise SystemExit(0)

with open("board_config.json") as file:
    print(greeting.WORDS, json.load(file)["board_id"])
repl = RawRepl(execute, sys.stdout.buffer.write, reset)
while True:
    repl.feed(sys.stdin.buffer.read(1))
"""


def small_firmware(folder, main=MAIN):
    """Firmware sources of a few files under `folder`; returns their folder."""
    package = folder / "firmware" / "parley"
    (package / "app").mkdir(parents=True)
    (package / "__init__.py").write_text('__version__ = "9.9.9"\n')
    (package / "app" / "__init__.py").write_text("")
    shutil.copyfile(RAW_REPL, package / "app" / "raw_repl.py")
    (package / "greeting.py").write_text('WORDS = "bench firmware up on"\n')
    (package / "big.py").write_text(f"DATA = {bytes(i * i % 251 for i in range(BIG_BYTES))!r}\n")
    (folder / "firmware" / "main.py").write_text(main)
    return folder / "firmware"


def small_image(folder, main=MAIN):
    """A built image of the small firmware."""
    load_tool("build").build("virtual", folder / "images", small_firmware(folder, main), native=False)
    return load_image("virtual", folder / "images")


def board_config(number=1, **changes):
    """A configuration for bench board `number`."""
    fields = {
        "board_id": f"bench-{number}",
        "board": "virtual",
        "host": f"127.0.1.{200 + number}",
        "server": ("127.0.0.1", 5060),
        "key": f"{number:064x}",
        "legs": 8,
        "slots": 4,
    }
    return BoardConfig(**{**fields, **changes})


@contextmanager
def bare_board(folder, image):
    """A powered board with an empty flash, its boot code serving the raw REPL. Yields its keeper."""
    folder.mkdir(parents=True)
    command = [sys.executable, "-P", "-m", "parleyd.virtual_keeper", "--folder", str(folder)]
    command += ["--rom", str(image.rom), "--heap-kb", "8192", "--micropython", micropython_path()]
    with subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True) as keeper:
        assert keeper.stdout.readline() == b"ready\n"
        try:
            yield keeper
        finally:
            keeper.terminate()
            keeper.wait(10)


def mpremote(port, *arguments, timeout_s=20):
    """Runs the real mpremote on a port; returns what it printed."""
    done = subprocess.run(
        [*MPREMOTE, "connect", str(port), *arguments], capture_output=True, text=True, timeout=timeout_s
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def is_alive(pid):
    """Whether a process exists and is no zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1][0]
    except FileNotFoundError:
        return False
    return state not in "ZX"


def wait_until_gone(pid, timeout_s=5.0):
    """Returns when the process has ended, whoever its parent is."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        assert select.select([handle], [], [], timeout_s)[0], f"process {pid} still runs"
    finally:
        os.close(handle)


def wait_for_text(path, text, timeout_s=5.0):
    """Returns the file's text as soon as `text` is in it."""
    deadline_s = time.monotonic() + timeout_s
    while True:
        content = path.read_text(errors="replace") if path.exists() else ""
        if text in content:
            return content
        assert time.monotonic() < deadline_s, f"no {text!r} in {content[-500:]!r}"
        time.sleep(0.01)


def order_keeper(folder, order):
    """Sends one line to a keeper by hand."""
    directory = os.open(folder, os.O_RDONLY)
    with socket.socket(socket.AF_UNIX) as control:
        control.connect(f"/proc/self/fd/{directory}/control")
        control.sendall(order)
    os.close(directory)


def run(scenario):
    """Runs a coroutine with a limit."""
    asyncio.run(asyncio.wait_for(scenario, 30))


def keeper_of(board):
    return board._link.status.keeper


def greeted(board, times=1):
    """Returns when the board's firmware has come up that often."""
    deadline_s = time.monotonic() + 5
    while wait_for_text(board.log, "bench firmware up").count("bench firmware up") < times:
        assert time.monotonic() < deadline_s
        time.sleep(0.01)
