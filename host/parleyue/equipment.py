"""What a flow has at hand: the SIP endpoint, names, RTP ports, somebody to report to. No I/O of its own."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from parley.call.endpoint import Endpoint
from parley.call.negotiate import Negotiated
from parley.wire.uri import SipUri

Address = tuple[str, int]
Hop = tuple[str, int] | tuple[str, int, str]  # where SIP messages go, as parley.call.peers has it
Codec = tuple[str, int]

LEAVE_LIMIT_MS = 4000  # a BYE is sent at 0, 0.5, 1.5 and 3.5 s (RFC 3261 17.1.2); then we go


class MediaPort(Protocol):
    """One RTP port: bound when made, silent until started."""

    host: str
    port: int

    def start(self, negotiated: Negotiated) -> None:
        """Send to and receive from the negotiated address; called again after a re-offer."""
        ...

    def press(self, keys: str) -> bool:
        """Send keys as telephone events (RFC 4733); False when the other end takes none."""
        ...

    def stop(self) -> None:
        """Close the port; its statistics stay."""
        ...


class Reporter(Protocol):
    """Takes every step of a flow, in order."""

    def step(self, t_ms: int, message: str, event: str, **fields: Any) -> None:
        """One step: message is "M2" ... "M8" or "" for what the patent does not number."""
        ...


Resolve = Callable[[SipUri, Callable[[Hop | None, int], None]], None]
"""resolve(uri, then): look the host up; then(hop or None, now_ms) is called once."""

OpenMedia = Callable[[str], MediaPort]
"""open_media(purpose): bind an RTP port, for "conference" (microphone and ear) or "message" (silence)."""


@dataclass
class Equipment:
    """The phone a flow runs on.

    address_of_record: our own URI, for Referred-By and for people. codecs: (name, rate in Hz), the favourite
    first. random_u31: a fresh number for each SDP session identifier (RFC 8866 section 5.2). srtp: how it stands to
    encryption, "off", "optional" or "required" (parley.call.secure).
    """

    endpoint: Endpoint
    resolve: Resolve
    open_media: OpenMedia
    report: Reporter
    address_of_record: str
    codecs: list[Codec]
    random_u31: Callable[[], int]
    random_bytes: Callable[[int], bytes] = os.urandom
    srtp: str = "off"


@dataclass
class CallPlan:
    """What the user wants: whom to ask, whom to tell and how, how long to talk and to wait for anybody.

    credentials: user name and password for a server that asks (RFC 3261 22); nobody else gets to see them.
    watch: be told who is in (RFC 4575). listens: hear only, and send nothing (RFC 3264 5.1).
    """

    server: str
    invitees: list[str] = field(default_factory=list)
    carrier: str = "call"
    duration_ms: int | None = None
    patience_ms: int = 30_000
    credentials: tuple[str, str] | None = None
    watch: bool = False
    listens: bool = False
