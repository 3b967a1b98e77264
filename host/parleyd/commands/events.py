"""`parley events`: what happens, as it happens."""

import json
import time
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from parleyd.commands.options import Http, Json, State, asked, followed
from parleyd.show import console

PLAIN = ("number", "time", "level", "event")


def events(
    follow: Annotated[bool, typer.Option("--follow/--no-follow", help="Go on until Ctrl-C.")] = True,
    last: Annotated[int, typer.Option("--last", "-n", min=0, max=1000, help="First the last so many.")] = 10,
    as_json: Json = False,
    http: Http = None,
    state: State = None,
) -> None:
    """What happens on the server; with --json one object a line."""
    screen = console()
    if last:
        for row in asked(http, state, f"/v1/log?limit={last}"):
            _show(screen, row, as_json)
    try:
        if follow:
            for kind, row in followed(http, state, "/v1/events?kinds=log"):
                if kind == "log":
                    _show(screen, row, as_json)
    except KeyboardInterrupt:
        pass


def _show(screen: Console, row: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print(json.dumps(row), flush=True)
        return
    clock = time.strftime("%H:%M:%S", time.localtime(row["time"]))
    details = " ".join(
        f"[dim]{name}=[/]{escape(str(value))}" for name, value in row.items() if name not in PLAIN
    )
    style = "yellow" if row["level"] == "warning" else "bold"
    screen.print(
        f"[dim]{clock}[/] [{style}]{escape(row['event'])}[/] {details}", soft_wrap=True, highlight=False
    )
