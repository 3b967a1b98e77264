import pytest

from parley.app.control import NUMBERS
from parleyd.order_words import in_words


@pytest.mark.parametrize(
    ("name", "numbers", "words"),
    [
        (
            "fetch",
            ("sip:old sip:new sip:her dialog sip:alice@home",),
            "sip:alice@home called, whose board has died",
        ),
        ("end", (), "everybody hung up on"),
        ("lock", (1,), "locked"),
        ("lock", (0,), "unlocked"),
        ("mute", (3, 1), "participant 3 muted"),
        ("mute", (3, 0), "participant 3 unmuted"),
        ("gain", (3, 128), "participant 3 at -6 dB"),
        ("gain", (3, 65535), "participant 3 at automatic gain"),
        ("hear", (1, 2, 0), "participant 1 no longer hears 2"),
        ("hear", (1, 2, 1), "participant 1 hears 2"),
        ("kick", (3,), "participant 3 put out"),
        ("move", ("sip:abc@127.0.0.2",), "everybody sent to sip:abc@127.0.0.2"),
    ],
)
def test_an_order_of_a_conference_in_words(name, numbers, words):
    assert in_words(name, numbers) == words
    assert NUMBERS[name] == 2 + len(numbers)
