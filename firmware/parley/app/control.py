"""The server's orders:

MESSAGE with digest and a JSON body, `{"end": [slot, generation]}` (RFC 3428, RFC 7616).
"""

import json

from parley.wire.address import derive
from parley.wire.auth import Authenticator
from parley.wire.errors import RemoteError

USERNAME = "server"


class Control:
    """Checks and carries out orders. end(slot, generation, now_ms) may raise RemoteError."""

    def __init__(self, config, endpoint, clock, random_bytes, end, log):
        self._authenticator = Authenticator(config.board_id, random_bytes(32))
        self._password = derive(config.key, "control")
        self._endpoint = endpoint
        self._clock = clock
        self._end = end
        self._log = log

    def handle(self, event, now_ms):
        """Answers a request for the application (Event of kind "request")."""
        asked, request = event.subject, event.message
        now_s = self._clock.now_ms() // 1000  # nonces live on the board's own time
        verdict, _username = self._authenticator.check(
            request.get("Authorization"), request.method, self._password_of, now_s
        )
        if verdict in ("missing", "stale"):
            challenges = self._authenticator.challenges(now_s, stale=verdict == "stale")
            headers = [("WWW-Authenticate", challenge) for challenge in challenges]
            self._endpoint.respond(asked, 401, now_ms, headers=headers)
        elif verdict != "ok":
            self._log.warning("control", "order refused: wrong credentials")
            self._endpoint.respond(asked, 403, now_ms)
        else:
            self._obey(asked, request, now_ms)

    def _obey(self, asked, request, now_ms):
        try:
            slot, generation = _order(request.body)
            self._end(slot, generation, now_ms)
        except RemoteError as error:
            self._endpoint.respond(asked, error.status, now_ms, reason=error.reason)
            return
        self._log.info("control", "the server ended %d/%d" % (slot, generation))
        self._endpoint.respond(asked, 200, now_ms)

    def _password_of(self, username):
        return self._password if username == USERNAME else None


def _order(body):
    """(slot, generation) of an end order; RemoteError(400) for anything else."""
    try:
        slot, generation = json.loads(body.decode())["end"]
    except (ValueError, TypeError, KeyError):  # UnicodeError is a ValueError
        raise RemoteError(400, "Not an order")
    if not isinstance(slot, int) or not isinstance(generation, int) or slot < 0 or generation < 0:
        raise RemoteError(400, "Not an order")
    return slot, generation
