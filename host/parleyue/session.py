"""One media session: an RTP port and the SDP of our end (RFC 3264)."""

from parley.call.endpoint import Endpoint
from parley.call.events import Event
from parley.call.negotiate import Negotiated, answer_offer, make_offer, read_answer
from parley.call.secure import Security
from parley.wire.errors import RemoteError
from parley.wire.sdp import SessionDescription, parse_sdp
from parleyue.equipment import Equipment
from parleyue.facts import body_of, call_of


class Session:
    """Offers, answers and re-answers for one call; starts and stops the audio accordingly."""

    def __init__(self, equipment: Equipment, purpose: str) -> None:
        self._codecs = equipment.codecs
        self._identifier = equipment.random_u31()
        self._version = 1
        self._offered: SessionDescription | None = None
        self._port = equipment.open_media(purpose)
        self._security = Security(equipment.srtp, equipment.random_bytes)
        self.negotiated: Negotiated | None = None

    def offer(self, direction: str = "sendrecv") -> bytes:
        """Our offer, as an SDP body; direction: of RFC 3264 5.1, "inactive" to hold."""
        port = self._port
        if self.negotiated is not None:
            self._version += 1  # RFC 3264 section 8: a changed description has a higher version
        self._offered = make_offer(
            self._codecs,
            port.host,
            port.port,
            self._identifier,
            self._version,
            direction,
            security=self._security,
        )
        return self._offered.to_bytes()

    def press(self, keys: str) -> bool:
        """Send keys as telephone events; False when the other end takes none."""
        return self._port.press(keys)

    def take_answer(self, body: bytes) -> Negotiated:
        """Read the other end's answer to our offer and let the audio flow.

        Raises RemoteError(400 or 488) when it is no answer to it.
        """
        assert self._offered is not None
        return self._settle(read_answer(self._offered, parse_sdp(body)))

    def answer(self, body: bytes) -> bytes:
        """Answer an offer or a re-offer and let the audio flow as agreed.

        Returns our SDP body. Raises RemoteError(400 or 488), the audio unchanged, without anything in common.
        """
        if self.negotiated is not None:
            self._version += 1  # RFC 3264 section 8: a changed description has a higher version
        port = self._port
        agreed = answer_offer(
            parse_sdp(body),
            self._codecs,
            port.host,
            port.port,
            self._identifier,
            self._version,
            self._security,
        )
        return self._settle(agreed).answer.to_bytes()

    def _settle(self, agreed: Negotiated) -> Negotiated:
        self.negotiated = agreed
        self._security.current = agreed.keys
        self._port.start(agreed)
        return agreed

    def change(self, endpoint: Endpoint, event: Event, now_ms: int) -> None:
        """Take a "reoffer" (hold, a new address): answer it, or refuse it and talk on as before.

        A "renegotiated" brings the answer to an offer they made us send.
        """
        call = call_of(event)
        try:
            if event.kind == "renegotiated":
                self.take_answer(body_of(event))
            elif body_of(event):
                endpoint.answer_reoffer(call, self.answer(body_of(event)), now_ms)
            else:  # RFC 3261 section 14.2: a re-INVITE without an offer wants ours
                endpoint.answer_reoffer(call, self.offer(), now_ms)
        except RemoteError as error:
            if event.kind == "reoffer":
                endpoint.answer_reoffer(call, None, now_ms, status=error.status)

    def stop(self) -> None:
        """No more audio."""
        self._port.stop()
