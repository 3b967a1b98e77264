"""The crowd against a bridge that is wrong on purpose: each fault is found, and none in a good bridge."""

import asyncio
from pathlib import Path

import pytest

from hil_tests.crowd_runner import CrowdResult, CrowdRun
from hil_tests.practice_bridge import PracticeBridge

pytestmark = [pytest.mark.hil, pytest.mark.once]

WORDS = {
    "": "",
    "own": "hears itself",
    "quiet": "level off",
    "deaf": "level off",
    "gap": "'lost': ",
    "crossed": "hears another conference",
}


async def judged(fault: str, folder: Path) -> CrowdResult:
    """Two conferences of three on a bridge with that fault."""
    bridge = await PracticeBridge.open(fault)
    many = {"conferences": 2, "participants": 3, "seconds": 2.5, "late_ms": 100}  # it has no jitter buffer
    run = CrowdRun(folder, f"crowd-{fault}", server=bridge.server, **many)
    try:
        run.start()
        return await asyncio.to_thread(run.finish, 20)
    finally:
        run.stop()
        await bridge.close()


def test_every_fault_of_a_bridge_is_found(artifacts):
    async def all_of_them() -> list[CrowdResult]:
        return await asyncio.gather(*(judged(fault, artifacts) for fault in WORDS))

    results = dict(zip(WORDS, asyncio.run(all_of_them()), strict=True))
    for fault, result in results.items():
        complaints = result.complaints()
        if not fault:
            assert complaints == [], complaints
        else:
            assert any(WORDS[fault] in complaint for complaint in complaints), (fault, complaints)
