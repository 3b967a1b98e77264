"""One face for every phone: start, call, answer, hold, refer, press keys, message, hang up, play, record, stop."""

from __future__ import annotations

import json
import shutil
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path

from hil_tests import sip_text
from hil_tests.ports import listened_to
from hil_tests.processes import Process, wait_until


@dataclass(frozen=True)
class PhoneEvent:
    """Something a phone reported: wall time (s), kind, and whatever it says of it.

    Kinds: ready, incoming, redirected, answered, ended, referred, refer_progress, failed.
    """

    at_s: float
    kind: str
    detail: dict


class PhoneError(AssertionError):
    """A phone could not be started, or says that what was asked of it failed."""


class Phone(ABC):
    """A phone of its own process.

    name: user part of its URI; folder: where its log and recording go; port: SIP port on `host`;
    play: WAV it speaks (8 kHz mono), None for silence; answer: take every incoming call at once. transport: "udp",
    "tcp" or "tls", for its SIP; credentials: user name and password for whoever asks.

    What a phone cannot do at all raises NotImplementedError, so that a test can tell it from what went wrong.
    """

    kind = "phone"
    follows_redirects = True
    records = True

    def __init__(
        self,
        name: str,
        folder: Path,
        port: int,
        host: str = "127.0.0.1",
        play: Path | None = None,
        answer: bool = True,
        transport: str = "udp",
        credentials: tuple[str, str] | None = None,
    ) -> None:
        self.transport, self.credentials = transport, credentials
        self.name, self.port, self.host, self.play, self.answer = name, port, host, play, answer
        self.folder = folder.resolve()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.log_path = self.folder / f"{name}.log"
        self.recording = self.folder / f"{name}.wav"
        self.process: Process | None = None
        self.asked = False  # it called somebody by itself: its first call is the conference, else its last

    @property
    def uri(self) -> str:
        """Where it can be called."""
        return f"sip:{self.name}@{sip_text.host_port(self.host, self.port)}"

    @abstractmethod
    def start(self) -> None:
        """Start the program and wait until it takes calls (bounded)."""

    @abstractmethod
    def call(self, uri: str) -> None:
        """Dial; a redirect is followed. Does not wait."""

    @abstractmethod
    def hangup(self) -> None:
        """End every call. Does not wait."""

    @abstractmethod
    def events(self) -> list[PhoneEvent]:
        """Everything reported so far, oldest first."""

    def call_without_offer(self, uri: str) -> None:
        """Dial with an INVITE that leaves the offer to the other end (RFC 3261 13.2.1)."""
        raise NotImplementedError(f"{self.kind} always offers first")

    def refer(self, uri: str, to: str) -> None:
        """Tell the other end of the current call to call `to` (REFER inside the dialog)."""
        raise NotImplementedError(f"{self.kind} cannot refer to {to}")

    def refer_outside(self, uri: str, to: str) -> None:
        """Tell `uri` to call `to` (REFER outside any dialog)."""
        raise NotImplementedError(f"{self.kind} cannot refer outside a call")

    def hold(self) -> None:
        """Hold the current call: a new offer that stops the sound."""
        raise NotImplementedError(f"{self.kind} cannot hold")

    def unhold(self) -> None:
        """Talk on."""
        raise NotImplementedError(f"{self.kind} cannot hold")

    def update(self) -> None:
        """Offer again by UPDATE (RFC 3311)."""
        raise NotImplementedError(f"{self.kind} sends no UPDATE")

    def dtmf(self, keys: str) -> None:
        """Press keys in the current call (RFC 4733)."""
        raise NotImplementedError(f"{self.kind} presses no keys")

    def message(self, uri: str, text: str) -> None:
        """Send a MESSAGE (RFC 3428)."""
        raise NotImplementedError(f"{self.kind} sends no MESSAGE")

    def listening(self) -> bool:
        """Whether its port is open; PhoneError when the program has ended."""
        if self.process is None or not self.process.running():
            raise PhoneError(f"{self.name} has ended\n{self.process.tail() if self.process else ''}")
        return listened_to(self.port)

    def finish(self) -> None:
        """Hang up and end the program so that the recording is complete."""
        self.stop()

    def stop(self) -> None:
        """End the program (by its process id), however it is."""
        if self.process is not None:
            self.process.stop(grace_s=3)

    def keep(self, recordings: list[Path]) -> None:
        """Of the recordings of all its calls, in order, keep that of the conference."""
        if recordings:
            shutil.copy(recordings[0 if self.asked else -1], self.recording)

    def wait_event(self, kind: str, timeout_s: float, count: int = 1) -> PhoneEvent:
        """The `count`-th event of a kind; PhoneError with the log's tail when it does not come."""

        def seen() -> PhoneEvent | None:
            matching = [event for event in self.events() if event.kind == kind]
            return matching[count - 1] if len(matching) >= count else None

        try:
            return wait_until(seen, timeout_s, f"{kind} number {count} of {self.name}")
        except AssertionError as error:
            raise PhoneError(f"{error}\n{self.process.tail() if self.process else ''}") from None

    def __enter__(self) -> Phone:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def json_events(log: str) -> list[PhoneEvent]:
    """The events among a log's lines: JSON objects with an "event" key.

    A phone's library may write to the same log, so an event may stand behind half a line of somebody else's.
    """
    events = []
    decoder = json.JSONDecoder()
    for line in log.splitlines():
        start = line.find("{")
        if start < 0 or '"event"' not in line:
            continue
        try:
            detail, _ = decoder.raw_decode(line, start)
        except ValueError:  # the line is still being written
            continue
        events.append(PhoneEvent(float(detail.get("at", time.time())), detail["event"], detail))
    return events
