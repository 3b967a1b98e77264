"""An Ethernet of its own for one emulated board: a network namespace with a TAP interface and a real DHCP server."""

import itertools
import os
import re
import subprocess
from pathlib import Path

from hil_tests import programs
from hil_tests.bench import IMAGES
from hil_tests.processes import Process, wait_until

OURS, MASK, TAP = "10.77.0.1", 24, "tap0"
LEASE_S = 10  # the board renews after half of it
MAC_END = b"\x4c\x4e"  # the board makes its Ethernet address of them, to which the DHCP server gives leases
PSRAM_BYTES, SEED_BYTES = 16 << 20, 32
NUMBERS = itertools.count(1)


def missing() -> str:
    """Why there can be no such network here, and what to do; "" when there can."""
    try:
        programs.tool("ip", "iproute2")
        programs.tool("udhcpd", "udhcpd")
    except programs.MissingProgramError as error:
        return str(error)
    if not os.access("/dev/net/tun", os.W_OK) or os.geteuid() != 0:
        return "a network namespace with a TAP interface needs root and /dev/net/tun"
    return ""


class Lan:
    """The namespace; `stop` ends what runs in it and takes it away."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = f"parley-{os.getpid()}-{next(NUMBERS)}"
        self.started: list[Process] = []
        self.dhcp: Process | None = None
        self._ip("netns", "add", self.name)
        for words in (
            ("link", "set", "lo", "up"),
            ("tuntap", "add", TAP, "mode", "tap"),
            ("addr", "add", f"{OURS}/{MASK}", "dev", TAP),
            ("link", "set", TAP, "up"),
        ):
            self._ip("-n", self.name, *words)

    def _ip(self, *words: str) -> None:
        done = subprocess.run(
            [programs.tool("ip", "iproute2"), *words], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr

    def inside(self, *words: str) -> list[str]:
        """The command line that runs this one in the namespace."""
        return [programs.tool("ip", "iproute2"), "netns", "exec", self.name, *words]

    def start(self, name: str, *words: str, env: dict[str, str] | None = None) -> Process:
        """Start a program there."""
        process = Process(name, self.inside(*words), self.folder / f"{name}.log", env=env)
        self.started.append(process)
        return process

    def run(self, *words: str, timeout_s: float = 60) -> subprocess.CompletedProcess[str]:
        """Run a program there to its end."""
        return subprocess.run(
            self.inside(*words), capture_output=True, text=True, timeout=timeout_s, check=False
        )

    def serve_dhcp(self, address: str) -> Process:
        """Give this one address to whoever asks, instead of what was given before."""
        if self.dhcp is not None:
            self.dhcp.stop()
        name = f"udhcpd-{address}"
        (self.folder / f"{name}.leases").touch()
        config = self.folder / f"{name}.conf"
        config.write_text(
            f"start {address}\nend {address}\ninterface {TAP}\nmin_lease 1\nremaining yes\n"
            f"lease_file {self.folder}/{name}.leases\npidfile {self.folder}/{name}.pid\n"
            f"option subnet 255.255.255.0\noption router {OURS}\noption lease {LEASE_S}\n"
        )
        self.dhcp = self.start(name, programs.tool("udhcpd", "udhcpd"), "-f", str(config))
        return self.dhcp

    def stop(self) -> None:
        """End everything."""
        for process in reversed(self.started):
            process.stop()
        self._ip("netns", "del", self.name)


class EmulatedBoard:
    """QEMU with the board's firmware on the TAP interface; its serial port is a pty. A reset ends the process."""

    def __init__(self, lan: Lan, kind: str) -> None:
        self.lan = lan
        self.kind = kind
        self.folder = lan.folder / "board"
        self.folder.mkdir()
        with (self.folder / "psram.bin").open("wb") as file:
            file.truncate(PSRAM_BYTES)
        self.process: Process | None = None
        self.serial = self.folder / "serial"

    def power_up(self) -> None:
        """Start it; `serial` is a name for its port."""
        with (self.folder / "psram.bin").open("r+b") as file:
            file.write(MAC_END + os.urandom(SEED_BYTES - len(MAC_END)))
        machine = self.kind
        psram = self.folder / "psram.bin"
        number = next(NUMBERS)
        self.process = self.lan.start(
            f"qemu-{number}",
            *("qemu-system-arm", "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"),
            *("-machine", f"{machine},memory-backend=psram"),
            *("-object", f"memory-backend-file,id=psram,size={PSRAM_BYTES},mem-path={psram},share=on"),
            *("-chardev", "pty,id=console", "-serial", "chardev:console"),
            *("-netdev", f"tap,id=wire,ifname={TAP},script=no,downscript=no"),
            *("-net", "nic,model=lan9118,netdev=wire"),
            *("-kernel", str(IMAGES / self.kind / "firmware.elf")),
        )
        found = wait_until(
            lambda: re.search(r"/dev/pts/\d+", self.process.log()), 10, "the board's serial port"
        )
        self.serial.unlink(missing_ok=True)
        self.serial.symlink_to(found.group(0))
