"""`parley board discover` and `parley board provision`: boards on this computer's serial ports."""

import secrets
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from serial.tools import list_ports

from parley.wire.errors import LocalError
from parleyd.board_tls import board_tls
from parleyd.commands.options import Json, State, fail, or_table, shown, state_folder
from parleyd.discovery import Found, board_types, discover, port_of
from parleyd.pool import DHCP
from parleyd.provision import BoardConfig, provision
from parleyd.roster import Enrolled, read_roster
from parleyd.serial_consoles import borrowed
from parleyd.settings import SIP_PORT, host_port
from parleyd.show import console
from parleyd.upgrade import find_image


def board_discover(as_json: Json = False, state: State = None) -> None:
    """USB serial ports of this computer: which board each looks like, and who it is if it was provisioned here."""
    try:
        found = discover(list_ports.comports(), board_types(), read_roster(state_folder(state)))
    except LocalError as error:
        raise fail(error) from None
    or_table([asdict(one) for one in found], as_json, lambda: _show(found))


def board_provision(
    board_id: Annotated[str, typer.Argument(metavar="NAME", help="What the board is to be called.")],
    kind: Annotated[str, typer.Option(help="Kind of board; its image must be built.")],
    host: Annotated[str, typer.Option(help="IPv4 address that the board is to have, or dhcp.")],
    server: Annotated[
        list[str],
        typer.Option(
            metavar="HOST:PORT", help="The SIP server, as the board reaches it; once for each of a fleet."
        ),
    ],
    usb_serial: Annotated[
        str | None, typer.Option(help="USB serial number, as in `parley board discover`.")
    ] = None,
    port: Annotated[str | None, typer.Option(help="Serial port, for one without such a number.")] = None,
    network: Annotated[
        str | None, typer.Option(metavar="MASK,GATEWAY", help="IP plan of its own interface.")
    ] = None,
    tls_cert: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Its certificate, for SIP over TLS (PEM).")
    ] = None,
    tls_key: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Private key of --tls-cert (PEM, no password).")
    ] = None,
    as_json: Json = False,
    state: State = None,
) -> None:
    """Give a board firmware, identity, address, server and a key of its own over its serial port.

    The server whose state folder this is knows the board from its next start on.
    """
    folder = state_folder(state)
    screen = Console(stderr=True)
    if host == DHCP and network:
        raise fail(LocalError("--host dhcp: the IP plan is the DHCP server's; leave --network out"))
    if (tls_cert is None) != (tls_key is None):
        raise fail(LocalError("TLS needs a certificate and its key: --tls-cert FILE --tls-key FILE"))
    try:
        roster, image = read_roster(folder), find_image(folder, kind)
        known = roster.enrolled.get(board_id)
        key = known.key if known else secrets.token_hex(32)
        servers = tuple(map(host_port, server))
        mask, _, gateway = (network or "").partition(",")
        config = BoardConfig(
            board_id,
            kind,
            host,
            servers[0],
            key,
            image.board.legs,
            image.board.slots,
            network=(mask, gateway) if network else None,
            servers=servers if len(servers) > 1 else None,
            **board_tls(tls_cert, tls_key),
        )
        at = port or port_of(usb_serial or "", discover(list_ports.comports(), board_types(), roster)).port
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        serial = (usb_serial or "", "" if usb_serial else at)
        roster.enrol(Enrolled(board_id, host, SIP_PORT, key, kind, *serial))
        with borrowed(folder, board_id), screen.status(f"{board_id} on {at}") as status:
            done = provision(at, image, config, progress=lambda path: status.update(f"{board_id}: {path}"))
    except LocalError as error:
        raise fail(error) from None
    answer = {"board_id": board_id, "port": at, "written": len(done.written), "image": image.digest[:16]}
    shown(
        answer,
        as_json,
        f"{board_id} on {at}: {len(done.written)} files written, reset; restart parleyd to let it in",
    )


def _show(found: list[Found]) -> None:
    if not found:
        console().print("No USB serial port. Boards without hardware are in: parley board list")
        return
    table = Table(title="USB serial ports", title_justify="left")
    for name in ("USB serial number", "looks like", "is", "port", "USB id"):
        table.add_column(name)
    for one in found:
        table.add_row(
            one.usb_serial or "-", one.kind or "-", one.board_id or "unprovisioned", one.port, one.usb_id
        )
    console().print(table)
