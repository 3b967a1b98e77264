"""`parley call`, `parley listen` and `parley record`: the user equipment on the command line."""

import getpass
import os
import string
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from parleyue.equipment import Address, Codec
    from parleyue.report import Report
    from parleyue.run import Handset

app = typer.Typer(help="The user equipment: a phone that holds ad hoc conferences.", no_args_is_help=True)

_CARRIERS = ("call", "refer", "message", "focus")
_CODECS = ("PCMU", "PCMA")
_SRTP = ("off", "optional", "required")
_RATE_HZ = 8000
_ANY_HOST = ("0.0.0.0", "[::]", "::")
_USER_CHARACTERS = string.ascii_letters + string.digits + "-_.!~*'()&=+$,;?/"  # RFC 3261 25.1, user
_EXIT_CODES = (
    "Exit codes: 0 everybody is in; 1 something on this machine failed; 2 bad usage; 3 the server refused; "
    "4 no answer; 5 the allocated address refused; 6 an invitee did not come; 7 told, but the carrier cannot "
    "say whether they came; 8 the conference ended too early; 130 interrupted before everybody was told."
)

Play = Annotated[
    Path | None,
    typer.Option(
        exists=True, dir_okay=False, help="Sound file to speak (any rate; 8 kHz mono is sent as it is)."
    ),
]
Record = Annotated[
    Path | None, typer.Option(dir_okay=False, help="WAV file for what is heard (8 kHz, 16 bit).")
]
Loop = Annotated[bool, typer.Option("--loop/--no-loop", help="Speak the file again and again, or once.")]
Duration = Annotated[float | None, typer.Option(min=0.0, help="Seconds; without it until Ctrl-C.")]
CodecName = Annotated[str | None, typer.Option("--codec", help="PCMU or PCMA alone; both without it.")]
Srtp = Annotated[
    str,
    typer.Option(
        help="Encrypted sound, keys in SDP (RFC 4568): off, optional (whenever the other end can) or required."
    ),
]
User = Annotated[str | None, typer.Option(help="User part of our own address; the login name without it.")]
TlsCa = Annotated[
    Path | None,
    typer.Option(
        exists=True, dir_okay=False, help="Certificates to trust over TLS (PEM); the system's without it."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="One JSON object a line instead of a picture for people.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing unless something goes wrong.")]


