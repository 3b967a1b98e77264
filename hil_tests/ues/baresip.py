"""baresip (libre) as a phone of the bench, driven over its TCP control port."""

import contextlib
import json
import shutil
import socket
import tempfile
import time
from pathlib import Path

from hil_tests import programs, sip_text
from hil_tests.processes import Process, wait_until
from hil_tests.ues.face import Phone, PhoneError, PhoneEvent

_MODULES = Path("/usr/lib/baresip/modules")  # where Debian puts them

_CONFIG = """poll_method epoll
sip_listen {listen}
net_interface {host}
rtp_ports {rtp}-{rtp_last}
audio_source {source}
audio_player aubridge,sink
audio_alert aubridge,alert
ausrc_srate 8000
auplay_srate 8000
ausrc_channels 1
auplay_channels 1
jitter_buffer_delay 1-5
audio_level {levels}
module_path {modules}
module g711.so
module g722.so
module l16.so
module aufile.so
module ausine.so
module aubridge.so
module sndfile.so
module srtp.so
module_tmp account.so
module_app menu.so
module_app ctrl_tcp.so
ctrl_tcp_listen 127.0.0.1:{control}
snd_path {dumps}
ringback_disabled yes
"""

_KINDS = {
    "CALL_INCOMING": "incoming",
    "CALL_ESTABLISHED": "answered",
    "CALL_CLOSED": "ended",
    "CALL_TRANSFER": "referred",
    "CALL_TRANSFER_FAILED": "failed",
}


class Baresip(Phone):
    """Debian's baresip-core: follows 302 and obeys REFER by itself, hangs up a call whose REFER succeeded.

    srtp: "srtp" offers encryption in RTP/AVP, "srtp-mand" in RTP/SAVP; "" none. levels: it offers to say how loud it is
    (RFC 6464).
    """

    kind = "baresip"

    def __init__(
        self,
        *args,
        codecs: str = "PCMU/8000/1,PCMA/8000/1",
        control_port: int = 0,
        srtp: str = "",
        levels: bool = False,
        **kwargs,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.codecs, self.srtp, self.levels = codecs, srtp, levels
        self.control_port = control_port or self.port + 4  # baresip opens TLS on port + 1 by itself
        self._events: list[PhoneEvent] = []
        self._control: socket.socket | None = None
        self._pending = b""
        self._short: Path | None = None

    @staticmethod
    def available() -> bool:
        """Whether the program is installed."""
        return programs.has_tool("baresip")

    def start(self) -> None:
        home = self.folder / f"{self.name}-baresip"
        home.mkdir(parents=True, exist_ok=True)
        self._short = Path(tempfile.mkdtemp(prefix="bs"))  # baresip cuts paths off at 127 bytes
        source = "ausine,30"
        if self.play:
            (self._short / "play.wav").symlink_to(self.play.resolve())
            source = f"aufile,{self._short}/play.wav"
        config = _CONFIG.format(
            host=self.host, listen=sip_text.host_port(self.host, self.port), rtp=self.port + 10,
            rtp_last=self.port + 28, source=source, control=self.control_port, modules=_MODULES, dumps=self._short,
            levels="yes" if self.levels else "no",
        )  # fmt: skip
        (home / "config").write_text(config)
        mode = "auto" if self.answer else "manual"
        account = f"<{self.uri};transport={self.transport}>;regint=0;answermode={mode}"
        account += f";mediaenc={self.srtp}" if self.srtp else ""
        if self.credentials:
            account += f";auth_user={self.credentials[0]};auth_pass={self.credentials[1]}"
        (home / "accounts").write_text(f"{account};audio_codecs={self.codecs}\n")
        args = [programs.tool("baresip", "baresip-core"), "-f", str(home), "-s", "-v"]
        self.process = Process(self.name, args, self.log_path, env={"HOME": str(home)})
        self._control = wait_until(self._connect, 8, f"baresip's control port\n{self.process.tail()}")
        self._events.append(PhoneEvent(time.time(), "ready", {}))

    def _connect(self) -> socket.socket | None:
        if self.process is not None and not self.process.running():
            raise PhoneError(f"baresip has ended\n{self.process.tail()}")
        try:
            control = socket.create_connection(("127.0.0.1", self.control_port), timeout=0.5)
        except OSError:
            return None
        control.setblocking(False)
        return control

    def command(self, name: str, params: str = "") -> None:
        """One command in a netstring of JSON, ctrl_tcp's format."""
        assert self._control is not None
        text = json.dumps({"command": name, "params": params})
        self._control.sendall(f"{len(text)}:{text},".encode())

    def events(self) -> list[PhoneEvent]:
        if self._control is not None:
            with contextlib.suppress(BlockingIOError, OSError):
                while data := self._control.recv(65536):
                    self._pending += data
        while True:
            length, colon, rest = self._pending.partition(b":")
            if not colon or len(rest) <= int(length):
                return self._events
            self._take(json.loads(rest[: int(length)]))
            self._pending = rest[int(length) + 1 :]

    def _take(self, message: dict) -> None:
        if message.get("event") and (kind := _KINDS.get(message.get("type", ""))):
            detail = dict(message)
            if kind == "referred":
                detail["target"] = str(message.get("param", "")).strip("<>")
            self._events.append(PhoneEvent(time.time(), kind, detail))

    def call(self, uri: str) -> None:
        self.asked = True
        self.command("dial", uri)

    def refer(self, uri: str, to: str) -> None:
        self.command("transfer", to)

    def hold(self) -> None:
        self.command("hold")

    def unhold(self) -> None:
        self.command("resume")

    def dtmf(self, keys: str) -> None:
        for key in keys:
            self.command("sndcode", key)

    def hangup(self) -> None:
        self.command("hangup")

    def finish(self) -> None:
        if self.process is None:
            return
        if self.process.running() and self._control is not None:
            with contextlib.suppress(OSError):
                self.command("quit")
        self.process.stop(grace_s=4, first=0)
        self._keep_recording()

    def _keep_recording(self) -> None:
        """One file for each call was written, named by the second in which its sound began."""
        if self._short is None:
            return
        self.keep(sorted(self._short.glob("*-dec.wav")))
        shutil.rmtree(self._short, ignore_errors=True)
        self._short = None

    def stop(self) -> None:
        super().stop()
        self._keep_recording()
        if self._control is not None:
            self._control.close()
            self._control = None
