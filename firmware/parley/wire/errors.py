"""The two error families: ours (LocalError) and theirs (RemoteError).

A LocalError says that our own code asked for something impossible; the state is unchanged. A RemoteError says
that the peer sent something we refuse; it carries the SIP status to answer with.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parley.wire.message import Request

SILENT = 0  # the status of a RemoteError that must not be answered


class ParleyError(Exception):
    """Base of every error Parley raises on purpose."""


class LocalError(ParleyError):
    """We were called wrongly: a mistake of this side, never of the peer."""


class RemoteError(ParleyError):
    """The peer's mistake.

    status: the SIP status code to answer with (RFC 3261 21), or 0 when silence is the only right answer.
    reason: one short line for the status line or the log.
    message: the request as far as it could be read, so that it can be answered; None if there is none.
    """

    def __init__(self, status: int, reason: str, message: "Request | None" = None) -> None:
        super().__init__(status, reason)
        self.status = status
        self.reason = reason
        self.message = message

    def __str__(self) -> str:
        return f"{self.status} {self.reason}"
