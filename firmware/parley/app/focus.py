"""The focus (RFC 4353 3): decides about each call to a conference address, keeps calls and legs together."""

from parley.app.announcer import Announcer
from parley.app.conference_events import contact_value
from parley.app.lifetimes import Lifetimes
from parley.app.media_task import Participant
from parley.app.refusals import Refusals
from parley.app.returns import knows_replaces
from parley.app.shortage import note_shortage
from parley.app.terms import Terms, new_seed, origin_of
from parley.app.trail import FROM_BOARD, TO_BOARD
from parley.wire.address import conference_uri, read_token
from parley.wire.errors import LocalError, RemoteError
from parley.wire.uri import parse_uri


class Focus:
    """Feed it the endpoint's events of calls; it answers through the endpoint.

    wire: MediaWire; attendant: Attendant; events: ConferenceEvents, told of every coming and going. changed(now_ms)
    is called when the server should hear news. random_bytes(n) -> bytes. terms: Terms, of all its participants;
    lifetimes: Lifetimes, of its conferences.
    """

    def __init__(
        self,
        config,
        endpoint,
        slots,
        media,
        wire,
        attendant,
        clock,
        random_bytes,
        changed,
        events,
        trail,
        log,
    ):
        self.terms = Terms(config, media, wire)
        self.lifetimes = Lifetimes(slots, events)
        self._config = config
        self._endpoint = endpoint
        self._slots = slots
        self._media = media
        self._wire = wire
        self._attendant = attendant
        self._clock = clock
        self._random_bytes = random_bytes
        self._changed = changed
        self._events = events
        self._trail = trail
        self.announcer = Announcer(media, config.announce)
        self._log = log
        self._refusals = Refusals(config, endpoint, trail, log)
        self._last_number = 0  # of a participant

    def handle(self, event, now_ms):
        """One event of a call. Returns False for kinds that are not the focus's."""
        handler = HANDLERS.get(event.kind)
        if handler is None:
            return False
        handler(self, event, now_ms)
        return True

    def end_conference(self, slot, generation, now_ms):
        """Hangs up on everybody; nobody gets in by this address any more.

        RemoteError(404) without such a slot.
        """
        conference = self._slots.find(slot, generation)
        if conference is None:
            self._slots.close(slot, generation)
            self._changed(now_ms)
            return
        for participant in self._media.members(conference):
            if participant.call.user_data is participant:  # who rings leaves with the last who talks
                self.put_out(participant, "is hung up on in", now_ms)

    def show(self, participant, now_ms):
        """Something about a participant has changed that watchers should see."""
        self._events.changed(participant, now_ms)

    def put_out(self, participant, why, now_ms, headers=()):
        """Hangs up on one participant, or stops calling him. headers: of the BYE."""
        call = participant.call
        text = "CANCEL" if participant.ringing else "BYE"
        self._trail.note(now_ms, participant.conference, FROM_BOARD, text, participant.uri)
        self.leave(participant, why, now_ms)
        self._endpoint.hangup(call, now_ms, headers)

    def end_all(self, now_ms):
        """Hangs up on everybody on the board."""
        for conference in self._slots.live():
            self.end_conference(conference.slot, conference.generation, now_ms)

    def _incoming(self, event, now_ms):
        """An INVITE: in, or refused with the status that says why (the table is in SlotTable.admit)."""
        call = event.subject
        try:
            self._join(call, event.message, now_ms)
        except RemoteError as error:
            self._refusals.refuse(event, error, now_ms)
        except MemoryError:
            note_shortage(self._endpoint)
            self._take_back(call, now_ms)
            try:
                self._refusals.refuse(event, RemoteError(503, "Out of memory"), now_ms)
            except LocalError:  # answered already
                self._endpoint.hangup(call, now_ms)

    def _take_back(self, call, now_ms):
        """Takes out whom memory was not enough for half way in: no leg and no empty conference stay."""
        if call.user_data is not None:
            self.leave(call.user_data, "finds no memory in", now_ms)
        for conference in self._slots.live():
            if conference.count == 0:
                self.lifetimes.end(conference, now_ms)

    def _join(self, call, invite, now_ms):
        token = parse_uri(invite.uri).user or ""
        allocation = read_token(self._config.key, token)
        replaced = self._named(call.replaces, allocation)
        self._named(call.joins, allocation)
        conference = replaced.conference if replaced is not None else self._admit(allocation)
        uri = call.remote_uri  # the From URI: who he says he is
        participant, body = self._make_participant(call, uri, call.offer, invite)
        is_first = conference is None
        address = conference_uri(token, self._config.host, self._config.sip_port)
        try:
            if is_first:
                conference = self.lifetimes.begin(allocation, address)
            if replaced is not None:  # RFC 3891 3: his place is the new one's; the endpoint hangs up on him
                self.leave(replaced, "is replaced in", now_ms, is_replaced=True)
            self.enter(participant, conference, call)
        except MemoryError:
            self.forget(participant)
            raise
        self._endpoint.answer(call, body, now_ms, contact=contact_value(self._config, address, call.peer))
        self._events.changed(participant, now_ms)
        self._trail.note(now_ms, allocation, TO_BOARD, "INVITE", uri)
        self._trail.note(now_ms, allocation, FROM_BOARD, "200 OK", uri)
        self.announcer.came(participant)
        self._log.info("focus", "%s %s %s" % (uri, "starts" if is_first else "joins", _name(allocation)))
        self._changed(now_ms)

    def _admit(self, allocation):
        """The live conference of an address, None when it begins now. RemoteError: see SlotTable.admit; 486."""
        conference = self._slots.admit(
            allocation, self._clock.expiry_s(), self._clock.started_s, self._config.offer_ttl_s
        )
        if self._media.full:
            raise RemoteError(486, "Board is full")
        return conference

    def _named(self, call, allocation):
        """The participant whose call an INVITE names (RFC 3891, RFC 3911), None when it names none.

        RemoteError(481) when he is not in the conference that it is for.
        """
        if call is None:
            return None
        participant = call.user_data
        if participant is None or _name(participant.conference) != _name(allocation):
            raise RemoteError(481, "No such call in this conference")
        return participant

    def prepare(self, conference, uri):
        """(Participant with a place of his own, our offer) for somebody whom the board is to call.

        `enter` follows, or `forget`. RemoteError: 403 locked, 486 full, 503 no port.
        """
        if conference.locked:
            raise RemoteError(403, "Conference is locked")
        if conference.full or self._media.full:
            raise RemoteError(486, "Conference is full" if conference.full else "Board is full")
        return self._make_participant(None, uri, b"")

    def forget(self, participant):
        """Takes back what was prepared for somebody who has not entered."""
        self._wire.close(participant)

    def enter(self, participant, conference, call):
        """Gives a participant his leg in a conference."""
        participant.conference = conference
        participant.call = call
        self._media.join(participant)
        call.user_data = participant
        self._attendant.welcome(participant)

    def _make_participant(self, call, uri, offer, invite=None):
        """(Participant outside any conference, SDP of our 200). RemoteError when the offer cannot be met.

        invite: his, None for somebody whom we call.
        """
        session_id = int.from_bytes(self._random_bytes(4), "big") >> 2
        self._last_number += 1
        participant = Participant(call, uri, session_id, new_seed(self._random_bytes), self._last_number)
        if invite is not None:
            participant.origin = origin_of(invite)
            participant.knows_replaces = knows_replaces(invite)
        self._wire.open(participant, apart=not offer)
        try:
            return participant, self.terms.agree(participant, offer)
        except (RemoteError, MemoryError):
            self._wire.close(participant)
            raise

    def _reoffer(self, event, now_ms):
        """A re-INVITE or UPDATE: hold, another codec or address (RFC 3264 8). Refused, it changes nothing."""
        call = event.subject
        participant = call.user_data
        if participant is None:
            self._endpoint.answer_reoffer(call, None, now_ms)
            return
        participant.origin = origin_of(event.message)
        try:
            body = self.terms.agree(participant, event.message.body)
        except RemoteError as error:
            self._log.info("focus", "%s: new offer refused: %s" % (participant.uri, error))
            self._endpoint.answer_reoffer(call, None, now_ms, status=error.status)
            return
        self._trail.note(now_ms, participant.conference, TO_BOARD, "INVITE (new offer)", participant.uri)
        self._trail.note(now_ms, participant.conference, FROM_BOARD, "200 OK", participant.uri)
        self._log.info("focus", "%s: media changed" % participant.uri)
        self._events.changed(participant, now_ms)
        self._endpoint.answer_reoffer(call, body, now_ms)

    def _acknowledged(self, event, now_ms):
        """An ACK came; if our 200 made the offer, the answer is in it."""
        call = event.subject
        participant = call.user_data
        if participant is None:
            return
        self._trail.note(now_ms, participant.conference, TO_BOARD, "ACK", participant.uri)
        if participant.our_offer is None:
            return
        participant.origin = origin_of(event.message)
        try:
            self.terms.take_answer(participant, event.message.body)
            self._events.changed(participant, now_ms)
        except RemoteError as error:
            self._log.warning("focus", "%s: unusable answer: %s" % (participant.uri, error))
            self.put_out(participant, "is dropped from", now_ms)

    def _ended(self, event, now_ms):
        participant = event.subject.user_data
        if participant is not None:
            text = "BYE" if event.text == "bye" else "(%s)" % event.text
            self._trail.note(now_ms, participant.conference, TO_BOARD, text, participant.uri)
            self.leave(participant, "left (%s)" % event.text, now_ms)

    def leave(self, participant, why, now_ms, is_replaced=False):
        """Takes him out, media first: nothing of him is left but the call's last messages.

        Without anybody who talks the conference is over, whoever rings; unless somebody takes his place.
        """
        conference = participant.conference
        participant.call.user_data = None
        self._attendant.farewell(participant)
        self._media.leave(participant)
        self._wire.close(participant)
        self._log.info("focus", "%s %s %s" % (participant.uri, why, _name(conference)))
        self._events.left(participant, now_ms)
        self._changed(now_ms)
        if is_replaced:
            return
        if conference.count == 0:
            self.lifetimes.end(conference, now_ms)
            self._log.info("focus", "%s is over" % _name(conference))
            return
        members = self._media.members(conference)
        if not participant.ringing:
            self.announcer.left(conference)
        if not participant.ringing and not [one for one in members if not one.ringing]:
            for one in members:
                self.put_out(one, "is not called to", now_ms)


HANDLERS = {
    "incoming": Focus._incoming,
    "reoffer": Focus._reoffer,
    "established": Focus._acknowledged,
    "renegotiated": Focus._acknowledged,
    "ended": Focus._ended,
}


def _name(thing):
    """Slot and generation, as the server writes them."""
    return "%d/%d" % (thing.slot, thing.generation)
