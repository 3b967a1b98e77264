"""The media terms of participants: offers and answers (RFC 3264), and what of them leg, keys and ports must know."""

from parley.app.places import codec_of
from parley.call.negotiate import NOBODY, answer_offer, make_offer, preferred, read_answer
from parley.wire.errors import RemoteError
from parley.wire.sdp import parse_sdp
from parley.wire.uri import parse_name_addr, parse_via


def new_seed(random_bytes):
    """(SSRC, sequence number, timestamp) of a stream's first packet, random (RFC 3550 5.1)."""
    octets = random_bytes(10)
    ssrc, timestamp = int.from_bytes(octets[:4], "big"), int.from_bytes(octets[4:8], "big")
    return ssrc, int.from_bytes(octets[8:], "big"), timestamp


def origin_of(request):
    """The host from which its first sender's next hop had a request: what his NAT looks like. "" when no Via tells."""
    try:
        via = parse_via(request.get_all("Via")[-1])
    except (RemoteError, IndexError):
        return ""
    return via.param("received") or via.host


def origin_of_answer(response):
    """The host that a phone we called signals from: where its 200 came from; by way of proxies where its Contact is.

    A proxy on the way puts itself into the route (RFC 3261 16.6 step 4), and one that knows of NATs writes what it sees
    into the Contact. "" when that cannot be read.
    """
    if response.get("Record-Route") is None:
        return response.source
    try:
        return parse_name_addr(response.get_all("Contact")[0]).uri.host
    except (RemoteError, IndexError):
        return ""


class Terms:
    """config: Config; media: MediaTask; wire: MediaWire."""

    def __init__(self, config, media, wire):
        self._config = config
        self._media = media
        self._wire = wire

    def take_answer(self, participant, body):
        """The answer to our offer came. RemoteError(488) when it is of no use."""
        ours, participant.our_offer = participant.our_offer, None
        agreed = read_answer(ours, parse_sdp(body))
        self._media.keys.check(participant, agreed.keys)
        if (agreed.codec, agreed.rate_hz) not in self._media.places.codecs(participant):
            raise RemoteError(488, "No place is left for a leg with this codec")  # others were faster
        self._wire.aim(participant, agreed.remote, may_move=False)
        self._apply(participant, agreed)

    def agree(self, participant, offer):
        """Settles the media of a participant by a peer's offer, or makes ours when there is none.

        Returns SDP bytes. RemoteError, and nothing has changed: 488, 503.
        """
        version = participant.session_version + 1
        if not offer:  # RFC 3261 13.2.1: our 200 then carries the offer, their ACK the answer
            host, port, session_id = self._config.host, participant.port, participant.session_id
            security = self._media.keys.stand(participant)
            reports = self._wire.reports
            participant.our_offer = make_offer(
                self._media.places.offered(participant),
                host,
                port,
                session_id,
                version,
                security=security,
                report_port=reports.port,
                muxes=reports.muxes,
                levels=self._config.levels,
            )
            participant.session_version = version
            return participant.our_offer.to_bytes()
        theirs = parse_sdp(offer)
        places = self._media.places
        places.note_wish(
            participant, preferred(theirs, places.may_ever(), self._media.keys.stand(participant))
        )
        agreed = self._answer(participant, theirs, version)
        if self._wire.aim(participant, agreed.remote):
            agreed = self._answer(participant, theirs, version)  # names another port
        self._apply(participant, agreed)
        participant.session_version = version
        return agreed.answer.to_bytes()

    def _answer(self, participant, offer, version):
        host, port, session_id = self._config.host, participant.port, participant.session_id
        security = self._media.keys.stand(participant)
        reports = self._wire.reports
        return answer_offer(
            offer,
            self._media.places.codecs(participant),
            host,
            port,
            session_id,
            version,
            security,
            reports.port,
            reports.muxes,
            self._media.places.packs(participant),
            self._config.levels,
            self._config.comfort_noise > 0,
        )

    def _apply(self, participant, agreed):
        """Makes the leg what was negotiated."""
        participant.codec = codec_of(agreed)
        participant.payload_type = agreed.payload_type
        participant.event_payload_type = agreed.event_payload_type
        participant.ptime_ms = self._media.places.ptime_ms(participant, agreed)
        participant.direction = agreed.direction
        participant.agreed_keys = agreed.keys
        participant.extensions = agreed.extensions
        participant.takes_noise = agreed.noise
        participant.rtcp_mux = agreed.rtcp_mux
        address = None if agreed.remote[0] in NOBODY else agreed.report_address
        if address is not None and address != participant.report_address:
            participant.report_source = None
        participant.report_address = address
        self._media.retune(participant)
