"""What the user may do in a call from the keyboard, one command a line (`parley call --keys`)."""

from dataclasses import dataclass

from parley.wire.dtmf import DIGITS
from parley.wire.errors import RemoteError
from parleyue.redirect import callable_uri

COMMANDS = {
    "hold": "neither speak nor hear",
    "unhold": "talk on",
    "dtmf": "press keys: dtmf 12#",
    "bring": "let the conference call somebody: bring sip:bob@...",
    "out": "let the conference hang up on somebody: out sip:bob@...",
    "quit": "leave",
}
_WITH_URI = ("bring", "out")


@dataclass(frozen=True)
class Key:
    """One command: its name, and what follows it."""

    name: str
    argument: str = ""


def parse_key(line: str) -> Key:
    """Read a line. Raises RemoteError(400) with a sentence that says what is possible."""
    name, _, argument = line.strip().partition(" ")
    argument = argument.strip()
    if name not in COMMANDS:
        known = ", ".join(COMMANDS)
        raise RemoteError(400, f"{name!r} is no command; there are {known}")
    if name == "dtmf" and (not argument or argument.upper().strip(DIGITS)):
        raise RemoteError(400, f"{argument!r} is not all of {DIGITS}")
    if name in _WITH_URI:
        argument = str(callable_uri(argument))
    elif name != "dtmf" and argument:
        raise RemoteError(400, f"{name} takes nothing")
    return Key(name, argument.upper() if name == "dtmf" else argument)
