"""The media tick: packets in, mix, packets out, for everybody on the board. Nothing in `tick` allocates."""

from parley.app.hearing import channels_of
from parley.app.places import Places
from parley.media import kernel_numbers
from parley.media.bridge import NO_ADDRESS
from parley.media.codecs import PTIME_MS, packet_bytes
from parley.media.names import growths, noise_growth
from parley.wire.errors import LocalError, RemoteError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from parley.app.slots import Conference
    from parley.call.extensions import Extensions
    from parley.call.secure import Keys
    from parley.wire.sdp import SessionDescription


# What is left of a direction for somebody who is muted.
SILENCED = {"sendrecv": "sendonly", "sendonly": "sendonly", "recvonly": "inactive", "inactive": "inactive"}


class Participant:
    """A leg with its call: what the focus makes of an INVITE and the tick works on.

    number: his name on this board since its start; muted: the operator lets nobody hear him; muted_self: he himself
    does; gain: in 1/256, how loud everybody hears him; unheard: numbers of whom he does not hear; hand: he has raised
    it; typed, typed_ms: of the menu's keys, and when; direction: ours, as negotiated; ptime_ms: of the packets that
    he is sent; port: ours for RTP; line:
    RtpSocket on it that is his alone, or None; address: of his RTP as the bridge knows it, NO_ADDRESS for who has a
    line; origin: host that his signalling came from, "" unknown; aimed: where his source was looked for last
    (MediaWire); leg: its number in the bridge, -1 without; uri: who it is, for the server; agreed_keys: Keys as
    negotiated, None in the clear; keys: those that his leg has; session_id, session_version: of our descriptions;
    our_offer: the description that waits for an answer, or None. seed: (SSRC, sequence number, timestamp) to send
    first, random (RFC 3550 5.1). joining: "dialed-in" or "dialed-out"; ringing: "dialing-out" or "alerting" while we
    call him, '' once he is in (RFC 4575 5.7). knows_replaces: his phone does; told_dialog: what the server was told of
    his call (Returns), or None. extensions: Extensions as negotiated, None without.
    takes_noise: his phone takes comfort noise.
    """

    def __init__(self, call, uri, session_id, seed=(0, 0, 0), number=0):
        self.number = number
        self.muted = self.muted_self = self.hand = False
        self.gain = kernel_numbers.GAIN_ONE
        self.unheard = []
        self.typed = ""
        self.typed_ms = 0
        self.direction = "inactive"
        self.codec = "PCMU"
        self.payload_type = 0
        self.event_payload_type: "int | None" = None
        self.ptime_ms = PTIME_MS
        self.joining = "dialed-in"
        self.ringing = ""
        self.knows_replaces = False
        self.told_dialog: "list[Any] | None" = None
        self.call: "Any" = call
        self.uri = uri
        self.port = 0
        self.line: "Any" = None
        self.address = NO_ADDRESS
        self.origin = ""
        self.aimed: "Any" = None
        self.leg = -1
        self.seed = seed
        self.agreed_keys: "Keys | None" = None
        self.keys: "Keys | None" = None
        self.extensions: "Extensions | None" = None
        self.takes_noise = False
        self.report_address: "tuple[str, int] | None" = None  # where he takes RTCP, as he says
        self.report_source: "tuple[str, int] | None" = None  # where his comes from, learned (ReportSources)
        self.rtcp_mux = False  # which goes the way of RTP
        self.session_id = session_id
        self.session_version = 0
        self.our_offer: "SessionDescription | None" = None
        self.conference: "Conference | None" = None


