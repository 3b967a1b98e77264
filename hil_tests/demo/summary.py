"""The result for people and programs: tables on the terminal, summary.txt, summary.json, ladder, picture."""

from __future__ import annotations

import io
import json
import platform
import shutil
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from hil_tests import ladder, picture
from hil_tests.demo.scene import Performance
from hil_tests.demo.verdict import Verdict
from hil_tests.flow import Flow
from hil_tests.hearing import Hearing

_ROLES = {"ue1": "asks, tells the others", "ue2": "is told", "ue3": "is told"}


def write(performance: Performance, verdict: Verdict, seconds: float) -> Group:
    """Write every file into the performance's folder; returns what the terminal shows."""
    folder = performance.folder
    for phone in performance.phones:
        if phone.recording.exists():
            shutil.copy(phone.recording, folder / f"{phone.name}.wav")
    _pictures(performance, verdict)
    (folder / "summary.json").write_text(
        json.dumps(_facts(performance, verdict, seconds), indent=1, ensure_ascii=False)
    )
    notes = [Text(f"note: {note}", "yellow") for note in performance.notes]
    tables = [_messages(verdict), _matrix(verdict.hearings), _checks(verdict)]
    spaced = [part for table in tables for part in (table, Text())]
    shown = Group(*spaced, *notes, _end(folder, verdict))
    text = Console(file=io.StringIO(), width=150, force_terminal=False)
    text.print(shown)
    (folder / "summary.txt").write_text(text.file.getvalue())  # type: ignore[attr-defined]
    return shown


def _pictures(performance: Performance, verdict: Verdict) -> None:
    flow, folder = verdict.flow, performance.folder
    server = performance.cast.server
    hosts = [ladder.Host("server", "Server", f"{server[0]}:{server[1]}")]
    hosts += [
        ladder.Host(phone.name, phone.name.upper(), f"{phone.kind} {phone.host}:{phone.port}")
        for phone in performance.phones
    ]
    joined = flow.mark("M5", performance.phones[0].name)
    board = joined.message.target if joined else (performance.boards[0].host, 5060)
    name = next((b.board_id for b in performance.boards if b.host == board[0]), "board")
    hosts.append(ladder.Host("board", f"Board {name}", f"{board[0]}:{board[1]}"))
    when = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    title = "An ad hoc conference, as captured on the wire"
    ladder.write(folder / "ladder.svg", flow, hosts, title, f"{performance.bench.server}  ·  {when}")
    panels = [
        picture.Panel(f"what {h.listener.upper()} heard", h.pcm, h.voices, _joined_s(flow, h.listener))
        for h in verdict.hearings
        if len(h.pcm)
    ]
    picture.draw(folder / "recordings.png", panels, "What the three phones recorded")


def _joined_s(flow: Flow, phone: str) -> float:
    """When the board acknowledged the phone, in seconds after the first: about when its recording began."""
    marks = [mark for mark in flow.marks if mark.mark in ("M5 ok", "M7 ok")]
    own = [mark.message.at_s for mark in marks if mark.phone == phone]
    return own[0] - min(mark.message.at_s for mark in marks) if own else 0.0


def _messages(verdict: Verdict) -> Table:
    table = Table(
        title="Messages on the wire", title_justify="left", box=None, padding=(0, 2), pad_edge=False
    )
    table.add_column("", style="bold cyan")
    table.add_column("ms", justify="right", style="dim")
    for name in ("from", "to", "message", "what it does"):
        table.add_column(name)
    flow = verdict.flow
    start = flow.marks[0].message.at_s if flow.marks else 0.0
    server = f"sip:conference@{flow.cast.server[0]}:{flow.cast.server[1]}"
    table.add_row("M1", "", "", "", "", f"nothing is arranged beforehand; all that UE1 knows is {server}")
    for mark in flow.marks:
        message = mark.message
        ends = [flow.cast.name_of(end).upper() if "ue" in flow.cast.name_of(end) else flow.cast.name_of(end)
                for end in (message.source, message.target)]  # fmt: skip
        table.add_row(
            mark.mark.replace(" ok", "✓"),
            f"{(message.at_s - start) * 1000:,.1f}",
            *ends,
            message.label,
            mark.text,
        )
        if mark.mark == "M4":
            table.add_row(
                "M3", "", "", "", "", f"(inside the server, between M2 and M4) allocates {flow.token}"
            )
    return table


def _matrix(hearings: list[Hearing]) -> Table:
    table = Table(title="Who heard whom (level against what was spoken)", title_justify="left", box=None,
                  padding=(0, 2), pad_edge=False)  # fmt: skip
    table.add_column("", style="bold")
    names = [hearing.listener for hearing in hearings]
    for name in names:
        table.add_column(f"{name.upper()} speaks", justify="right")
    for hearing in hearings:
        cells = []
        for name in names:
            voice = hearing.voices[name]
            if name == hearing.listener:
                cells.append(f"itself: < {hearing.own_db:.0f} dB")
            elif voice.present:
                cells.append(f"{voice.level_db:+.2f} dB, {voice.heard_s:.1f} s")
            else:
                cells.append("not heard")
        table.add_row(f"{hearing.listener.upper()} hears", *cells)
    return table


def _checks(verdict: Verdict) -> Table:
    table = Table(
        title="Checks", title_justify="left", box=None, padding=(0, 2), pad_edge=False, show_header=False
    )
    for finding in verdict.findings:
        mark = Text("✓", "bold green") if finding.passed else Text("✗", "bold red")
        table.add_row(
            mark, Text(finding.name, "" if finding.passed else "bold red"), Text(finding.detail, "dim")
        )
    return table


def _end(folder: Path, verdict: Verdict) -> Text:
    place = f"files: {folder}/  (summary.txt, ladder.svg, recordings.png, ue1.wav ..., call.pcapng, logs/)"
    if verdict.passed:
        return Text.assemble(("It works: ", "bold green"), f"{len(verdict.findings)} checks passed.\n", place)
    names = "; ".join(finding.name for finding in verdict.failed)
    return Text.assemble(("Failed: ", "bold red"), f"{names}\n", place)


def _facts(performance: Performance, verdict: Verdict, seconds: float) -> dict:
    flow = verdict.flow
    start = flow.marks[0].message.at_s if flow.marks else 0.0
    return {
        "passed": verdict.passed,
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": round(seconds, 1),
        "machine": {"python": platform.python_version(), "system": platform.platform()},
        "conference": performance.bench.server,
        "address": flow.address,
        "phones": {phone.name: {"kind": phone.kind, "uri": phone.uri} for phone in performance.phones},
        "messages": [
            {"mark": m.mark, "phone": m.phone, "text": m.text, "ms": round((m.message.at_s - start) * 1e3, 3),
             "message": m.message.label, "from": list(m.message.source), "to": list(m.message.target)}
            for m in flow.marks
        ],
        "heard": [hearing.facts() for hearing in verdict.hearings],
        "wire": {name: asdict(report) for name, report in verdict.wire.items()},
        "checks": [asdict(finding) for finding in verdict.findings],
        "notes": performance.notes,
    }  # fmt: skip
