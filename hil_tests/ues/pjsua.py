"""PJSUA (pjsip, the library of many desk and soft phones) as a phone of the bench."""

import sys
from pathlib import Path

from hil_tests import programs
from hil_tests.processes import Process
from hil_tests.ues.face import Phone, PhoneEvent, json_events


class Pjsua(Phone):
    """Runs pjsua_phone.py; every call has a recording, `finish` keeps that of the conference.

    srtp: its media is encrypted, or there is none. mix: whoever it has a call with hears all the others.
    """

    kind = "PJSUA"

    def __init__(self, *args, codec: str = "PCMU", srtp: bool = False, mix: bool = False, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.codec, self.srtp, self.mix = codec, srtp, mix

    @staticmethod
    def available() -> bool:
        """Whether pjsua2 is installed for this Python."""
        return programs.has_module("pjsua2")

    def start(self) -> None:
        script = Path(__file__).with_name("pjsua_phone.py")
        args = [sys.executable, str(script), "--user", self.name, "--host", self.host]
        args += ["--port", str(self.port), "--record", str(self.recording), "--codec", self.codec]
        args += ["--play", str(self.play)] if self.play else []
        args += ["--answer"] if self.answer else []
        args += ["--transport", self.transport]
        args += ["--srtp"] if self.srtp else []
        args += ["--mix"] if self.mix else []
        args += ["--credentials", *self.credentials] if self.credentials else []
        self.process = Process(self.name, args, self.log_path, stdin=True)
        self.wait_event("ready", 10)

    def events(self) -> list[PhoneEvent]:
        return json_events(self.process.log()) if self.process else []

    def command(self, line: str) -> None:
        """One line to the program."""
        assert self.process is not None
        self.process.write_line(line)

    def call(self, uri: str) -> None:
        self.asked = True
        self.command(f"call {uri}")

    def refer(self, uri: str, to: str) -> None:
        self.command(f"refer {uri} {to}")

    def call_without_offer(self, uri: str) -> None:
        self.asked = True
        self.command(f"call-without-offer {uri}")

    def refer_outside(self, uri: str, to: str) -> None:
        self.command(f"ood {uri} {to}")

    def hold(self) -> None:
        self.command("hold")

    def unhold(self) -> None:
        self.command("unhold")

    def update(self) -> None:
        self.command("update")

    def dtmf(self, keys: str) -> None:
        self.command(f"dtmf {keys}")

    def message(self, uri: str, text: str) -> None:
        self.command(f"message {uri} {text}")

    def hangup(self) -> None:
        self.command("hangup")

    def finish(self) -> None:
        if self.process is None:
            return
        self.command("quit")
        self.process.stop(grace_s=4, first=0)
        self.keep(sorted(self.folder.glob(f"{self.name}.*.wav")))
