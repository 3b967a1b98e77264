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


@conference_app.command("lock")
def conference_lock(
    conference: Conference, as_json: Json = False, http: Http = None, state: State = None
) -> None:
    """Let nobody else in."""
    answer = asked(http, state, f"{ROOT}/{conference}/lock", "POST")
    shown(answer, as_json, f"locked {conference}; whoever calls now is refused with 403")


@conference_app.command("unlock")
def conference_unlock(
    conference: Conference, as_json: Json = False, http: Http = None, state: State = None
) -> None:
    """Let in whoever has the address again."""
    answer = asked(http, state, f"{ROOT}/{conference}/unlock", "POST")
    shown(answer, as_json, f"unlocked {conference}")


@participant_app.command("mute")
def participant_mute(
    conference: Conference, number: Number, as_json: Json = False, http: Http = None, state: State = None
) -> None:
    """Let nobody hear a participant; he hears the others all the same."""
    answer = asked(http, state, f"{ROOT}/{conference}/participants/{number}/mute", "POST")
    shown(answer, as_json, f"muted {number} in {conference}")


@participant_app.command("unmute")
def participant_unmute(
    conference: Conference, number: Number, as_json: Json = False, http: Http = None, state: State = None
) -> None:
    """Let everybody hear a participant again."""
    answer = asked(http, state, f"{ROOT}/{conference}/participants/{number}/unmute", "POST")
    shown(answer, as_json, f"unmuted {number} in {conference}")


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


@participant_app.command("autogain")
def participant_autogain(
    conference: Conference, number: Number, as_json: Json = False, http: Http = None, state: State = None
) -> None:
    """Let the board make a participant as loud as the others, and his noise unheard; `gain` ends it."""
    answer = asked(http, state, f"{ROOT}/{conference}/participants/{number}/gain/auto", "POST")
    shown(answer, as_json, f"{number} in {conference} is as loud as the others now")


Other = Annotated[int, typer.Argument(help="The number of another participant.", min=1)]


@participant_app.command("unhear")
def participant_unhear(
    conference: Conference,
    number: Number,
    other: Other,
    as_json: Json = False,
    http: Http = None,
    state: State = None,
) -> None:
    """Let a participant not hear another one: a coach whom the customer must not hear, for one."""
    answer = asked(http, state, f"{ROOT}/{conference}/participants/{number}/unhear/{other}", "POST")
    shown(answer, as_json, f"{number} does not hear {other} in {conference}")


@participant_app.command("hear")
def participant_hear(
    conference: Conference,
    number: Number,
    other: Other,
    as_json: Json = False,
    http: Http = None,
    state: State = None,
) -> None:
    """Let a participant hear another one again."""
    answer = asked(http, state, f"{ROOT}/{conference}/participants/{number}/hear/{other}", "POST")
    shown(answer, as_json, f"{number} hears {other} in {conference}")


@participant_app.command("kick")
def participant_kick(
    conference: Conference, number: Number, as_json: Json = False, http: Http = None, state: State = None
) -> None:
    """Hang up on a participant; lock the conference first if he is not to come back."""
    answer = asked(http, state, f"{ROOT}/{conference}/participants/{number}", "DELETE")
    shown(answer, as_json, f"put {number} out of {conference}")
