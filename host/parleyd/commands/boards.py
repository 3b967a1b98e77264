"""`parley board`."""

import time
from typing import Annotated, Any

import typer

from parleyd.commands.options import Http, Json, State, asked, or_table, shown
from parleyd.commands.provisioning import board_discover, board_provision
from parleyd.commands.upgrading import board_upgrade
from parleyd.show import board_page, boards_table, console

board_app = typer.Typer(help="Boards.", no_args_is_help=True)
board_app.command("discover")(board_discover)
board_app.command("provision")(board_provision)
board_app.command("upgrade")(board_upgrade)

Board = Annotated[str, typer.Argument(help="Its name, as in `parley board list`.")]
ROOT = "/v1/boards"


@board_app.command("list")
def board_list(as_json: Json = False, http: Http = None, state: State = None) -> None:
    """Every board with its load and state."""
    rows = asked(http, state, ROOT)
    screen = console()
    or_table(rows, as_json, lambda: screen.print(boards_table(rows, screen.width) if rows else "No board."))


@board_app.command("show")
def board_show(board: Board, as_json: Json = False, http: Http = None, state: State = None) -> None:
    """One board: state and why, load, firmware, resets."""
    row = asked(http, state, f"{ROOT}/{board}")
    or_table(row, as_json, lambda: board_page(console(), row))


@board_app.command("drain")
def board_drain(
    board: Board,
    move: Annotated[
        bool, typer.Option("--move", help="Send its conferences' phones to other boards (REFER).")
    ] = False,
    as_json: Json = False,
    http: Http = None,
    state: State = None,
) -> None:
    """Give it no new conferences; those it has go on. Kept over restarts of the server."""
    path = f"{ROOT}/{board}/drain" + ("?move=true" if move else "")
    more = ", and those it has move" if move else ""
    shown(asked(http, state, path, "POST"), as_json, f"{board} gets no new conferences{more}")


@board_app.command("undrain")
def board_undrain(board: Board, as_json: Json = False, http: Http = None, state: State = None) -> None:
    """Let it have new conferences again."""
    shown(asked(http, state, f"{ROOT}/{board}/undrain", "POST"), as_json, f"{board} is back")


@board_app.command("reset")
def board_reset(board: Board, as_json: Json = False, http: Http = None, state: State = None) -> None:
    """Start it anew, over its serial port; its calls are cut off."""
    shown(asked(http, state, f"{ROOT}/{board}/reset", "POST"), as_json, f"{board} starts anew")


@board_app.command("console")
def board_console(
    board: Board,
    lines: Annotated[int, typer.Option("--lines", "-n", min=1, max=1000, help="How many lines.")] = 50,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until Ctrl-C.")] = False,
    as_json: Json = False,
    http: Http = None,
    state: State = None,
) -> None:
    """The end of what it wrote to its serial port."""
    answer: dict[str, Any] = asked(http, state, f"{ROOT}/{board}/console?lines={lines}")
    shown(answer, as_json, answer["text"])
    seen = str(answer["text"]).splitlines()
    try:
        while follow:
            time.sleep(0.5)
            text = str(asked(http, state, f"{ROOT}/{board}/console?lines=1000")["text"]).splitlines()
            fresh = _after(seen, text)
            if fresh:
                print("\n".join(fresh), flush=True)
            seen = text
    except KeyboardInterrupt:
        pass


def _after(seen: list[str], text: list[str]) -> list[str]:
    """Return the lines of `text` that come after what was seen."""
    if not seen:
        return text
    for start in range(len(text), 0, -1):
        if text[max(0, start - len(seen)) : start] == seen[-start:]:
            return text[start:]
    return text
