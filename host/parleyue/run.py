"""One run of the phone from the command line's wishes to an exit code."""

import asyncio
import contextlib
import errno
import os
import signal
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from parley.wire.errors import ParleyError, RemoteError
from parleynet.tls import client_context
from parleyue import summary
from parleyue.audio import Microphone, Recorder, read_speech
from parleyue.equipment import Address, CallPlan, Codec
from parleyue.flow import Initiator
from parleyue.keys import parse_key
from parleyue.listen import Listener, ListenPlan
from parleyue.outcome import FAILED_HERE, Outcome
from parleyue.phone import Phone
from parleyue.redirect import callable_uri
from parleyue.report import Report
from parleyue.sound import Sound
from parleyue.udp import host_towards

_METER_S = 0.2


@dataclass
class Handset:
    """The phone's own side: address, name, sound files, codecs.

    local: None to choose the address that leads to the server. play: None for silence. tls_ca: certificates to trust;
    None for the system's. srtp: "off", "optional" or "required".
    """

    local: Address | None
    user: str
    codecs: list[Codec]
    play: Path | None = None
    record: Path | None = None
    loop: bool = True
    tls_ca: Path | None = None
    srtp: str = "off"

    def sound(self) -> Sound:
        """Open the sound files. Raises OSError or ValueError with a sentence."""
        speech = read_speech(self.play) if self.play is not None else b""
        recorder = Recorder(self.record) if self.record is not None else None
        return Sound(Microphone(speech, self.loop), recorder)


def run_call(handset: Handset, plan: CallPlan, report: Report, keys: bool = False) -> int:
    """Hold an ad hoc conference; returns the exit code (see outcome.py). keys: obey lines on stdin (keys.py)."""

    async def call() -> dict[str, Any]:
        local = handset.local or (host_towards(await _address_of(plan.server)), 0)
        tls = client_context(handset.tls_ca)
        async with Phone(local, handset.user, handset.sound(), client_tls=tls) as phone:
            flow = Initiator(phone.equipment(report, handset.codecs, handset.srtp), plan)
            obeying = _obeying(phone, flow, report) if keys else contextlib.nullcontext()
            with _interruptible(phone.hang_up), _metered(phone, report), obeying:
                await phone.run(flow)
            return summary.of_call(phone, flow, report.times_ms)

    return _finish(call, report)


def run_listen(handset: Handset, plan: ListenPlan, report: Report) -> int:
    """Answer calls until the plan ends; returns the exit code."""

    async def listen() -> dict[str, Any]:
        assert handset.local is not None
        methods = ("MESSAGE",) if plan.join_messages else ()
        tls = client_context(handset.tls_ca)
        async with Phone(handset.local, handset.user, handset.sound(), methods, tls, ("replaces",)) as phone:
            listener = Listener(phone.equipment(report, handset.codecs, handset.srtp), plan)
            with _interruptible(phone.hang_up), _metered(phone, report):
                await phone.run(listener)
            return summary.of_listening(phone, listener, report.times_ms)

    return _finish(listen, report)


def _finish(work: Callable[[], Any], report: Report) -> int:
    try:
        result = asyncio.run(work())
    except (OSError, ValueError, ParleyError) as error:
        result = summary.of_failure(Outcome(FAILED_HERE, _sentence(error)))
    except BaseException:
        report.abandon()
        raise
    report.close(result)
    return int(result["exit_code"])


def _sentence(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return str(error) or type(error).__name__


async def _address_of(uri_text: str) -> Address:
    """Where datagrams for a URI go, to learn our own address on that way. Raises OSError."""
    host, port = callable_uri(uri_text).address()
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_DGRAM)
    except (OSError, UnicodeError):  # UnicodeError: a label too long for the DNS
        raise OSError(errno.ENOENT, f"no such host: {host}") from None
    return str(found[0][4][0]), int(found[0][4][1])


@contextlib.contextmanager
def _metered(phone: Phone, report: Report) -> Iterator[None]:
    """Show the levels of mouth and ear while it goes on."""

    async def show() -> None:
        while True:
            report.pulse(phone.sound.spoken.now_dbov, phone.sound.listened.now_dbov)
            await asyncio.sleep(_METER_S)

    task = asyncio.get_running_loop().create_task(show())
    try:
        yield
    finally:
        task.cancel()


@contextlib.contextmanager
def _obeying(phone: Phone, flow: Initiator, report: Report) -> Iterator[None]:
    """Take commands from stdin, a line each, until its end."""
    loop = asyncio.get_running_loop()
    pending = b""

    def read() -> None:
        nonlocal pending
        try:
            data = os.read(0, 4096)
        except BlockingIOError:
            return
        if not data:
            loop.remove_reader(0)
        *lines, pending = (pending + data).split(b"\n")
        for line in lines:
            take(line.decode("utf-8", "replace"))

    def take(line: str) -> None:
        try:
            key = parse_key(line)
        except RemoteError as error:
            report.step(phone.now_ms(), "", "not understood", problem=error.reason)
            return
        phone.do(lambda now_ms: flow.key(key, now_ms))

    try:
        loop.add_reader(0, read)
    except (OSError, ValueError):  # a file, or closed: there is nobody to obey
        yield
        return
    try:
        yield
    finally:
        loop.remove_reader(0)


@contextlib.contextmanager
def _interruptible(hang_up: Callable[[], None]) -> Iterator[None]:
    """Let Ctrl-C and SIGTERM hang up instead of killing the process: everybody gets a BYE."""
    loop = asyncio.get_running_loop()
    signals = (signal.SIGINT, signal.SIGTERM)
    for number in signals:
        loop.add_signal_handler(number, hang_up)
    try:
        yield
    finally:
        for number in signals:
            loop.remove_signal_handler(number)
