"""What an SDP offer asks of a board: codecs, encryption, address family."""

from typing import Literal, NamedTuple

from parley.wire.errors import RemoteError
from parley.wire.sdp import Media, SessionDescription, parse_sdp
from parleyd.report import DEFAULT_RATE_HZ, Codec

# Of an INVITE without SDP: every phone has it.
ASSUMED_CODECS: tuple[Codec, ...] = (("PCMU", DEFAULT_RATE_HZ),)
# RTP payload formats that carry no talk of their own (RFC 4733, RFC 3389, RFC 2198)
AUXILIARY_FORMATS = frozenset({"TELEPHONE-EVENT", "CN", "RED"})
PLAIN_PROFILES = frozenset({"RTP/AVP", "RTP/AVPF"})
SECURE_PROFILES = frozenset({"RTP/SAVP", "RTP/SAVPF", "UDP/TLS/RTP/SAVP", "UDP/TLS/RTP/SAVPF"})

Srtp = Literal["none", "optional", "required"]


class Offer(NamedTuple):
    """codecs: (name in capitals, clock rate in Hz), best first. srtp: whether media may, may not or must be
    encrypted. ipv6, ipv4: media can be had at addresses of that family only; neither where there is a choice.
    """

    codecs: tuple[Codec, ...] = ASSUMED_CODECS
    srtp: Srtp = "none"
    ipv6: bool = False
    ipv4: bool = False


def read_offer(body: bytes) -> Offer:
    """Return what the offer asks for; an empty body assumes what every phone has. Raises RemoteError(400 or 488)."""
    if not body:
        return Offer()
    known = PLAIN_PROFILES | SECURE_PROFILES
    session = parse_sdp(body)
    audio = [media for media in session.media if media.kind == "audio" and media.port != 0]
    audio = [media for media in audio if media.protocol.upper() in known]
    if not audio:
        raise RemoteError(488, "No audio over RTP is offered")
    codecs = tuple(dict.fromkeys(codec for media in audio for codec in _formats(media)))
    if not codecs:
        raise RemoteError(488, "No audio format is offered")
    six = [_is_ipv6(session, media) for media in audio]
    return Offer(codecs, _srtp(audio), all(six), not any(six))


def _formats(media: Media) -> list[Codec]:
    formats = [(name.upper(), rate_hz) for _, name, rate_hz, _ in media.rtpmaps()]
    return [codec for codec in formats if codec[0] not in AUXILIARY_FORMATS]


def _srtp(audio: list[Media]) -> Srtp:
    if all(media.protocol.upper() in SECURE_PROFILES for media in audio):
        return "required"
    wished = any(media.attribute("crypto") or media.attribute("fingerprint") for media in audio)
    return (
        "optional" if wished or any(media.protocol.upper() in SECURE_PROFILES for media in audio) else "none"
    )


def _is_ipv6(session: SessionDescription, media: Media) -> bool:
    return ":" in (media.connection or session.connection or "")
