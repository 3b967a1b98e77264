"""The conversation of the flow tests: three voices, a capture around it, and the judgement afterwards."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from hil_tests import flow as flows
from hil_tests import hearing, speech, wav, wire_audio
from hil_tests.bench import Bench
from hil_tests.capture import Capture
from hil_tests.flow import Cast, Finding, Flow
from hil_tests.ues.face import Phone

TURN_S = 2.0
TALK_S = 8.0  # three turns, and two seconds of all together
TRACK_S = 40.0


def tracks(folder: Path) -> dict[str, Path]:
    """A WAV to speak for ue1, ue2 and ue3."""
    made = {}
    for index in range(3):
        pcm = speech.track(index, folder, TURN_S, TRACK_S)
        made[f"ue{index + 1}"] = wav.write(folder / f"ue{index + 1}-speaks.wav", pcm)
    return made


@dataclass
class Talk:
    """Everything a judgement needs: bench, phones (the one that asks first), capture, what each spoke.

    known: ids of conferences that were there before.
    """

    bench: Bench
    phones: list[Phone]
    capture: Capture
    spoken: dict[str, Path]
    flow: Flow | None = None
    known: set[str] = field(default_factory=set)

    def sources(self) -> dict[str, np.ndarray]:
        """What each phone spoke, int16."""
        return {phone.name: wav.read(self.spoken[phone.name]) for phone in self.phones}

    def read(self) -> Flow:
        """Close phones and capture; read the flow from the wire."""
        boards = tuple(board.host for board in self.bench.boards())
        for phone in self.phones:
            phone.finish()
        self.capture.stop()
        addresses = {phone.name: (phone.host, phone.port) for phone in self.phones}
        cast = Cast(("127.0.0.1", self.bench.sip_port), boards, addresses)
        self.flow = flows.read_flow(self.capture.messages(), cast)
        return self.flow

    def wire_findings(self, notified: bool = True) -> list[Finding]:
        """Order of the messages, the server's silence, the redirect, well-formedness."""
        flow = self.flow or self.read()
        findings = flows.judge_order(flow, notified) + flows.judge_redirect(flow)
        findings += flows.judge_server_silence(flow, self.capture.packets())
        malformed = self.capture.malformed()
        findings.append(Finding("SIP is well-formed to tshark", not malformed, "; ".join(malformed)))
        return findings

    def heard_findings(self) -> list[Finding]:
        """Everybody heard the others at their level and not itself, as recorded or else as sent to it."""
        flow = self.flow or self.read()
        sources, findings = self.sources(), []
        for phone in self.phones:
            if phone.records:
                pcm = wav.read(phone.recording)
            else:
                pcm = wire_audio.recording(self.capture, flow, phone.name)
                wav.write(phone.recording, pcm)
            heard = hearing.listen(phone.name, pcm, sources)
            findings += hearing.judge(heard, [name for name in sources if name != phone.name])
            report = wire_audio.counts(self.capture, flow, phone.name)
            words = f"{report.packets} packets, {report.lost} lost"
            findings.append(
                Finding(
                    f"nothing lost on the way to {phone.name}", not report.lost and report.packets > 0, words
                )
            )
        return findings

    def heard_after(self, listener: str, talker: str, after_s: float, least_s: float = 1.5) -> bool:
        """Whether the talker's voice was on the wire to the listener after a time (seconds since 1970)."""
        flow = self.flow or self.read()
        pcm = wire_audio.recording(self.capture, flow, listener, after_s)
        return hearing.measure.hear(pcm, self.sources()[talker], least_s).present


def failures(findings: list[Finding]) -> list[str]:
    """The findings that are not true, with their details."""
    return [f"{finding.name}: {finding.detail}" for finding in findings if not finding.passed]
