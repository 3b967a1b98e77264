"""What a phone is answered: the first and second message, from socket bytes to socket bytes."""

import gc
import ipaddress

import pytest

from parley.call.call import Call
from parley.call.transaction import Transaction
from parley.wire.uri import parse_name_addr
from parleyd.store.face import StoreError
from parleyd.store.sqlite import SqliteStore

from .server_world import START_S, World

SDP = b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path / "leases.sqlite")
    made.register_all()
    return made


def test_302_has_one_focus_contact_on_a_board(world):
    response = world.ask()
    assert response.status == 302
    (contact,) = response.get_all("Contact")
    assert contact.endswith(";transport=udp>;isfocus")
    board = next(board for board in world.boards if f"@{board.host}:5060" in contact)
    allocation = board.allocation(contact)
    assert (allocation.size, allocation.expires_s) == (8, START_S + 32)


def test_addresses_are_unique_and_boards_take_turns(world):
    granted = [world.granted(uri="sip:conference@127.0.0.1;size=2") for _ in range(16)]
    assert len({contact for _, _, contact in granted}) == 16
    assert [board.board_id for board, _, _ in granted[:4]] == ["b1", "b2", "b1", "b2"]
    full = world.ask(uri="sip:conference@127.0.0.1;size=2")
    assert full.status == 503
    assert int(full.get("Retry-After")) > 0


def test_size_on_the_uri_is_reserved(world):
    board, allocation, _ = world.granted(uri="sip:conference@127.0.0.1;size=12")
    assert allocation.size == 12
    second, _, _ = world.granted(uri="sip:conference@127.0.0.1;size=12")
    assert second is not board
    assert world.ask(uri="sip:conference@127.0.0.1;size=12").status == 503
    assert world.granted(uri="sip:conference@127.0.0.1;size=4")


@pytest.mark.parametrize("size", ["0", "1", "65536", "-1", "x", ""])
def test_bad_sizes_are_400(world, size):
    assert world.ask(uri=f"sip:conference@127.0.0.1;size={size}").status == 400


def test_larger_than_any_board_is_606(world):
    response = world.ask(uri="sip:conference@127.0.0.1;size=17")
    assert (response.status, response.get("Retry-After")) == (606, None)


def test_other_users_are_404(world):
    assert world.ask(uri="sip:alice@127.0.0.1").status == 404


def test_no_common_codec_is_488_and_says_what_would_do(world):
    response = world.ask(codecs=(("G729", 8000),))
    assert response.status == 488
    assert "PCMA" in response.get("Warning")


def test_encryption_that_no_board_has_is_606(world):
    secure = SDP + b"m=audio 6000 RTP/SAVP 0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x\r\n"
    assert world.ask(body=secure).status == 606


def test_invite_without_sdp_is_granted(world):
    assert world.ask(body=b"").status == 302


def test_video_only_is_488(world):
    assert world.ask(body=SDP + b"m=video 6000 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n").status == 488


def test_the_offer_chooses_the_board(tmp_path):
    world = World(tmp_path / "leases.sqlite", boards=1)
    wide = world.add_board("wide", "127.0.1.9", codecs=["G722/8000", "PCMU"])
    world.register_all()
    for _ in range(2):
        board, _, _ = world.granted(codecs=(("G722", 8000),), uri="sip:conference@127.0.0.1;size=2")
        assert board is wide


def test_nothing_registered_is_503_with_retry_after(tmp_path):
    response = World(tmp_path / "leases.sqlite").ask()
    assert response.status == 503
    assert 1 <= int(response.get("Retry-After")) <= 10


def test_a_store_that_fails_grants_nothing(tmp_path):
    class Full(SqliteStore):
        broken = False

        def submit(self, groups, answer):
            if self.broken:
                answer([StoreError("disk full")] * len(groups))
            else:
                super().submit(groups, answer)

    store = Full(tmp_path / "leases.sqlite")
    world = World(tmp_path / "leases.sqlite", store=store)
    world.register_all()
    store.broken = True
    assert world.ask().status == 503
    assert world.server.running() == []
    store.broken = False
    assert world.ask().status == 302


def test_going_down_refuses_newcomers(world):
    world.server.closing = True
    assert world.ask().status == 503


def test_garbage_is_survived_and_counted(world):
    world.server.receive(b"\x00\xff" * 300, ("127.0.0.1", 9))
    world.server.receive(b"INVITE sip:x SIP/2.0\r\n\r\n", ("127.0.0.1", 9))
    assert world.granted()


@pytest.mark.parametrize(
    "params", [";transport=udp", ";transport=tcp;transport=tcp", ";user=phone", ";foo=bar;lr"]
)
def test_parameters_that_phones_put_on_the_well_known_address_do_not_matter(world, params):
    """baresip adds a transport to whatever is dialled, over TCP twice (docs/interop.md)."""
    assert world.ask(uri="sip:conference@127.0.0.1:5060" + params).status == 302


def test_one_contact_with_an_explicit_transport(world):
    """PJSUA aborts on a second one that answers, three of four phones take the first alone (docs/interop.md)."""
    (contact,) = world.ask().get_all("Contact")
    assert ";transport=" in contact
    uri = parse_name_addr(contact).uri
    assert uri.headers == ""  # Linphone does not follow such a contact, baresip keeps it in the Request-URI
    assert str(ipaddress.ip_address(uri.host)) == uri.host  # baresip looks no name up in /etc/hosts


@pytest.mark.parametrize(
    "headers", [(), (("Conference-Size", "4"), ("Priority", "emergency"), ("Subject", "x"))]
)
def test_what_has_ended_needs_no_collector(world, headers):
    gc.collect()
    gc.disable()
    try:
        for _ in range(3):
            world.ask(headers=headers)
            world.ask(uri="sip:nobody@127.0.0.1:5060", headers=headers)
        world.wait(40)  # RFC 3261 table 4: every timer of theirs has ended by 32 s
        alive = gc.get_objects()
    finally:
        gc.enable()
    transactions = [one for one in alive if isinstance(one, Transaction)]
    assert [
        one.kind for one in transactions if one.state == "terminated" and one.kind.startswith("server")
    ] == []
    assert [one for one in alive if isinstance(one, Call) and one.role == "uas"] == []
