"""INVITEs that a board refuses: the answer, and what the server and people are told of it."""

from parley.app.trail import FROM_BOARD, TO_BOARD
from parley.wire.address import read_token
from parley.wire.uri import parse_uri

RETRY_AFTER_S = 2  # by then a board that is starting has registered


class Refusals:
    """trail: Trail, which the server is told."""

    def __init__(self, config, endpoint, trail, log):
        self._config = config
        self._endpoint = endpoint
        self._trail = trail
        self._log = log

    def refuse(self, event, error, now_ms):
        """Answers the INVITE of an event with a RemoteError's status. LocalError when it was answered already."""
        call = event.subject
        headers = (("Retry-After", str(RETRY_AFTER_S)),) if error.status == 503 else ()
        self._log.info("focus", "%s refused: %s" % (call.remote_uri, error))
        if error.status != 404:  # else it is no address of ours, and belongs to no conference
            self._note(call, event.message, error, now_ms)
        self._endpoint.reject(call, error.status, now_ms, reason=error.reason, headers=headers)

    def _note(self, call, invite, error, now_ms):
        allocation = read_token(self._config.key, parse_uri(invite.uri).user or "")
        self._trail.note(now_ms, allocation, TO_BOARD, "INVITE", call.remote_uri)
        text = "%d %s" % (error.status, error.reason)
        self._trail.note(now_ms, allocation, FROM_BOARD, text, call.remote_uri)
