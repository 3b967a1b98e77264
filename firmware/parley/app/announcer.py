"""Tones by which everybody in a conference hears that somebody came or left, or that he is alone."""


class Announcer:
    """media: MediaTask; active: whether anything is said at all."""

    def __init__(self, media, active):
        self._media = media
        self._active = active

    def came(self, participant):
        """A participant is in."""
        if self._active:
            self._tell(participant.conference, "join")

    def left(self, conference):
        """A participant is out."""
        if self._active:
            self._tell(conference, "leave")

    def _tell(self, conference, tone):
        present = [one for one in self._media.members(conference) if not one.ringing]
        for one in present:
            self._media.tell(one, "alone" if len(present) == 1 else tone)