class MediaTask:
    """Whose leg is which. participants: by number of their legs, None where a leg is free.

    bridge: Bridge; packets: what moves packets between it and the network (parley.media.packets); keys: KeyRing;
    side: BridgeSide. Without them it has no legs. csrc: of how many who are heard everybody's packets tell the SSRC.
    comfort_noise: -dBov of the noise for phones that take it, 0 for none.
    """

    def __init__(self, bridge=None, packets=None, keys=None, side=None, csrc=0, comfort_noise=0):
        self.participants: "list[Any]" = [None] * (0 if bridge is None else bridge.legs)
        self.count = 0
        self.places = Places(bridge, self.participants)
        self._bridge: "Any" = bridge
        self._packets: "Any" = packets
        self.keys: "Any" = keys
        self.side: "Any" = side
        self._csrc = csrc
        self._comfort_noise = comfort_noise

    @property
    def full(self):
        """Every leg of the board is in use."""
        return self.count >= len(self.participants)

    @property
    def active(self):
        """There is somebody to run the tick for."""
        return self.count > 0

    def everybody(self):
        """All participants, in the order of their legs."""
        return [one for one in self.participants if one is not None]

    def members(self, conference):
        """The participants of a conference, in the order of their numbers."""
        return list(conference.members)

    def join(self, participant):
        """Takes a participant into his conference, from the next tick on. LocalError when there is no place."""
        one = participant
        conference = one.conference
        conference.add(one)
        terms = (one.codec, one.payload_type, one.event_payload_type, _direction(one), one.address, one.seed)
        try:
            one.leg = self._bridge.add(conference.slot, *terms)
        except (LocalError, MemoryError):
            conference.remove(one)
            raise
        self.participants[one.leg] = one
        self.count += 1
        try:
            self._settle(one)
        except MemoryError:
            self.leave(one)
            raise

    def leave(self, participant):
        """Takes him out again."""
        participant.conference.remove(participant)
        self._packets.close(participant.leg)
        self._bridge.remove(participant.leg)
        self.participants[participant.leg] = None
        self.keys.leave(participant)
        participant.leg = -1
        self.count -= 1

    def retune(self, participant):
        """Does what was negotiated anew: codec, direction, address or line. Of no effect before he has joined."""
        one = participant
        if one.leg >= 0:
            self._bridge.change(
                one.leg, one.codec, one.payload_type, one.event_payload_type, _direction(one), one.address
            )
            self._settle(one)

    def _settle(self, one):
        """The time of his packets and what they name, his way to the network, and his keys."""
        if not self._bridge.ptime(one.leg, one.ptime_ms):
            one.ptime_ms = PTIME_MS  # others were faster
        growth = self.keys.settle(one, one.agreed_keys)
        octets = packet_bytes(one.codec, one.ptime_ms)
        lengths = self._name(one) + ([noise_growth(octets)] if one.takes_noise else [])
        self._bridge.noise(one.leg, self._comfort_noise if one.takes_noise else 0)
        self._packets.expect(one.leg, octets + growth, lengths)
        self._packets.open(one.leg, one.line)

    def _name(self, one):
        """Has his packets name who is heard; returns what that takes in their headers, in bytes."""
        found = one.extensions
        if found is None:
            self._bridge.names(one.leg, self._csrc)
            return growths(self._csrc, 0)
        most = (
            kernel_numbers.BRIDGE_NAMES if found.level_out else self._csrc
        )  # levels are those of names (RFC 6465 3)
        self._bridge.names(one.leg, most, found.level_out, found.level_in)
        return growths(most, found.level_out)

    def mute(self, participant, muted):
        """Lets nobody hear him, or everybody again."""
        participant.muted = muted
        self.retune(participant)

    def mute_self(self, participant, muted):
        """The same at his own wish; who is muted by both is heard when both have let him."""
        participant.muted_self = muted
        self.retune(participant)

    def set_gain(self, participant, gain):
        """Lets everybody hear him louder or softer, in 1/256, or BRIDGE_GAIN_AUTO: as loud as it needs to be."""
        participant.gain = gain
        self._bridge.gain(participant.leg, gain)

    def gain_now(self, participant):
        """His gain in 1/256; an automatic one as it is at the moment."""
        return self.side.figures(participant.leg).gain

    def set_hears(self, listener, talker, hears):
        """Lets a participant hear another of his conference no more, or again. RemoteError(486): nothing changed."""
        before = listener.unheard
        listener.unheard = [number for number in before if number != talker.number]
        if not hears:
            listener.unheard.append(talker.number)
        members = self.members(listener.conference)
        try:
            channels = channels_of(members)
        except RemoteError:
            listener.unheard = before
            raise
        for one in members:
            self._bridge.channels(one.leg, *channels[one.number])

    def tell(self, participant, tone, times=1):
        """Plays him alone a tone (Bridge.tell), if he has a leg."""
        if participant.leg >= 0:
            self._bridge.tell(participant.leg, tone, times)

    def take(self, participant, packet):
        """Takes a packet as one of his. Returns whether it is: under his keys, if he has some."""
        result = self._bridge.receive_leg(participant.leg, packet, len(packet))
        return result not in (kernel_numbers.BRIDGE_FORGED, kernel_numbers.BRIDGE_REPLAYED)

    def level(self, participant):
        """How loud he was in the last frame, in -dBov: 0 loudest, 127 silence (RFC 6464 3)."""
        return self._bridge.level(participant.leg)

    def depth_ms(self, participant):
        """How much of his sound waits in his jitter buffer."""
        return self._bridge.depth_ms(participant.leg)

    def stats(self, participant):
        """{name: count} of everything counted of him."""
        return self._bridge.stats(participant.leg)

    def totals(self):
        """{name: count} of all legs together and of the packets' way; {} without legs."""
        if self._bridge is None:
            return {}
        found = self._bridge.totals()
        found["network"] = self._packets.counters()
        found["short"] = self.places.short
        return found

    def clock(self, now_ms):
        """Says what time it is, for RTCP's figures. Allocates nothing."""
        self.side.clock(now_ms)

    def tick(self, phase=0, phases=1):
        """One frame of 20 ms for the conferences of a phase. OSError: the board's RTP socket is broken."""
        self._packets.tick(phase, phases)

    @property
    def runs(self):
        """Ticks and the waits between them may be left to `run`."""
        return self._packets.runs

    def run(self, descriptors, plan):
        """The ticks of a plan (parley.media.packets); returns how many there were. OSError as for tick."""
        return self._packets.run(descriptors, plan)

    def skip(self, ticks):
        """Moves everybody's RTP clock on over ticks that could not be run."""
        self._bridge.skip(ticks)


def _direction(participant):
    """Ours, as answered (RFC 3264 6.1). Whoever is muted speaks in none of them."""
    silent = participant.muted or participant.muted_self
    return SILENCED[participant.direction] if silent else participant.direction
