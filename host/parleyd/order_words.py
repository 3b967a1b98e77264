"""The server's orders in words, as the event log has them."""

from parleyd.gain import AUTOMATIC, gain_db

_SWITCHED = {
    "lock": ("unlocked", "locked"),
    "mute": ("participant {} unmuted", "participant {} muted"),
    "hear": ("participant {} no longer hears {}", "participant {} hears {}"),
}
_SAID = {
    "end": "everybody hung up on",
    "kick": "participant {} put out",
    "move": "everybody sent to {}",
}


def in_words(name: str, numbers: tuple[int | str, ...]) -> str:
    """Return what an order makes of a conference.

    Args:
        name: as in parley/app/control.py.
        numbers: what follows slot and generation in it.
    """
    if name == "gain":
        number, gain = numbers
        loudness = "automatic gain" if gain == AUTOMATIC else f"{gain_db(int(gain)):+g} dB"
        return f"participant {number} at {loudness}"
    if name == "fetch":
        return f"{str(numbers[-1]).split(' ', 4)[-1]} called, whose board has died"
    if name in _SWITCHED:
        return _SWITCHED[name][int(numbers[-1])].format(*numbers)
    return _SAID[name].format(*numbers)
