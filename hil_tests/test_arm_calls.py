"""Calls through an emulated Arm board: our own firmware on its processor, with phones that are none of ours."""

import asyncio
import re
import struct
import time

import pytest

from hil_tests import ask, emulated, sip_text, talk
from hil_tests.talk import TALK_S, Talk, failures
from hil_tests.ues.baresip import Baresip
from hil_tests.ues.parley_ue import ParleyUe
from hil_tests.ues.pjsua import Pjsua

LOSS_LIMIT = 0.005
BURSTS, BURST_PACKETS = 20, 6

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


def received_of_bursts(bench) -> int:
    """RTP packets that the board took of BURSTS bursts, each sent at once; the leg's own count."""

    async def work(caller):
        call, outcome = await ask.join(caller, await ask.allocate(caller, bench.server, 2))
        assert outcome.status == 200
        body = outcome.response.body.decode()
        port = int(re.search(r"m=audio (\d+)", body).group(1))
        target = (sip_text.address_of(outcome.contact)[0], port)
        ask.silent_port()
        phone, number = ask._SILENT[0], 0
        for _ in range(BURSTS):
            for _ in range(BURST_PACKETS):
                header = struct.pack("!BBHII", 0x80, 0, 1000 + number, 160 * number, 0x1234)
                phone.sendto(header + bytes([0xFF]) * 160, target)
                number += 1
            await asyncio.sleep(0.02 * BURST_PACKETS)
        counted = int(emulated.execute(bench, "print(board.status()['legs'][0][2]['received'])"))
        await call.bye()
        return counted

    return ask.with_caller(work)


@pytest.mark.limit_s(120)
def test_the_queue_keeps_bursts_that_stock_sockets_lose(own_bench, figures):
    arm = own_bench(boards=1)
    queued = received_of_bursts(arm)
    emulated.execute(arm, "open('portable_sockets', 'w').close()")
    emulated.reset(arm)
    portable = received_of_bursts(arm)
    figures.add(sent=BURSTS * BURST_PACKETS, queued=queued, portable=portable)
    assert queued == BURSTS * BURST_PACKETS
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
