"""What a phone did in a conference, told from the wire alone: one predicate for each feature of the matrix."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from hil_tests import sip_text
from hil_tests.capture import Address, WirePacket
from hil_tests.sip_text import SipText

DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")


@dataclass(frozen=True)
class Seen:
    """One SIP message with its way."""

    source: Address
    target: Address
    message: SipText


class Wire:
    """The messages between one phone, the server and the boards, in order."""

    def __init__(
        self, packets: list[WirePacket], phone: Address, server: Address, board_hosts: tuple[str, ...]
    ) -> None:
        self.phone, self.server, self.board_hosts = phone, server, board_hosts
        self.packets = packets
        self.seen: list[Seen] = []
        for packet in packets:
            message = sip_text.parse(packet.payload) if packet.payload[:1].isalpha() else None
            if message is not None and phone in (packet.source, packet.target):
                self.seen.append(Seen(packet.source, packet.target, message))

    def requests(self, method: str, inside: bool | None = None, to_board: bool = True) -> Iterator[SipText]:
        """The phone's requests of a method; inside: a dialog, or outside any; to_board: to a board, or anywhere."""
        for one in self.seen:
            message = one.message
            if one.source != self.phone or message.status or message.method != method:
                continue
            if to_board and one.target[0] not in self.board_hosts:
                continue
            if inside is None or inside == ("tag=" in message.header("to")):
                yield message

    def asked_of(self, method: str) -> Iterator[SipText]:
        """Requests of a method that somebody sent to the phone inside a dialog."""
        for one in self.seen:
            inside = "tag=" in one.message.header("to")
            if (
                one.target == self.phone
                and not one.message.status
                and one.message.method == method
                and inside
            ):
                yield one.message

    def answer(self, request: SipText) -> SipText | None:
        """The final response to a request, None without one."""
        key = (request.header("call-id"), request.header("cseq"))
        for one in self.seen:
            message = one.message
            if message.status >= 200 and (message.header("call-id"), message.header("cseq")) == key:
                return message
        return None

    def answered(self, request: SipText, status: int = 200) -> bool:
        """Whether this was the final response."""
        response = self.answer(request)
        return response is not None and response.status == status


def direction_of(sdp: bytes) -> str:
    """The direction attribute of a description, sendrecv without one (RFC 8866 6.7)."""
    for line in sdp.decode("utf-8", "replace").splitlines():
        if line.removeprefix("a=") in DIRECTIONS:
            return line.removeprefix("a=")
    return "sendrecv"


def _redirect(wire: Wire) -> bool:
    asked = list(wire.requests("INVITE", False, to_board=False))
    moved = [m for m in asked if wire.answered(m, 302)]
    joined = [m for m in wire.requests("INVITE", False) if wire.answered(m)]
    return bool(moved and joined)


def _delayed_offer(wire: Wire) -> bool:
    for invite in wire.requests("INVITE", False):
        response = wire.answer(invite)
        if not invite.body and response is not None and response.status == 200 and response.body:
            number = invite.header("cseq").split()[0]
            acks = [m for m in wire.requests("ACK") if m.header("cseq").split()[0] == number and m.body]
            return bool(acks)
    return False


def _offers(wire: Wire) -> Iterator[tuple[str, str]]:
    """(direction offered, direction answered) of the phone's new offers that were taken."""
    for method in ("INVITE", "UPDATE"):
        for request in wire.requests(method, True):
            response = wire.answer(request)
            if request.body and response is not None and response.status == 200:
                yield direction_of(request.body), direction_of(response.body)


def _hold(wire: Wire) -> bool:
    stops = {("sendonly", "recvonly"), ("inactive", "inactive")}
    offers = [pair for pair in _offers(wire) if pair[0] != "sendrecv"]
    return bool(offers) and all(pair in stops for pair in offers)