@app.command(epilog=_EXIT_CODES)
def call(
    uri: Annotated[str, typer.Argument(help="The server's address, e.g. sip:conference@127.0.0.1:5060.")],
    invite: Annotated[list[str] | None, typer.Option(help="Phone to bring in; once for each.")] = None,
    carrier: Annotated[
        str,
        typer.Option(help="call (a short call with REFER), refer, message, or focus (the board calls them)."),
    ] = "call",
    play: Play = None,
    record: Record = None,
    loop: Loop = True,
    duration: Duration = None,
    patience: Annotated[float, typer.Option(min=0.1, help="Seconds to wait for anybody to answer.")] = 30.0,
    local: Annotated[
        str | None,
        typer.Option("--local", "--sip", metavar="HOST:PORT", help="Our own address; chosen without it."),
    ] = None,
    user: User = None,
    tls_ca: TlsCa = None,
    codec: CodecName = None,
    auth_user: Annotated[
        str | None,
        typer.Option(
            help="Name for a server that asks who calls; the password is $PARLEY_PASSWORD, or asked for."
        ),
    ] = None,
    srtp: Srtp = "off",
    watch: Annotated[bool, typer.Option("--watch", help="Show who comes and goes (RFC 4575).")] = False,
    keys: Annotated[
        bool,
        typer.Option("--keys", help="Obey lines on stdin: hold, unhold, dtmf 12#, bring URI, out URI, quit."),
    ] = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Ask the server for a conference, join it, bring others in, and talk."""
    from parleyue.equipment import CallPlan
    from parleyue.run import run_call

    if carrier not in _CARRIERS:
        raise typer.BadParameter(f"{carrier!r} is none of {', '.join(_CARRIERS)}", param_hint="--carrier")
    plan = CallPlan(
        server=_sip_uri(uri, "URI"),
        invitees=[_sip_uri(invitee, "--invite") for invitee in invite or []],
        carrier=carrier,
        duration_ms=None if duration is None else round(duration * 1000),
        patience_ms=round(patience * 1000),
        credentials=None if auth_user is None else (auth_user, _password(auth_user)),
        watch=watch,
    )
    handset = _handset(local, user, codec, play, record, loop, tls_ca, srtp)
    raise typer.Exit(run_call(handset, plan, _report(as_json, quiet), keys))


@app.command(epilog=_EXIT_CODES)
def record(
    uri: Annotated[str, typer.Argument(help="The conference's address, as `parley conference show` has it.")],
    file: Annotated[Path, typer.Argument(dir_okay=False, help="WAV file to be written (8 kHz, 16 bit).")],
    duration: Duration = None,
    patience: Annotated[float, typer.Option(min=0.1, help="Seconds to wait for an answer.")] = 30.0,
    local: Annotated[
        str | None,
        typer.Option("--local", "--sip", metavar="HOST:PORT", help="Our own address; chosen without it."),
    ] = None,
    user: Annotated[str, typer.Option(help="User part of our own address, which others see.")] = "recorder",
    tls_ca: TlsCa = None,
    srtp: Srtp = "off",
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Record a conference: a participant who only listens, until it ends, or Ctrl-C."""
    from parleyue.equipment import CallPlan
    from parleyue.run import run_call

    plan = CallPlan(
        server=_sip_uri(uri, "URI"),
        duration_ms=None if duration is None else round(duration * 1000),
        patience_ms=round(patience * 1000),
        listens=True,
    )
    handset = _handset(local, user, None, None, file, False, tls_ca, srtp)
    raise typer.Exit(run_call(handset, plan, _report(as_json, quiet)))


@app.command()
def listen(
    local: Annotated[
        str, typer.Option("--local", "--sip", metavar="HOST:PORT", help="Our own address.")
    ] = "127.0.0.1:5062",
    user: User = None,
    tls_ca: TlsCa = None,
    play: Play = None,
    record: Record = None,
    loop: Loop = True,
    duration: Duration = None,
    calls: Annotated[
        int | None, typer.Option(min=1, help="End when so many calls are over and none is up.")
    ] = None,
    join_messages: Annotated[
        bool, typer.Option("--join-messages", help="Also call the sip: address in a MESSAGE.")
    ] = False,
    codec: CodecName = None,
    srtp: Srtp = "off",
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Answer calls, and go to the conference when a caller says so (REFER)."""
    from parleyue.listen import ListenPlan
    from parleyue.run import run_listen

    plan = ListenPlan(
        duration_ms=None if duration is None else round(duration * 1000),
        calls=calls,
        join_messages=join_messages,
    )
    handset = _handset(local, user, codec, play, record, loop, tls_ca, srtp)
    raise typer.Exit(run_listen(handset, plan, _report(as_json, quiet)))


def _report(as_json: bool, quiet: bool) -> "Report":
    from parleyue.report import JsonReport, PeopleReport, QuietReport

    if as_json:
        return JsonReport()
    return QuietReport() if quiet else PeopleReport()


def _password(name: str) -> str:
    given = os.environ.get("PARLEY_PASSWORD")
    if given is not None:
        return given
    if not sys.stdin.isatty():
        raise typer.BadParameter("set PARLEY_PASSWORD, nobody can be asked", param_hint="--auth-user")
    return getpass.getpass(f"Password of {name}: ")


def _handset(
    local: str | None,
    user: str | None,
    codec: str | None,
    play: Path | None,
    record: Path | None,
    loop: bool,
    tls_ca: Path | None,
    srtp: str,
) -> "Handset":
    from parleyue.run import Handset

    if srtp not in _SRTP:
        raise typer.BadParameter(f"{srtp!r} is none of {', '.join(_SRTP)}", param_hint="--srtp")

    address = None if local is None else _host_port(local)
    return Handset(address, _user(user), _codecs(codec), play, record, loop, tls_ca, srtp)


def _sip_uri(text: str, hint: str) -> str:
    from parley.wire.errors import RemoteError
    from parleyue.redirect import callable_uri

    try:
        return str(callable_uri(text))
    except RemoteError as error:
        raise typer.BadParameter(f"{text!r} cannot be called: {error.reason}", param_hint=hint) from None


def _host_port(text: str) -> "Address":
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise typer.BadParameter(f"{text!r} is not HOST:PORT", param_hint="--local")
    if host in _ANY_HOST:  # it would stand in Contact and SDP, where nobody can reach it
        raise typer.BadParameter("say which address others reach this phone at", param_hint="--local")
    return host.strip("[]"), int(port)


def _user(name: str | None) -> str:
    if name is None:
        try:
            name = getpass.getuser()
        except (KeyError, OSError):  # no such user in a bare container
            name = "parley"
    if not name or name.strip(_USER_CHARACTERS):
        raise typer.BadParameter(f"{name!r} cannot stand in a SIP address", param_hint="--user")
    return name


def _codecs(name: str | None) -> "list[Codec]":
    if name is None:
        return [(known, _RATE_HZ) for known in _CODECS]
    if name.upper() not in _CODECS:
        raise typer.BadParameter(f"{name!r} is none of {', '.join(_CODECS)}", param_hint="--codec")
    return [(name.upper(), _RATE_HZ)]
