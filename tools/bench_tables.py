"""The tables and paragraphs that tools/bench_readme.py makes of docs/performance.json."""

import textwrap
from typing import Any

LOST_PERCENT, FRAME_MS = 0.1, 20
WIDTH = 110

Document = dict[str, Any]


def paragraph(text: str) -> list[str]:
    """Return a text in lines, however it was written."""
    return textwrap.wrap(" ".join(text.split()), WIDTH, break_long_words=False, break_on_hyphens=False)


def capacity_table(found: Document) -> list[str]:
    """Return the rows of real calls."""
    lines = [
        "| participants | board | echo | ratio | of the core | loss in, out | right |",
        "| --- | --: | --: | --: | --: | --: | --: |",
    ]
    for row in found["capacity"]:
        lines.append(
            f"| {row['scenario']} | {row['board_us']:.2f} | {row['echo_us']:.2f} | {row['ratio']:.2f} "
            f"| {row['core_percent']:.1f} % | {row['loss_in_percent']:.3f} %, {row['loss_out_percent']:.3f} % "
            f"| {row['streams_right']} of {row['streams_checked']} |"
        )
    return lines


def latency_table(found: Document) -> list[str]:
    """Return how long boards hold what they hear."""
    text = f"""Delay from a sample's leaving the talker to its leaving the board (packetisation not included), in
    ms; *least* is what keeps 99.5 % of the talker's packets, whoever receives them; {found["pairs"]} pairs talk:"""
    lines = [
        *paragraph(text),
        "",
        "| board, jitter of the packets | median | p99 | worst | least |",
        "| --- | --: | --: | --: | --: |",
    ]
    for legs, rows in found["latency"].items():
        for row in rows:
            jitter = f"up to {row['jitter_ms']:g} ms" if row["jitter_ms"] else "none"
            lines.append(
                f"| of {int(legs):,} legs, {jitter} | {row['p50_ms']:.1f} | {row['p99_ms']:.1f} "
                f"| {row['worst_ms']:.1f} | {row['least_ms']:.1f} |"
            )
    return lines


def bridges_table(found: Document) -> list[str]:
    """Return what other bridges take under the same load, and how many they hold."""
    rows = [row for row in found["capacity"] if "conferences of 4" in row["scenario"]]
    most = largest(
        [{**row, "lost_percent": max(row["loss_in_percent"], row["loss_out_percent"])} for row in rows]
    )
    assert most is not None
    (still,) = [row for row in found["latency"]["4000"] if not row["jitter_ms"]]
    text = f"""The same load on other bridges, one core each, in the same run: the largest crowd of those tried, in
    conferences of 4, that heard all but {LOST_PERCENT} %, 99 of 100 packets within a frame of their time and all of
    it right, and the microseconds a participant and frame then. Delay: as above, without jitter, median and worst
    in ms (Janus gathers six packets first, its default). PJSUA is built for four calls, so a process of it runs for
    each conference."""
    version = found["machine"]["parley"]
    cells = f"{most['participants']:,} | {most['board_us']:.2f} | 1 | {delay_cell(still)}"
    lines = [
        *paragraph(text),
        "",
        "| bridge | participants | CPU | times Parley's | delay |",
        "| --- | --: | --: | --: | --: |",
        f"| Parley {version} | {cells} |",
    ]
    for bridge in found["bridges"]:
        name = f"{bridge['name']} {bridge['version']}".strip()
        held = largest(bridge["rows"])
        if held is not None:
            times = held["us"] / most["board_us"]
            cells = (
                f"{held['participants']:,} | {held['us']:.2f} | {times:.1f} | {delay_cell(bridge['delay'])}"
            )
            lines.append(f"| {name} | {cells} |")
        else:
            lines.append(f"| {name} | {bridge['skipped'] or 'wrong at the first size'} | - | - | - |")
    return lines


def largest(rows: list[Document]) -> Document | None:
    """Return the row of the largest crowd with loss, time and sound as they should be; None without one."""
    held = [
        row
        for row in rows
        if row["lost_percent"] <= LOST_PERCENT
        and row["interval_error_p99_ms"] < FRAME_MS
        and row["streams_right"] == row["streams_checked"]
    ]
    return max(held, key=lambda row: row["participants"], default=None)


def delay_cell(row: Document) -> str:
    """Return median and worst of a delay row."""
    return f"{row['p50_ms']:.1f}, {row['worst_ms']:.1f}"


def cores_text(found: Document) -> list[str]:
    """Return how two boards on two cores fare."""
    two = found["two_cores"]
    shares = " and ".join(f"{share:g} %" for share in two["core_percent_by_board"])
    lost = f"{two['loss_in_percent']:.3f} % in, {two['loss_out_percent']:.3f} % out"
    text = f"""Two boards (`--boards 2 --pin`) with {two["participants"]:,} participants between them, whose
    conferences the server places in turns: {two["board_us"]:.2f} µs a participant and frame, where one board
    with half of them takes {two["one_board_us"]:.2f}: by processor time two cores do {two["scaling"]:.2f} times
    what one does (single runs have differed by a quarter).
    Loss {lost}, {two["streams_right"]} of {two["streams_checked"]} streams right. The boards took {shares} of
    their cores. There is no third core here, so the load generator ({two["load_core_percent"]:.0f} % of one)
    runs between them: processor time and loss are measured, the least possible delay is not."""
    return paragraph(text)


def packet_table(found: Document) -> list[str]:
    """Return the ways to move packets, for docs/packet-io.md."""
    by = found["packet_io"]
    text = f"""{by["participants"]:,} participants, a packet each every 20 ms, drained every 20 ms; {by["rounds"]}
    rounds of {by["seconds"]:g} s, the ways in turns, medians. {by["machine"]["processor"]},
    {by["machine"]["system"]}."""
    lines = [
        *paragraph(text),
        "",
        "| way | CPU, µs a packet in and out | of the first | lost | merged by GRO |",
        "| --- | --: | --: | --: | --: |",
    ]
    for row in by["rows"]:
        if row["refused"]:
            lines.append(f"| {row['title']} | - | - | - | refused: {row['refused']} |")
        else:
            lines.append(
                f"| {row['title']} | {row['us']:.2f} | {row['ratio']:.2f} | {row['lost_percent']:.3f} % "
                f"| {row['merged']:,} |"
            )
    return lines
