"""The focus calls somebody (RFC 4579 5.5): an INVITE with an offer of ours, its fate told to who asked for it.

He has a leg from the beginning, mute and deaf, so that his place is his; watchers see him ringing.
"""

from parley.app.returns import knows_replaces
from parley.app.terms import origin_of_answer
from parley.app.trail import FROM_BOARD, TO_BOARD
from parley.call.caller import contacts_of
from parley.call.requests import address_of_record, target_of
from parley.wire.errors import LocalError, RemoteError
from parley.wire.uri import parse_uri

MOST_REDIRECTS = 3


class Dial:
    """One call of ours: whom, on whose behalf (subscription: of his REFER, or None), and where we have tried."""

    def __init__(self, participant, uri, headers):
        self.participant = participant
        self.visited = [uri]
        self.headers = headers
        self.subscription = None


class DialOut:
    """Takes the endpoint's events of calls the board has made, until they are answered or have failed.

    focus: Focus; events: ConferenceEvents; changed(now_ms): the server should hear news.
    """

    def __init__(self, endpoint, slots, focus, events, trail, changed, log):
        self._endpoint = endpoint
        self._slots = slots
        self._focus = focus
        self._events = events
        self._trail = trail
        self._changed = changed
        self._log = log
        self._dials = {}  # id of a call -> Dial

    def call(self, conference, uri, headers, now_ms, who=None):
        """Calls uri into a conference; returns the Dial. who: the URI he goes by, by default that one.

        RemoteError: 403 locked, 486 full, 503 no port. LocalError when uri is no SIP URI.
        """
        named = who or address_of_record(target_of(uri)[0])
        participant, body = self._focus.prepare(conference, named)
        participant.joining = "dialed-out"
        participant.ringing = "dialing-out"
        dial = Dial(participant, uri, headers)
        try:
            call = self._invite(dial, conference, body, None, now_ms)
        except (LocalError, MemoryError):
            self._focus.forget(participant)
            raise
        self._focus.enter(participant, conference, call)
        self._note(participant, FROM_BOARD, "INVITE", now_ms)
        return dial

    def _invite(self, dial, conference, body, redirected, now_ms):
        """Sends the INVITE to where the Dial has come."""
        uri = dial.visited[-1]
        address = self._slots.uri_of(conference)
        if parse_uri(uri).param("transport") == "tcp":
            address = address.replace(";transport=udp", ";transport=tcp")
        call = self._endpoint.invite(
            uri,
            body,
            now_ms,
            from_uri=address_of_record(parse_uri(address)),
            headers=dial.headers,
            redirected=redirected,
            contact="<%s>;isfocus" % address,  # RFC 4579 5.1
        )
        self._dials[call.id] = dial
        return call

    def _note(self, participant, arrow, text, now_ms):
        self._trail.note(now_ms, participant.conference, arrow, text, participant.uri)
        self._events.changed(participant, now_ms)

    def handle(self, event, now_ms):
        """One event of the endpoint. Returns False for those of others."""
        dial = self._dials.get(getattr(event.subject, "id", None))
        handler = HANDLERS.get(event.kind)
        if dial is None or handler is None:
            return False
        handler(self, dial, event, now_ms)
        return True

    def _progress(self, dial, event, now_ms):
        if event.status > 100:
            dial.participant.ringing = "alerting"
            self._events.changed(dial.participant, now_ms)
            self._tell(dial, event.status, event.message.reason, now_ms)

    def _answered(self, dial, event, now_ms):
        participant = dial.participant
        del self._dials[event.subject.id]
        participant.origin = origin_of_answer(event.message)
        try:
            self._focus.terms.take_answer(participant, event.message.body)
        except RemoteError as error:
            self._log.warning("focus", "%s: unusable answer: %s" % (participant.uri, error))
            participant.ringing = ""
            self._focus.put_out(participant, "is dropped from", now_ms)
            self._tell(dial, error.status, error.reason, now_ms)
            return
        participant.ringing = ""
        participant.knows_replaces = knows_replaces(event.message)
        self._note(participant, TO_BOARD, "%d %s" % (event.status, event.message.reason), now_ms)
        self._focus.announcer.came(participant)
        self._log.info("focus", "%s has picked up" % participant.uri)
        self._changed(now_ms)
        self._tell(dial, event.status, event.message.reason, now_ms)

    def _redirected(self, dial, event, now_ms):
        del self._dials[event.subject.id]
        participant = dial.participant
        fresh = [uri for uri in contacts_of(event.message) if uri not in dial.visited]
        if not fresh or len(dial.visited) > MOST_REDIRECTS:
            self._give_up(dial, event.status, event.message.reason, now_ms)
            return
        dial.visited.append(fresh[0])
        body = participant.our_offer.to_bytes()
        call = self._invite(dial, participant.conference, body, event.subject, now_ms)
        event.subject.user_data = None
        participant.call = call
        call.user_data = participant
        self._note(participant, FROM_BOARD, "INVITE", now_ms)

    def _rejected(self, dial, event, now_ms):
        del self._dials[event.subject.id]
        if event.message is None:  # RFC 3261 8.1.3.1: as if 408 or 503 had come
            self._give_up(dial, 503 if event.text == "transport error" else 408, None, now_ms)
        else:
            self._give_up(dial, event.status, event.message.reason, now_ms)

    def _ended(self, dial, event, now_ms):
        """Withdrawn: the conference is over, somebody put him out, or he rang too long."""
        del self._dials[event.subject.id]
        self._give_up(dial, 487, None, now_ms)

    def _give_up(self, dial, status, reason, now_ms):
        participant = dial.participant
        if participant.call.user_data is participant:
            self._trail.note(now_ms, participant.conference, TO_BOARD, str(status), participant.uri)
            self._focus.leave(participant, "does not come to (%d)" % status, now_ms)
        self._tell(dial, status, reason, now_ms)

    def _tell(self, dial, status, reason, now_ms):
        if dial.subscription is not None and not dial.subscription.final:  # it has a limit of its own
            self._endpoint.notify_refer(dial.subscription, status, reason, now_ms)


HANDLERS = {
    "progress": DialOut._progress,
    "answered": DialOut._answered,
    "redirected": DialOut._redirected,
    "rejected": DialOut._rejected,
    "ended": DialOut._ended,
}
