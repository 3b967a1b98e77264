"""Options that many commands have, and how all of them ask the daemon and say what went wrong."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from parley.wire.errors import LocalError
from parleyd.client import Api, ask, find_daemon, follow
from parleyd.settings import default_state

Json = Annotated[bool, typer.Option("--json", help="JSON for programs.")]
Http = Annotated[
    str | None, typer.Option("--http", metavar="HOST:PORT", help="The daemon's HTTP address [$PARLEY_HTTP].")
]
State = Annotated[
    Path | None,
    typer.Option(
        "--state",
        metavar="DIR",
        help="The daemon's state folder [$PARLEY_STATE, else ~/.local/state/parley].",
    ),
]


def fail(error: Exception) -> typer.Exit:
    """Print the one sentence and return what to raise: exit code 1."""
    text = f"[red]error:[/] {escape(str(error))}"
    Console(stderr=True, soft_wrap=True).print(text, highlight=False)
    return typer.Exit(1)


def state_folder(state: Path | None) -> Path:
    """Return the state folder that was named, else this user's."""
    return state or default_state()


def daemon_at(http: str | None, state: Path | None) -> Api:
    """Return where the daemon is and the token to show there."""
    return find_daemon(http, state_folder(state))


def asked(http: str | None, state: Path | None, path: str, method: str = "GET", body: Any = None) -> Any:
    """Return the daemon's decoded answer; ends the command with exit code 1 when it refuses or is not there."""
    try:
        return ask(daemon_at(http, state), path, method, body)
    except LocalError as error:
        raise fail(error) from None


def followed(http: str | None, state: Path | None, path: str) -> Iterator[tuple[str, Any]]:
    """Yield (kind, data) of the daemon's events until it ends; otherwise as `asked`."""
    try:
        yield from follow(daemon_at(http, state), path)
    except LocalError as error:
        raise fail(error) from None


def shown(answer: Any, as_json: bool, sentence: str) -> None:
    """Print an answer as JSON, or the sentence."""
    print(json.dumps(answer) if as_json else sentence)


def or_table(rows: Any, as_json: bool, table: Callable[[], None]) -> None:
    """Print rows as JSON, or let `table` print them."""
    if as_json:
        print(json.dumps(rows, indent=2))
    else:
        table()
