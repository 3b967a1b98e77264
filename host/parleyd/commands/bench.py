"""`parley bench`: what this machine or a running server can do, measured."""

import importlib
import json
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from parleybench.machine import BenchError
from parleyd.commands.options import Json, fail
from parleyd.show import console

bench_app = typer.Typer(
    help="Measurements. They start a server and boards of their own, on loopback addresses that a server of yours does "
    "not use (127.0.8.0/24 and 127.0.9.1); best as root, on a quiet machine.",
    no_args_is_help=True,
)
Output = Annotated[Path | None, typer.Option(metavar="FILE", help="Write the JSON there, too.")]
Server = Annotated[
    str | None,
    typer.Option(
        metavar="HOST:PORT", help="A server that runs already is called, instead of one started for it."
    ),
]
Seconds = Annotated[float, typer.Option(min=1.0, help="How long each figure is measured.")]


@contextmanager
def _progress() -> Generator[Callable[[str], None]]:
    """What is under way: one changing line on a terminal, lines elsewhere; on standard error."""
    screen = Console(stderr=True, highlight=False, soft_wrap=True)
    if not screen.is_terminal:
        yield lambda text: screen.print(f"  {text}", markup=False)
        return
    with screen.status("") as status:
        yield status.update


def _bench(name: str, as_json: bool, output: Path | None, *terms: Any, **options: Any) -> None:
    """Run a bench and show what it found; exit code 1 and a sentence when something is missing."""
    bench = importlib.import_module(f"parleybench.{name}")  # this one alone
    try:
        with _progress() as say:
            document = bench.run(*terms, say, **options)
    except BenchError as error:
        raise fail(error) from None
    text = json.dumps(document, indent=1)
    if output is not None:
        try:
            output.parent.mkdir(parents=True, exist_ok=True)
            output.write_text(text + "\n", encoding="utf-8")
        except OSError as error:
            raise fail(BenchError(f"cannot write {output}: {error.strerror}")) from None
    if as_json:
        print(text)
        return
    for table in bench.tables(document):
        console().print(table)


def _address(server: str | None) -> tuple[str, int] | None:
    if server is None:
        return None
    host, _, port = server.removeprefix("sip:").rpartition(":")
    if not host or not port.isdigit():
        raise typer.BadParameter(f"{server!r} is not HOST:PORT")
    return host, int(port)


def _numbers(words: str, kind: type) -> list[Any]:
    try:
        found = [kind(word) for word in words.split(",") if word]
    except ValueError:
        raise typer.BadParameter(f"{words!r} is not a list of numbers with commas") from None
    if any(number < 0 for number in found):
        raise typer.BadParameter(f"{words!r} has a negative number")
    return found


@bench_app.command("capacity")
def bench_capacity(
    participants: Annotated[
        str,
        typer.Option(metavar="N,N...", help="Crowds to measure (default: the curve, silence, 512 in one)."),
    ] = "",
    size: Annotated[int, typer.Option(min=2, help="Participants of a conference.")] = 4,
    boards: Annotated[int, typer.Option(min=1, help="Boards to start, each on a core of its own.")] = 1,
    seconds: Seconds = 4,
    rounds: Annotated[int, typer.Option(min=1, help="Runs of which the median is taken.")] = 1,
    server: Server = None,
    awake: Annotated[
        bool,
        typer.Option(
            "--awake", help="Keep all cores from halting, for board and echo alike, by idle processes."
        ),
    ] = False,
    echo_alike: Annotated[
        bool,
        typer.Option("--echo-alike", help="Beside it an echo, too, that wakes as often as the board does."),
    ] = False,
    output: Output = None,
    as_json: Json = False,
) -> None:
    """Processor time, loss and right sound, all participants being real calls; beside it a bare echo in C."""
    counts = _numbers(participants, int)
    if 0 in counts:
        raise typer.BadParameter("a crowd of nobody cannot be measured")
    if server is not None and not counts:
        raise typer.BadParameter("--server needs --participants: what may be asked of it is yours to know")
    terms = (counts, seconds, rounds)
    options = {
        "size": size,
        "boards": boards,
        "server": _address(server),
        "wakeful": awake,
        "alike": echo_alike,
    }
    _bench("capacity", as_json, output, *terms, **options)


@bench_app.command("latency")
def bench_latency(
    pairs: Annotated[int, typer.Option(min=1, help="Conferences of two, each at its own phase.")] = 32,
    seconds: Annotated[
        float, typer.Option(min=6, help="How long they talk; the first 4 s do not count.")
    ] = 14,
    jitter: Annotated[
        str, typer.Option(metavar="MS,MS...", help="Packets are held back for random times up to these.")
    ] = "0,40",
    legs: Annotated[
        int, typer.Option(min=2, help="What the board may carry: above 128 it ticks less often.")
    ] = 64,
    server: Server = None,
    local: Annotated[str, typer.Option(metavar="HOST", help="Our address towards --server.")] = "127.0.0.1",
    output: Output = None,
    as_json: Json = False,
) -> None:
    """How long the board holds what it hears: quantiles and histogram."""
    terms = (pairs, seconds, _numbers(jitter, float) or [0.0])
    _bench("latency", as_json, output, *terms, legs=legs, server=_address(server), local=local)


@bench_app.command("kernels")
def bench_kernels(output: Output = None, as_json: Json = False) -> None:
    """The media kernels under CPython and MicroPython, native and in plain Python."""
    _bench("kernels", as_json, output)


@bench_app.command("allocate")
def bench_allocate(
    rates: Annotated[str, typer.Option(metavar="N,N...", help="Calls a second.")] = "1000,2000,4000,8000",
    seconds: Seconds = 5,
    rounds: Annotated[int, typer.Option(min=1, help="At each rate; medians count.")] = 3,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="A setting of parleyd, as TOML.")
    ] = None,
    output: Output = None,
    as_json: Json = False,
) -> None:
    """INVITE to committed 302: rate, response times, processor time; beside Kamailio's plain 302. Needs SIPp."""
    asked = [rate for rate in _numbers(rates, int) if rate]
    if not asked:
        raise typer.BadParameter("--rates needs one at least")
    _bench("allocate", as_json, output, asked, seconds, rounds=rounds, options=tuple(settings or ()))


@bench_app.command("idle")
def bench_idle(
    conferences: Annotated[int, typer.Option(min=1, help="Addresses to give out that nobody calls.")] = 1000,
    seconds: Annotated[float, typer.Option(min=1, max=20, help="How long is measured; they live 32 s.")] = 10,
    output: Output = None,
    as_json: Json = False,
) -> None:
    """What conferences cost that nobody is in: board and server, percent of one core."""
    _bench("idle", as_json, output, conferences, seconds)
