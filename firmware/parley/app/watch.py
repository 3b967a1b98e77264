"""Levels for whoever looks at a conference: told to the server several times a second, while it asks for them.

A report is made between ticks, never in one; at most one is under way, so a slow network only slows them down.
"""

import json

PERIOD_MS = 250
LONGEST_S = 60  # then the server must ask again
LEGS_IN_ONE = 128  # a message of 1.5 KB; with more legs the reports take turns

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable


class Watch:
    """send(body, now_ms) sends one report; `answered` must follow, whatever came of it.

    media: MediaTask. Time is an argument.
    """

    def __init__(self, send: "Callable[[bytes, int], None]", media):
        self._send = send
        self._media = media
        self._until_ms = 0
        self._due_ms: "int | None" = None
        self._under_way = False
        self._first = 0  # the participant with whom the next report begins

    def ask(self, seconds, now_ms):
        """The server watches from now on for so many seconds."""
        self._until_ms = now_ms + 1000 * min(seconds, LONGEST_S)
        if self._due_ms is None:
            self._due_ms = now_ms

    def next_deadline(self):
        """When to call tick; None when there is nothing to tell."""
        return None if self._under_way else self._due_ms

    def tick(self, now_ms):
        """Sends the report that is due."""
        if self._under_way or self._due_ms is None or now_ms < self._due_ms:
            return
        if now_ms >= self._until_ms:
            self._due_ms = None
            return
        self._due_ms = now_ms + PERIOD_MS
        self._under_way = True
        self._send(json.dumps({"levels": self._levels()}).encode(), now_ms)

    def answered(self, now_ms):
        """The report under way has come to its end."""
        self._under_way = False

    def _levels(self):
        """Lists [slot, generation, [number, level, number, level, ...]], one for each conference."""
        media = self._media
        everybody = media.everybody()
        found = {}
        count = min(len(everybody), LEGS_IN_ONE)
        for i in range(count):
            participant = everybody[(self._first + i) % len(everybody)]
            conference = participant.conference
            key = (conference.slot, conference.generation)
            if key not in found:
                found[key] = []
            found[key].append(participant.number)
            found[key].append(media.level(participant))
        self._first = (self._first + count) % len(everybody) if everybody else 0
        return [[key[0], key[1], levels] for key, levels in found.items()]
