"""The messages of RFC 4475 and RFC 5118 as the RFCs print them, where a copy stands beside the repository.

Their outcomes here are our own reading of each section. What RFC 4475 leaves open ("400, or be liberal") is decided as
for our own messages (firmware/tests/torture).
"""

import importlib.util
from pathlib import Path

import pytest

from parley.wire.errors import RemoteError
from parley.wire.sip import parse_message

ROOT = Path(__file__).resolve().parents[2]
TORTURE = ROOT.parent / "shared" / "torture"

spec = importlib.util.spec_from_file_location("torture_vectors", ROOT / "firmware/tests/torture_vectors.py")
torture_vectors = importlib.util.module_from_spec(spec)
spec.loader.exec_module(torture_vectors)

RFC4475 = {
    # 3.1.1: valid
    "wsinv": "481",  # its To has a tag of no dialog here (RFC 3261 12.2.2)
    "intmeth": "501", "esc01": "call", "escnull": "method", "esc02": "501", "lwsdisp": "200", "longreq": "call",
    "dblreq": "method", "semiuri": "200", "transports": "200", "mpart01": "method", "unreason": "silence",
    "noreason": "silence",
    # 3.1.2: invalid
    "badinv01": "400", "clerr": "400", "ncl": "400", "scalar02": "400", "scalarlg": "silence", "quotbal": "400",
    "ltgtruri": "400", "lwsruri": "400", "lwsstart": "400", "trws": "400", "escruri": "400", "baddate": "call",
    "regbadct": "400", "badaspec": "200",
    "baddn": "400",  # as archived it lacks the empty line after the headers
    "badvers": "505", "mismatch01": "400", "mismatch02": "400", "bigcode": "silence",
    # 3.2 to 3.4
    "badbranch": "200", "insuf": "400", "unkscm": "416", "novelsc": "416",
    "unksm2": "400",  # a registrar's answer; without REGISTER 405
    "bext01": "420", "invut": "415", "regaut01": "method", "multi01": "400", "mcl01": "400", "bcast": "silence",
    "zeromf": "200", "cparam01": "method", "cparam02": "method", "regescrt": "method", "sdp01": "406",
    "inv2543": "call",
    "test": "silence",  # no section of its own, and no SIP version
}  # fmt: skip
RFC5118 = {
    "ipv6-good": "method", "ipv6-bad": "400", "port-ambiguous": "method", "port-unambiguous": "method",
    "via-received-param-with-delim": "481", "via-received-param-no-delim": "200",
    "ipv6-in-sdp": "400",  # as copied its Content-Length is more than its body; see the test of that name
    "mult-ip-in-header": "481", "mult-ip-in-sdp": "call", "ipv4-mapped-ipv6": "call",
    "ipv6-bug-abnf-3-colons": "200", "ipv6-correct-abnf-2-colons": "200",
}  # fmt: skip
PORTS = {"quotbal": 5050, "mpart01": 5060, "mult-ip-in-header": 6050, "ipv4-mapped-ipv6": 19823}

pytestmark = pytest.mark.skipif(
    not TORTURE.is_dir(), reason="no copy of the RFCs' messages beside the repository"
)


def verbatim(name: str) -> bytes:
    """The message as it belongs on the wire."""
    if name in RFC4475:
        return (TORTURE / "rfc4475" / f"{name}.dat").read_bytes()
    data = (TORTURE / "rfc5118" / name).read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    return data if b"\r\n\r\n" in data else data.rstrip(b"\r\n") + b"\r\n\r\n"


@pytest.mark.parametrize(("name", "outcome"), {**RFC4475, **RFC5118}.items())
def test_outcome(name, outcome):
    found, sent, endpoint = torture_vectors.outcome_of(verbatim(name), ("REGISTER", "MESSAGE"))
    assert found == outcome
    assert {peer for _, peer in sent} <= {(torture_vectors.PEER[0], PORTS.get(name, 5060))}
    for call in endpoint.calls:
        endpoint.reject(call, 404, 10)
    endpoint.tick(40_000)
    endpoint.tick(80_000)


def test_no_file_is_left_out():
    files = {path.stem for path in (TORTURE / "rfc4475").glob("*.dat")}
    files |= {path.name for path in (TORTURE / "rfc5118").iterdir() if path.suffix != ".csv"}
    assert files == set(RFC4475) | set(RFC5118)


def test_ipv6_in_sdp_with_its_length_put_right():
    data = verbatim("ipv6-in-sdp")
    body = data.partition(b"\r\n\r\n")[2]
    outcome, _, _ = torture_vectors.outcome_of(data.replace(b"Length: 268", b"Length: %d" % len(body)))
    assert outcome == "call"


@pytest.mark.parametrize("name", sorted({**RFC4475, **RFC5118}))
def test_cut_anywhere_it_is_answered_or_not_but_never_a_fault(name):
    data = verbatim(name)
    for end in range(0, len(data), 7):
        try:
            parse_message(data[:end])
        except RemoteError as error:
            assert error.status in (0, 400, 505)
