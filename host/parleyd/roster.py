"""What an operator has said about boards, kept over restarts: `fleet.json` in the state folder."""

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, cast

from parley.wire.errors import LocalError
from parleyd.pool import DHCP

FILE = "fleet.json"


class RosterError(LocalError):
    """The file cannot be read or written; one sentence says why."""


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A board that was provisioned by this server's command line: identity, address, key, kind, USB serial number.

    serial_port: its name, for a board without such a number.
    """

    board_id: str
    host: str
    port: int
    key: str
    kind: str
    usb_serial: str = ""
    serial_port: str = ""


@dataclass
class Roster:
    """Boards that drain, and boards that were enrolled besides those of the settings."""

    path: Path
    draining: set[str] = field(default_factory=set[str])
    enrolled: dict[str, Enrolled] = field(default_factory=dict[str, Enrolled])

    def drain(self, board_id: str, draining: bool) -> None:
        """Note that a board drains, or does no more. Raises RosterError; then nothing has changed."""
        after = self.draining | {board_id} if draining else self.draining - {board_id}
        self._write(after, self.enrolled)
        self.draining.clear()
        self.draining.update(after)  # the pool looks at this very set

    def enrol(self, board: Enrolled) -> None:
        """Note a provisioned board. Raises RosterError, also for another board's address."""
        for other in self.enrolled.values():
            if (
                board.host != DHCP
                and other.board_id != board.board_id
                and (other.host, other.port) == (board.host, board.port)
            ):
                raise RosterError(f"{board.host}:{board.port} is the address of {other.board_id}")
        self._write(self.draining, {**self.enrolled, board.board_id: board})
        self.enrolled[board.board_id] = board

    def _write(self, draining: set[str], enrolled: dict[str, Enrolled]) -> None:
        table = {"draining": sorted(draining), "enrolled": [asdict(board) for board in enrolled.values()]}
        fresh = self.path.with_suffix(".new")
        try:
            handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)  # it holds keys
            with open(handle, "w", encoding="utf-8") as file:
                json.dump(table, file, indent=2)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self.path)
        except OSError as error:
            raise RosterError(f"cannot write {self.path}: {error.strerror}") from error


def read_roster(state: Path) -> Roster:
    """Return the roster of a state folder, empty when there is none. Raises RosterError when it is damaged."""
    path = state / FILE
    try:
        table = cast(dict[str, Any], json.loads(path.read_text(encoding="utf-8")))
        boards = [Enrolled(**row) for row in table["enrolled"]]
        draining = {str(name) for name in table["draining"]}
    except FileNotFoundError:
        return Roster(path)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RosterError(f"{path} is damaged ({error}); remove it and provision the boards again") from error
    return Roster(path, draining, {board.board_id: board for board in boards})
