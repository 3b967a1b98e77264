"""What passed between this board and its callers, for the ladder diagrams of whoever looks after it.

Kept until the server has acknowledged it with the registration that carried it; bounded, the oldest go first.
"""

import json

KEPT = 48
SENT_AT_ONCE_OCTETS = 700  # with one registration: a heap in pieces has room for it, and so has one frame
URI_CHARACTERS = 64

TO_BOARD, FROM_BOARD = ">", "<"


class Trail:
    """Messages in the order in which they passed; each has a number that is never used again on this boot."""

    def __init__(self):
        self._entries = []  # (number, at_ms, slot, generation, arrow, text, uri), oldest first
        self._last = 0
        self._offered = 0  # the newest that a registration carries

    def note(self, now_ms, conference, arrow, text, uri):
        """One message. conference: has slot and generation; arrow: TO_BOARD or FROM_BOARD; uri: the caller's."""
        self._last += 1
        entry = (
            self._last,
            now_ms,
            conference.slot,
            conference.generation,
            arrow,
            text,
            uri[:URI_CHARACTERS],
        )
        self._entries.append(entry)
        if len(self._entries) > KEPT:
            self._entries.pop(0)

    def offer(self, now_ms):
        """Lists [number, age_ms, slot, generation, arrow, text, uri] for the next registration, oldest first.

        As many as SENT_AT_ONCE_OCTETS of JSON hold, at least one.
        """
        self._offered = 0
        rows, octets = [], 0
        for entry in self._entries:
            row = [entry[0], now_ms - entry[1]] + list(entry[2:])
            octets += len(json.dumps(row).encode()) + 2
            if rows and octets > SENT_AT_ONCE_OCTETS:
                break
            rows.append(row)
            self._offered = entry[0]
        return rows

    def accepted(self):
        """The server has what was offered last. Returns whether there is more."""
        self._entries = [entry for entry in self._entries if entry[0] > self._offered]
        return len(self._entries) > 0
