"""The addresses of a board: which conference lives at which slot, which have ended, who may come in."""

from parley.wire.errors import LocalError, RemoteError

ENDED_REMEMBERED = 16  # reported to the server with every registration

GONE = "Conference is over"

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Conference:
    """One conference: who is in it, in the order of their numbers. Its number in the bridge is its slot's."""

    def __init__(self, slot, generation, size):
        self.slot = slot
        self.generation = generation
        self.size = size
        self.locked = False  # nobody else comes in
        self.members: "list[Any]" = []

    @property
    def count(self):
        """Participants."""
        return len(self.members)

    @property
    def full(self):
        """No place is left."""
        return len(self.members) >= self.size

    def add(self, participant):
        """Lets a participant in. LocalError when full or when he is in already."""
        if self.full or participant in self.members:
            raise LocalError("participant cannot join")
        place = len(self.members)
        while place > 0 and self.members[place - 1].number > participant.number:
            place -= 1  # somebody who called later is in already
        self.members.insert(place, participant)

    def remove(self, participant):
        """Takes him out. LocalError when he is not in."""
        if participant not in self.members:
            raise LocalError("participant is not in this conference")
        self.members.remove(participant)


class Slot:
    """One address.

    The generation makes it unique through time: only the live one, or a later one, is let in.
    """

    def __init__(self):
        self.conference: "Conference | None" = None
        self.uri = ""  # by which it was started
        self.last_generation = 0  # of the newest conference that was here and is over
        self.moved = (0, "")  # generation of the last one that has moved, and its new address


class SlotTable:
    """All slots of a board. Decides whom an allocated address lets in; knows nothing of calls."""

    def __init__(self, count):
        self._slots = [Slot() for _ in range(count)]
        self.ended = []  # (slot, generation), oldest first
        self.some_moved = False

    def admit(self, allocation, now_s, started_s, offer_ttl_s):
        """Whom does this address lead to? The live Conference, or None: it may be started now.

        allocation: from a token that was verified. now_s, started_s: Unix seconds of now and of this board's
        start, None while not known. RemoteError: 403 locked, 404 no such slot, 410 over or expired, 486 full,
        503 time not known yet.
        """
        if allocation.slot >= len(self._slots):
            raise RemoteError(404, "No such conference")
        slot = self._slots[allocation.slot]
        conference = slot.conference
        if conference is not None and conference.generation == allocation.generation:
            if conference.locked:
                raise RemoteError(403, "Conference is locked")
            if conference.full:
                raise RemoteError(486, "Conference is full")
            return conference  # while it lives its address is good, whatever the expiry says
        if conference is not None or allocation.generation <= slot.last_generation:
            raise RemoteError(410, GONE)
        if now_s is None:
            raise RemoteError(503, "Not registered yet")
        if allocation.expires_s < now_s:
            raise RemoteError(410, "Address has expired")
        if allocation.expires_s - offer_ttl_s < started_s:
            raise RemoteError(410, GONE)  # from before this boot: it may have been used and ended then
        return None

    def start(self, allocation, uri=""):
        """Begins the conference of an admitted allocation. uri: the address that was called."""
        slot = self._slots[allocation.slot]
        if slot.conference is not None:
            raise LocalError("slot is taken")
        slot.uri = uri
        slot.conference = Conference(allocation.slot, allocation.generation, allocation.size)
        return slot.conference

    def uri_of(self, conference):
        """The address of a live conference."""
        return self._slots[conference.slot].uri

    def find(self, number, generation):
        """The live conference of this slot and generation, or None."""
        if not 0 <= number < len(self._slots):
            return None
        conference = self._slots[number].conference
        return conference if conference is not None and conference.generation == generation else None

    def close(self, number, generation):
        """Nobody gets in by this generation, or an older one, any more. RemoteError(404) without such a slot.

        To be called when the last leg has left, and for an address that was given out and is not to be used.
        """
        if not 0 <= number < len(self._slots):
            raise RemoteError(404, "No such conference")
        slot = self._slots[number]
        if self.find(number, generation) is not None:
            slot.conference = None
        if generation <= slot.last_generation:
            return
        slot.last_generation = generation
        self.ended.append((number, generation))
        if len(self.ended) > ENDED_REMEMBERED:
            self.ended.pop(0)

    def move(self, number, generation, uri):
        """Remembers where a live conference goes; until the next one of its slot moves, or the board starts anew."""
        self._slots[number].moved = (generation, uri)
        self.some_moved = True

    def moved_to(self, allocation):
        """The new address of an allocation's conference, None when it has none."""
        if allocation.slot >= len(self._slots):
            return None
        generation, uri = self._slots[allocation.slot].moved
        return uri if uri and generation == allocation.generation else None

    def live(self):
        """The live conferences in order of their slots."""
        return [slot.conference for slot in self._slots if slot.conference is not None]
