"""SIP over TCP, to the server and to a board: torture messages in pieces, keep-alives, limits, a call."""

import re
import socket

import pytest

from hil_tests import ask, emulated, sip_text, torture
from hil_tests.torturer_tcp import STREAM, Connection, alive_ms, torment

pytestmark = pytest.mark.hil

VECTORS = torture.vectors()
ALIVE_MS = 250
TARGETS = [pytest.param("server", marks=pytest.mark.once), "board"]


def skip_without_tcp(bench):
    """Skip what needs TCP to a board whose wire has none."""
    if bench.board_kind in emulated.KINDS:
        pytest.skip("the wire of an emulated board carries UDP only")


def target_of(bench, name):
    """(address, what is peculiar to it) of `server` or `board`."""
    if name == "server":
        return ("127.0.0.1", bench.sip_port), {**torture.DAEMON, **STREAM}
    skip_without_tcp(bench)
    return bench.boards()[0].address, {**torture.BOARD, **STREAM}


@pytest.mark.parametrize("name", TARGETS)
@pytest.mark.parametrize("piece", [1, 7, 65536])
def test_every_message_is_answered_as_its_section_says(bench, name, piece, figures):
    peer, peculiar = target_of(bench, name)
    wrong, slowest_ms = {}, 0.0
    for vector in torture.unheard(VECTORS):
        found = torment(vector, peer, piece)
        slowest_ms = max(slowest_ms, alive_ms(peer))
        if found != vector.expected(peculiar):
            wrong[f"{vector.section} {vector.name}"] = f"{found} instead of {vector.expected(peculiar)}"
    figures.add(
        messages=len(VECTORS), correct=len(VECTORS) - len(wrong), slowest_options_ms=round(slowest_ms, 1)
    )
    assert wrong == {}
    assert slowest_ms < ALIVE_MS


@pytest.mark.parametrize("name", TARGETS)
def test_keep_alives_are_answered(bench, name):
    peer, _ = target_of(bench, name)
    with Connection.to(peer) as connection:
        connection.send(b"\r\n\r\n", 1)
        assert connection.opened.recv(2) == b"\r\n"
        connection.send(connection.options() + b"\r\n\r\n")
        answer = connection.next()
        assert answer is not None and answer.status == 200


@pytest.mark.parametrize("name", TARGETS)
def test_connections_that_say_nothing_do_no_harm(bench, name):
    peer, _ = target_of(bench, name)
    idle = [Connection.to(peer) for _ in range(10)]
    for number, connection in enumerate(idle):
        connection.send(b"INVITE sip:x@y SIP/2.0\r\n" * number)
    assert alive_ms(peer) < ALIVE_MS
    for connection in idle:
        connection.opened.close()
    assert alive_ms(peer) < ALIVE_MS


def test_a_call_over_tcp(bench):
    skip_without_tcp(bench)
    address = ask.with_caller(lambda caller: ask.allocate(caller, bench.server, 2))
    uri = re.sub(";transport=udp", ";transport=tcp", address)
    peer = sip_text.address_of(uri)
    with Connection.to(peer) as connection:
        host, port = connection.opened.getsockname()
        call_id = sip_text.random_id()

        def request(method, to, number, body=b""):
            headers = [
                ("Via", f"SIP/2.0/TCP {host}:{port};branch=z9hG4bK{sip_text.random_id()}"), ("Max-Forwards", "70"),
                ("From", f"<sip:judge@{host}:{port};transport=tcp>;tag=j1"), ("To", to), ("Call-ID", call_id),
                ("CSeq", f"{number} {method}"), ("Contact", f"<sip:judge@{host}:{port};transport=tcp>"),
            ]  # fmt: skip
            if body:
                headers.append(("Content-Type", "application/sdp"))
            connection.send(sip_text.build(f"{method} {uri} SIP/2.0", headers, body), 7)

        request("INVITE", f"<{uri}>", 1, ask.offer())
        answer = connection.next()
        assert answer is not None and answer.status == 200, answer
        contact = answer.header("contact")
        assert "isfocus" in contact
        assert ";transport=tcp>" in contact
        request("ACK", answer.header("to"), 1)
        request("BYE", answer.header("to"), 2)
        gone = connection.next()
        assert gone is not None and (gone.status, gone.method) == (200, "BYE")
    assert alive_ms(peer) < ALIVE_MS


@pytest.mark.once
def test_a_server_at_two_addresses_and_both_families(own_bench, ports):
    other, six = ports.take(), ports.take()
    bench = own_bench(boards=2, extra=("--sip", f"127.0.0.2:{other}", "--sip", f"[::1]:{six}"))
    for peer in (("127.0.0.1", bench.sip_port), ("127.0.0.2", other), ("::1", six)):
        assert alive_ms(peer) < ALIVE_MS
        family = socket.AF_INET6 if ":" in peer[0] else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as phone:
            phone.settimeout(4)
            phone.bind(("::1" if ":" in peer[0] else "127.0.0.1", 0))
            host, port = phone.getsockname()[:2]
            host = f"[{host}]" if ":" in host else host
            headers = [
                ("Via", f"SIP/2.0/UDP {host}:{port};branch=z9hG4bKtwo{port};rport"),
                ("Max-Forwards", "70"),
            ]
            headers += [
                ("From", f"<sip:judge@{host}:{port}>;tag=j2"),
                ("To", "<sip:conference@bridge.example>"),
            ]
            headers += [("Call-ID", sip_text.random_id()), ("CSeq", "1 INVITE")]
            headers += [("Contact", f"<sip:judge@{host}:{port}>"), ("Content-Type", "application/sdp")]
            invite = sip_text.build("INVITE sip:conference@bridge.example SIP/2.0", headers, ask.offer())
            phone.sendto(invite, peer)
            data, source = phone.recvfrom(65535)
            assert (sip_text.parse(data).status, source[:2]) == (302, peer)
