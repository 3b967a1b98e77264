"""`parley config`: settings before they are used."""

import json
from pathlib import Path
from typing import Annotated

import typer

from parley.wire.errors import LocalError
from parleyd.board_network import board_hosts, board_server
from parleyd.commands.options import Json, fail
from parleyd.settings import load_settings

config_app = typer.Typer(help="Settings.", no_args_is_help=True)
SECRET = "64 hex digits"  # noqa: S105 - what stands in the place of one


@config_app.command("check")
def config_check(
    file: Annotated[
        Path | None, typer.Argument(help="A TOML file; without one the environment alone.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Read settings as the daemon would: exit code 0 and what holds, or 1 and which key is wrong and why."""
    try:
        settings = load_settings(file)
        if board_hosts(settings):
            board_server(settings)
    except LocalError as error:
        raise fail(error) from None
    table = settings.model_dump(mode="json")
    for board in table["provisioned"]:
        board["key"] = SECRET
    for user in table["users"]:  # as good as the password
        hashes = [name for name in ("ha1_sha256", "ha1_md5") if user[name] is not None]
        user |= {name: f"{len(user[name])} hex digits" for name in hashes}
    if as_json:
        print(json.dumps(table, indent=2))
        return
    print(f"{file or 'the environment'} is good. What holds:")
    for name, value in table.items():
        print(f"  {name} = {json.dumps(value)}")
