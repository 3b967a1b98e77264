"""A whole board process in real time, on loopback: registration, three callers, audio, the end."""

import json
import os
import select
import shutil
import signal
import socket
import struct
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from parley.call.endpoint import Endpoint
from parley.call.negotiate import make_offer
from parley.wire.address import conference_uri, derive, make_token
from parley.wire.auth import Authenticator
from parley.wire.sip import Request, parse_message, response_to

from .board_bench import KEY_HEX, PATIENCE_S, BoardProcess, build_native_kernels, configuration, own_address

KEY = bytes.fromhex(KEY_HEX)
DATE = "%a, %d %b %Y %H:%M:%S GMT"


def now_ms() -> int:
    return time.monotonic_ns() // 1_000_000


class RegistrarOnTheBench:
    """Answers REGISTERs as the server does, with digest."""

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.reports: list[dict[str, object]] = []
        self._authenticator = Authenticator("parley", b"secret")

    def readable(self) -> None:
        data, peer = self.socket.recvfrom(4096)
        request = parse_message(data)
        assert isinstance(request, Request)
        password = derive(KEY, "register")
        header = request.get("Authorization")
        verdict, _ = self._authenticator.check(header, "REGISTER", lambda name: password, int(time.time()))
        response = response_to(request, 200 if verdict == "ok" else 401)
        if verdict == "ok":
            self.reports.append(json.loads(request.body))
            response.set("Date", time.strftime(DATE, time.gmtime()))
        else:
            for challenge in self._authenticator.challenges(int(time.time())):
                response.add("WWW-Authenticate", challenge)
        self.socket.sendto(response.to_bytes(), peer)


class PhoneOnTheBench:
    """A phone: calls, sends one code for ever, and remembers the codes it hears."""

    def __init__(self, code: int) -> None:
        self.host = own_address()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((self.host, 5060))
        self.rtp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.rtp.bind((self.host, 4000))
        self.endpoint = Endpoint((self.host, 5060), os.urandom, user=f"phone{code}")
        self.heard: list[bytes] = []
        self.code = code
        self.media: tuple[str, int] | None = None
        self._sequence = 0

    def call(self, uri: str, peer: tuple[str, int]) -> None:
        offer = make_offer([("PCMU", 8000)], self.host, 4000, 1, 1)
        self._call = self.endpoint.invite(uri, offer.to_bytes(), now_ms(), peer=peer)
        self.flush()

    def hang_up(self) -> None:
        self.endpoint.hangup(self._call, now_ms())
        self.flush()

    def flush(self) -> None:
        for data, peer in self.endpoint.transmits():
            self.socket.sendto(data, peer)
        for event in self.endpoint.events():
            if event.kind == "answered" and event.message is not None:
                port = int(event.message.body.partition(b"m=audio ")[2].split()[0])
                self.media = (self._call.peer[0], port)

    def readable(self) -> None:
        data, peer = self.socket.recvfrom(4096)
        self.endpoint.receive(data, peer, now_ms())
        self.flush()

    def rtp_readable(self) -> None:
        self.heard.append(self.rtp.recv(2048)[12:])

    def speak(self) -> None:
        if self.media is not None:
            header = struct.pack(">BBHII", 0x80, 0, self._sequence, 160 * self._sequence, self.code)
            self.rtp.sendto(header + bytes([self.code]) * 160, self.media)
            self._sequence += 1

    def close(self) -> None:
        self.socket.close()
        self.rtp.close()


class Stage:
    """The board, the registrar and the phones, played in real time."""

    def __init__(self, flash: Path, **how_to_run: Any) -> None:
        self.registrar = RegistrarOnTheBench()
        self.host = own_address()
        config = configuration(self.host, self.registrar.socket.getsockname())
        (flash / "board_config.json").write_text(json.dumps(config))
        self.board = BoardProcess(flash, **how_to_run)
        self.phones: list[PhoneOnTheBench] = []

    def play(self, until: Callable[[], bool], timeout_s: float = PATIENCE_S) -> None:
        """Everybody does his part until the condition holds."""
        end_s = time.monotonic() + timeout_s
        next_s = time.monotonic()
        while not until():
            assert time.monotonic() < end_s, self.board.cable.said.decode(errors="replace")
            handlers = {self.registrar.socket: self.registrar.readable}
            for phone in self.phones:
                handlers[phone.socket] = phone.readable
                handlers[phone.rtp] = phone.rtp_readable
            ready, _, _ = select.select(list(handlers), [], [], max(0.0, next_s - time.monotonic()))
            for one in ready:
                handlers[one]()
            if time.monotonic() >= next_s:
                next_s += 0.02
                for phone in self.phones:
                    phone.speak()

    def phone(self, code: int, uri: str) -> PhoneOnTheBench:
        """Another phone, in the conference when this returns."""
        phone = PhoneOnTheBench(code)
        self.phones.append(phone)
        phone.call(uri, (self.host, 5060))
        self.play(lambda: phone.media is not None)
        return phone

    def close(self) -> None:
        self.board.close()
        self.registrar.socket.close()
        for phone in self.phones:
            phone.close()


