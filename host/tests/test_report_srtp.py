"""How many encrypted legs a board's report grants."""

import pytest

from parleyd.report import BoardReport

FACTS = {"firmware": "1", "boot": "ab", "board": "virtual", "codecs": ["PCMU"], "legs": 16, "slots": 8}


@pytest.mark.parametrize(
    ("said", "legs"),
    [
        ({}, 0),
        ({"srtp": True}, 16),  # firmware before it named a number
        ({"srtp": True, "srtp_legs": 8}, 8),
        ({"srtp": True, "srtp_legs": 99}, 16),
        ({"srtp": False, "srtp_legs": 8}, 0),
    ],
)
def test_encrypted_legs(said, legs):
    assert BoardReport(**FACTS, **said).encrypted_legs == legs
