"""Hypothesis looks for octets that a parser answers with anything but a value or RemoteError.

The targets are those of tools/fuzz, which looks for hours, guided by coverage; here every run looks a little, and
makes what it finds small.
"""

import importlib.util
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parley.wire.errors import RemoteError

TESTS = Path(__file__).resolve().parents[2] / "firmware" / "tests"
spec = importlib.util.spec_from_file_location("fuzz_targets", TESTS / "fuzz_targets.py")
fuzz_targets = importlib.util.module_from_spec(spec)
spec.loader.exec_module(fuzz_targets)

EXAMPLES = 300
# What such protocols are made of, beside octets of any kind.
PIECES = (
    b"\r\n", b"\n", b"\r\n ", b"\r\n\r\n", b" ", b"\t", b":", b";", b",", b"<", b">", b'"', b"\\", b"=", b"@", b"%",
    b"SIP/2.0", b"INVITE ", b"Via: ", b"Content-Length: ", b"sip:", b"tag=", b"m=audio ", b"a=", b"\x00", b"\xff", b"[",
    b"]", b"9" * 30,
)  # fmt: skip
NOISE = st.binary(max_size=8) | st.sampled_from(PIECES)


@st.composite
def damaged(draw, seeds):
    """A file of the corpus after a few cuts and insertions."""
    data = draw(st.sampled_from(seeds))
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(data)))
        line_end = max(start, data.find(b"\r\n", start))
        end = draw(st.sampled_from((start, start + 1, start + 8, line_end)))
        data = data[:start] + draw(NOISE) + data[end:]
    return data


@pytest.mark.parametrize("name", sorted(fuzz_targets.TARGETS))
def test_octets_in_a_value_or_the_one_error_out(name):
    seeds = [path.read_bytes() for path in sorted((TESTS / "corpus" / name).iterdir())]

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(damaged(seeds) | st.lists(NOISE, max_size=40).map(b"".join))
    def holds(data):
        try:
            fuzz_targets.TARGETS[name](data)
        except RemoteError as error:
            assert error.status == 0 or 400 <= error.status < 700

    holds()
