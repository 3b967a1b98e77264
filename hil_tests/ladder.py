"""An SVG ladder diagram of captured SIP messages: a column per host, time downwards, the M-numbers marked."""

from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

from hil_tests.capture import WireMessage
from hil_tests.flow import Flow

MARGIN, GUTTER, COLUMN, ROW, HEAD = 24, 150, 250, 30, 118
PAUSE_S = 0.8  # a gap this long gets a band of its own

COLOURS = {
    "INVITE": "#1d4ed8", "ACK": "#64748b", "BYE": "#b91c1c", "REFER": "#7c3aed", "NOTIFY": "#0f766e",
    "MESSAGE": "#7c3aed", "redirect": "#c2410c", "good": "#15803d", "progress": "#94a3b8",
    "refused": "#b91c1c",
}  # fmt: skip

STYLE = """
text { font-family: 'DejaVu Sans', 'Helvetica Neue', Arial, sans-serif; fill: #0f172a; }
.title { font-size: 20px; font-weight: bold; }
.sub { font-size: 12px; fill: #475569; }
.host { font-size: 14px; font-weight: bold; }
.address { font-size: 11px; fill: #475569; font-family: 'DejaVu Sans Mono', Menlo, monospace; }
.label { font-size: 12px; }
.time { font-size: 11px; fill: #64748b; font-family: 'DejaVu Sans Mono', Menlo, monospace; }
.mark { font-size: 12px; font-weight: bold; fill: white; }
.pause { font-size: 11px; fill: #64748b; font-style: italic; }
"""


@dataclass(frozen=True)
class Host:
    """A column: key as Flow.cast names it, title, line below it."""

    key: str
    title: str
    below: str


def colour_of(message: WireMessage) -> str:
    """What kind of message it is, as a colour."""
    if message.is_request:
        return COLOURS.get(message.method, "#0f172a")
    if message.status < 200:
        return COLOURS["progress"]
    if message.status < 300:
        return COLOURS["good"]
    return COLOURS["redirect" if message.status < 400 else "refused"]


def draw(flow: Flow, hosts: list[Host], title: str, subtitle: str = "") -> str:
    """The diagram as SVG text; messages between other hosts than these are left out."""
    shown = [m for m in flow.messages if m.cseq_method != "REGISTER" and _between(flow, m, hosts)]
    width = MARGIN * 2 + GUTTER + COLUMN * len(hosts) - COLUMN // 3
    rows, y = [], HEAD + 40
    start = shown[0].at_s if shown else 0.0
    last = start
    for message in shown:
        if message.at_s - last > PAUSE_S:
            rows.append(_pause(message.at_s - last, y, width))
            y += ROW
        rows.append(_arrow(flow, message, hosts, y, (message.at_s - start) * 1000))
        last = message.at_s
        y += ROW
    height = y + MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}"',
        f' viewBox="0 0 {width} {height}">',
        f"<title>{escape(title)}</title><style>{STYLE}</style>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        f'<text class="title" x="{MARGIN}" y="34">{escape(title)}</text>',
        f'<text class="sub" x="{MARGIN}" y="54">{escape(subtitle)}</text>',
        *(_column(host, index, height) for index, host in enumerate(hosts)),
        *rows,
        "</svg>",
    ]
    return "\n".join(parts)


def write(path: Path, flow: Flow, hosts: list[Host], title: str, subtitle: str = "") -> Path:
    """Write the diagram; returns the path."""
    path.write_text(draw(flow, hosts, title, subtitle), encoding="utf-8")
    return path


def _between(flow: Flow, message: WireMessage, hosts: list[Host]) -> bool:
    keys = {host.key for host in hosts}
    return flow.cast.name_of(message.source) in keys and flow.cast.name_of(message.target) in keys


def _x(index: int) -> int:
    return MARGIN + GUTTER + COLUMN // 2 + index * COLUMN - COLUMN // 4


def _column(host: Host, index: int, height: int) -> str:
    x, top = _x(index), HEAD - 44
    wide = COLUMN - 50
    return (
        f'<line x1="{x}" y1="{HEAD}" x2="{x}" y2="{height - MARGIN}" stroke="#cbd5e1" stroke-width="2"/>'
        f'<rect x="{x - wide // 2}" y="{top}" width="{wide}" height="44" rx="8"'
        ' fill="#f1f5f9" stroke="#94a3b8"/>'
        f'<text class="host" x="{x}" y="{top + 19}" text-anchor="middle">{escape(host.title)}</text>'
        f'<text class="address" x="{x}" y="{top + 35}" text-anchor="middle">{escape(host.below)}</text>'
    )


def _pause(seconds: float, y: int, width: int) -> str:
    left, right, middle = MARGIN + GUTTER - 10, width - MARGIN, y - 4
    return (
        f'<rect x="{left}" y="{middle - 10}" width="{right - left}" height="20" fill="#f8fafc"/>'
        f'<line x1="{left}" y1="{middle}" x2="{right}" y2="{middle}"'
        ' stroke="#cbd5e1" stroke-dasharray="2 5"/>'
        f'<rect x="{(left + right) // 2 - 50}" y="{middle - 9}" width="100" height="18" fill="#f8fafc"/>'
        f'<text class="pause" x="{(left + right) // 2}" y="{middle + 4}" text-anchor="middle">'
        f"{seconds:.1f} s later</text>"
    )


def _arrow(flow: Flow, message: WireMessage, hosts: list[Host], y: int, at_ms: float) -> str:
    keys = [host.key for host in hosts]
    a, b = (_x(keys.index(flow.cast.name_of(end))) for end in (message.source, message.target))
    colour, step = colour_of(message), 1 if b > a else -1
    tip = b - step * 2
    dash = ' stroke-dasharray="5 4"' if 100 <= message.status < 200 else ""
    text = message.label + ("" if message.is_request else f" · {message.cseq_method}")
    middle, label, wide = (a + b) // 2, escape(text), 7.2 * len(text) + 10
    parts = [
        f'<text class="time" x="{MARGIN + 84}" y="{y + 4}" text-anchor="end">{at_ms:,.1f} ms</text>',
        f'<line x1="{a}" y1="{y}" x2="{tip - step * 8}" y2="{y}" stroke="{colour}" stroke-width="2"{dash}/>',
        f'<path d="M{tip} {y} l{-10 * step} -5 v10 z" fill="{colour}"/>',
        f'<circle cx="{a}" cy="{y}" r="3" fill="{colour}"/>',
        f'<rect x="{middle - wide / 2:.1f}" y="{y - 18}" width="{wide:.1f}" height="15"',
        ' fill="#ffffff" opacity="0.9"/>',
        f'<text class="label" x="{middle}" y="{y - 6}" text-anchor="middle"',
        f' style="fill:{colour}">{label}</text>',
    ]
    marks = [mark.mark for mark in flow.marks if mark.message.number == message.number]
    if marks:
        parts.append(_badge(marks[0], y))
    return "".join(parts)


def _badge(mark: str, y: int) -> str:
    acknowledged = mark.endswith(" ok")
    fill = "#15803d" if acknowledged else "#0f172a"
    text = mark.replace(" ok", " ✓")
    return (
        f'<rect x="{MARGIN + 94}" y="{y - 11}" width="46" height="22" rx="11" fill="{fill}"/>'
        f'<text class="mark" x="{MARGIN + 117}" y="{y + 4}" text-anchor="middle">{text}</text>'
    )
