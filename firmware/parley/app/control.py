"""The server's orders: MESSAGE with digest and a JSON body of one order (RFC 3428, RFC 7616).

| order | meaning |
| --- | --- |
| `{"end": [slot, generation]}` | hang up on everybody |
| `{"lock": [slot, generation, 0 or 1]}` | let nobody else in, or everybody again |
| `{"mute": [slot, generation, participant, 0 or 1]}` | let nobody hear a participant, or everybody again |
| `{"gain": [slot, generation, participant, 256ths]}` | make a participant louder or softer; 65535: by itself |
| `{"hear": [slot, generation, participant, another, 0 or 1]}` | let a participant hear another one, or not |
| `{"kick": [slot, generation, participant]}` | hang up on one participant |
| `{"move": [slot, generation, "sip:..."]}` | send everybody to that address (moves.py) |
| `{"fetch": [slot, generation, "..."]}` | call somebody in whose board has died (returns.py) |
| `{"watch": [seconds]}` | tell the levels for so long |
"""

import json

from parley.wire.address import derive
from parley.wire.auth import Authenticator
from parley.wire.errors import RemoteError

USERNAME = "server"
# order -> how many it has
NUMBERS = {"end": 2, "lock": 3, "mute": 4, "gain": 4, "hear": 5, "kick": 3, "watch": 1, "move": 3, "fetch": 3}
TEXTS = {"move": 256, "fetch": 1024}  # whose last one is a text, of so many characters at most


class Control:
    """Checks orders and passes them on. obey: {order: callable(*list, now_ms)}, may raise RemoteError."""

    def __init__(self, config, endpoint, clock, random_bytes, obey, log):
        self._authenticator = Authenticator(config.board_id, random_bytes(32))
        self._password = derive(config.key, "control")
        self._endpoint = endpoint
        self._clock = clock
        self._obey = obey
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
            self._carry_out(asked, request, now_ms)

    def _carry_out(self, asked, request, now_ms):
        try:
            name, numbers = _order(request.body)
            self._obey[name](*(numbers + [now_ms]))
        except RemoteError as error:
            self._endpoint.respond(asked, error.status, now_ms, reason=error.reason)
            return
        self._endpoint.respond(asked, 200, now_ms)

    def _password_of(self, username):
        return self._password if username == USERNAME else None


def _order(body):
    """(name, numbers) of an order; RemoteError(400) for anything else."""
    try:
        ((name, numbers),) = json.loads(body.decode()).items()
    except (ValueError, TypeError, AttributeError):  # UnicodeError is a ValueError
        raise RemoteError(400, "Not an order")
    if not isinstance(numbers, list) or len(numbers) != NUMBERS.get(name):
        raise RemoteError(400, "Not an order")
    if name in TEXTS and not (isinstance(numbers[-1], str) and 0 < len(numbers[-1]) <= TEXTS[name]):
        raise RemoteError(400, "Not an order")
    for number in numbers[:-1] if name in TEXTS else numbers:
        if not isinstance(number, int) or isinstance(number, bool) or number < 0:
            raise RemoteError(400, "Not an order")
    return name, numbers
