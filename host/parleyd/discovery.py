"""Boards on this computer's serial ports, told apart by the serial number of their USB, never by a port's name.

Port names change with the order of plugging; a USB serial number is burnt in.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from parley.wire.errors import LocalError
from parleyd.images import BoardType, ImageError, image_names, load_image
from parleyd.roster import Roster


class PortFacts(Protocol):
    """What is used of pyserial's ListPortInfo."""

    device: str
    vid: int | None
    pid: int | None
    serial_number: str | None


class DiscoveryError(LocalError):
    """No port, or more than one, is the board that was meant; one sentence says what to do."""


@dataclass(frozen=True, slots=True)
class Found:
    """A USB serial port. kind: the board it looks like, "" for none; board_id: who it is, "" when unprovisioned."""

    port: str
    usb_serial: str
    usb_id: str
    kind: str
    board_id: str


def board_types() -> list[BoardType]:
    """Return the kinds of board that have a built image."""
    found: list[BoardType] = []
    for name in image_names():
        try:
            found.append(load_image(name).board)
        except ImageError:
            continue
    return found


def discover(ports: Iterable[PortFacts], kinds: Sequence[BoardType], roster: Roster) -> list[Found]:
    """Return the USB serial ports, those that look like a board first."""
    names = {board.usb_serial: board.board_id for board in roster.enrolled.values() if board.usb_serial}
    found: list[Found] = []
    for port in ports:
        if port.vid is None or port.pid is None:
            continue
        usb_id, usb_serial = f"{port.vid:04x}:{port.pid:04x}", port.serial_number or ""
        kind = next((one.name for one in kinds if usb_id in one.usb_ids), "")
        found.append(Found(port.device, usb_serial, usb_id, kind, names.get(usb_serial, "")))
    return sorted(found, key=lambda one: (not one.kind, one.usb_serial))


def port_of(usb_serial: str, found: Sequence[Found]) -> Found:
    """Return the port of the board with that USB serial number. Raises DiscoveryError."""
    matching = [one for one in found if one.usb_serial == usb_serial]
    if len(matching) == 1:
        return matching[0]
    if matching:
        ports = ", ".join(one.port for one in matching)
        raise DiscoveryError(
            f"{len(matching)} ports have the USB serial number {usb_serial}: {ports}; name one by --port"
        )
    known = ", ".join(one.usb_serial for one in found if one.usb_serial) or "none"
    raise DiscoveryError(f"no port has the USB serial number {usb_serial}; there are: {known}")
