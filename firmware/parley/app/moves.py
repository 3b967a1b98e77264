"""A conference moves to another board: everybody is asked to call its new address (REFER, RFC 3515), then hung up on.

Whoever does not come within PATIENCE_MS is hung up on all the same, with the reason (RFC 3326): a conference is not to
be torn in two. Calls to the old address are redirected to the new one, so that they find it by dialling again.
"""

from parley.app.trail import FROM_BOARD, TO_BOARD
from parley.wire.address import read_token
from parley.wire.errors import LocalError, RemoteError
from parley.wire.uri import parse_uri

PATIENCE_MS = 20000
REASON = (("Reason", 'SIP;cause=302;text="The conference has moved"'),)


class Mover:
    """Carries out {"move": ...}; takes the endpoint's "refer_progress", and calls to addresses that have moved."""

    def __init__(self, config, endpoint, slots, media, focus, trail, log):
        self._config = config
        self._endpoint = endpoint
        self._slots = slots
        self._media = media
        self._focus = focus
        self._trail = trail
        self._log = log
        self._due = []  # (when, conference), oldest first

    def move(self, slot, generation, uri, now_ms):
        """Sends everybody to the address `uri`. RemoteError: 404 no such conference, 400 no address."""
        conference = self._slots.find(slot, generation)
        if conference is None:
            raise RemoteError(404, "No such conference")
        if parse_uri(uri).user is None:
            raise RemoteError(400, "Not an address")
        self._slots.move(slot, generation, uri)
        self._due.append((now_ms + PATIENCE_MS, conference))
        self._log.info("control", "%d/%d moves to %s" % (slot, generation, uri))
        for participant in self._media.members(conference):
            if participant.call.user_data is participant:  # who rings leaves with the last who talks
                self._send(participant, uri, now_ms)

    def _send(self, participant, uri, now_ms):
        try:
            self._endpoint.refer(participant.call, uri, now_ms)
        except LocalError:  # not in a dialog yet: he calls again and is redirected
            self._focus.put_out(participant, "cannot be sent on from", now_ms, REASON)
            return
        self._trail.note(now_ms, participant.conference, FROM_BOARD, "REFER", participant.uri)

    def handle(self, event, now_ms):
        """One event of the endpoint. Returns False for those of others."""
        if event.kind == "incoming":
            return self._redirect(event, now_ms)
        if event.kind != "refer_progress":
            return False
        call = event.subject.call
        participant = None if call is None else call.user_data
        if participant is not None and event.final:
            self._trail.note(now_ms, participant.conference, TO_BOARD, "%d" % event.status, participant.uri)
            moved = 200 <= event.status < 300
            self._focus.put_out(
                participant, "has moved from" if moved else "does not move from", now_ms, REASON
            )
        return True

    def tick(self, now_ms):
        """Hangs up on those who have not gone in time."""
        while self._due and self._due[0][0] <= now_ms:
            conference = self._due.pop(0)[1]
            for participant in self._media.members(conference):
                if participant.call.user_data is participant:
                    self._focus.put_out(participant, "has not moved from", now_ms, REASON)

    def next_deadline(self):
        """When tick is due, None if nothing is waited for."""
        return self._due[0][0] if self._due else None

    def _redirect(self, event, now_ms):
        """Answers a call to an address that has moved (302); leaves all others to the focus."""
        if not self._slots.some_moved:
            return False
        call = event.subject
        try:
            allocation = read_token(self._config.key, parse_uri(event.message.uri).user or "")
        except RemoteError:
            return False
        uri = self._slots.moved_to(allocation)
        if uri is None:
            return False
        self._trail.note(now_ms, allocation, TO_BOARD, "INVITE", call.remote_uri)
        self._trail.note(now_ms, allocation, FROM_BOARD, "302 Moved", call.remote_uri)
        self._endpoint.reject(call, 302, now_ms, headers=(("Contact", "<%s>;isfocus" % uri),))
        return True
