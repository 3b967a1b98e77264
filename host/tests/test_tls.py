"""SIP over TLS on the loopback: contexts, the daemon's sockets, the daemon's process, our phone."""

import asyncio
import base64
import json
import os
import socket
import ssl
import subprocess
import sys

import pytest
import trustme

from parleyd.board_tls import board_tls
from parleyd.settings import SettingsError, load_settings
from parleynet.tls import TlsError, client_context, server_context
from parleyue import outcome
from parleyue.audio import Microphone
from parleyue.equipment import CallPlan
from parleyue.flow import Initiator
from parleyue.listen import Listener, ListenPlan
from parleyue.phone import Phone as PhoneOnTheNet
from parleyue.report import Report
from parleyue.sound import Sound

from .daemon_bench import Board, Daemon, free_port
from .sockets_bench import World, answer_on, bound, options

LIMIT_S = 10
CODECS = [("PCMU", 8000)]


class Authority:
    """Somebody who issues certificates, and one for 127.0.0.1 and localhost, as files."""

    def __init__(self, folder):
        authority = trustme.CA()
        self.certificates = folder / "authority.pem"
        authority.cert_pem.write_to_path(self.certificates)
        issued = authority.issue_cert("127.0.0.1", "localhost")
        self.certificate, self.key = folder / "server.pem", folder / "server-key.pem"
        issued.private_key_pem.write_to_path(self.key)
        for blob in issued.cert_chain_pems:
            blob.write_to_path(self.certificate, append=True)

    def flags(self, port):
        where = ["--sip-tls", f"127.0.0.1:{port}"]
        return [*where, "--tls-cert", str(self.certificate), "--tls-key", str(self.key)]


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("tls"))


def test_wrong_files_are_named(authority, tmp_path):
    other = Authority(tmp_path)
    missing, noise = tmp_path / "missing.pem", tmp_path / "noise.pem"
    noise.write_text("no certificate")
    for certificate, key, words in (
        (missing, authority.key, "cannot read the certificate"),
        (authority.certificate, missing, "cannot read the key"),
        (authority.certificate, other.key, "does not belong to"),
        (noise, authority.key, "PEM"),
        (authority.certificate, noise, "PEM"),
    ):
        with pytest.raises(TlsError, match=words):
            server_context(certificate, key)
    with pytest.raises(TlsError, match="holds no certificates"):
        client_context(noise)
    with pytest.raises(TlsError, match="cannot read the certificates"):
        client_context(missing)


def test_an_encrypted_key_is_not_asked_for(authority, tmp_path):
    locked = tmp_path / "locked.pem"
    command = ["openssl", "pkey", "-in", authority.key, "-aes256", "-passout", "pass:secret", "-out", locked]
    subprocess.run(command, check=True)
    with pytest.raises(TlsError, match="encrypted"):
        server_context(authority.certificate, locked)


def test_a_boards_pair_is_der_in_base64(authority, tmp_path):
    pair = board_tls(authority.certificate, authority.key)
    pem = ssl.DER_cert_to_PEM_cert(base64.b64decode(pair["tls_certificate"]))
    assert authority.certificate.read_text().startswith(pem.strip())
    again = f"-----BEGIN PRIVATE KEY-----\n{pair['tls_key']}\n-----END PRIVATE KEY-----\n"
    kind = authority.key.read_text().splitlines()[0].removeprefix("-----BEGIN ").removesuffix("-----")
    (tmp_path / "again.pem").write_text(again.replace("PRIVATE KEY", kind))
    server_context(authority.certificate, tmp_path / "again.pem")
    assert board_tls(None, None) == {}
    with pytest.raises(TlsError, match="does not belong to"):
        board_tls(authority.certificate, Authority(tmp_path).key)


def test_settings_that_need_each_other():
    with pytest.raises(SettingsError, match="--tls-cert FILE"):
        load_settings(sip_tls="127.0.0.1:5061")
    with pytest.raises(SettingsError, match="of no use without sip_tls"):
        load_settings(tls_cert="a.pem", tls_key="b.pem")
    with pytest.raises(SettingsError, match="--board-tls-key FILE"):
        load_settings(board_tls_cert="a.pem")
    with pytest.raises(SettingsError, match="phones can reach"):
        load_settings(sip_tls="0.0.0.0:5061", tls_cert="a.pem", tls_key="b.pem")


def test_requests_over_tls_are_answered_there(authority):
    async def work():
        async with asyncio.timeout(LIMIT_S), World("127.0.0.1") as world:
            tcp = bound("127.0.0.1", socket.SOCK_STREAM)
            port = tcp.getsockname()[1]
            await world.sockets.listen_tls(tcp, server_context(authority.certificate, authority.key))
            trusting = client_context(authority.certificates)
            reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trusting)
            world.writers.append(writer)
            for octet in options(transport="TLS"):
                writer.write(bytes([octet]))
            answer = await answer_on(reader)
            assert answer.startswith(b"SIP/2.0 200")
            assert b"\r\nVia: SIP/2.0/TLS phone.example:5099;" in answer
            writer.write(b"\r\n\r\n")
            assert await reader.readexactly(2) == b"\r\n"
            plain_reader, plain = await asyncio.open_connection("127.0.0.1", port)
            world.writers.append(plain)
            plain.write(options())  # no TLS: hung up on
            heard = await plain_reader.read()
            assert b"SIP" not in heard
            with pytest.raises(ssl.SSLCertVerificationError):
                await asyncio.open_connection("127.0.0.1", port, ssl=client_context(None))
            assert len(world.sockets.streams) == 1

    asyncio.run(work())


