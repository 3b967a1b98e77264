"""Offer and answer (RFC 3264) for one audio stream over RTP, encrypted or not (secure.py).

Which codecs there are is the caller's affair.

Session descriptions are values of parley.wire.sdp; nothing here touches media.
"""

from parley.call.audio_media import (
    EVENT_NAME,
    add_noise,
    audio_media,
    event_of,
    events_for,
    formats_of,
    refused,
    takes_noise,
)
from parley.call.extensions import answer_extensions, extensions_of_answer, offered_extensions
from parley.call.secure import PLAIN_PROFILES, SECURE_PROFILES, keys_of_answer
from parley.wire.errors import RemoteError
from parley.wire.grammar import DIGITS, MAX_PORT
from parley.wire.sdp import Media, SessionDescription

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parley.call.audio_media import Codecs
    from parley.call.extensions import Extensions
    from parley.call.secure import Keys, Security

DEFAULT_RATE_HZ = 8000
PTIME_MS = 20  # RFC 3551 4.2, the default of audio
MAX_PTIME_MS = 60  # longer packets are answered with our default
PTIME_STEP_MS = 10
LONGEST_MS = {("L16", 16000): 40}  # else a datagram would not fit an Ethernet frame
NOBODY = ("0.0.0.0", "::")  # RFC 3264 8.4: hold as RFC 2543 wrote it

# What the other side says -> what it is for us (RFC 3264 6.1).
MIRROR = {"sendrecv": "sendrecv", "sendonly": "recvonly", "recvonly": "sendonly", "inactive": "inactive"}


class Negotiated:
    """What offer and answer agreed on.

    answer: the SessionDescription that answered. codec: encoding name as in our list. payload_type: RTP
    payload type to send, and to expect. event_payload_type: of telephone-event, or None. remote: host and
    port to send RTP to. direction: ours, "sendrecv", "sendonly", "recvonly" or "inactive". ptime_ms: packet
    time the peer wants, 10, 20 ... 60. keys: Keys of an encrypted stream, None for a plain one. rtcp_mux: RTCP goes
    the way of RTP (RFC 5761); report_address: where the peer takes RTCP. rate_hz: clock rate of the codec. extensions:
    of RTP's header, None where they were not asked about. noise: comfort noise may be sent (RFC 3389).
    """

    def __init__(
        self,
        answer: SessionDescription,
        codec: str,
        payload_type: int,
        event_payload_type: "int | None",
        remote: "tuple[str, int]",
        direction: str,
        ptime_ms: int,
        keys: "Keys | None" = None,
    ) -> None:
        self.answer = answer
        self.keys = keys
        self.extensions: "Extensions | None" = None
        self.noise = False
        self.rtcp_mux = False
        self.rate_hz = DEFAULT_RATE_HZ
        self.report_address = remote
        self.codec = codec
        self.payload_type = payload_type
        self.event_payload_type = event_payload_type
        self.remote = remote
        self.direction = direction
        self.ptime_ms = ptime_ms


