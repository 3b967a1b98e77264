"""Tables for people."""

import time
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

Row = dict[str, Any]
WIDE = 150  # characters
STATE_STYLES = {
    "ready": "green",
    "active": "green",
    "offered": "yellow",
    "degraded": "yellow",
    "draining": "yellow",
    "booting": "yellow",
}


def _styled(state: str) -> str:
    return f"[{STATE_STYLES.get(state, 'red')}]{state}[/]"


def _ago(seconds: float) -> str:
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(0, seconds):.0f} s"


def console() -> Console:
    """Return a console for tables; wide where nobody's screen sets a limit."""
    found = Console()
    return found if found.is_terminal else Console(width=WIDE)


def boards_table(rows: list[Row], width: int = WIDE) -> Table:
    """Return the boards as a table; with their serial ports when `width` characters have room for it."""
    wide = width >= WIDE
    table = Table(title="Boards", title_justify="left")
    for name in ("board", "address", "state", "up"):
        table.add_column(name, no_wrap=True)
    for name in ("conferences", "connected", "legs used", "legs free", "pid"):
        table.add_column(name, justify="right")
    if wide:
        table.add_column("serial port", overflow="fold")
    for row in rows:
        up = _ago(row["registered_for_s"]) if row["registered"] else "-"
        counts = [row["conferences"], row["connected"], row["legs_used"], row["legs_free"], row["pid"] or "-"]
        cells = [
            row["board_id"],
            escape(row["address"]),
            _styled(row["state"]),
            up,
            *(str(count) for count in counts),
        ]
        table.add_row(*cells, *([row["serial"] or "-"] if wide else []))
    return table


def _states(member: Row) -> str:
    words = [("muted", "muted"), ("muted_self", "muted himself"), ("hand", "hand raised")]
    told = [word for key, word in words if member.get(key)]
    if member.get("gain_auto"):
        told.append(f"automatic gain, {member['gain_db']:+g} dB now")
    elif member.get("gain_db"):
        told.append(f"{member['gain_db']:+g} dB")
    if member.get("unheard"):
        told.append("does not hear " + ", ".join(map(str, member["unheard"])))
    said = ", ".join(told)
    return f"[yellow]{said}[/]" if said else ""


def conferences_table(rows: list[Row]) -> Table:
    """Return the conferences as a table."""
    table = Table(title="Conferences", title_justify="left")
    for name in ("id", "state", "since"):
        table.add_column(name)
    table.add_column("size", justify="right")
    table.add_column("participants", overflow="fold")
    for row in rows:
        since = _ago(time.time() - row["since"])
        states = {member["uri"]: _states(member) for member in row["members"]}
        names = [escape(uri) + (f" {states[uri]}" if states.get(uri) else "") for uri in row["participants"]]
        state = _styled(row["state"]) + (" [yellow]locked[/]" if row["locked"] else "")
        table.add_row(row["id"], state, since, str(row["size"]), "\n".join(names) or "-")
    return table


def board_page(console: Console, row: Row) -> None:
    """Print all of one board."""
    why = f" - {escape(row['reason'])}" if row["reason"] else ""
    console.print(f"[bold]{row['board_id']}[/] {_styled(row['state'])}{why}")
    facts = Table.grid(padding=(0, 2))
    image = f" (image {row['image']})" if row["image"] else ""
    stats = ", ".join(f"{name} {value}" for name, value in row["stats"].items())
    resets = ", ".join(f"{cause} {count}" for cause, count in row["resets"].items())
    for name, text in (
        ("address", row["address"]),
        ("kind", row["kind"]),
        ("firmware", f"{row['firmware']}{image}, {row['kernels']} kernels" if row["firmware"] else None),
        ("codecs", ", ".join(row["codecs"])),
        ("legs", f"{row['legs_used']} of {row['legs']} reserved, {row['connected']} connected"),
        ("conferences", f"{row['conferences']} of {row['slots']} slots"),
        ("up", _ago(row["registered_for_s"]) if row["registered"] else None),
        ("starts seen", resets),
        ("last start", " ".join(row["last_end"])),
        ("counters", stats),
        ("process", row["pid"]),
        ("serial port", row["serial"]),
    ):
        facts.add_row(f"[dim]{name}[/]", escape(str(text or "-")))
    console.print(facts)


def conference_page(console: Console, row: Row) -> None:
    """Print all of one conference."""
    locked = " [yellow]locked[/]" if row["locked"] else ""
    console.print(f"[bold]{row['id']}[/] {_styled(row['state'])}{locked}")
    console.print(f"[dim]address [/] {row['address'] or '-'}", soft_wrap=True)
    console.print(
        f"[dim]since   [/] {_ago(time.time() - row['since'])}, asked for by {escape(row['asked_by'])}"
    )
    table = Table()
    table.add_column("number", justify="right")
    table.add_column("participant", overflow="fold")
    table.add_column("state")
    for member in row["members"]:
        table.add_row(str(member["number"]), escape(member["uri"]), _states(member) or "heard")
    console.print(table if row["members"] else "Nobody is in.")


def ladder_table(rows: list[Row]) -> Table:
    """Return the messages of a conference as a table."""
    table = Table(title="Messages", title_justify="left")
    table.add_column("ms", justify="right")
    for name in ("from", "to", "message", "told by"):
        table.add_column(name, overflow="fold")
    for row in rows:
        ms = round(1000 * (row["time"] - rows[0]["time"]))
        cells = (str(ms), row["from"], row["to"], row["text"], row["told_by"])
        table.add_row(*(escape(cell) for cell in cells))
    return table


def tokens_table(rows: list[Row]) -> Table:
    """Return the tokens as a table."""
    table = Table(title="Tokens", title_justify="left")
    for name in ("name", "role", "age"):
        table.add_column(name)
    for row in rows:
        table.add_row(row["name"], row["role"], _ago(time.time() - row["created"]))
    return table


def show_status(console: Console, document: Row) -> None:
    """Print the whole status."""
    console.print(f"Call [bold]{escape(document['server']['conference'])}[/] from any SIP phone.")
    console.print(boards_table(document["boards"], console.width))
    if document["conferences"]:
        console.print(conferences_table(document["conferences"]))
    else:
        console.print("No conference.")
