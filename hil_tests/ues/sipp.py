"""SIPp as a phone: scenarios of our own beside this file, filled in and run, one call each."""

import re
import time
from pathlib import Path

from hil_tests import g711, programs, sip_text, wav
from hil_tests.processes import Process, wait_until
from hil_tests.ues.face import Phone, PhoneEvent

KEYS = Path("/usr/share/sip-tester")  # where Debian puts SIPp's recordings of keys (RFC 4733)


class Sipp(Phone):
    """A scripted phone. `invitee`: whom it REFERs after joining; `talk_s`: how long it stays in.

    With `answer` it waits for an out-of-dialog REFER and obeys it. It cannot record: see the capture.
    """

    kind = "SIPp"
    records = False

    def __init__(self, *args, invitee: str = "", talk_s: float = 5.0, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.invitee, self.talk_s = invitee, talk_s
        self._events: list[PhoneEvent] = []

    @staticmethod
    def available() -> bool:
        """Whether the program is installed."""
        return programs.has_tool("sipp")

    def start(self) -> None:
        if self.answer:
            self._run("sipp_referred", {})
            wait_until(self.listening, 5, f"SIPp on port {self.port}")
        self._events.append(PhoneEvent(time.time(), "ready", {}))

    def call(self, uri: str) -> None:
        host, port = sip_text.address_of(self.invitee or uri)
        names = {"TARGET": uri, "INVITEE": self.invitee, "INVITEE_HOST": host, "INVITEE_PORT": str(port)}
        self._run("sipp_inviter" if self.invitee else "sipp_caller", names)

    def call_with_everything(self, uri: str, invitee: str) -> None:
        """Delayed offer, session timer, hold, unhold, UPDATE, REFER of `invitee` to the focus; `succeeded` tells."""
        self._run("sipp_features", {"TARGET": uri, "INVITEE": invitee})

    def call_with_keys(self, uri: str) -> None:
        """Call the URI, press * and 2, stay in for a while; plays SIPp's own recordings of keys, as root."""
        self._run("sipp_keys", {"TARGET": uri, "KEYS": str(KEYS)})

    def call_refused(self, uri: str, status: int) -> None:
        """Call the URI; `succeeded` tells whether exactly this status came."""
        self._run("sipp_refused", {"TARGET": uri, "EXPECTED": str(status)})

    def _run(self, scenario: str, names: dict[str, str]) -> None:
        text = Path(__file__).with_name(f"{scenario}.xml").read_text()
        user, password = self.credentials or ("", "")
        host_pattern = r"@\[([0-9a-fA-F:.]+)\]:?([0-9]*)" if ":" in self.host else "@([^:;&gt;]+):?([0-9]*)"
        filled_in = {
            "USER": self.name,
            "PLAY": str(self._codes()),
            "HOST_PATTERN": host_pattern,
            "PROTOCOL": self.transport,
        }
        filled_in |= {"AUTH_USER": user, "AUTH_PASSWORD": password, **names}
        if ":" in self.host:  # brackets would be a keyword of SIPp's; this one is where it sends to
            filled_in["TARGET"] = re.sub(r"\[.*\]", "[remote_ip]", names["TARGET"])
        for name, value in filled_in.items():
            text = text.replace(f"@{name}@", value)
        filled = self.folder / f"{self.name}-{scenario}.xml"
        filled.write_text(text)
        args = [programs.tool("sipp", "sip-tester"), "-sf", str(filled), "-i", self.host, "-mi", self.host]
        if self.transport == "tcp":
            args += ["-t", "tn", "-max_socket", "100"]  # a socket for each call: only so can it go elsewhere
        args += ["-p", str(self.port), "-m", "1", "-nostdin", "-d", str(int(self.talk_s * 1000))]
        args += ["-timeout", f"{int(self.talk_s + 60)}s", "-timeout_error", "-trace_msg", "-trace_err"]
        args += ["-message_file", str(self.folder / f"{self.name}-messages.log")]
        args += ["-error_file", str(self.folder / f"{self.name}-errors.log")]
        if scenario != "sipp_referred":
            args.append(sip_text.host_port(*sip_text.address_of(names["TARGET"])))
        self.process = Process(self.name, args, self.log_path, cwd=self.folder, env={"TERM": "dumb"})

    def _codes(self) -> Path:
        """What it plays as raw mu-law codes, SIPp's format; a second of silence without `play`."""
        path = self.folder / f"{self.name}.ulaw"
        pcm = wav.read(self.play) if self.play else [0] * wav.RATE_HZ
        path.write_bytes(g711.encode(pcm))
        return path

    def succeeded(self, timeout_s: float) -> bool:
        """Wait for the scenario's end: whether every step came as written."""
        assert self.process is not None
        return self.process.wait(timeout_s) == 0

    def messages(self) -> str:
        """SIPp's own trace of what it sent and received."""
        path = self.folder / f"{self.name}-messages.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def events(self) -> list[PhoneEvent]:
        return self._events

    def hangup(self) -> None:
        raise NotImplementedError("a SIPp scenario hangs up by itself, after talk_s")
