"""What really went over the wire: dumpcap writes it, tshark reads it, nobody's own log is asked.

`with Capture(path, networks, ports) as capture: ...`, then `capture.messages()`, `.streams()`, `.packets()`.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from hil_tests import programs
from hil_tests.processes import Process, wait_until

Address = tuple[str, int]
_FIELDS = (
    "frame.number", "frame.time_epoch", "ip.src", "ipv6.src", "udp.srcport", "ip.dst", "ipv6.dst",
    "udp.dstport", "sip.Method", "sip.Status-Code", "sip.r-uri", "sip.Status-Line", "sip.Call-ID", "sip.CSeq",
    "sip.Contact", "sip.Refer-To", "sip.Event", "sip.Subscription-State", "sipfrag.line",
    "sip.Retry-After",
)  # fmt: skip


@dataclass(frozen=True)
class WireMessage:
    """One SIP message as tshark dissected it. status 0: a request. at_s: capture time, seconds since 1970."""

    number: int
    at_s: float
    source: Address
    target: Address
    method: str
    status: int
    uri: str
    reason: str
    call_id: str
    cseq: str
    contact: str
    refer_to: str
    sipfrag: str
    event: str
    subscription: str
    retry_after: str

    @property
    def is_request(self) -> bool:
        """Whether it is a request."""
        return self.status == 0

    @property
    def cseq_method(self) -> str:
        """The method in CSeq: of a response, what it answers."""
        return self.cseq.split()[-1] if self.cseq else self.method

    @property
    def label(self) -> str:
        """A few words: "INVITE", "302 Moved Temporarily", "NOTIFY (200 OK)"."""
        if not self.is_request:
            return f"{self.status} {self.reason}"
        return f"{self.method} ({self.sipfrag})" if self.sipfrag else self.method


@dataclass(frozen=True)
class WirePacket:
    """Any captured UDP datagram: time, addresses, payload."""

    at_s: float
    source: Address
    target: Address
    payload: bytes


@dataclass
class WireStream:
    """An RTP stream: who sent to whom, its packets as (time, RTP packet)."""

    source: Address
    target: Address
    ssrc: int
    packets: list[tuple[float, bytes]] = field(default_factory=list)


class Capture:
    """A capture on the loopback interface of everything to or from these networks and UDP ports."""

    def __init__(self, path: Path, networks: list[str], ports: list[int], limit_s: int = 300) -> None:
        self.path = path.resolve()
        self.networks, self.ports, self.limit_s = networks, ports, limit_s
        self.process: Process | None = None
        self._sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
        self._packets: list[WirePacket] | None = None

    @property
    def filter(self) -> str:
        """The capture filter."""
        parts = [f"net {network}" for network in self.networks] + [f"port {port}" for port in self.ports]
        return f"udp and ({' or '.join(parts)})"

    def start(self) -> Capture:
        """Start dumpcap and wait until it captures."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.unlink(missing_ok=True)
        dumpcap = programs.tool("dumpcap", "wireshark-common")
        args = [*self._sudo, dumpcap, "-i", "lo", "-f", self.filter, "-w", str(self.path), "-q"]
        args += ["-B", "32", "-a", f"duration:{self.limit_s}"]
        self.process = Process("dumpcap", args, self.path.with_suffix(".dumpcap.log"))
        process = self.process

        def capturing() -> bool:
            if not process.running():
                raise AssertionError(f"dumpcap has ended\n{process.tail()}")
            return self.path.exists() and "File: " in process.log()

        wait_until(capturing, 8, f"dumpcap to capture\n{process.tail()}")
        time.sleep(0.2)  # it prints the file's name a moment before the first packet is taken
        return self

    def stop(self) -> None:
        """Stop capturing; the file is complete afterwards."""
        if self.process is None or not self.process.running():
            return
        time.sleep(0.3)  # packets still in the kernel's ring
        if self._sudo:
            pid = subprocess.run(
                ["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True, check=False
            )
            for word in pid.stdout.split() or [str(self.process.pid)]:
                subprocess.run([*self._sudo, "kill", "-INT", word], check=False)
            self.process.wait(8)
        else:
            self.process.stop(grace_s=8, first=signal.SIGINT)

    def __enter__(self) -> Capture:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    # ---- reading

    def _tshark(self, *words: str) -> str:
        # With a conversation for each SDP the time grows with the square of the calls: minutes instead of seconds.
        args = [programs.tool("tshark", "tshark"), "-n", "-o", "sdp.establish_conversation:FALSE"]
        args += ["-r", str(self.path), *words]
        done = subprocess.run(args, capture_output=True, text=True, timeout=60, check=False, errors="replace")
        if done.returncode and not done.stdout:
            raise AssertionError(f"tshark failed: {done.stderr}")
        return done.stdout

    def messages(self) -> list[WireMessage]:
        """Every SIP message, in the order of capture."""
        words = ["-Y", "sip", "-T", "fields", "-E", "separator=/t", "-E", "occurrence=f"]
        for port in self.ports:
            words += ["-d", f"udp.port=={port},sip"]
        for name in _FIELDS:
            words += ["-e", name]
        return [_message(line.split("\t")) for line in self._tshark(*words).splitlines() if line]

    def malformed(self) -> list[str]:
        """What tshark calls malformed, one line each."""
        words = [word for port in self.ports for word in ("-d", f"udp.port=={port},sip")]
        return self._tshark(*words, "-Y", "sip && _ws.malformed").splitlines()

    def packets(self) -> list[WirePacket]:
        """Every captured datagram."""
        if self._packets is None:
            words = ["-Y", "udp && !icmp", "-T", "fields", "-E", "separator=/t", "-E", "occurrence=f"]
            names = (
                "frame.time_epoch",
                "ip.src",
                "ipv6.src",
                "udp.srcport",
                "ip.dst",
                "ipv6.dst",
                "udp.dstport",
            )
            for name in (*names, "udp.payload"):
                words += ["-e", name]
            self._packets = []
            for line in self._tshark(*words).splitlines():
                at_s, src, src6, sport, dst, dst6, dport, payload = (line.split("\t") + [""] * 8)[:8]
                source, target = (src or src6, int(sport)), (dst or dst6, int(dport))
                self._packets.append(WirePacket(float(at_s), source, target, bytes.fromhex(payload)))
        return self._packets

    def streams(self) -> list[WireStream]:
        """The RTP streams, told apart by addresses and SSRC (RFC 3550 section 8)."""
        found: dict[tuple, WireStream] = {}
        for packet in self.packets():
            data = packet.payload
            if len(data) < 12 or data[0] >> 6 != 2 or (data[1] & 0x7F) in range(72, 77):  # RFC 5761: RTCP
                continue
            ssrc = int.from_bytes(data[8:12], "big")
            key = (packet.source, packet.target, ssrc)
            stream = found.setdefault(key, WireStream(packet.source, packet.target, ssrc))
            stream.packets.append((packet.at_s, data))
        return list(found.values())


def _message(words: list[str]) -> WireMessage:
    facts = dict(zip(_FIELDS, words + [""] * len(_FIELDS), strict=False))
    status = int(facts["sip.Status-Code"] or 0)
    frag = facts["sipfrag.line"].removeprefix("SIP/2.0 ").strip()
    reason = facts["sip.Status-Line"].removeprefix(f"SIP/2.0 {status}").strip()
    ports = [int(facts[name]) if facts[name] else 0 for name in ("udp.srcport", "udp.dstport")]
    with contextlib.suppress(ValueError):
        facts["frame.time_epoch"] = float(facts["frame.time_epoch"])
    return WireMessage(
        number=int(facts["frame.number"]),
        at_s=float(facts["frame.time_epoch"]),
        source=(facts["ip.src"] or facts["ipv6.src"], ports[0]),
        target=(facts["ip.dst"] or facts["ipv6.dst"], ports[1]),
        method=facts["sip.Method"],
        status=status,
        uri=facts["sip.r-uri"],
        reason=reason,
        call_id=facts["sip.Call-ID"],
        cseq=facts["sip.CSeq"],
        contact=facts["sip.Contact"],
        refer_to=facts["sip.Refer-To"],
        sipfrag=frag,
        event=facts["sip.Event"],
        subscription=facts["sip.Subscription-State"],
        retry_after=facts["sip.Retry-After"],
    )
