"""The media tick: packets in, mix, packets out, for everybody on the board. Nothing in `tick` allocates."""

from parley.app.runtime import RTP_READS_PER_TICK
from parley.media.burst import Burst

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from parley.media.conference import Conference
    from parley.media.leg import Leg
    from parley.wire.sdp import SessionDescription


# What is left of a direction for somebody who is muted.
SILENCED = {"sendrecv": "sendonly", "sendonly": "sendonly", "recvonly": "inactive", "inactive": "inactive"}


class Participant:
    """A leg with its wire: what the focus makes of an INVITE and the tick works on.

    number: his name on this board since its start; muted: the operator lets nobody hear him; direction: ours,
    as negotiated; socket: RtpSocket on `port`; uri: who it is, for the server; session_id, session_version: of
    our descriptions; our_offer: the description that waits for an answer, or None; refused: packets that the
    network did not take. joining: "dialed-in" or "dialed-out"; ringing: "dialing-out" or "alerting" while we
    call him, '' once he is in (RFC 4575 5.7).
    """

    def __init__(self, call, uri, socket, port, session_id, number=0):
        self.number = number
        self.muted = False
        self.direction = "inactive"  # as negotiated
        self.joining = "dialed-in"
        self.ringing = ""
        self.call: "Any" = call
        self.uri = uri
        self.socket = socket
        self.port = port
        self.session_id = session_id
        self.session_version = 0
        self.our_offer: "SessionDescription | None" = None
        self.conference: "Conference | None" = None
        self.leg: "Leg | None" = None
        self.refused = 0


class MediaTask:
    """All participants and conferences, in preallocated lists: the first `count` places each."""

    def __init__(self, legs, slots):
        self.participants: "list[Any]" = [None] * legs
        self.count = 0
        self.conferences: "list[Any]" = [None] * slots
        self.conference_count = 0
        self._burst = Burst()

    @property
    def full(self):
        """Every leg of the board is in use."""
        return self.count >= len(self.participants)

    @property
    def active(self):
        """There is somebody to run the tick for."""
        return self.count > 0

    def members(self, conference):
        """The participants of a conference, in order of arrival on the board."""
        return [one for one in self.participants[: self.count] if one.conference is conference]

    def join(self, participant):
        """Takes a participant into the tick, and his leg into his conference."""
        conference = participant.conference
        conference.add(participant.leg)
        if conference.count == 1:
            self.conferences[self.conference_count] = conference
            self.conference_count += 1
        self.participants[self.count] = participant
        self.count += 1

    def leave(self, participant):
        """Takes him out again; his conference too, when he was the last."""
        conference = participant.conference
        conference.remove(participant.leg)
        if conference.count == 0:
            _take_out(self.conferences, conference, self.conference_count)
            self.conference_count -= 1
        _take_out(self.participants, participant, self.count)
        self.count -= 1

    def replace_leg(self, participant, leg):
        """Gives him a leg, in the place of his present one if he has one."""
        if participant.conference is not None:
            legs = participant.conference.legs
            legs[legs.index(participant.leg)] = leg
        participant.leg = leg

    def set_direction(self, participant, direction):
        """direction: ours, as answered (RFC 3264 6.1). Whoever is muted speaks in none of them."""
        participant.direction = direction
        participant.leg.set_direction(SILENCED[direction] if participant.muted else direction)

    def mute(self, participant, muted):
        """Lets nobody hear him, or everybody again."""
        participant.muted = muted
        self.set_direction(participant, participant.direction)

    def level(self, participant):
        """How loud he was in the last frame, in -dBov: 0 loudest, 127 silence (RFC 6464 3)."""
        return participant.leg.level if participant.leg.heard else 127

    def tick(self):
        """One frame of 20 ms for everybody."""
        for i in range(self.count):
            self._receive(self.participants[i])
        for i in range(self.conference_count):
            self.conferences[i].mix()
        for i in range(self.count):
            participant = self.participants[i]
            if participant.leg.hears and not participant.socket.send(participant.leg.packet):
                participant.refused += 1

    def skip(self, ticks):
        """Moves everybody's RTP clock on over ticks that could not be run."""
        for i in range(self.count):
            leg = self.participants[i].leg
            for _ in range(ticks):
                leg.packetise(None)

    def _receive(self, participant):
        """What has arrived for one participant, up to a bound.

        Not speaking, his packets are read and forgotten.
        """
        socket = participant.socket
        for _ in range(RTP_READS_PER_TICK):
            length = socket.receive_into(self._burst.buffer)
            if length < 0:
                participant.refused += 1
            if length <= 0:
                return
            if participant.leg.speaks:
                self._burst.deliver(length, participant.leg)


def _take_out(items, item, count):
    """Removes item from the first `count` places and closes the gap."""
    for i in range(items.index(item), count - 1):
        items[i] = items[i + 1]
    items[count - 1] = None
