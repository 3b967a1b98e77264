"""Whose RTCP it is that comes by the board's port for it: told by where it comes from.

That is where the participant's description says. Behind a NAT it is not, and RTCP has another way out of the NAT than
RTP has (RFC 4787 4.1). So of who is behind one the source is learned: from the host that he signals from, a report in
the name of the very stream that is taken from him (others may know its SSRC, by CSRC lists), and about the stream that
he alone is sent, or under his keys. The first source of such a one is kept until he describes himself anew; it is where
the board's own reports go.
"""

from parley.call.table import Table
from parley.wire.errors import RemoteError
from parley.wire.rtcp import parse_compound

CLAIMS_PER_TURN = 4  # looked into; what comes beyond is lost, as RTCP may be


class _Place:
    """What is known of a leg: participant, address of his reports or None, host from which they may come, or ""."""

    def __init__(self, participant, address, host):
        self.participant = participant
        self.address = address
        self.host = host


class ReportSources:
    """side: BridgeSide."""

    def __init__(self, side):
        self._side = side
        self._places = Table()  # leg -> _Place
        self._by_address = Table()  # where reports come from -> leg
        self._hidden = {}  # host of a NAT -> legs behind it whose reports' source is not known
        self._claims = 0

    def turn(self):
        """Another turn begins."""
        self._claims = CLAIMS_PER_TURN

    def note(self, leg, participant):
        """His reports come from where he says now; of two who say the same, the first is believed."""
        address, host = _address_of(participant), _hidden_behind(participant)
        place = self._places.get(leg)
        if place is not None:
            if place.participant is participant and place.address == address and place.host == host:
                return
            self.forget(leg)
        self._places[leg] = _Place(participant, address, host)
        if address is not None and address not in self._by_address:
            self._by_address[address] = leg
        if host:
            self._hidden.setdefault(host, []).append(leg)

    def forget(self, leg):
        """He has left."""
        place = self._places.pop(leg)
        if place is None:
            return
        if self._by_address.get(place.address) == leg:
            self._by_address.pop(place.address)
        if place.host:
            self._hidden[place.host].remove(leg)
            if not self._hidden[place.host]:
                del self._hidden[place.host]

    def open(self, packet, source):
        """(leg, packet in the clear) of a packet that came from `source`, None of a third party's."""
        leg = self._by_address.get(source)
        if leg is not None:
            clear = self._side.open_report(leg, packet)
            return None if clear is None else (leg, clear)
        if source[0] not in self._hidden or self._claims == 0:
            return None
        self._claims -= 1
        for leg in self._hidden[source[0]]:
            participant = self._places.get(leg).participant
            clear = self._claimed(leg, participant, packet)
            if clear is not None:
                participant.report_source = source
                self.note(leg, participant)
                return leg, clear
        return None

    def _claimed(self, leg, participant, packet):
        """The packet in the clear if it cannot be but his, else None."""
        figures = self._side.figures(leg)
        # RFC 3711 3.4: the sender's SSRC stands in the clear under keys, too
        if not figures.heard or len(packet) < 8 or int.from_bytes(packet[4:8], "big") != figures.ssrc_in:
            return None
        ssrc_out = figures.ssrc_out
        clear = self._side.open_report(leg, packet)
        if clear is None or participant.keys is not None:
            return clear
        try:
            compound = parse_compound(clear)
        except RemoteError:
            return None
        return clear if ssrc_out in [block.ssrc for block in compound.blocks] else None


def _address_of(participant):
    return participant.report_source or participant.report_address


def _hidden_behind(participant):
    """The host of his NAT while the source of his reports is to be learned, else ""."""
    learned = participant.report_source is not None or participant.report_address is None
    if participant.aimed is None or participant.rtcp_mux or learned:
        return ""
    return participant.origin
