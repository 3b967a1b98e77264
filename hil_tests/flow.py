"""The messages of the ad hoc conference (M2 to M8) found in a capture, and what must be true of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

from hil_tests import sip_text
from hil_tests.capture import Address, WireMessage, WirePacket


@dataclass(frozen=True)
class Cast:
    """Who is who: SIP address of the server, IP addresses of boards, SIP addresses of phones (UE1 first)."""

    server: Address
    board_hosts: tuple[str, ...]
    phones: dict[str, Address]

    def name_of(self, address: Address) -> str:
        """ "server", "board", a phone's name, or the address itself."""
        if address == self.server:
            return "server"
        known = next((name for name, phone in self.phones.items() if phone == address), "")
        return known or ("board" if address[0] in self.board_hosts else f"{address[0]}:{address[1]}")


@dataclass(frozen=True)
class Mark:
    """A message of the flow: its number ("M2" ... "M9", "M5 ok" and "M7 ok" acknowledge), whose, what."""

    mark: str
    phone: str
    message: WireMessage
    text: str


@dataclass
class Finding:
    """One thing that had to be true."""

    name: str
    passed: bool
    detail: str = ""


@dataclass
class Flow:
    """The flow in one capture: marks in order of time, the address that was given out."""

    cast: Cast
    messages: list[WireMessage]
    address: str = ""
    marks: list[Mark] = field(default_factory=list)

    @property
    def token(self) -> str:
        """User part of the allocated address."""
        return sip_text.user_of(self.address)

    def mark(self, mark: str, phone: str) -> Mark | None:
        """The mark of that number and phone."""
        return next((m for m in self.marks if m.mark == mark and m.phone == phone), None)

    def time_of(self, mark: str, phone: str) -> float:
        """Its capture time; infinity when it is missing."""
        found = self.mark(mark, phone)
        return found.message.at_s if found else float("inf")


def read_flow(messages: list[WireMessage], cast: Cast) -> Flow:
    """Find the marks. The first phone of the cast is the one that asks; the others are told."""
    flow = Flow(cast, messages)
    first, *others = cast.phones
    asked = _first(messages, source=cast.phones[first], target=cast.server, method="INVITE")
    if asked is None:
        return flow
    flow.marks.append(Mark("M2", first, asked, "asks the server for a conference"))
    given = _first(messages, source=cast.server, call_id=asked.call_id, lowest=300, highest=399)
    if given is None:
        return flow
    flow.address = sip_text.uri_in(given.contact)
    flow.marks.append(Mark("M4", first, given, f"is given {short(flow.address)}"))
    _mark_join(flow, first, "M5")
    for name in others:
        told = _told(flow, first, name)
        if told is not None:
            flow.marks.append(Mark("M6", name, told, f"{first} tells {name} the address"))
        _mark_join(flow, name, "M7")
        notify = _first(
            messages, source=cast.phones[name], target=cast.phones[first], method="NOTIFY", sipfrag="200"
        )
        if notify is not None:
            flow.marks.append(Mark("M8", name, notify, f"{first} learns that {name} is in"))
    left = next((m for m in messages if m.method == "BYE" and m.source == cast.phones[first]
                 and m.target[0] in cast.board_hosts), None)  # fmt: skip
    if left is not None:
        flow.marks.append(Mark("M9", first, left, f"{first} leaves; the others go on"))
    flow.marks.sort(key=lambda mark: mark.message.at_s)
    return flow


def _told(flow: Flow, first: str, name: str) -> WireMessage | None:
    phones = flow.cast.phones
    for message in flow.messages:
        direct = message.source == phones[first] and message.target == phones[name]
        if direct and message.method == "REFER" and flow.token in message.refer_to:
            return message
        if direct and message.method == "MESSAGE":
            return message
    return None


