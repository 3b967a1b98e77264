"""The judge of the message flow and its drawing, on flows made up here."""

from xml.etree import ElementTree

import pytest

from hil_tests import flow as flows
from hil_tests import ladder
from hil_tests.capture import WireMessage, WirePacket
from hil_tests.flow import Cast

SERVER, BOARD = ("127.0.0.1", 5060), ("127.0.1.1", 5060)
UE1, UE2 = ("127.0.0.1", 20000), ("127.0.0.1", 20040)
CAST = Cast(SERVER, ("127.0.1.1",), {"ue1": UE1, "ue2": UE2})
ADDRESS = "sip:01ab@127.0.1.1:5060;transport=udp"

STEPS = [
    (UE1, SERVER, "INVITE", 0, {"uri": "sip:conference@127.0.0.1", "call_id": "a"}),
    (SERVER, UE1, "", 302, {"contact": f"<{ADDRESS}>;isfocus", "call_id": "a"}),
    (UE1, SERVER, "ACK", 0, {"call_id": "a"}),
    (UE1, BOARD, "INVITE", 0, {"uri": ADDRESS, "call_id": "b", "cseq": "2 INVITE"}),
    (BOARD, UE1, "", 200, {"call_id": "b", "cseq": "2 INVITE"}),
    (UE1, UE2, "REFER", 0, {"refer_to": f"<{ADDRESS}>", "call_id": "c"}),
    (UE2, BOARD, "INVITE", 0, {"uri": ADDRESS, "call_id": "d", "cseq": "1 INVITE"}),
    (BOARD, UE2, "", 200, {"call_id": "d", "cseq": "1 INVITE"}),
    (UE2, UE1, "NOTIFY", 0, {"sipfrag": "200 OK", "call_id": "c"}),
]


def message(number: int, source, target, method: str, status: int, **facts: str) -> WireMessage:
    names = ("uri", "reason", "call_id", "cseq", "contact", "refer_to", "sipfrag", "event", "subscription")
    values = {name: facts.get(name, "") for name in names}
    values["cseq"] = values["cseq"] or f"1 {method or 'INVITE'}"
    return WireMessage(number, 100 + number * 0.01, source, target, method, status, retry_after="", **values)


def flow_of(steps) -> flows.Flow:
    messages = [
        message(n, source, target, m, s, **facts) for n, (source, target, m, s, facts) in enumerate(steps)
    ]
    return flows.read_flow(messages, CAST)


def failures(findings) -> list[str]:
    return [finding.name for finding in findings if not finding.passed]


def test_the_whole_flow_is_found():
    flow = flow_of(STEPS)
    assert [mark.mark for mark in flow.marks] == ["M2", "M4", "M5", "M5 ok", "M6", "M7", "M7 ok", "M8"]
    assert flow.address == ADDRESS
    assert failures(flows.judge_order(flow) + flows.judge_redirect(flow)) == []


@pytest.mark.parametrize("missing", [4, 5, 7, 8])
def test_a_missing_message_is_missed(missing):
    flow = flow_of([step for number, step in enumerate(STEPS) if number != missing])
    assert failures(flows.judge_order(flow)) == ["messages of ue2 in order"]


def test_telling_before_the_acknowledgment_is_seen():
    early = [*STEPS[:4], STEPS[5], STEPS[4], *STEPS[6:]]
    assert failures(flows.judge_order(flow_of(early))) == ["messages of ue2 in order"]


def test_a_redirect_without_isfocus_is_seen():
    plain = [*STEPS[:1], (SERVER, UE1, "", 302, {"contact": f"<{ADDRESS}>", "call_id": "a"}), *STEPS[2:]]
    assert len(failures(flows.judge_redirect(flow_of(plain)))) == 1


def packet(at_s: float, source, target, payload: bytes) -> WirePacket:
    return WirePacket(at_s, source, target, payload)


def test_the_server_must_stay_silent_after_the_redirect():
    flow = flow_of(STEPS)
    ack = packet(100.02, UE1, SERVER, b"ACK sip:conference@127.0.0.1 SIP/2.0\r\n\r\n")
    register = packet(100.5, BOARD, SERVER, b"REGISTER sip:127.0.0.1 SIP/2.0\r\n\r\n")
    assert failures(flows.judge_server_silence(flow, [ack, register])) == []
    later = packet(100.6, UE2, SERVER, b"INVITE sip:conference@127.0.0.1 SIP/2.0\r\n\r\n")
    assert len(failures(flows.judge_server_silence(flow, [ack, later]))) == 1
    before = packet(99.0, UE1, SERVER, b"REGISTER sip:127.0.0.1 SIP/2.0\r\n\r\n")
    assert len(failures(flows.judge_server_silence(flow, [before, ack]))) == 1


def test_the_drawing_shows_every_message_and_mark():
    flow = flow_of(STEPS)
    hosts = [ladder.Host(key, key.upper(), "") for key in ("server", "ue1", "ue2", "board")]
    drawing = ladder.draw(flow, hosts, "A title with <angles> & more")
    tree = ElementTree.fromstring(drawing)
    texts = ["".join(element.itertext()) for element in tree.iter("{http://www.w3.org/2000/svg}text")]
    for words in (
        "302  · INVITE",
        "REFER",
        "NOTIFY (200 OK)",
        "M2",
        "M7 ✓",
        "M8",
        "A title with <angles> & more",
    ):
        assert words in texts
    assert len(list(tree.iter("{http://www.w3.org/2000/svg}path"))) == len(STEPS)
