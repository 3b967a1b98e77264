"""The receiver unit: from a phone's INVITE to what it needs, or to a refusal of what makes no sense."""

from dataclasses import dataclass
from typing import Literal

from parley.wire.address import MAX_SIZE, MIN_SIZE
from parley.wire.errors import RemoteError
from parley.wire.grammar import parse_decimal
from parley.wire.sdp import Media, parse_sdp
from parley.wire.sip import Request
from parley.wire.uri import SipUri, parse_name_addr, parse_uri, unescape
from parleyd.report import DEFAULT_RATE_HZ, Codec
from parleyd.verdict import Refusal

FACTORY_USER = "conference"
DEFAULT_SIZE = 8
# Of an INVITE without SDP: every phone has it.
ASSUMED_CODECS: tuple[Codec, ...] = (("PCMU", DEFAULT_RATE_HZ),)
# RTP payload formats that carry no talk of their own (RFC 4733, RFC 3389, RFC 2198)
AUXILIARY_FORMATS = frozenset({"TELEPHONE-EVENT", "CN", "RED"})
PLAIN_PROFILES = frozenset({"RTP/AVP", "RTP/AVPF"})
SECURE_PROFILES = frozenset({"RTP/SAVP", "RTP/SAVPF", "UDP/TLS/RTP/SAVP", "UDP/TLS/RTP/SAVPF"})
MEDIA_NOT_AVAILABLE = 304  # RFC 3261 20.43
BAD_REQUEST_WARNING = 399

Srtp = Literal["none", "optional", "required"]


@dataclass(frozen=True, slots=True)
class Need:
    """What kind of conference is asked for.

    codecs: audio formats the phone offers, (name in capitals, clock rate in Hz), best first. size: legs to
    reserve. srtp: whether media may, may not or must be encrypted. asked_by: the phone's URI, for people.
    """

    codecs: tuple[Codec, ...] = ASSUMED_CODECS
    size: int = DEFAULT_SIZE
    srtp: Srtp = "none"
    asked_by: str = ""


class ReceiverUnit:
    """Reads the first message: a plain INVITE for the one well-known address."""

    def __init__(self, factory_user: str = FACTORY_USER, default_size: int = DEFAULT_SIZE) -> None:
        self._factory_user = factory_user
        self._default_size = default_size

    def receive(self, request: Request) -> Need | Refusal:
        """Return what the INVITE asks for, or the refusal: 400, 404, 415, 416, 420, 488."""
        try:
            uri = parse_uri(request.uri)
            refusal = self._unwelcome(request, uri)
            if refusal is not None:
                return refusal
            size = self._size(uri)
            codecs, srtp = _offered(request.body)
            return Need(codecs, size, srtp, _asker(request))
        except RemoteError as error:
            return Refusal(error.status or 400, error.reason, warn_code=_warn_code(error.status))

    def _unwelcome(self, request: Request, uri: SipUri) -> Refusal | None:
        if uri.user is None or unescape(uri.user) != self._factory_user:
            return Refusal(404, f"Nobody of that name here, call {self._factory_user}")
        required = request.get_all("Require")
        if required:  # RFC 3261 8.2.2.3
            return Refusal(420, "Bad Extension", headers=(("Unsupported", ", ".join(required)),))
        kind = (request.get("Content-Type") or "").partition(";")[0].strip().lower()
        encoding = (request.get("Content-Encoding") or "identity").strip().lower()
        if request.body and (kind != "application/sdp" or encoding != "identity"):  # RFC 3261 8.2.3
            return Refusal(415, "Unsupported Media Type", headers=(("Accept", "application/sdp"),))
        return None

    def _size(self, uri: SipUri) -> int:
        text = uri.param("size")
        if text is None:
            return self._default_size
        try:
            size = parse_decimal(text, MAX_SIZE, "size")
        except RemoteError:
            size = 0
        if size < MIN_SIZE:
            raise RemoteError(400, f"Bad size, ask for {MIN_SIZE} to {MAX_SIZE} legs")
        return size


def _offered(body: bytes) -> tuple[tuple[Codec, ...], Srtp]:
    """Return the audio formats of the offer and its wish for encryption. Raises RemoteError(400 or 488)."""
    if not body:
        return ASSUMED_CODECS, "none"
    known = PLAIN_PROFILES | SECURE_PROFILES
    audio = [media for media in parse_sdp(body).media if media.kind == "audio" and media.port != 0]
    audio = [media for media in audio if media.protocol.upper() in known]
    if not audio:
        raise RemoteError(488, "No audio over RTP is offered")
    codecs = tuple(dict.fromkeys(codec for media in audio for codec in _formats(media)))
    if not codecs:
        raise RemoteError(488, "No audio format is offered")
    return codecs, _srtp(audio)


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


def _asker(request: Request) -> str:
    return parse_name_addr(request.get("From") or "").uri_text[:200]


def _warn_code(status: int) -> int | None:
    if status == 488:
        return MEDIA_NOT_AVAILABLE
    return BAD_REQUEST_WARNING if status == 400 else None
