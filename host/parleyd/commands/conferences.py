"""`parley conference` and `parley participant`."""

from typing import Annotated, Literal

import typer

from parleyd.commands.options import Http, Json, State, asked, or_table, shown
from parleyd.gain import LEAST_DB, MOST_DB
from parleyd.show import conference_page, conferences_table, console, ladder_table

conference_app = typer.Typer(help="Conferences.", no_args_is_help=True)
participant_app = typer.Typer(help="Participants of a conference.", no_args_is_help=True)

Conference = Annotated[str, typer.Argument(help="Its id, as in `parley conference list`.")]
Number = Annotated[
    int, typer.Argument(help="The participant's number, as in `parley conference show`.", min=1)
]
Other = Annotated[int, typer.Argument(help="The number of another participant.", min=1)]
Srtp = Literal["none", "optional", "required"]
ROOT = "/v1/conferences"


@conference_app.command("list")
def conference_list(as_json: Json = False, http: Http = None, state: State = None) -> None:
    """Every conference with its participants."""
    rows = asked(http, state, ROOT)
    or_table(rows, as_json, lambda: console().print(conferences_table(rows) if rows else "No conference."))


@conference_app.command("show")
def conference_show(
    conference: Conference, as_json: Json = False, http: Http = None, state: State = None
) -> None:
    """One conference: address, participants with their numbers, who is muted."""
    row = asked(http, state, f"{ROOT}/{conference}")
    or_table(row, as_json, lambda: conference_page(console(), row))


@conference_app.command("ladder")
def conference_ladder(
    conference: Conference, as_json: Json = False, http: Http = None, state: State = None
) -> None:
    """The messages of a conference, as far as server and board know them; also after its end."""
    rows = asked(http, state, f"{ROOT}/{conference}/ladder")
    or_table(rows, as_json, lambda: console().print(ladder_table(rows)))


@conference_app.command("new")
def conference_new(
    size: Annotated[
        int | None,
        typer.Option(
            min=2, max=65535, help="Participants to keep room for; the server's default without it."
        ),
    ] = None,
    codec: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="PCMU, PCMA, G722 ...; once for each, best first [PCMU]."),
    ] = None,
    srtp: Annotated[Srtp, typer.Option(help="Encrypted media.")] = "none",
    site: Annotated[str, typer.Option(help="Where the board should be; anywhere without it.")] = "",
    as_json: Json = False,
    http: Http = None,
    state: State = None,
) -> None:
    """Have the address of a new conference without calling; whoever calls it while it is kept is in."""
    query: dict[str, object] = {"codecs": codec or ["PCMU"], "srtp": srtp, "site": site}
    if size is not None:
        query["size"] = size
    offer = asked(http, state, ROOT, "POST", query)
    left = f"{offer['size']} participants, kept for {offer['expires_in_s']} s until the first call"
    shown(offer, as_json, f"{offer['address']}  ({left})")


@conference_app.command("end")
def conference_end(
    conference: Conference, as_json: Json = False, http: Http = None, state: State = None
) -> None:
    """Hang up on everybody in a conference."""
    answer = asked(http, state, f"{ROOT}/{conference}", "DELETE")
    shown(answer, as_json, f"ended {conference}")


def _to_all(word: str, done: str, summary: str) -> None:
    """Add a command that does something to a conference; done: said afterwards, of {conference}."""

    def command(
        conference: Conference, as_json: Json = False, http: Http = None, state: State = None
    ) -> None:
        answer = asked(http, state, f"{ROOT}/{conference}/{word}", "POST")
        shown(answer, as_json, done.format(conference=conference))

    conference_app.command(word, help=summary)(command)


_to_all("lock", "locked {conference}; whoever calls now is refused with 403", "Let nobody else in.")
_to_all("unlock", "unlocked {conference}", "Let in whoever has the address again.")


def _to_one(word: str, path: str, done: str, summary: str, method: str = "POST") -> None:
    """Add a command that does something to a participant; done: said afterwards, of {number} in {conference}."""

    def command(
        conference: Conference, number: Number, as_json: Json = False, http: Http = None, state: State = None
    ) -> None:
        answer = asked(http, state, f"{ROOT}/{conference}/participants/{number}{path}", method)
        shown(answer, as_json, done.format(number=number, conference=conference))

    participant_app.command(word, help=summary)(command)


def _between_two(word: str, done: str, summary: str) -> None:
    """Add a command about what a participant hears of another."""

    def command(
        conference: Conference,
        number: Number,
        other: Other,
        as_json: Json = False,
        http: Http = None,
        state: State = None,
    ) -> None:
        answer = asked(http, state, f"{ROOT}/{conference}/participants/{number}/{word}/{other}", "POST")
        shown(answer, as_json, done.format(number=number, other=other, conference=conference))

    participant_app.command(word, help=summary)(command)


_to_one(
    "mute",
    "/mute",
    "muted {number} in {conference}",
    "Let nobody hear a participant; he hears the others all the same.",
)
_to_one("unmute", "/unmute", "unmuted {number} in {conference}", "Let everybody hear a participant again.")


@participant_app.command("gain", context_settings={"ignore_unknown_options": True})
def participant_gain(
    conference: Conference,
    number: Number,
    db: Annotated[float, typer.Argument(help="Decibels; 0: as he is, -6: half.", min=LEAST_DB, max=MOST_DB)],
    as_json: Json = False,
    http: Http = None,
    state: State = None,
) -> None:
    """Let everybody hear a participant louder or softer than he is."""
    answer = asked(http, state, f"{ROOT}/{conference}/participants/{number}/gain?db={db:g}", "POST")
    shown(answer, as_json, f"everybody hears {number} in {conference} at {db:+g} dB")


_to_one(
    "autogain",
    "/gain/auto",
    "{number} in {conference} is as loud as the others now",
    "Let the board make a participant as loud as the others, and his noise unheard; `gain` ends it.",
)
_between_two(
    "unhear",
    "{number} does not hear {other} in {conference}",
    "Let a participant not hear another one: a coach whom the customer must not hear, for one.",
)
_between_two("hear", "{number} hears {other} in {conference}", "Let a participant hear another one again.")
_to_one(
    "kick",
    "",
    "put {number} out of {conference}",
    "Hang up on a participant; lock the conference first if he is not to come back.",
    "DELETE",
)