def answer_offer(
    offer: SessionDescription,
    codecs: "Codecs",
    host: str,
    port: int,
    session_id: int,
    version: int,
    security: "Security | None" = None,
    report_port: "int | None" = None,
    muxes: bool = True,
    packs: bool = False,
    levels: bool = False,
    noise: bool = False,
) -> Negotiated:
    """Answer an offer.

    codecs: (encoding name, clock rate in Hz) that we take, the offer's order decides; host, port: where we receive RTP;
    session_id, version: for our o= line, version one higher at each change (RFC 3264 8); security: how we stand
    to encryption, without it streams are plain; report_port: where we take RTCP, None for the port above RTP's;
    muxes: or by RTP's port, if the peer offers that; packs: we send packets of the time that he wants, and the
    answer states it, else 20 ms; levels: we take audio levels in clear streams (extensions.py);
    noise: and comfort noise.
    The first audio stream that we can take is taken, an encrypted one before a plain one; every other one is refused
    in its place. Raises RemoteError: 488 without a common codec over RTP, 400 without an address.
    """
    media, codec, rate_hz, payload_type = _first_usable(offer, codecs, security)
    keys = None if security is None else security.answer(media)
    event_payload_type = event_of(media, rate_hz)
    direction = _our_direction(offer, media)
    ptime_ms = _ptime_of(media, codec, rate_hz)
    stated_ms = ptime_ms if packs else PTIME_MS
    events = [] if event_payload_type is None else [(event_payload_type, rate_hz)]
    accepted = audio_media(port, [(payload_type, codec, rate_hz)], events, stated_ms, direction)
    accepted.protocol = media.protocol
    noise = noise and takes_noise(media, rate_hz)
    if noise:
        add_noise(accepted)
    if keys is not None:
        accepted.attributes.insert(0, ("crypto", keys.ours.value()))
    muxed = muxes and media.attribute("rtcp-mux") is not None
    if muxed:
        accepted.attributes.append(("rtcp-mux", None))
    elif report_port is not None:
        accepted.attributes.append(("rtcp", str(report_port)))  # RFC 3605
    extensions = None
    if levels and keys is None:
        extensions, lines = answer_extensions(offer, media)
        accepted.attributes += lines
    answer = SessionDescription("-", session_id, version, host, "-", host)
    answer.media = [accepted if offered is media else refused(offered) for offered in offer.media]
    remote = offer.address_of(media)
    agreed = Negotiated(answer, codec, payload_type, event_payload_type, remote, direction, ptime_ms, keys)
    agreed.rate_hz = rate_hz
    agreed.extensions = extensions
    agreed.noise = noise
    _note_reports(agreed, media, muxed)
    return agreed


def preferred(
    offer: SessionDescription, codecs: "Codecs", security: "Security | None" = None
) -> "tuple[str, int] | None":
    """Return (encoding name, clock rate in Hz) that an answer would take of these codecs, None for none."""
    try:
        _, codec, rate_hz, _ = _first_usable(offer, codecs, security)
    except RemoteError:
        return None
    return codec, rate_hz


def make_offer(
    codecs: "Codecs",
    host: str,
    port: int,
    session_id: int,
    version: int,
    direction: str = "sendrecv",
    security: "Security | None" = None,
    report_port: "int | None" = None,
    muxes: bool = True,
    levels: bool = False,
) -> SessionDescription:
    """Return an offer of one audio stream with these codecs, best first, and telephone-event.

    security: how we stand to encryption; without it the stream is plain. report_port: where we take RTCP; then,
    if it muxes, RTCP on RTP's port is offered too. levels: audio levels are, if nothing may come to be encrypted.
    """
    offer = SessionDescription("-", session_id, version, host, "-", host)
    media = audio_media(port, formats_of(codecs), events_for(codecs), PTIME_MS, direction)
    if security is not None:
        media.protocol = security.offer_profile()
        media.attributes = [("crypto", crypto.value()) for crypto in security.offer()] + media.attributes
    if report_port is not None:
        media.attributes += ([("rtcp-mux", None)] if muxes else []) + [("rtcp", str(report_port))]
    if levels and (security is None or security.policy == "off"):
        media.attributes += offered_extensions()
    offer.media.append(media)
    return offer


def read_answer(offer: SessionDescription, answer: SessionDescription) -> Negotiated:
    """Read the answer to an offer of ours.

    Raises RemoteError(488) when it took nothing, answers another offer, or encrypts with a key we do not know.
    """
    if len(answer.media) != len(offer.media):
        raise RemoteError(488, "Answer with another number of media")  # RFC 3264 6
    for offered, media in zip(offer.media, answer.media):
        codecs = [(name, rate_hz) for _, name, rate_hz, _ in offered.rtpmaps() if name != EVENT_NAME]
        # The answer's order counts: what it names first it prefers (RFC 3264 6.1).
        for payload_type, name, rate_hz, channels in media.rtpmaps():
            codec = _find(codecs, name, rate_hz, channels)
            if codec is not None and media.kind == offered.kind and media.port and offered.port:
                agreed = Negotiated(
                    answer,
                    codec,
                    payload_type,
                    event_of(media, rate_hz) if event_of(offered, rate_hz) is not None else None,
                    answer.address_of(media),
                    _our_direction(answer, media),
                    _ptime_of(media, codec, rate_hz),
                    _keys(offered, media),
                )
                agreed.rate_hz = rate_hz
                if agreed.keys is None:
                    agreed.extensions = extensions_of_answer(offered, answer, media)
                muxed = media.attribute("rtcp-mux") is not None
                _note_reports(agreed, media, muxed and offered.attribute("rtcp-mux") is not None)
                return agreed
    raise RemoteError(488, "Answer took no stream")


