"""What participants do to a conference by the keys of their phones (RFC 4733): a table of key sequences.

A sequence begins with a star, and a star always begins anew; other keys mean nothing. Each is answered by a tone that
the participant alone hears, but for a lock, which all hear. The moderator is who has been in for longest.
"""

from parley.media.kernel_numbers import MOST_TIMES

BETWEEN_KEYS_MS = 5000  # then what was begun is forgotten
EVERYBODY, MODERATOR = "everybody", "moderator"


class Menu:
    """media: MediaTask; focus: Focus. changed(now_ms) is called when the server should hear news."""

    def __init__(self, media, focus, changed, log):
        self._media = media
        self._focus = focus
        self._changed = changed
        self._log = log

    def press(self, participant, digit, now_ms):
        """A key, "0" to "9", "*", "#" or "A" to "D"."""
        typed = participant.typed
        if digit == "*":
            typed = ""
        elif not typed or now_ms - participant.typed_ms > BETWEEN_KEYS_MS:
            participant.typed = ""
            return
        typed += digit
        entry = ENTRIES.get(typed)
        participant.typed, participant.typed_ms = typed if entry is None else "", now_ms
        if entry is not None:
            self._choose(participant, typed, entry, now_ms)
        elif not [keys for keys in ENTRIES if keys.startswith(typed)]:
            participant.typed = ""
            self._media.tell(participant, "refused")

    def _choose(self, participant, typed, entry, now_ms):
        name, whose, action = entry
        if whose == MODERATOR and not self._moderates(participant):
            self._log.info("menu", "%s: %s (%s) refused: not the moderator" % (participant.uri, typed, name))
            self._media.tell(participant, "refused")
            return
        self._log.info("menu", "%s: %s (%s)" % (participant.uri, typed, name))
        action(self, participant, now_ms)

    def _moderates(self, participant):
        present = [one for one in self._media.members(participant.conference) if not one.ringing]
        return present[0] is participant

    def _mute(self, participant, now_ms):
        self._media.mute_self(participant, not participant.muted_self)
        self._media.tell(participant, "muted" if participant.muted_self else "unmuted")
        self._told(participant, now_ms)

    def _hand(self, participant, now_ms):
        participant.hand = not participant.hand
        self._media.tell(participant, "hand_up" if participant.hand else "hand_down")
        self._told(participant, now_ms)

    def _roll(self, participant, now_ms):
        present = [one for one in self._media.members(participant.conference) if not one.ringing]
        self._media.tell(participant, "roll", min(len(present), MOST_TIMES))

    def _lock(self, participant, now_ms):
        conference = participant.conference
        conference.locked = not conference.locked
        for one in self._media.members(conference):
            self._media.tell(one, "locked" if conference.locked else "opened")
        self._changed(now_ms)

    def _end(self, participant, now_ms):
        conference = participant.conference
        self._focus.end_conference(conference.slot, conference.generation, now_ms)

    def _told(self, participant, now_ms):
        self._focus.show(participant, now_ms)
        self._changed(now_ms)


# keys: (what for, who may, what is done)
ENTRIES = {
    "*1": ("mute himself", EVERYBODY, Menu._mute),
    "*2": ("raise his hand", EVERYBODY, Menu._hand),
    "*3": ("roll call", EVERYBODY, Menu._roll),
    "*5": ("lock", MODERATOR, Menu._lock),
    "*9#": ("end", MODERATOR, Menu._end),
}
