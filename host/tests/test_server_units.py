"""The receiver unit's reading and the transmission unit's writing, message by message."""

import pytest

from parley.wire.address import make_token
from parley.wire.sip import Request
from parleyd.lease import Lease, LeaseState
from parleyd.pool import BoardView
from parleyd.receive import Need, ReceiverUnit
from parleyd.transmit import TransmissionUnit
from parleyd.verdict import Grant, Refusal

FACTORY = "sip:conference@127.0.0.1:5060"
HEAD = b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
PLAIN = b"m=audio 6000 RTP/AVP 0 8 101\r\na=rtpmap:101 telephone-event/8000\r\n"
SECURE = b"m=audio 6000 RTP/SAVP 0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x\r\n"
PCMU, PCMA = ("PCMU", 8000), ("PCMA", 8000)


def receive(uri=FACTORY, body=b"", *headers):
    given = [("From", '"Alice" <sip:alice@127.0.0.1:5062>;tag=1'), ("To", f"<{FACTORY}>")]
    if body and not any(name == "Content-Type" for name, _ in headers):
        given.append(("Content-Type", "application/sdp"))
    return ReceiverUnit().receive(Request("INVITE", uri, [*given, *headers], body))


def test_a_plain_invite():
    assert receive(FACTORY, HEAD + PLAIN) == Need(
        (PCMU, PCMA), 8, "none", "sip:alice@127.0.0.1:5062", ipv4=True
    )


def test_an_invite_without_an_offer_assumes_what_every_phone_has():
    assert receive().codecs == (PCMU,)


@pytest.mark.parametrize(
    "uri",
    [
        "sip:conference@127.0.0.1:5060;transport=udp",
        "sip:%63onference@127.0.0.1",
        "sip:conference:secret@127.0.0.1",
    ],
)
def test_spellings_of_the_factory(uri):
    assert isinstance(receive(uri), Need)


@pytest.mark.parametrize(
    ("body", "codecs", "srtp"),
    [
        (PLAIN, (PCMU, PCMA), "none"),
        (SECURE, (PCMU,), "required"),
        (PLAIN + SECURE, (PCMU, PCMA), "optional"),
        (PLAIN + b"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x\r\n", (PCMU, PCMA), "optional"),
        (b"m=audio 6000 UDP/TLS/RTP/SAVPF 9\r\na=fingerprint:sha-256 AA\r\n", (("G722", 8000),), "required"),
        (b"m=audio 6000 RTP/AVP 96\r\na=rtpmap:96 L16/16000\r\n", (("L16", 16000),), "none"),
        (b"m=video 5000 RTP/AVP 34\r\n" + PLAIN, (PCMU, PCMA), "none"),
        (b"m=audio 0 RTP/SAVP 0\r\n" + PLAIN, (PCMU, PCMA), "none"),  # a stream of port 0 is none
    ],
)
def test_what_an_offer_says(body, codecs, srtp):
    need = receive(FACTORY, HEAD + body)
    assert (need.codecs, need.srtp) == (codecs, srtp)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"hello", 400),
        (HEAD + b"m=audio x RTP/AVP 0\r\n", 400),
        (HEAD, 488),
        (HEAD + b"m=audio 6000 TCP/MSRP *\r\n", 488),
        (HEAD + b"m=audio 6000 RTP/AVP 101\r\na=rtpmap:101 telephone-event/8000\r\n", 488),
    ],
)
def test_offers_of_no_use(body, status):
    assert receive(FACTORY, body).status == status


@pytest.mark.parametrize(
    ("uri", "status"),
    [("sip:127.0.0.1", 404), ("sip:Conference@127.0.0.1", 404), ("tel:+49123", 416), ("x", 400)],
)
def test_other_addresses(uri, status):
    assert receive(uri).status == status


@pytest.mark.parametrize(("size", "legs"), [("2", 2), ("008", 8), ("65535", 65535)])
def test_sizes(size, legs):
    assert receive(f"{FACTORY};size={size}").size == legs


def test_what_is_required_of_us_and_unknown():
    refusal = receive(FACTORY, b"", ("Require", "100rel, teleport"))
    assert refusal.status == 420
    assert dict(refusal.headers)["Unsupported"] == "teleport"
    assert isinstance(receive(FACTORY, b"", ("Require", "100rel, timer")), Need)


def test_sips_is_refused_with_the_way_out():
    refusal = receive("sips:conference@127.0.0.1")
    assert (refusal.status, refusal.warn_code) == (480, 380)
    assert "sip:conference" in refusal.reason


@pytest.mark.parametrize("header", [("Content-Type", "text/plain"), ("Content-Encoding", "gzip")])
def test_bodies_that_are_no_sdp(header):
    refusal = receive(FACTORY, HEAD + PLAIN, header)
    assert refusal.status == 415
    assert dict(refusal.headers)["Accept"] == "application/sdp"


def granted(host, *more):
    """A grant on a board at that host, and its token."""
    board = BoardView("b1", host, 5060, b"k" * 32, frozenset({PCMU}), 16, 8, 0)
    lease = Lease("b1", 3, 7, 7, 4, 99, LeaseState.OFFERED, 67)
    return Grant(lease, board, 60, *more), make_token(board.key, 3, 7, 4, 99)


def test_the_second_message_is_one_contact():
    grant, token = granted("127.0.1.1")
    assert grant.uri == f"sip:{token}@127.0.1.1:5060;transport=udp"
    reply = TransmissionUnit("127.0.0.1:5060").transmit(grant)
    assert (reply.status, reply.reason) == (302, "Moved Temporarily")
    assert reply.headers == (("Contact", f"<{grant.uri}>;isfocus"), ("Expires", "60"))


@pytest.mark.parametrize(
    ("over", "port", "place"),
    [
        ("tcp", None, "[::1]:5060;transport=tcp"),
        ("tls", 5061, "[::1]:5061;transport=tls"),
    ],
)
def test_the_contact_names_how_the_board_is_reached(over, port, place):
    grant, token = granted("::1", over, port)
    contact = dict(TransmissionUnit("[::1]:5060").transmit(grant).headers)["Contact"]
    assert contact == f"<sip:{token}@{place}>;isfocus"


def test_a_refusal_says_when_and_why():
    reply = TransmissionUnit("127.0.0.1:5060").transmit(Refusal(503, 'All "busy"', 7, 399))
    assert (reply.status, reply.reason) == (503, 'All "busy"')
    assert dict(reply.headers) == {"Retry-After": "7", "Warning": '399 127.0.0.1:5060 "All \\"busy\\""'}