def _note_reports(agreed: Negotiated, media: Media, muxed: bool) -> None:
    # RFC 5761 5.1.1; else a=rtcp names the port (RFC 3605 2.1), else it is the one above RTP's (RFC 3550 11)
    host, port = agreed.remote
    agreed.rtcp_mux = muxed
    named = (media.attribute("rtcp") or "").split()
    if muxed:
        agreed.report_address = (host, port)
    elif named and not named[0].strip(DIGITS) and 0 < int(named[0][:6]) <= MAX_PORT:
        agreed.report_address = (named[3] if len(named) == 4 else host, int(named[0]))
    else:
        agreed.report_address = (host, port + 1)


def _keys(offered: Media, answered: Media) -> "Keys | None":
    try:
        return keys_of_answer(offered, answered)
    except ValueError:
        raise RemoteError(488, "Answer without a key")


def _first_usable(
    offer: SessionDescription, codecs: "Codecs", security: "Security | None"
) -> "tuple[Media, str, int, int]":
    secure = [media for media in offer.media if media.protocol.upper() in SECURE_PROFILES]
    for media in secure + [media for media in offer.media if media not in secure]:
        chosen = _choose(media, codecs, security)
        if chosen is not None:
            return media, chosen[0], chosen[1], chosen[2]
    if security is None or security.policy == "off":
        raise RemoteError(488, "No common codec over RTP/AVP")
    raise RemoteError(488, "No common codec or cipher over RTP")


def _choose(media: Media, codecs: "Codecs", security: "Security | None") -> "tuple[str, int, int] | None":
    # Returns (codec, rate in Hz, payload type) of the first codec in common, None when the stream is not for us.
    if media.kind != "audio" or media.port == 0:
        return None
    if not (media.protocol.upper() in PLAIN_PROFILES if security is None else security.takes(media)):
        return None
    for payload_type, offered, rate_hz, channels in media.rtpmaps():  # in the offer's order (RFC 3264 6.1)
        name = _find(codecs, offered, rate_hz, channels)
        if name is not None:
            return name, rate_hz, payload_type
    return None


def _find(codecs: "Codecs", name: str, rate_hz: int, channels: int) -> "str | None":
    for ours, our_rate_hz in codecs:
        if ours.upper() == name.upper() and our_rate_hz == rate_hz and channels == 1:
            return ours
    return None


def _our_direction(theirs: SessionDescription, media: Media) -> str:
    direction = MIRROR[theirs.direction_of(media)]
    if theirs.address_of(media)[0] in NOBODY:  # they want nothing sent (RFC 3264 8.4)
        return "recvonly" if direction in ("sendrecv", "recvonly") else "inactive"
    return direction


def _ptime_of(media: Media, codec: str, rate_hz: int) -> int:
    # what a peer wants to be sent (RFC 8866 6.4), and by no means more than it can take (6.5)
    ptime_ms, most_ms = media.ptime_ms(), media.maxptime_ms()
    if ptime_ms is None or ptime_ms > MAX_PTIME_MS or ptime_ms % PTIME_STEP_MS:
        ptime_ms = PTIME_MS
    ptime_ms = min(ptime_ms, LONGEST_MS.get((codec.upper(), rate_hz), MAX_PTIME_MS))
    if most_ms is None or most_ms >= ptime_ms:
        return ptime_ms
    return max(PTIME_STEP_MS, most_ms // PTIME_STEP_MS * PTIME_STEP_MS)
