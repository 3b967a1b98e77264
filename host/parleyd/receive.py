"""The receiver unit: from a phone's INVITE to what it needs, or to a refusal of what makes no sense."""

from typing import NamedTuple

from parley.wire.address import MAX_SIZE, MIN_SIZE, looks_like_token
from parley.wire.errors import RemoteError
from parley.wire.grammar import parse_decimal
from parley.wire.sip import Request
from parley.wire.uri import SipUri, parse_name_addr, parse_uri, unescape
from parleyd.callers import Callers
from parleyd.offer import ASSUMED_CODECS, Srtp, read_offer
from parleyd.plain import Kind, request_of
from parleyd.report import Codec
from parleyd.verdict import Refusal

FACTORY_USER = "conference"
DEFAULT_SIZE = 8
SIZE_HEADER = "Conference-Size"  # for phones whose address book takes no URI parameters
URGENT = frozenset({"emergency"})  # RFC 3261 20.26
# Extensions that ask nothing of a server that only redirects.
HARMLESS = frozenset({"100rel", "timer", "norefersub"})
MAX_KINDS = 2048  # of plain requests, whose meaning is remembered
MEDIA_NOT_AVAILABLE = 304  # RFC 3261 20.43
BAD_REQUEST_WARNING = 399
SIPS_NOT_ALLOWED = 380  # RFC 5630 11.2


class Need(NamedTuple):
    """What kind of conference is asked for.

    codecs: audio formats the phone offers, (name in capitals, clock rate in Hz), best first. size: legs to
    reserve. srtp: whether media may, may not or must be encrypted. asked_by: the phone's URI, for people. ipv6, ipv4:
    the phone has that family only. site: where the board should be, "" for anywhere. priority: may take legs that are
    spared for such calls. quota: conferences that the asker may hold at once, 0 for no limit. source: the IP address
    that the request came from. user: the name that the asker has proved by a password. token: of the conference that
    was called instead of the factory.
    """

    codecs: tuple[Codec, ...] = ASSUMED_CODECS
    size: int = DEFAULT_SIZE
    srtp: Srtp = "none"
    asked_by: str = ""
    ipv6: bool = False
    site: str = ""
    priority: bool = False
    quota: int = 0
    ipv4: bool = False
    source: str = ""
    user: str = ""
    token: str = ""


class ReceiverUnit:
    """Reads the first message: a plain INVITE for the one well-known address."""

    def __init__(
        self,
        factory_user: str = FACTORY_USER,
        default_size: int = DEFAULT_SIZE,
        callers: Callers | None = None,
        near: bool = False,
    ) -> None:
        """near: the phone's network tells the site, when nothing else does."""
        self._factory_user = factory_user
        self._default_size = default_size
        self._callers = callers or Callers()
        self._near = near
        self._kinds: dict[Kind, Need | Refusal] = {}

    def receive(self, request: Request, source: str = "", user: str = "") -> Need | Refusal:
        """Return what the INVITE asks for, or the refusal: 400, 404, 415, 416, 420, 488.

        source: the IP address it came from; user: the name that its sender has proved.
        """
        try:
            asker = parse_name_addr(request.get("From") or "").uri_text[:200]
        except RemoteError as error:
            return Refusal(error.status or 400, error.reason, warn_code=_warn_code(error.status))
        said = self._said(request)
        return said if isinstance(said, Refusal) else self._personal(said, asker, source, user)

    def plain(self, kind: Kind, asker: str, source: str) -> Need | Refusal:
        """Return the same of a plain INVITE; what its kind says is remembered, for most phones say one thing."""
        said = self._kinds.get(kind)
        if said is None:
            if len(self._kinds) >= MAX_KINDS:
                self._kinds.clear()
            said = self._kinds[kind] = self._said(request_of(kind))
        return self._personal(said, asker, source) if type(said) is Need else said

    def common(self, kind: Kind) -> Need | None:
        """Return what all who send this kind of plain INVITE need, but for asked_by and source; None if they differ."""
        need = self.plain(kind, "", "")
        return need if type(need) is Need and not self._near and self._callers.alike else None

    def _said(self, request: Request) -> Need | Refusal:
        """Return what the INVITE itself says, whoever sent it; size 0 where it names none."""
        try:
            uri = parse_uri(request.uri)
            refusal = self._unwelcome(request, uri)
            if refusal is not None:
                return refusal
            size = _size(uri, request.get(SIZE_HEADER))
            offer = read_offer(request.body)
            urgent = (request.get("Priority") or "").strip().lower() in URGENT
            site = uri.param("site") or ""
            token = uri.user if uri.user is not None and looks_like_token(uri.user) else ""
            return Need(
                offer.codecs, size, offer.srtp, "", offer.ipv6, site, urgent, ipv4=offer.ipv4, token=token
            )
        except RemoteError as error:
            return Refusal(error.status or 400, error.reason, warn_code=_warn_code(error.status))

    def _personal(self, said: Need, asker: str, source: str, user: str = "") -> Need:
        """Return the need of this caller: what the request leaves open is filled in by the operator's rules."""
        rule = self._callers.rule(asker)
        site = said.site or rule.site or (self._callers.site(source) if self._near else "")
        return Need(
            said.codecs,
            said.size or rule.size or self._default_size,
            said.srtp,
            asker,
            said.ipv6,
            site,
            said.priority or rule.priority,
            rule.quota,
            said.ipv4,
            source,
            user,
            said.token,
        )

    def _unwelcome(self, request: Request, uri: SipUri) -> Refusal | None:
        if uri.scheme == "sips":  # RFC 5630 5.1: every hop would have to be secure; not every board takes TLS
            way_out = f"No sips address here, call sip:{self._factory_user}"
            return Refusal(480, way_out, warn_code=SIPS_NOT_ALLOWED)
        if uri.user is None or (unescape(uri.user) != self._factory_user and not looks_like_token(uri.user)):
            return Refusal(404, f"Nobody of that name here, call {self._factory_user}")
        required = [tag for tag in request.get_all("Require") if tag.strip().lower() not in HARMLESS]
        if required:  # RFC 3261 8.2.2.3
            return Refusal(420, "Bad Extension", headers=(("Unsupported", ", ".join(required)),))
        kind = (request.get("Content-Type") or "").partition(";")[0].strip().lower()
        encoding = (request.get("Content-Encoding") or "identity").strip().lower()
        if request.body and (kind != "application/sdp" or encoding != "identity"):  # RFC 3261 8.2.3
            return Refusal(415, "Unsupported Media Type", headers=(("Accept", "application/sdp"),))
        return None


def _size(uri: SipUri, header: str | None) -> int:
    text = uri.param("size")
    if text is None:
        text = header
    if text is None:
        return 0
    try:
        size = parse_decimal(text.strip(), MAX_SIZE, "size")
    except RemoteError:
        size = 0
    if size < MIN_SIZE:
        raise RemoteError(400, f"Bad size, ask for {MIN_SIZE} to {MAX_SIZE} legs")
    return size


def _warn_code(status: int) -> int | None:
    if status == 488:
        return MEDIA_NOT_AVAILABLE
    return BAD_REQUEST_WARNING if status == 400 else None