def _unhold(wire: Wire) -> bool:
    offers = list(_offers(wire))
    held = [index for index, pair in enumerate(offers) if pair[0] != "sendrecv"]
    return bool(held) and ("sendrecv", "sendrecv") in offers[held[0] :]


def _is_held(wire: Wire) -> bool:
    answers = [wire.answer(m) for m in wire.asked_of("INVITE") if direction_of(m.body) == "sendonly"]
    good = [a for a in answers if a is not None and a.status == 200]
    return bool(good) and all(direction_of(a.body) in ("recvonly", "inactive") for a in good)


def _update(wire: Wire) -> bool:
    return any(wire.answered(m) for m in wire.requests("UPDATE", True))


def _takes_update(wire: Wire) -> bool:
    return any(wire.answered(m) for m in wire.asked_of("UPDATE"))


def _session_timer(wire: Wire) -> bool:
    responses = [wire.answer(m) for m in wire.requests("INVITE", False)]
    return any(r is not None and r.status == 200 and r.header("session-expires") for r in responses)


def _refer(wire: Wire, inside: bool) -> bool:
    taken = [m for m in wire.requests("REFER", inside) if wire.answered(m, 202)]
    ends = [m for m in wire.seen if m.target == wire.phone and m.message.method == "NOTIFY"]
    return bool(taken) and any(b"SIP/2.0 200" in m.message.body for m in ends)


def _refer_inside(wire: Wire) -> bool:
    return _refer(wire, True)


def _refer_outside(wire: Wire) -> bool:
    return _refer(wire, False)


def _obeys_refer(wire: Wire) -> bool:
    return any(wire.answered(m, 202) for m in wire.asked_of("REFER"))


def _moves(wire: Wire) -> bool:
    """A board sends it to another one (REFER), and it talks there."""
    for one in wire.seen:
        if one.message.method != "REFER" or one.source[0] not in wire.board_hosts or one.message.status:
            continue
        user = sip_text.user_of(sip_text.uri_in(one.message.header("refer-to")))
        if any(user in m.start and wire.answered(m) for m in wire.requests("INVITE", False)):
            return True
    return False


def _fetched(wire: Wire) -> bool:
    """A board calls it in the place of another one (Replaces), and is answered."""
    called = [
        one.message for one in wire.seen if one.target == wire.phone and one.source[0] in wire.board_hosts
    ]
    invites = [message for message in called if message.method == "INVITE" and message.header("replaces")]
    return any(wire.answered(invite) for invite in invites if not invite.status)


def _message(wire: Wire) -> bool:
    return any(wire.answered(m) for m in wire.requests("MESSAGE", to_board=False))


def _dtmf(wire: Wire) -> bool:
    """Telephone events of the payload type that the board's 200 names (RFC 4733)."""
    numbers: set[int] = set()
    for invite in wire.requests("INVITE", False):
        response = wire.answer(invite)
        for line in response.body.decode().splitlines() if response is not None else ():
            if line.startswith("a=rtpmap:") and "telephone-event" in line:
                numbers.add(int(line.split()[0].partition(":")[2]))
    events = [
        p
        for p in wire.packets
        if p.source[0] == wire.phone[0]
        and p.target[0] in wire.board_hosts
        and len(p.payload) == 16
        and p.payload[1] & 0x7F in numbers
    ]
    return any(p.payload[13] & 0x80 for p in events)  # a key was let go


FEATURES: dict[str, Callable[[Wire], bool]] = {
    "follows the 302": _redirect,
    "delayed offer": _delayed_offer,
    "holds": _hold,
    "talks on": _unhold,
    "is held": _is_held,
    "UPDATE sent": _update,
    "UPDATE taken": _takes_update,
    "session timer": _session_timer,
    "REFER to the focus in the call": _refer_inside,
    "REFER to the focus out of dialog": _refer_outside,
    "obeys REFER": _obeys_refer,
    "moves with its conference": _moves,
    "is fetched after its board's death": _fetched,
    "DTMF": _dtmf,
    "MESSAGE": _message,
}
