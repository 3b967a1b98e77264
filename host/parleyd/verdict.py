"""What the server decides about a request: a grant or a refusal."""

from dataclasses import dataclass
from typing import NamedTuple

from parleyd.lease import Lease
from parleyd.pattern import address_of
from parleyd.pool import BoardView


class Grant(NamedTuple):
    """An address for one conference: the lease to record before it leaves, on which board, good for how many seconds.

    transport: "udp", "tcp" or "tls", what the phone can use and the board takes. port: where it takes that, None for
    the one in `uri`.
    """

    lease: Lease
    board: BoardView
    ttl_s: int
    transport: str = "udp"
    port: int | None = None

    @property
    def uri(self) -> str:
        """Return the conference's address by UDP, signed anew at each call."""
        return address_of(self.board, self.lease)

    @property
    def address(self) -> str:
        """Return the address by that transport."""
        uri = self.uri
        if self.transport == "udp" and self.port is None:
            return uri
        place = uri.removesuffix(";transport=udp")
        if self.port is not None:
            place = f"{place.rpartition(':')[0]}:{self.port}"
        return f"{place};transport={self.transport}"


@dataclass(frozen=True, slots=True)
class Refusal:
    """No address, and why.

    status, reason: of the SIP response; the reason is for people. retry_after_s: when it may be worth asking
    again (RFC 3261 20.33), None for never. warn_code: of the Warning header (RFC 3261 20.43), None for no such
    header. headers: further header fields that the status calls for.
    """

    status: int
    reason: str
    retry_after_s: int | None = None
    warn_code: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
