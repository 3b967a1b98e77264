"""`parley token`: who may use the HTTP API. Works on the state folder, with or without a daemon."""

import json
from typing import Annotated

import typer

from parley.wire.errors import LocalError
from parleyd.commands.options import Json, State, fail, or_table, shown, state_folder
from parleyd.show import console, tokens_table
from parleyd.tokens import Role, Tokens

token_app = typer.Typer(
    help="Tokens for the HTTP API, kept as hashes in the state folder.", no_args_is_help=True
)

Name = Annotated[str, typer.Argument(help="A name for people, such as the holder's.")]


@token_app.command("add")
def token_add(
    name: Name,
    role: Annotated[Role, typer.Option(help="viewer looks on, operator moderates, admin changes boards.")],
    as_json: Json = False,
    state: State = None,
) -> None:
    """Make a token and print it, this once. From the first token on, every request needs one."""
    try:
        token = Tokens(state_folder(state)).add(name, role)
    except LocalError as error:
        raise fail(error) from None
    if as_json:
        print(json.dumps({"name": name, "role": role.value, "token": token}))
        return
    print(token)
    typer.echo(
        "Keep it; it is not shown again. Use: PARLEY_TOKEN=... parley status --http HOST:PORT", err=True
    )


@token_app.command("list")
def token_list(as_json: Json = False, state: State = None) -> None:
    """Names and roles."""
    try:
        entries = Tokens(state_folder(state)).entries()
    except LocalError as error:
        raise fail(error) from None
    rows = [{"name": one.name, "role": one.role.value, "created": one.created_s} for one in entries]
    or_table(rows, as_json, lambda: console().print(tokens_table(rows) if rows else "No token."))


@token_app.command("revoke")
def token_revoke(name: Name, as_json: Json = False, state: State = None) -> None:
    """Make a token worthless, at once."""
    try:
        Tokens(state_folder(state)).revoke(name)
    except LocalError as error:
        raise fail(error) from None
    shown({"revoked": name}, as_json, f"revoked {name}")
