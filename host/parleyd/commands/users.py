"""`parley user`: what a server's settings say of a phone's user; the password itself is kept nowhere."""

import getpass
import json
import os
import sys
from typing import Annotated

import typer

from parley.wire.auth import ha1_of
from parleyd.commands.options import Json
from parleyd.registrar import REALM

KEYS = {"SHA-256": "ha1_sha256", "MD5": "ha1_md5"}


def user(
    name: Annotated[str, typer.Argument(help="The name that the phone gives.")],
    as_json: Json = False,
) -> None:
    """Print the lines for the settings file that let this user in; the password is $PARLEY_PASSWORD, or asked for.

    With one user in the settings, every phone that calls for a conference has to prove who it is (digest, RFC 7616).
    """
    if not name or set(name) & set('"\\:\r\n'):
        raise typer.BadParameter("a name has no quotes, colons or backslashes", param_hint="NAME")
    password = _password(name)
    hashes = {key: ha1_of(algorithm, name, REALM, password) for algorithm, key in KEYS.items()}
    if as_json:
        print(json.dumps({"name": name, "realm": REALM, **hashes}))
        return
    print("[[users]]", f'name = "{name}"', *(f'{key} = "{text}"' for key, text in hashes.items()), sep="\n")


def _password(name: str) -> str:
    given = os.environ.get("PARLEY_PASSWORD")
    if given is not None:
        return given
    if not sys.stdin.isatty():
        raise typer.BadParameter("set PARLEY_PASSWORD, nobody can be asked", param_hint="NAME")
    first = getpass.getpass(f"Password of {name}: ")
    if getpass.getpass("Again: ") != first:
        raise typer.BadParameter("the two passwords differ", param_hint="NAME")
    return first
