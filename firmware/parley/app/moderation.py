"""What an operator may do to a conference, by way of the server: end, lock, mute, gain, who hears whom, put out."""

from parley.media.kernel_numbers import BRIDGE_GAIN_AUTO, GAIN_MOST
from parley.wire.errors import RemoteError

AUTOMATIC = 65535  # of the order: as loud as it needs to be


class Moderator:
    """Carries out orders. Each method's last argument is the time; RemoteError(404) for what is not there.

    changed(now_ms) is called when the server should hear news.
    """

    def __init__(self, slots, media, focus, changed, log):
        self._slots = slots
        self._media = media
        self._focus = focus
        self._changed = changed
        self._log = log

    def end(self, slot, generation, now_ms):
        """Hangs up on everybody; nobody gets in by this address any more."""
        self._focus.end_conference(slot, generation, now_ms)
        self._log.info("control", "the server ended %d/%d" % (slot, generation))

    def lock(self, slot, generation, locked, now_ms):
        """Lets nobody else in (locked 1), or whoever has the address again (0)."""
        conference = self._conference(slot, generation)
        conference.locked = locked != 0
        self._log.info(
            "control", "%d/%d is %s" % (slot, generation, "locked" if conference.locked else "open again")
        )
        self._changed(now_ms)

    def mute(self, slot, generation, number, muted, now_ms):
        """Lets nobody hear a participant (muted 1), or everybody again (0)."""
        participant = self._participant(slot, generation, number)
        self._media.mute(participant, muted != 0)
        self._focus.show(participant, now_ms)
        self._log.info("control", "%s is %s" % (participant.uri, "muted" if muted else "heard again"))
        self._changed(now_ms)

    def gain(self, slot, generation, number, gain, now_ms):
        """Lets everybody hear a participant louder or softer (gain in 1/256, at most GAIN_MOST; AUTOMATIC)."""
        if gain == AUTOMATIC:
            gain = BRIDGE_GAIN_AUTO
        if gain > GAIN_MOST:
            raise RemoteError(400, "Not so loud")
        participant = self._participant(slot, generation, number)
        self._media.set_gain(participant, gain)
        loud = "at one level" if gain < 0 else "%d/256 as loud" % gain
        self._log.info("control", "%s is heard %s" % (participant.uri, loud))
        self._changed(now_ms)

    def hear(self, slot, generation, number, other, hears, now_ms):
        """Lets a participant hear another one (hears 1), or not (0)."""
        listener = self._participant(slot, generation, number)
        talker = self._participant(slot, generation, other)
        if listener is talker:
            raise RemoteError(400, "Nobody hears himself")
        self._media.set_hears(listener, talker, hears != 0)
        words = "hears" if hears else "does not hear"
        self._log.info("control", "%s %s %s" % (listener.uri, words, talker.uri))
        self._changed(now_ms)

    def kick(self, slot, generation, number, now_ms):
        """Hangs up on one participant; he may call again."""
        participant = self._participant(slot, generation, number)
        self._focus.put_out(participant, "was put out of", now_ms)

    def _conference(self, slot, generation):
        conference = self._slots.find(slot, generation)
        if conference is None:
            raise RemoteError(404, "No such conference")
        return conference

    def _participant(self, slot, generation, number):
        for participant in self._media.members(self._conference(slot, generation)):
            if participant.number == number:
                return participant
        raise RemoteError(404, "No such participant")
