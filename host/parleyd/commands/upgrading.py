"""`parley board upgrade`: one board or the whole fleet, one after the other."""

import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.status import Status
from rich.table import Table

from parley.wire.errors import LocalError
from parleyd.client import Api, ask
from parleyd.commands.options import Http, Json, State, daemon_at, fail, or_table, shown, state_folder
from parleyd.discovery import DiscoveryError
from parleyd.roster import read_roster
from parleyd.show import console

ROOT = "/v1/boards"
POLL_S = 0.5
ENDED = ("done", "failed")
Row = dict[str, Any]


class UpgradeFailed(LocalError):  # noqa: N818 - it is the sentence that counts
    """Not every board that was to be upgraded is."""


def board_upgrade(
    board: Annotated[str | None, typer.Argument(help="Its name, as in `parley board list`.")] = None,
    usb_serial: Annotated[
        str | None, typer.Option(help="Its USB serial number instead, as in `parley board discover`.")
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="All boards that this server can upgrade, one after the other.")
    ] = False,
    image: Annotated[
        str | None, typer.Option(help="Name of a built image; that of its kind without it.")
    ] = None,
    now: Annotated[bool, typer.Option("--now", help="End its conferences instead of waiting.")] = False,
    keep_going: Annotated[
        bool, typer.Option("--keep-going", help="With --all: go on after a board that kept its old firmware.")
    ] = False,
    as_json: Json = False,
    http: Http = None,
    state: State = None,
) -> None:
    """Give it a new firmware; exit code 1 when that did not work and the old one is back.

    Images are looked for in STATE/images (tools/build.py --output), then in the package.
    """
    if [board, usb_serial, every or None].count(None) != 2:
        raise typer.BadParameter("name one board, or give --usb-serial, or --all")
    query = "&".join([f"now={str(now).lower()}", *([f"image={image}"] if image else [])])
    try:
        api = daemon_at(http, state)
        if every:
            _upgrade_all(api, query, keep_going, as_json)
            return
        name = board or _name_of(usb_serial or "", state_folder(state))
        with Console(stderr=True).status(name) as status:
            row = _upgraded(api, name, query, status)
        if row["step"] == "failed":
            raise UpgradeFailed(f"{name} keeps its firmware: {row['note']}")
    except LocalError as error:
        raise fail(error) from None
    shown(row, as_json, f"{name} runs {row['firmware']} ({row['image_id']})")


def _name_of(usb_serial: str, folder: Path) -> str:
    """Return the board that was provisioned with this USB serial number. Raises LocalError."""
    enrolled = read_roster(folder).enrolled.values()
    for one in enrolled:
        if one.usb_serial == usb_serial:
            return one.board_id
    known = ", ".join(sorted(one.usb_serial for one in enrolled if one.usb_serial)) or "none"
    raise DiscoveryError(
        f"no board was provisioned here with the USB serial number {usb_serial}; there are: {known}"
    )


def _upgraded(api: Api, name: str, query: str, status: Status) -> Row:
    """Upgrade a board, and wait for the end. Raises LocalError when it cannot begin."""
    path = f"{ROOT}/{name}/upgrade"
    row: Row = ask(api, f"{path}?{query}", "POST")
    while row["step"] not in ENDED:
        status.update(f"{name}: {row['step']} {row['note']}")
        time.sleep(POLL_S)
        row = ask(api, path)
    return row


def _upgrade_all(api: Api, query: str, keep_going: bool, as_json: bool) -> None:
    """Upgrade every board that can be. Raises UpgradeFailed when one has kept its old firmware."""
    rows: list[Row] = []
    with Console(stderr=True).status("") as status:
        for board in ask(api, ROOT):
            rows.append(_one_of_all(api, board["board_id"], query, status))
            if rows[-1]["step"] == "failed" and not keep_going:
                break
    or_table(rows, as_json, lambda: console().print(_table(rows)))
    failed = [row["board_id"] for row in rows if row["step"] == "failed"]
    if failed:
        rest = "" if keep_going else "; the boards behind it were left alone"
        raise UpgradeFailed(f"{', '.join(failed)} keeps its firmware: {_last(rows)}{rest}")


def _last(rows: list[Row]) -> str:
    return str([row["note"] for row in rows if row["step"] == "failed"][-1])


def _one_of_all(api: Api, name: str, query: str, status: Status) -> Row:
    """Return the row of its upgrade; step "left": it cannot be upgraded by this server, or not now."""
    try:
        return _upgraded(api, name, f"{query}&if_needed=true", status)
    except LocalError as error:
        return {"board_id": name, "image_id": "", "firmware": "", "step": "left", "note": str(error)}


def _table(rows: list[Row]) -> Table:
    table = Table(title="Upgrades", title_justify="left")
    for name in ("board", "upgrade", "firmware", "note"):
        table.add_column(name)
    for row in rows:
        table.add_row(row["board_id"], row["step"], row["firmware"] or "-", row["note"])
    return table
