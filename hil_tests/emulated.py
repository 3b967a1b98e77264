"""Emulated boards on this machine: what they need here, and what a test asks of one over its console."""

import binascii
import os
import re
import shutil
import subprocess
import time
import zlib
from functools import cache
from pathlib import Path

from hil_tests.bench import IMAGES, Bench
from hil_tests.console import mpremote
from hil_tests.processes import wait_until

KINDS = ("mps2-an500", "mps2-an386")  # Cortex-M7 and Cortex-M4
QEMU = "qemu-system-arm"
LEAST_QEMU = (7, 2)  # Debian 12's; an older one was never tried
BOOT_S = 10.0  # until a board that was reset is registered again; the machine may be busy
WATCHDOG_S = 8.0
PIECE_BYTES = 4096
PACKED, PACKED_WINDOW_BITS = "packed", 12  # 4 KB of the board's heap
UNPACK = """
import deflate, os
with open({packed!r}, "rb") as packed, open({name!r}, "wb") as file:
    content = deflate.DeflateIO(packed, deflate.ZLIB)
    piece = content.read(1024)
    while piece:
        file.write(piece)
        piece = content.read(1024)
os.remove({packed!r})
"""


@cache
def missing(kind: str) -> str:
    """Why boards of this kind cannot run here, and what to do; "" when they can, or need nothing."""
    if kind not in KINDS:
        return ""
    if shutil.which(QEMU) is None:
        return f"{QEMU} is not installed: apt-get install {QEMU}"
    done = subprocess.run([QEMU, "--version"], capture_output=True, text=True, check=False)
    found = re.search(r"version (\d+)\.(\d+)", done.stdout)
    if found is None or tuple(map(int, found.groups())) < LEAST_QEMU:
        version = found.group(0) if found else "of an unknown version"
        return f"{QEMU} {version} is too old: {LEAST_QEMU[0]}.{LEAST_QEMU[1]} or newer is needed"
    if not (IMAGES / kind / "manifest.json").exists():
        return f"no image of {kind}: make build BOARD={kind}"
    return ""


def in_ci() -> bool:
    """Whether nothing may be skipped here for want of a program."""
    return os.environ.get("CI", "").lower() in ("1", "true", "yes")


def execute(bench: Bench, source: str) -> str:
    """Run Python on the first board; what it printed."""
    done = mpremote(bench.boards()[0].serial, "exec", source)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


def copy_to_flash(bench: Bench, *files: Path) -> None:
    """Copy files into the root of the first board's flash; packed, for a serial line is slow."""
    for path in files:
        pack = zlib.compressobj(9, wbits=PACKED_WINDOW_BITS)
        packed = pack.compress(path.read_bytes()) + pack.flush()
        words = ["exec", f"from binascii import a2b_base64 as _d; _f = open({PACKED!r}, 'wb')"]
        for start in range(0, len(packed), PIECE_BYTES):
            piece = binascii.b2a_base64(packed[start : start + PIECE_BYTES], newline=False)
            words += ["exec", f"_f.write(_d({piece!r}))"]
        unpack = UNPACK.format(packed=PACKED, name=path.name)
        done = mpremote(bench.boards()[0].serial, *words, "exec", "_f.close()", "exec", unpack)
        assert done.returncode == 0, done.stdout + done.stderr


def facts(bench: Bench) -> dict:
    """The first board in the server's status."""
    return bench.status()["boards"][0]


def console_log(bench: Bench) -> str:
    """Everything the first board wrote to its console."""
    return bench.console_log(str(facts(bench)["board_id"]))


def reset(bench: Bench, timeout_s: float = BOOT_S) -> dict:
    """Reset the first board over its console; the board in the status once it is back."""
    pid = facts(bench)["pid"]
    done = mpremote(bench.boards()[0].serial, "reset")
    assert done.returncode == 0, done.stdout + done.stderr
    return wait_for_reboot(bench, pid, timeout_s)


def wait_for_reboot(bench: Bench, old_pid: int, timeout_s: float = BOOT_S) -> dict:
    """The board after its reset. Its own word counts: the server lists the old registration for its last seconds."""

    board_id = str(facts(bench)["board_id"])

    def back() -> bool:
        this_boot = bench.console_log(board_id).rpartition(" parley: boot ")[2]
        if "registration: registered for" not in this_boot:
            return False
        return facts(bench)["pid"] not in (None, 0, old_pid)

    wait_until(back, timeout_s, "the board to be back after its reset", 0.1)
    time.sleep(0.2)  # the server has answered before the board says so; its status is asked anew
    return facts(bench)
