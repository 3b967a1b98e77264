"""Conferences begin and end: for the slots, and for who watches."""


class Lifetimes:
    """slots: SlotTable; events: ConferenceEvents."""

    def __init__(self, slots, events):
        self._slots = slots
        self._events = events

    def begin(self, allocation, address):
        """The conference of an admitted allocation, at that address; somebody comes in next, or `end`."""
        conference = self._slots.start(allocation, address)
        self._events.started(conference, address)
        return conference

    def end(self, conference, now_ms):
        """Nobody is in it any more, and nobody gets in by its address."""
        self._slots.close(conference.slot, conference.generation)
        self._events.ended(conference, now_ms)