def _mark_join(flow: Flow, name: str, mark: str) -> None:
    """The INVITE that goes straight to the board, and its 200."""
    for message in flow.messages:
        if (
            message.method == "INVITE"
            and message.source == flow.cast.phones[name]
            and flow.token in message.uri
        ):
            if message.target[0] not in flow.cast.board_hosts:
                continue
            flow.marks.append(Mark(mark, name, message, f"{name} calls the address"))
            answer = _first(
                flow.messages, source=message.target, call_id=message.call_id, lowest=200, highest=299,
                cseq=message.cseq,
            )  # fmt: skip
            if answer is not None:
                flow.marks.append(Mark(f"{mark} ok", name, answer, f"the board acknowledges {name}"))
            return


def _first(
    messages: list[WireMessage],
    source: Address | None = None,
    target: Address | None = None,
    method: str = "",
    call_id: str = "",
    lowest: int = 0,
    highest: int = 0,
    sipfrag: str = "",
    cseq: str = "",
) -> WireMessage | None:
    for message in messages:
        wanted = (
            (source is None or message.source == source)
            and (target is None or message.target == target)
            and (not method or message.method == method)
            and (not call_id or message.call_id == call_id)
            and (not highest or lowest <= message.status <= highest)
            and message.sipfrag.startswith(sipfrag)
            and (not cseq or message.cseq == cseq)
        )
        if wanted:
            return message
    return None


def short(uri: str) -> str:
    """An allocated address, its token cut to the first and last characters."""
    user = sip_text.user_of(uri)
    return uri.replace(user, f"{user[:6]}…{user[-4:]}") if len(user) > 16 else uri


def judge_order(flow: Flow, notified: bool = True) -> list[Finding]:
    """The mission's order, M2 < M4 < M5 < M5 ok < M6 < M7 < M7 ok < M8, for every phone that was told."""
    first, *others = flow.cast.phones
    findings = []
    for name in others:
        steps = [("M2", first), ("M4", first), ("M5", first), ("M5 ok", first), ("M6", name), ("M7", name)]
        steps += [("M7 ok", name)] + ([("M8", name)] if notified else [])
        missing = [f"{mark} of {phone}" for mark, phone in steps if flow.mark(mark, phone) is None]
        times = [flow.time_of(mark, phone) for mark, phone in steps]
        ordered = not missing and all(a <= b for a, b in pairwise(times))
        detail = f"missing: {', '.join(missing)}" if missing else " < ".join(mark for mark, _ in steps)
        findings.append(Finding(f"messages of {name} in order", ordered, detail))
    return findings


def judge_server_silence(flow: Flow, packets: list[WirePacket]) -> list[Finding]:
    """The server is out of the path: after the ACK of the 302 it talks to nobody but the boards."""
    server, boards = flow.cast.server, flow.cast.board_hosts
    own = [
        p for p in packets if server in (p.source, p.target) and not {p.source[0], p.target[0]} & set(boards)
    ]
    given = flow.mark("M4", next(iter(flow.cast.phones)))
    if given is None:
        return [Finding("server answered with a redirect", False, "no 3xx in the capture")]
    after = [p for p in own if p.at_s > given.message.at_s]
    unexpected = [p for p in after if not p.payload.startswith(b"ACK ")]
    start = flow.time_of("M2", next(iter(flow.cast.phones)))
    before = [p for p in own if p.at_s < start]
    return [
        Finding("no packet between a phone and the server after the redirect",
                not unexpected and len(after) <= 2,
                f"{len(after)} after it (its ACK), {len(unexpected)} unexpected"),
        Finding("nothing was arranged with the server beforehand", not before,
                f"{len(before)} packets before M2"),
    ]  # fmt: skip


def judge_redirect(flow: Flow) -> list[Finding]:
    """M4 is a 302 with one Contact, isfocus, explicit transport, leading to a board."""
    given = flow.mark("M4", next(iter(flow.cast.phones)))
    if given is None:
        return [Finding("the redirect", False, "missing")]
    contact = given.message.contact
    host = sip_text.address_of(flow.address)[0]
    good = given.message.status == 302 and ";isfocus" in contact and "transport=udp" in contact
    return [
        Finding(
            "the redirect leads to a board (302, isfocus, transport)",
            good and host in flow.cast.board_hosts,
            contact,
        )
    ]
