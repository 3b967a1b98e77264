"""How a conference call ended, and the exit code that says so."""

from dataclasses import dataclass

OK = 0  # the conference came up and every invitee was notified 200
FAILED_HERE = 1  # a socket, a file or a name on this machine
USAGE = 2  # the command line makes no sense
REFUSED = 3  # the server refused; reason and Retry-After are shown
NO_ANSWER = 4  # the server, or the address it gave, does not answer
ADDRESS_REFUSED = 5  # the address was given but its resource refused, or its answer cannot be used
INVITEE_FAILED = 6  # busy, declined, never answered, or could not reach the conference
NOT_NOTIFIED = 7  # told by a carrier that cannot say whether the invitee came
LOST = 8  # the conference ended before everybody was told
INTERRUPTED = 130  # Ctrl-C before everybody was told

MEANINGS = {
    OK: "the conference came up and every invitee was notified 200",
    FAILED_HERE: "something on this machine failed (socket, file, name)",
    USAGE: "bad usage",
    REFUSED: "the server refused; reason and Retry-After are shown",
    NO_ANSWER: "the server, or the address it gave, did not answer",
    ADDRESS_REFUSED: "the resource at the allocated address refused",
    INVITEE_FAILED: "an invitee was busy, declined, did not answer or could not join",
    NOT_NOTIFIED: "told, but the carrier cannot say whether the invitee came",
    LOST: "the conference ended before everybody was told",
    INTERRUPTED: "interrupted before everybody was told",
}


@dataclass(frozen=True)
class Outcome:
    """The end of a call: an exit code of the list above and a sentence for people."""

    code: int
    text: str
    status: int = 0
    retry_after_s: int | None = None

    @property
    def ok(self) -> bool:
        """Whether everything asked for came true."""
        return self.code == OK


@dataclass(frozen=True)
class Result:
    """What became of one invitee: the final status (0: none came), a sentence, and how sure we are."""

    status: int
    text: str
    notified: bool  # the invitee's phone said that the conference answered it 200 (M8)
    told_only: bool = False  # the carrier cannot say more

    @property
    def failed(self) -> bool:
        """Whether this invitee surely is not in the conference because of us."""
        return not (self.notified or self.told_only)


def judge(results: list[tuple[str, Result | None]]) -> Outcome:
    """Sum up (name, result) of all invitees of a conference that came up."""
    failed = [f"{name}: {result.text}" for name, result in results if result is not None and result.failed]
    if failed:
        return Outcome(INVITEE_FAILED, "; ".join(failed))
    unsure = [name for name, result in results if result is None or not result.notified]
    if unsure:
        return Outcome(NOT_NOTIFIED, f"told, but nobody can say whether they came: {', '.join(unsure)}")
    return Outcome(OK, "everybody is in the conference" if results else "the conference came up")