@pytest.fixture(scope="session")
def native_kernels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_native_kernels(tmp_path_factory.mktemp("native"))


def damaged_packet_io(native: Path, folder: Path) -> Path:
    """A folder with native kernels and a parley_io.mpy that has lost its end."""
    shutil.copytree(native, folder)
    octets = (folder / "parley_io.mpy").read_bytes()
    (folder / "parley_io.mpy").write_bytes(octets[: len(octets) // 2])
    return folder


SAYS = {  # kind of board -> what it says at its start
    "native": b"native kernels, native packet I/O",
    "damaged packet I/O": b"native packet I/O refused, Python's sockets serve: parley_io.mpy is damaged or cut short",
    "slow": b"slow kernels, portable packet I/O",
    "CPython": b"native kernels, native packet I/O",
}


@pytest.fixture(params=SAYS)
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    """Set on each kind of board there is on this machine."""
    how_to_run: dict[str, Any] = {}
    if request.param == "native":
        how_to_run["folders"] = [request.getfixturevalue("native_kernels")]
    elif request.param == "damaged packet I/O":
        native = request.getfixturevalue("native_kernels")
        how_to_run["folders"] = [damaged_packet_io(native, tmp_path / "native")]
    elif request.param == "CPython":
        how_to_run["command"] = [sys.executable, "-m", "parley.app.board", tmp_path]
    staged = Stage(tmp_path, **how_to_run)
    staged.board.cable.wait_for(SAYS[request.param])
    yield staged
    staged.close()


def test_three_talk_through_a_board(stage: Stage) -> None:
    stage.play(lambda: bool(stage.registrar.reports))
    first = stage.registrar.reports[0]
    assert first["live"] == [] and first["legs"] == 8 and first["codecs"] == ["PCMU", "PCMA"]

    generation = int(time.time())
    token = make_token(KEY, 1, generation, 3, generation + PATIENCE_S)
    uri = conference_uri(token, stage.host, 5060)
    quiet = 0xFF  # PCMU's zero: who says it adds nothing
    alice, bob, carol = stage.phone(0x90, uri), stage.phone(quiet, uri), stage.phone(quiet, uri)
    alices = bytes([0x90]) * 160
    stage.play(lambda: bob.heard.count(alices) > 25 and carol.heard.count(alices) > 25)
    assert alices not in alice.heard  # nobody hears himself
    assert bytes([quiet]) * 160 in alice.heard

    def live() -> object:
        return stage.registrar.reports[-1]["live"]

    stage.play(lambda: len(live()[0][3]) == 3 if live() else False)  # type: ignore[index]
    assert live()[0][:3] == [1, generation, 3]  # type: ignore[index]

    alice.hang_up()
    bob.hang_up()
    stage.play(lambda: len(live()[0][3]) == 1 if live() else False)  # type: ignore[index]
    carol.hang_up()
    stage.play(lambda: live() == [])
    assert stage.registrar.reports[-1]["ended"] == [[1, generation]]
    heard = len(carol.heard)
    end_s = time.monotonic() + 0.2
    stage.play(lambda: time.monotonic() > end_s)
    assert len(carol.heard) <= heard + 1


def test_console_and_media_run_side_by_side(stage: Stage) -> None:
    stage.play(lambda: bool(stage.registrar.reports))
    generation = int(time.time())
    uri = conference_uri(make_token(KEY, 0, generation, 2, generation + PATIENCE_S), stage.host, 5060)
    alice, bob = stage.phone(0x90, uri), stage.phone(0xFF, uri)
    stage.play(lambda: len(bob.heard) > 10)
    stage.board.cable.type(b"\r\x01print(len(board.status()['legs']))\x04")
    stage.play(lambda: b"OK2\n\x04\x04>" in stage.board.cable.said.replace(b"\r\n", b"\n"))
    heard = len(bob.heard)
    stage.play(lambda: len(bob.heard) > heard + 50)
    stage.board.cable.type(b"\r\x02\x04")  # back to the friendly mode, then a reset
    stage.play(lambda: stage.board.process.poll() == 0)
    stage.play(lambda: not alice.endpoint.calls and not bob.endpoint.calls)  # it said goodbye


def test_interrupted_board_says_goodbye(stage: Stage) -> None:
    stage.play(lambda: bool(stage.registrar.reports))
    generation = int(time.time())
    uri = conference_uri(make_token(KEY, 0, generation, 2, generation + PATIENCE_S), stage.host, 5060)
    alice, bob = stage.phone(0x90, uri), stage.phone(0xFF, uri)
    stage.play(lambda: len(bob.heard) > 10)
    stage.board.process.send_signal(signal.SIGINT)
    stage.play(lambda: not alice.endpoint.calls and not bob.endpoint.calls)
    stage.play(lambda: stage.board.process.poll() is not None)
