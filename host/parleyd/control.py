"""Orders to boards: a SIP MESSAGE (RFC 3428), signed with the board's control password."""

import json
from collections.abc import Callable
from dataclasses import dataclass

from parley.call.endpoint import ClientRequest, Endpoint
from parley.wire.address import derive
from parley.wire.sip import Response
from parleyd.pool import ProvisionedBoard

USERNAME = "server"
NO_ANSWER = 408


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an order: status and reason of the board's answer, 408 when it gave none."""

    status: int
    reason: str

    @property
    def done(self) -> bool:
        """Tell whether the board has obeyed."""
        return 200 <= self.status < 300


Done = Callable[[Outcome], None]


class Control:
    """Orders to boards and who waits for their outcome."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._waiting: list[tuple[ClientRequest, Done]] = []

    def order(
        self, board: ProvisionedBoard, name: str, numbers: tuple[int | str, ...], done: Done, now_ms: int
    ) -> None:
        """Give a board an order (parley/app/control.py lists them); `done` is called once."""
        request = self._endpoint.request(
            "MESSAGE",
            f"sip:{board.board_id}@{board.host}:{board.port};transport=udp",
            now_ms,
            peer=(board.host, board.port),
            headers=[("Content-Type", "application/json")],
            body=json.dumps({name: numbers}).encode(),
            credentials=(USERNAME, derive(board.key, "control")),
        )
        self._waiting.append((request, done))

    def answered(self, request: ClientRequest, response: Response | None) -> None:
        """Pass the endpoint's "response" event on to whoever waits for it."""
        for entry in [entry for entry in self._waiting if entry[0] is request]:
            self._waiting.remove(entry)
            if response is None:
                entry[1](Outcome(NO_ANSWER, "The board does not answer"))
            else:
                entry[1](Outcome(response.status, response.reason))
