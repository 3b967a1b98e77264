"""The conference event package (RFC 4575) of this board: who watches which conference, and what he is told.

Whoever knows a conference's address may watch it: nobody can guess one. The number of watchers has a bound.
"""

from parley.app.roster import Cursor, Roster
from parley.app.shortage import note_shortage
from parley.wire.address import read_token
from parley.wire.conference_info import CONTENT_TYPE
from parley.wire.errors import RemoteError
from parley.wire.uri import parse_uri

PACKAGES = {"conference": CONTENT_TYPE}
WATCHERS_PER_LEG = 2
HELD = ("recvonly", "inactive")  # our direction when the participant has put us on hold
RETRY_AFTER_S = 30


class ConferenceEvents:
    """Told by the focus what happens; takes the endpoint's "subscribe" and "subscription_over"."""

    def __init__(self, config, endpoint, slots, log):
        self._config = config
        self._endpoint = endpoint
        self._slots = slots
        self._log = log
        self._rosters = {}  # (slot, generation) -> (Roster, list of subscriptions)
        self._watchers = 0

    def handle(self, event, now_ms):
        """One event of the endpoint. Returns False for kinds that are not ours."""
        if event.kind == "subscribe":
            self._asked(event.subject, now_ms)
        elif event.kind == "subscription_over":
            self._over(event.subject)
        else:
            return False
        return True

    def started(self, conference, uri):
        """A conference has begun. uri: the address it is called by."""
        self._rosters[_key(conference)] = (Roster(uri, conference.size), [])

    def changed(self, participant, now_ms):
        """A participant has come in, or something about him has changed."""
        status = participant.ringing or ("on-hold" if participant.direction in HELD else "connected")
        if (participant.muted or participant.muted_self) and status == "connected":
            status = "muted-via-focus"
        call = participant.call
        contact = call.remote_contact or participant.uri
        roster, _ = self._rosters[_key(participant.conference)]
        if roster.put(participant.number, participant.uri, contact, status, participant.joining):
            self._publish(participant.conference, now_ms)

    def left(self, participant, now_ms):
        """A participant is out."""
        roster, _ = self._rosters[_key(participant.conference)]
        if roster.take_out(participant.number, participant.uri):
            self._publish(participant.conference, now_ms)

    def ended(self, conference, now_ms):
        """A conference is over, and so is every subscription to it (RFC 6665 4.1.3: noresource)."""
        if _key(conference) not in self._rosters:
            return  # there was no memory for it when it began
        roster, subscriptions = self._rosters.pop(_key(conference))
        roster.active = False
        for subscription in list(subscriptions):
            self._spare(self._endpoint.end_subscription, subscription, now_ms, "noresource")

    def contact_for(self, uri, peer):
        """What an address of ours stands for: the Contact of its conference, '' of none (RFC 4579 4.1)."""
        try:
            allocation = read_token(self._config.key, parse_uri(uri).user or "")
        except RemoteError:
            return ""
        conference = self._slots.find(allocation.slot, allocation.generation)
        return "" if conference is None else contact_value(self._config, self._slots.uri_of(conference), peer)

    def _publish(self, conference, now_ms):
        for subscription in list(self._rosters[_key(conference)][1]):
            self._spare(self._endpoint.publish, subscription, now_ms)

    def _spare(self, work, *arguments):
        # who only watches must not keep a participant from leaving for want of memory
        try:
            work(*arguments)
        except MemoryError:
            note_shortage(self._endpoint)

    def _asked(self, asked, now_ms):
        try:
            self._grant(asked, now_ms)
        except RemoteError as error:
            headers = (("Retry-After", str(RETRY_AFTER_S)),) if error.status == 503 else ()
            self._endpoint.respond(asked, error.status, now_ms, reason=error.reason, headers=headers)

    def _grant(self, asked, now_ms):
        allocation = read_token(self._config.key, parse_uri(asked.request.uri).user or "")
        if self._slots.find(allocation.slot, allocation.generation) is None:
            raise RemoteError(404, "No such conference")
        if self._watchers >= WATCHERS_PER_LEG * self._config.legs:
            raise RemoteError(503, "Too many watchers")
        roster, subscriptions = self._rosters[_key(allocation)]
        cursor = Cursor()

        def document(subscription, full, limit):
            return roster.document(cursor, full, limit)

        subscription = self._endpoint.accept_subscribe(asked, document, now_ms)
        subscription.user_data = _key(allocation)
        subscriptions.append(subscription)
        self._watchers += 1
        self._log.info(
            "focus", "%s watches %d/%d" % (subscription.uri, allocation.slot, allocation.generation)
        )

    def _over(self, subscription):
        if subscription.role != "notifier":
            return
        self._watchers -= 1
        _, subscriptions = self._rosters.get(subscription.user_data, (None, []))
        if subscription in subscriptions:
            subscriptions.remove(subscription)


def contact_value(config, address, peer):
    """The conference's Contact for a peer; who came over TCP or TLS stays there."""
    if len(peer) == 2:
        return "<%s>;isfocus" % address
    uri = parse_uri(address)
    uri.set_param("transport", peer[2])
    if peer[2] == "tls":
        uri.port = config.tls[0]
    return "<%s>;isfocus" % uri


def _key(thing):
    return (thing.slot, thing.generation)
