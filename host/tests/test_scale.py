"""The fleet of docs/scale.md in short: the same seed tells the same, nothing is sold over, a lost site is survived."""

import importlib.util
import sys
from pathlib import Path

import pytest

from parleyd.pattern import PATTERNS

SOURCE = Path(__file__).resolve().parents[2] / "tools" / "scale_fleet.py"
SHORT = {"boards": 150, "conferences_a_day": 15_000, "from_h": 9.0, "until_h": 9.8, "lost_at_h": 9.65}


@pytest.fixture(scope="module")
def scale():
    specification = importlib.util.spec_from_file_location("scale_fleet", SOURCE)
    module = importlib.util.module_from_spec(specification)
    sys.modules["scale_fleet"] = module
    specification.loader.exec_module(module)
    yield module
    del sys.modules["scale_fleet"]


def told(fleet):
    """What came of it, without this machine's own times."""
    rows = {part: outcome.row() for part, outcome in fleet.outcomes.items()}
    return {
        part: {key: row[key] for key in row if not key.startswith("decision")} for part, row in rows.items()
    }


@pytest.mark.parametrize("pattern", list(PATTERNS))
def test_a_short_day(scale, pattern):
    fleet = scale.Fleet(scale.Model(pattern=pattern, **SHORT)).run()
    before, after = fleet.outcomes["before"], fleet.outcomes["after"]
    assert fleet.oversold == 0
    assert before.asked > 200 and before.refused < 0.05 * before.asked
    assert after.asked > 200 and after.refused < after.asked
    assert max(before.latencies_s) < 0.1 < max(after.latencies_s)  # who asks a dead server first waits
    own = before.near / (before.asked - before.refused)
    assert own > 0.98 if pattern == "locality" else own < 0.6
    assert told(scale.Fleet(scale.Model(pattern=pattern, **SHORT)).run()) == told(fleet)
