"""The command line: `parley` for everything, `parleyd` for the daemon alone."""

import asyncio
import atexit
import json
import logging
import sys
from pathlib import Path
from typing import Annotated, Any

import structlog
import typer
from rich.console import Console

from parley import __version__
from parley.wire.errors import LocalError
from parleyd.commands.bench import bench_app
from parleyd.commands.boards import board_app
from parleyd.commands.conferences import conference_app, participant_app
from parleyd.commands.config import config_app
from parleyd.commands.events import events
from parleyd.commands.options import Http, Json, State, asked, fail
from parleyd.commands.tokens import token_app
from parleyd.commands.users import user
from parleyd.log_lines import Lines, Stamp, json_logger
from parleyd.settings import Settings, SettingsError, load_settings
from parleyd.show import console, show_status

app = typer.Typer(
    name="parley",
    help="Ad hoc conferences on small boards. Exit codes: 0 done, 1 it failed (one sentence says why), 2 bad usage.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.add_typer(board_app, name="board")
app.add_typer(conference_app, name="conference")
app.add_typer(participant_app, name="participant")
app.add_typer(token_app, name="token")
app.add_typer(config_app, name="config")
app.add_typer(bench_app, name="bench")
daemon_app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

Sip = Annotated[
    list[str] | None,
    typer.Option("--sip", metavar="HOST:PORT", help="SIP address, may be repeated [127.0.0.1:5060]."),
]
SipTls = Annotated[
    str | None,
    typer.Option("--sip-tls", metavar="HOST:PORT", help="SIP over TLS there, too; usually port 5061."),
]
TlsCert = Annotated[
    Path | None,
    typer.Option("--tls-cert", metavar="FILE", help="Certificate of --sip-tls (PEM, with its issuers)."),
]
TlsKey = Annotated[
    Path | None,
    typer.Option("--tls-key", metavar="FILE", help="Private key of --tls-cert (PEM, no password)."),
]
HttpBind = Annotated[
    str | None, typer.Option("--http", metavar="HOST:PORT", help="HTTP address [127.0.0.1:8060].")
]
Config = Annotated[Path | None, typer.Option("--config", metavar="FILE", help="Settings as TOML.")]
LogFile = Annotated[
    Path | None, typer.Option("--log-file", metavar="FILE", help="Log there, not to standard error.")
]
Level = Annotated[str | None, typer.Option("--log-level", help="debug, info (default), warning or error.")]


def _configure_log(settings: Settings) -> None:
    """Log to standard error, or to a file; tables for eyes on a terminal, JSON lines everywhere else."""
    target = sys.stderr
    if settings.log_file is not None:
        try:
            target = settings.log_file.open("a", encoding="utf-8")
        except OSError as error:
            raise SettingsError(f"cannot write the log {settings.log_file}: {error.strerror}") from error
    lines = Lines(target)
    atexit.register(lines.write)
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    readable = target.isatty()
    structlog.configure(
        processors=[structlog.processors.add_log_level, Stamp(), structlog.dev.ConsoleRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(level) if readable else json_logger(level),
        logger_factory=lambda *_: lines,
        cache_logger_on_first_use=True,
    )


def _listening(addresses: list[str] | None) -> dict[str, Any]:
    """The settings of a repeated --sip: the first stands in our Via and Contact."""
    return {"sip": addresses[0], "sip_also": addresses[1:] or None} if addresses else {}


def _serve(settings: Settings) -> None:
    from parleyd.daemon import Daemon

    try:
        from uvloop import new_event_loop
    except ImportError:  # there is none for this system; asyncio's own loop does it too
        from asyncio import new_event_loop
    screen = Console(stderr=True, highlight=False)

    async def life() -> None:
        daemon = Daemon(settings, lambda text: screen.print(f"[dim]{text}[/]"))
        await daemon.run(lambda line: print(line, flush=True))

    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(life())


def _run_daemon(config: Path | None, **flags: Any) -> None:
    try:
        settings = load_settings(config, **flags)
        _configure_log(settings)
        _serve(settings)
    except LocalError as error:
        raise fail(error) from None


@app.command()
def up(
    boards: Annotated[int | None, typer.Option(help="How many boards without hardware to start [2].")] = None,
    legs: Annotated[int | None, typer.Option(help="Participants that one board may carry [64].")] = None,
    pin: Annotated[
        bool | None, typer.Option("--pin", help="Bind each board to a processor core of its own, in turn.")
    ] = None,
    board: Annotated[
        str | None, typer.Option(help="Kind of board; its image must be built (default virtual).")
    ] = None,
    sip: Sip = None,
    sip_tls: SipTls = None,
    tls_cert: TlsCert = None,
    tls_key: TlsKey = None,
    http: HttpBind = None,
    board_net: Annotated[
        str | None,
        typer.Option(
            "--board-net", metavar="CIDR", help="Addresses of the boards, IPv4 or IPv6 [127.0.1.0/24]."
        ),
    ] = None,
    board_tls_cert: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Certificate of the boards: they take TLS, at port 5061 (PEM)."),
    ] = None,
    board_tls_key: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Private key of --board-tls-cert (PEM, no password).")
    ] = None,
    state: State = None,
    config: Config = None,
    log_level: Level = None,
    log_file: LogFile = None,
) -> None:
    """Run the server and boards in the foreground; SIGINT or SIGTERM ends it with BYE to everybody."""
    flags = {"boards": boards, "legs": legs, "pin": pin, "board": board, "http": http, "log_file": log_file}
    flags |= {"sip_tls": sip_tls, "tls_cert": tls_cert, "tls_key": tls_key}
    flags |= {"board_tls_cert": board_tls_cert, "board_tls_key": board_tls_key}
    _run_daemon(config, board_net=board_net, state=state, log_level=log_level, **_listening(sip), **flags)


@daemon_app.command()
def _daemon(
    sip: Sip = None,
    sip_tls: SipTls = None,
    tls_cert: TlsCert = None,
    tls_key: TlsKey = None,
    http: HttpBind = None,
    state: State = None,
    config: Config = None,
    log_level: Level = None,
    log_file: LogFile = None,
) -> None:
    """The conference server alone: its boards are the ones that --config lists as provisioned.

    Exit codes: 0 ended by SIGINT or SIGTERM, 1 it failed (one sentence says why), 2 bad usage.
    """
    flags = {"http": http, "state": state, "log_level": log_level, "log_file": log_file}
    flags |= {"sip_tls": sip_tls, "tls_cert": tls_cert, "tls_key": tls_key}
    _run_daemon(config, boards=0, **_listening(sip), **flags)


@app.command()
def status(as_json: Json = False, http: Http = None, state: State = None) -> None:
    """Boards, conferences and participants of a running server."""
    document = asked(http, state, "/v1/status")
    if as_json:
        print(json.dumps(document, indent=2))
    else:
        show_status(console(), document)


@app.command()
def version(as_json: Json = False) -> None:
    """Parley's version."""
    print(json.dumps({"version": __version__}) if as_json else f"parley {__version__}")


app.command()(events)
app.command()(user)


def _mount_user_equipment() -> None:
    from parleyue.cli import call, listen, record

    for one in (call, listen, record):
        app.command()(one)


def main() -> None:
    """Entry point of `parley`."""
    _mount_user_equipment()
    app()


def daemon_main() -> None:
    """Entry point of `parleyd`."""
    daemon_app()