class Bench:
    """A daemon with TLS and one provisioned board that takes these transports."""

    def __init__(self, folder, authority, transports, tls_port=None):
        self.daemon = Daemon(folder)
        self.board = Board(self.daemon.server)
        self.board.report |= {"transports": transports, "tls_port": tls_port}
        (folder / "parley.toml").write_text(self.board.toml())
        self.port = free_port(socket.SOCK_STREAM)
        self.daemon.start("--config", str(folder / "parley.toml"), *authority.flags(self.port))
        assert self.board.register().status == 200

    def close(self):
        self.daemon.process.kill()
        self.daemon.process.communicate()


@pytest.fixture(params=[(["udp"], None), (["udp", "tcp"], None), (["udp", "tcp", "tls"], 5066)])
def bench(request, tmp_path, authority):
    made = Bench(tmp_path, authority, *request.param)
    yield made
    made.close()


INVITE = (
    "INVITE {uri} SIP/2.0\r\nVia: SIP/2.0/TLS 127.0.0.1:5099;branch=z9hG4bK{number};rport\r\n"
    "From: <sip:alice@127.0.0.1>;tag=1\r\nTo: <{uri}>\r\nCall-ID: {number}\r\nCSeq: 1 INVITE\r\n"
    "Contact: <sip:alice@127.0.0.1:5099;transport=tls>\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
)


def asked_over_tls(bench, authority, uri, number):
    trusting = client_context(authority.certificates)
    with (
        socket.create_connection(("127.0.0.1", bench.port), LIMIT_S) as plain,
        trusting.wrap_socket(plain, server_hostname="localhost") as secure,
    ):
        secure.sendall(INVITE.format(uri=uri, number=number).encode())
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += secure.recv(4096)
        return answer.decode()


def test_the_daemon_over_tls(bench, authority):
    """A 302 names what the phone's hop and the board have in common; sips is refused with the way out."""
    answer = asked_over_tls(bench, authority, f"sip:conference@127.0.0.1:{bench.port};transport=tls", 1)
    assert answer.startswith("SIP/2.0 302")
    wanted = bench.board.report["transports"][-1]
    assert f"{':5066' if wanted == 'tls' else ''};transport={wanted}>;isfocus" in answer
    answer = asked_over_tls(bench, authority, f"sips:conference@127.0.0.1:{bench.port}", 2)
    assert answer.startswith("SIP/2.0 480")
    assert "\r\nWarning: 380 " in answer


def test_a_daemon_that_cannot_start_says_why(authority, tmp_path):
    daemon = Daemon(tmp_path)
    daemon.start(
        "--sip-tls", "127.0.0.1:5061", "--tls-cert", str(authority.key), "--tls-key", str(authority.key)
    )
    _, complaint = daemon.process.communicate(timeout=LIMIT_S)
    assert daemon.process.returncode == 1
    assert "PEM" in complaint
    assert "Traceback" not in complaint


def phone_call(bench, authority, *flags):
    program = [sys.executable, "-c", "from parleyd.cli import main; main()", "call"]
    uri = f"sip:conference@127.0.0.1:{bench.port};transport=tls"
    done = subprocess.run(
        [*program, uri, "--json", "--duration", "0.1", "--patience", "3", *flags],
        capture_output=True,
        text=True,
        timeout=LIMIT_S * 2,
        env={**os.environ, "PYTHONWARNINGS": "error"},
        check=False,
    )
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


def test_our_phone_asks_over_tls(bench, authority):
    code, steps = phone_call(bench, authority, "--tls-ca", str(authority.certificates))
    events = [step.get("event") for step in steps]
    assert events[:3] == ["INVITE sent", "address allocated", "302 received"], steps
    assert code != outcome.OK  # the bench's board answers no INVITE


def test_our_phone_trusts_nobody_it_does_not_know(bench, authority):
    code, steps = phone_call(bench, authority)
    assert code == outcome.NO_ANSWER
    assert any("certificate verify failed" in str(step.get("problem")) for step in steps), steps


def test_two_phones_over_tcp():
    async def talk():
        async with (
            PhoneOnTheNet(("127.0.0.1", 0), "bob", Sound(Microphone(bytes(16000)))) as bob,
            PhoneOnTheNet(("127.0.0.1", 0), "alice", Sound(Microphone(bytes(16000)))) as alice,
        ):
            listener = Listener(bob.equipment(Report(), CODECS), ListenPlan(calls=1))
            plan = CallPlan(bob.address_of_record + ";transport=tcp", duration_ms=200)
            flow = Initiator(alice.equipment(Report(), CODECS), plan)
            await asyncio.wait_for(asyncio.gather(bob.run(listener), alice.run(flow)), LIMIT_S)
            return alice, flow, listener

    alice, flow, listener = asyncio.run(talk())
    assert (flow.outcome.code, listener.answered) == (outcome.OK, 1)
    assert alice.streams[0].stats()["received"] > 3
    assert "retransmitted" not in alice.endpoint.counters
