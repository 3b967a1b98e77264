"""docs/prior-art.md: the older ways to hold a conference beside ours, as measured by prior_art.py."""

from __future__ import annotations

from hil_tests import pages

OURS = "Parley, ad hoc"
# what each way does, whatever mixes: all heard each other, the two conferences were one, who stayed talked on
EXPECTED = {
    "a terminal mixes": (True, False, False),
    "a fixed server mixes": (True, True, True),
    "booked dial-in": (True, False, True),
    OURS: (True, False, True),
}
# who has to know what before anybody calls
BEFOREHAND = {
    "a terminal mixes": "each other's addresses",
    "a fixed server mixes": "the server's address, and that nobody else is there",
    "booked dial-in": "a booked address, told to each, and when to call",
    OURS: "the server's address; the first one the others' addresses",
}
ROWS = (
    "all_heard_each_other",
    "heard_the_other_conference",
    "talked_on_without_the_first",
)


def missed(found: dict) -> list[str]:
    """Where a model did something else than it is known for."""
    return [
        f"{model}: {row.replace('_', ' ')}: {found[model][row]}"
        for model, answers in EXPECTED.items()
        for row, answer in zip(ROWS, answers, strict=True)
        if found[model][row] is not answer
    ]


def figures(found: dict) -> str:
    """The figures as Markdown."""
    models = list(EXPECTED)

    def line(title: str, cells: list[str]) -> str:
        return f"| {title} | " + " | ".join(cells) + " |"

    def answers(row: str) -> list[str]:
        return ["yes" if found[model][row] else "no" for model in models]

    def pair(row: str) -> list[str]:
        return [", ".join(f"{value:g}" for value in found[model][row]) for model in models]

    lines = [line("", models), "| --- |" + " --- |" * len(models)]
    lines.append(line("known beforehand", [BEFOREHAND[model] for model in models]))
    lines.append(line("all three heard each other", answers(ROWS[0])))
    lines.append(line("heard the other conference, too", answers(ROWS[1])))
    lines.append(line("two talked on when the first had left", answers(ROWS[2])))
    lines.append(line("from the first call to the last answer, ms (each conference)", pair("set_up_ms")))
    lines.append(line("the first phone's processor, ms a second", pair("first_phone_cpu_ms_per_s")))
    words = (
        f"A booking that nobody came to kept its legs from others for {found['unused_booking_held_s']:g} s."
    )
    return "\n".join(lines) + f"\n\n{words}\n"


def write(found: dict) -> None:
    """Put the table into the page."""
    pages.put(pages.DOCS / "prior-art.md", "table", figures(found))
