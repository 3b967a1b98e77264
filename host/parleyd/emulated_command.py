"""What to run for an emulated board: QEMU with the board's firmware, its flash in a file.

The board's PSRAM is a file that outlives the process, as a flash outlives a power cycle. Its first kilobyte is
shared with the firmware (native/port_mps2/mps2.h): fresh random bytes for every power-up, and the boot switch.
A reset of the board ends the process with status 0, like that of a virtual board, and the keeper starts it
again: no state of the emulator is carried over.
"""

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from parley.wire.errors import LocalError

PSRAM_BYTES = 16 << 20
SEED_BYTES = 32
BOOT_SWITCH_OFFSET = 96
BOOT_SAFE = 0x50415346  # leave main.py alone this time
QEMU = "qemu-system-arm"
QEMU_PACKAGE = "qemu-system-arm"
LEAST_VERSION = (7, 2)  # Debian 12's; an older one was never tried
OPTIONS_VARIABLE = "PARLEY_QEMU_OPTIONS"  # further options, for whoever counts instructions


class EmulatorError(LocalError):
    """An emulated board cannot be started; one sentence says what is missing."""


@dataclass(frozen=True)
class EmulatedCommand:
    """One emulated board.

    qemu: path of the emulator. firmware: path of firmware.elf. machine: QEMU's name of the board. folder: the
    board's, where psram.bin lies. host: its IPv4 address. ports: the UDP ports to hold for it. core: the one
    processor core it runs on, None: any.
    """

    qemu: str
    firmware: str
    machine: str
    folder: str
    host: str
    ports: tuple[int, ...]
    core: int | None = None

    @property
    def program(self) -> str:
        """What is started, for messages."""
        return self.qemu

    @property
    def working_folder(self) -> Path:
        """Where it is started."""
        return Path(self.folder)

    def arguments(self, wire: int | None = None) -> Sequence[str]:
        """The command line. wire: file descriptor of the board's end of its Ethernet wire."""
        return [
            self.qemu,
            *("-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"),
            *("-machine", f"{self.machine},memory-backend=psram"),
            *("-object", f"memory-backend-file,id=psram,size={PSRAM_BYTES},mem-path=psram.bin,share=on"),
            *("-chardev", "serial,id=console,path=/dev/stdin", "-serial", "chardev:console"),
            *("-netdev", f"socket,id=wire,fd={wire}", "-net", "nic,model=lan9118,netdev=wire"),
            *("-kernel", self.firmware),
            *shlex.split(os.environ.get(OPTIONS_VARIABLE, "")),
        ]

    def environment(self, safe: bool) -> dict[str, str]:
        """The process environment; it knows nothing of a safe boot."""
        del safe
        return dict(os.environ)

    def prepare(self, safe: bool) -> None:
        """What happens at power-up: fresh random bytes, and the boot switch. safe: main.py is left alone."""
        handle = os.open(self.working_folder / "psram.bin", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.ftruncate(handle, PSRAM_BYTES)
            os.pwrite(handle, os.urandom(SEED_BYTES), 0)
            switch = BOOT_SAFE if safe else 0
            os.pwrite(handle, switch.to_bytes(4, "little"), BOOT_SWITCH_OFFSET)
        finally:
            os.close(handle)


def qemu_path() -> str:
    """Path of the emulator; EmulatorError says which package has it, or that it is too old."""
    path = shutil.which(QEMU)
    if path is None:
        raise EmulatorError(f"the emulator is not installed: apt-get install {QEMU_PACKAGE}")
    version = qemu_version(path)
    if version < LEAST_VERSION:
        wanted, found = (".".join(map(str, numbers)) for numbers in (LEAST_VERSION, version))
        raise EmulatorError(f"{path} {found} is too old: {wanted} or newer is needed")
    return path


@cache
def qemu_version(path: str) -> tuple[int, ...]:
    """The emulator's version, major and minor; EmulatorError when it does not say."""
    try:
        done = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        raise EmulatorError(f"{path} does not run: {error}") from error
    found = re.search(r"version (\d+)\.(\d+)", done.stdout)
    if found is None:
        raise EmulatorError(f"{path} does not say its version: {done.stdout[:80]!r}")
    return tuple(map(int, found.groups()))
