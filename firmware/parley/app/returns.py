"""Whom another board may fetch when this one has died, and fetching those of one that has (Replaces, RFC 3891).

A board tells its server the dialogs of phones that know Replaces. If it dies, the server has another board call these
phones with the lost dialog in Replaces: a phone that still holds it takes the new call for it, without its user.
The board that is to do so asks the old one first: while that answers for the conference, nobody is fetched.
"""

from parley.wire.address import read_token
from parley.wire.dialog_id import dialog_mac
from parley.wire.errors import LocalError, RemoteError
from parley.wire.uri import parse_name_addr, parse_uri

TOLD_AT_ONCE = 16  # in one report: 3 KB
PROBE_MS = 1500  # who answers within it has not died


def knows_replaces(message):
    """Whether the sender of a message takes INVITE with Replaces."""
    return "replaces" in [tag.strip().lower() for tag in message.get_all("Supported")]


class Returns:
    """slots: SlotTable; media: MediaTask; lifetimes: Lifetimes; dial_out: DialOut. Takes {"fetch": ...} and
    responses to its OPTIONS.
    """

    def __init__(self, config, endpoint, slots, media, lifetimes, dial_out, clock, log):
        self._config = config
        self._endpoint = endpoint
        self._slots = slots
        self._media = media
        self._lifetimes = lifetimes
        self._dial_out = dial_out
        self._clock = clock
        self._log = log
        self._probes = []  # [OPTIONS, when to go on without an answer, address of the lost conference, who waits]

    def told(self, boot, turn):
        """[slot, generation, number, contact, dialog, MAC] of participants, for the report; of many in turns."""
        those = [one for one in self._media.everybody() if one.knows_replaces and not one.ringing]
        if len(those) > TOLD_AT_ONCE:
            first = turn * TOLD_AT_ONCE % len(those)
            those = (those[first:] + those[:first])[:TOLD_AT_ONCE]
        rows = [self._row(one, boot) for one in those]
        return [row for row in rows if row is not None]

    def _row(self, participant, boot):
        """None for who could not be called: over a connection of his, or from behind a NAT."""
        call = participant.call
        name, contact = call.dialog_name, call.remote_contact
        row = participant.told_dialog
        if row is not None and row[3] == contact and row[4] == name:
            return row
        try:
            host = parse_uri(contact).host
        except RemoteError:
            return None
        if not name or len(call.peer) > 2 or host.strip("[]") != call.peer[0] or " " in contact + name:
            return None
        conference = participant.conference
        row = [conference.slot, conference.generation, participant.number, contact, name]
        row.append(dialog_mac(self._config.key, boot, row))
        participant.told_dialog = row
        return row

    def fetch(self, slot, generation, text, now_ms):
        """Calls one of those whose board has died into a conference of ours.

        text: address of the lost conference, address of the new one, his contact, his dialog with the lost board, the
        URI he goes by; blanks between. RemoteError(400) for anything else, 404 when the address is not ours.
        """
        words = text.split(" ", 4)
        if len(words) != 5:
            raise RemoteError(400, "Not an order")
        old, new = parse_uri(words[0]), words[1]
        allocation = read_token(self._config.key, parse_uri(new).user or "")
        if (allocation.slot, allocation.generation) != (slot, generation):
            raise RemoteError(400, "Not that conference's address")
        for probe in self._probes:
            if probe[2] == words[0]:
                probe[3].append((allocation, words))
                return
        asked = self._endpoint.request("OPTIONS", words[0], now_ms, peer=old.address())
        self._probes.append([asked, now_ms + PROBE_MS, words[0], [(allocation, words)]])

    def response(self, subject, response, now_ms):
        """The end of a request of ours. Whether it was for us."""
        for probe in self._probes:
            if probe[0] is subject:
                self._probes.remove(probe)
                if response is not None and _is_focus_of(response, parse_uri(probe[2]).user):
                    self._log.warning("control", "nobody is fetched: %s lives" % probe[2])
                else:
                    self._fetch_all(probe[3], now_ms)
                return True
        return False

    def tick(self, now_ms):
        """Goes on where nobody answers."""
        for probe in [one for one in self._probes if one[1] <= now_ms]:
            self._probes.remove(probe)
            self._fetch_all(probe[3], now_ms)

    def next_deadline(self):
        """When tick is due, None if nothing is waited for."""
        return min([probe[1] for probe in self._probes]) if self._probes else None

    def _fetch_all(self, people, now_ms):
        for allocation, words in people:
            try:
                self._fetch(allocation, words, now_ms)
            except (LocalError, RemoteError) as error:
                self._log.warning("control", "%s is not fetched: %s" % (words[4], error))

    def _fetch(self, allocation, words, now_ms):
        conference = self._slots.find(allocation.slot, allocation.generation)
        is_first = conference is None
        if is_first:
            conference = self._slots.admit(
                allocation, self._clock.expiry_s(), self._clock.started_s, self._config.offer_ttl_s
            ) or self._lifetimes.begin(allocation, words[1])
        # Whoever does not know that dialog must not ring: Require makes him refuse (RFC 3891 4).
        headers = (("Replaces", words[3]), ("Require", "replaces"))
        try:
            self._dial_out.call(conference, words[2], headers, now_ms, who=words[4])
        except (LocalError, RemoteError, MemoryError):
            if is_first:
                self._lifetimes.end(conference, now_ms)
            raise


def _is_focus_of(response, token):
    """Whether this answer comes from a board on which the conference lives (RFC 4579 4.1)."""
    try:
        contact = parse_name_addr(response.get("Contact") or "")
    except RemoteError:
        return False
    return response.status < 300 and contact.uri.user == token
