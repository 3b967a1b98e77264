"""The boards a bench runs against, as `parley status --json` lists them; consoles by their serial port."""

from dataclasses import dataclass
from pathlib import Path

KINDS = (
    "virtual",
    "mps2-an500",
    "mps2-an386",
)  # boards that need no hardware; a board of silicon is added with its own way to be reset


@dataclass(frozen=True)
class Board:
    """One board: identity, process (0 for silicon), address (host, port), serial port, state.

    legs_used: reserved by conferences and offers; connected: participants that are in now.
    """

    board_id: str
    pid: int
    address: tuple[str, int]
    serial: Path
    state: str
    registered: bool
    legs_used: int
    legs_free: int
    connected: int

    @property
    def host(self) -> str:
        """Its IP address."""
        return self.address[0]


def board_from(facts: dict) -> Board:
    """A board out of one object of the status."""
    host, _, port = str(facts["address"]).rpartition(":")
    return Board(
        board_id=facts["board_id"],
        pid=int(facts.get("pid") or 0),
        address=(host.strip("[]"), int(port or 5060)),
        serial=Path(facts.get("serial") or "/nonexistent"),
        state=str(facts.get("state")),
        registered=bool(facts.get("registered")),
        legs_used=int(facts.get("legs_used") or 0),
        legs_free=int(facts.get("legs_free") or 0),
        connected=int(facts.get("connected") or 0),
    )
