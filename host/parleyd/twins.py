"""Second boards with the identity of another: whom a server of the fleet has turned away lately."""

from parley.wire.errors import LocalError
from parleyd.clock import FOR_EVER_MS

TWIN_S = 60  # for so long after its last word a second board is complained of
MET = "two boards have one identity"  # in the event log


class TwinError(LocalError):
    """The report is of a boot that is over: of a second board with the identity of the one in service."""


TWIN = TwinError("Another board registers with this identity, provision one of the two anew")


class Twins:
    """By board, the boot of the other one, by the word of this server ("") or of others."""

    def __init__(self) -> None:
        self._told: dict[str, dict[str, tuple[str, int]]] = {}  # board -> server -> boot, until when

    def met(self, board_id: str, boot: str, now_ms: int) -> bool:
        """Take note that one has spoken here; tell whether there was none before."""
        return self._note(board_id, "", boot, now_ms, now_ms + 1000 * TWIN_S)

    def told(self, board_id: str, server: str, boot: str | None, now_ms: int) -> bool:
        """Take another server's word, until it takes that back (None); tell whether there was none before."""
        if boot is None:
            self._told.get(board_id, {}).pop(server, None)
            return False
        return self._note(board_id, server, boot, now_ms, FOR_EVER_MS)

    def of(self, board_id: str, now_ms: int) -> str:
        """Return the boot of a second board that has lately spoken with this identity, "" for none."""
        told = self._told.get(board_id, {}).values()
        return next((boot for boot, until_ms in told if now_ms < until_ms), "")

    def _note(self, board_id: str, server: str, boot: str, now_ms: int, until_ms: int) -> bool:
        news = self.of(board_id, now_ms) == ""
        self._told.setdefault(board_id, {})[server] = (boot, until_ms)
        return news
