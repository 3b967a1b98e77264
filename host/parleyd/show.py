"""Tables for people."""

import time
from typing import Any

from rich.console import Console
from rich.table import Table

Row = dict[str, Any]
WIDE = 150  # characters
STATE_STYLES = {"ready": "green", "active": "green", "offered": "yellow", "degraded": "yellow"}


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
            row["address"],
            _styled(row["state"]),
            up,
            *(str(count) for count in counts),
        ]
        table.add_row(*cells, *([row["serial"] or "-"] if wide else []))
    return table


def conferences_table(rows: list[Row]) -> Table:
    """Return the conferences as a table."""
    table = Table(title="Conferences", title_justify="left")
    for name in ("id", "state", "since"):
        table.add_column(name)
    table.add_column("size", justify="right")
    table.add_column("participants", overflow="fold")
    for row in rows:
        since = _ago(time.time() - row["since"])
        table.add_row(
            row["id"], _styled(row["state"]), since, str(row["size"]), "\n".join(row["participants"]) or "-"
        )
    return table


def show_status(console: Console, document: Row) -> None:
    """Print the whole status."""
    console.print(f"Call [bold]{document['server']['conference']}[/] from any SIP phone.")
    console.print(boards_table(document["boards"], console.width))
    if document["conferences"]:
        console.print(conferences_table(document["conferences"]))
    else:
        console.print("No conference.")
