"""Calls through an emulated Arm board: our own firmware on its processor, with phones that are none of ours."""

import time

import pytest

from hil_tests import emulated, talk
from hil_tests.bursts import SENT, received_of_bursts
from hil_tests.talk import TALK_S, Talk, failures
from hil_tests.ues.baresip import Baresip
from hil_tests.ues.parley_ue import ParleyUe
from hil_tests.ues.pjsua import Pjsua

LOSS_LIMIT = 0.005

pytestmark = [pytest.mark.hil, pytest.mark.emulated]


@pytest.fixture(scope="module")
def spoken(hil_folder):
    return talk.tracks(hil_folder / "voices")


def loss_of(result) -> float:
    return result.lost / max(1, result.packets + result.lost)


@pytest.mark.skipif(not Pjsua.available(), reason="pjsua2-python has no wheel for this Python")
def test_three_phones_talk_on_it(own_bench, capture_of, phone_of, spoken, figures):
    arm = own_bench(boards=1)
    ue2 = phone_of(Pjsua, "ue2", play=spoken["ue2"])
    ue3 = phone_of(Baresip, "ue3", play=spoken["ue3"])
    ue1 = phone_of(ParleyUe, "ue1", play=spoken["ue1"], answer=False, invitees=(ue2.uri, ue3.uri))
    phones = [ue1, ue2, ue3]
    capture = capture_of(arm, *phones)
    for phone in phones:
        phone.start()
    scene = Talk(arm, phones, capture, spoken)
    ue1.call(arm.server)
    arm.wait_status(
        lambda status: any(len(one["participants"]) == 3 for one in status["conferences"]), 12, "three in it"
    )
    time.sleep(TALK_S)
    assert emulated.facts(arm)["kernels"] == "native"
    scene.read()
    assert failures(scene.wire_findings() + scene.heard_findings()) == []
    arm.wait_status(arm.idle, 12, "the conference's end")
    figures.add(**emulated.facts(arm)["stats"])


def eight_in_two_conferences(bench, crowd_of, figures, seconds: int) -> None:
    crowd = crowd_of(server=f"{bench.server};size=4", conferences=2, participants=4, seconds=seconds)
    joined = crowd.wait_talking(30)
    assert len({event.detail["address"] for event in joined}) == 2
    result = crowd.finish(seconds + 40)
    stats = emulated.facts(bench)["stats"]
    frames = emulated.execute(bench, "import mps2; print(mps2.counters())")
    figures.add(loss_percent=round(100 * loss_of(result), 3), frames=frames, **stats, **result.figures())
    assert loss_of(result) < LOSS_LIMIT
    assert result.complaints(spoilt_seconds=0.05) == []


def test_eight_participants_in_two_conferences(own_bench, crowd_of, figures):
    eight_in_two_conferences(own_bench(boards=1), crowd_of, figures, 12)


@pytest.mark.long
@pytest.mark.limit_s(150)
def test_eight_participants_for_a_minute(own_bench, crowd_of, figures):
    eight_in_two_conferences(own_bench(boards=1), crowd_of, figures, 60)


@pytest.mark.limit_s(120)
def test_the_queue_keeps_bursts_that_stock_sockets_lose(own_bench, figures):
    arm = own_bench(boards=1)
    queued = received_of_bursts(arm)
    emulated.execute(arm, "open('portable_sockets', 'w').close()")
    emulated.reset(arm)
    portable = received_of_bursts(arm)
    figures.add(sent=SENT, queued=queued, portable=portable)
    assert queued == SENT
    assert portable < queued, "then the queue is not needed"


@pytest.mark.emulated("mps2-an386")
def test_a_cortex_m4_carries_four(own_bench, crowd_of, figures):
    bench = own_bench(boards=1, board="mps2-an386")
    crowd = crowd_of(server=f"{bench.server};size=4", participants=4, seconds=8)
    crowd.wait_talking(30)
    assert emulated.facts(bench)["kernels"] == "native"
    result = crowd.finish(40)
    figures.add(**emulated.facts(bench)["stats"], **result.figures())
    assert loss_of(result) < LOSS_LIMIT
    assert result.complaints(spoilt_seconds=0.1) == []
