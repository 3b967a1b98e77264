"""The m= section of an audio stream: what it offers, and telephone-event in it (RFC 4733)."""

from parley.wire.sdp import STATIC_PAYLOAD_TYPES, Media

FIRST_DYNAMIC = 96  # RFC 3551 6
EVENT_PAYLOAD_TYPE = 101  # what we offer for telephone-event; an answer takes the offer's number
EVENT_NAME = "telephone-event"  # RFC 4733 7
DTMF_EVENTS = "0-15"
NOISE = (13, "CN", 8000)  # comfort noise: RFC 3389 4, payload type of RFC 3551 table 4

TYPE_CHECKING = False
if TYPE_CHECKING:
    Codecs = list[tuple[str, int]] | tuple[tuple[str, int], ...]


def formats_of(codecs: "Codecs") -> "list[tuple[int, str, int]]":
    """Return (payload type, encoding name, clock rate in Hz) of codecs that we offer (RFC 3551 6)."""
    formats: list[tuple[int, str, int]] = []
    dynamic = FIRST_DYNAMIC
    for name, rate_hz in codecs:
        payload_type = _static_payload_type(name, rate_hz)
        if payload_type is None:
            payload_type = dynamic
            dynamic += 1
        formats.append((payload_type, name, rate_hz))
    return formats


def events_for(codecs: "Codecs") -> "list[tuple[int, int]]":
    """Return (payload type, clock rate in Hz) of telephone-event beside these codecs: one a rate (RFC 4733 2.1)."""
    rates: list[int] = []
    for _, rate_hz in codecs:
        if rate_hz not in rates:
            rates.append(rate_hz)
    return [(EVENT_PAYLOAD_TYPE + number, rate_hz) for number, rate_hz in enumerate(rates)]


def event_of(media: Media, rate_hz: int) -> "int | None":
    """Return the payload type of telephone-event at the clock rate of a codec (RFC 4733 2.1), None without."""
    for payload_type, name, event_hz, _ in media.rtpmaps():
        if name.lower() == EVENT_NAME and event_hz == rate_hz:
            return payload_type
    return None


def takes_noise(media: Media, rate_hz: int) -> bool:
    """Tell whether comfort noise may be sent beside a codec of this clock rate."""
    payload_type, name, noise_hz = NOISE
    offered = [(number, called.upper(), hertz) for number, called, hertz, _ in media.rtpmaps()]
    return rate_hz == noise_hz and (payload_type, name, noise_hz) in offered


def add_noise(media: Media) -> None:
    """Put comfort noise into a section of ours, last."""
    payload_type, name, rate_hz = NOISE
    media.formats.append(str(payload_type))
    media.attributes.insert(0, ("rtpmap", f"{payload_type} {name}/{rate_hz}"))


def audio_media(
    port: int,
    formats: "list[tuple[int, str, int]]",
    events: "list[tuple[int, int]]",
    ptime_ms: int,
    direction: str,
) -> Media:
    """Return the section. formats, events: as formats_of() and events_for() make them."""
    attributes: list[tuple[str, str | None]] = []
    numbers: list[str] = []
    for payload_type, name, rate_hz in formats:
        numbers.append(str(payload_type))
        attributes.append(("rtpmap", f"{payload_type} {name}/{rate_hz}"))
    for payload_type, rate_hz in events:  # at the clock rate of each codec (RFC 4733 2.1)
        numbers.append(str(payload_type))
        attributes.append(("rtpmap", f"{payload_type} {EVENT_NAME}/{rate_hz}"))
        attributes.append(("fmtp", f"{payload_type} {DTMF_EVENTS}"))
    attributes.append(("ptime", str(ptime_ms)))
    attributes.append((direction, None))
    return Media("audio", port, "RTP/AVP", numbers, None, attributes)


def refused(media: Media) -> Media:
    """Return the answer to a stream that we do not take: port 0, in the same place, and a format (RFC 3264 6)."""
    return Media(media.kind, 0, media.protocol, media.formats[:1])


def _static_payload_type(name: str, rate_hz: int) -> "int | None":
    for payload_type, known in STATIC_PAYLOAD_TYPES.items():
        if known == (name, rate_hz, 1):
            return payload_type
    return None
