"""The judgement: from the capture and the recordings, not from anybody's own log."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from hil_tests import flow as flows
from hil_tests import hearing, wav, wire_audio
from hil_tests.demo.scene import AFTER_S, Performance
from hil_tests.flow import Finding, Flow
from hil_tests.hearing import Hearing
from hil_tests.rtp_stream import StreamReport


@dataclass
class Verdict:
    """The flow on the wire, what each phone heard, what the boards sent, and every finding."""

    flow: Flow
    hearings: list[Hearing]
    wire: dict[str, StreamReport]
    findings: list[Finding] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether everything that had to be true was."""
        return bool(self.findings) and all(finding.passed for finding in self.findings)

    @property
    def failed(self) -> list[Finding]:
        """What was not."""
        return [finding for finding in self.findings if not finding.passed]


def judge(performance: Performance) -> Verdict:
    """Read the capture and the recordings of a performance."""
    capture = performance.capture
    flow = flows.read_flow(capture.messages(), performance.cast)
    names = [phone.name for phone in performance.phones]
    tracks = {name: wav.read(performance.folder / "voices" / f"{name}.wav") for name in names}
    hearings, findings = [], []
    for phone in performance.phones:
        pcm = _recording(phone.recording, findings, phone.name)
        heard = hearing.listen(phone.name, pcm, tracks)
        hearings.append(heard)
        findings += hearing.judge(heard, [name for name in names if name != phone.name])
    wire = {name: wire_audio.counts(capture, flow, name) for name in names}
    before = flows.judge_order(flow) + flows.judge_redirect(flow)
    before += flows.judge_server_silence(flow, capture.packets())
    malformed = capture.malformed()
    before.append(
        Finding("every SIP message is well-formed to tshark", not malformed, "; ".join(malformed)[:200])
    )
    findings = (
        before + findings + _media(wire) + _talk_goes_on(performance, flow, tracks) + _end(performance, flow)
    )
    return Verdict(flow, hearings, wire, findings)


def _recording(path: Path, findings: list[Finding], name: str):
    try:
        return wav.read(path)
    except (OSError, ValueError) as error:
        findings.append(Finding(f"{name} recorded what it heard", False, str(error)))
        return wav.read_nothing()


def _media(wire: dict[str, StreamReport]) -> list[Finding]:
    return [
        Finding(f"no packet lost on the way to {name}", report.packets > 0 and report.lost == 0,
                f"{report.packets} packets, {report.lost} lost, {report.late} late")
        for name, report in wire.items()
    ]  # fmt: skip


def _talk_goes_on(performance: Performance, flow: Flow, tracks: dict) -> list[Finding]:
    """M9: after the first phone's BYE the others hear each other on the wire, and it no longer."""
    first, *others = [phone.name for phone in performance.phones]
    left = flow.mark("M9", first)
    if left is None:
        return [Finding("the first phone left with a BYE", False, "no BYE of it to the board in the capture")]
    findings = []
    for name in others:
        pcm = wire_audio.recording(performance.capture, flow, name, after_s=left.message.at_s + 0.2)
        least_s = AFTER_S * 0.4
        for other in others:
            if other != name:
                heard = hearing.measure.hear(pcm, tracks[other], least_s)
                words = f"{heard.heard_s:.1f} s at {heard.level_db:+.1f} dB"
                findings.append(Finding(f"{name} hears {other} after {first} has left", heard.present, words))
        gone = not hearing.measure.hear(pcm, tracks[first], 1.0).present
        findings.append(Finding(f"{name} no longer hears {first}", gone))
    return findings


def _end(performance: Performance, flow: Flow) -> list[Finding]:
    listed = performance.listed.get("conferences", [])
    used = sum(board["connected"] for board in performance.listed.get("boards", []))
    active = [
        c for c in listed if flow.token and flow.token in c.get("address", "") and c["state"] == "active"
    ]
    return [
        Finding("UE1's program ended with 0", performance.ue1_code == 0, f"exit code {performance.ue1_code}"),
        Finding("the conference is gone and its address released", performance.released and not active,
                f"{len(listed)} conferences listed, {used} connected"),
    ]  # fmt: skip
