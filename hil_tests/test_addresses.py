"""Addresses: quickly given, never twice, good for one conference only, and useless when invented."""

import asyncio
import shutil
import statistics

import pytest

from hil_tests import ask, sip_text
from hil_tests.bench import Bench
from hil_tests.ues.sipp import Sipp

pytestmark = pytest.mark.hil

CLOCK_S = 2.5  # a board's clock is the Date of its registration: up to two seconds behind
OFFER_S = 5  # offers end soon on this bench, so that it can be waited for


@pytest.fixture(scope="module")
def own(hil_folder, ports):
    """A server and two boards that this module may fill."""
    shutil.rmtree(hil_folder / "addresses", ignore_errors=True)
    with Bench(
        hil_folder / "addresses", ports, boards=2, legs=64, env={"PARLEY_OFFER_TTL_S": str(OFFER_S)}
    ) as made:
        yield made


def status_of(uri: str, body: bytes | None = None) -> int:
    return ask.with_caller(lambda caller: ask.ask(caller, uri, body)).status


def test_an_invented_address_is_not_found(own, phone_of):
    address = ask.with_caller(lambda caller: ask.allocate(caller, own.server, 2))
    phone = phone_of(Sipp, "forger", answer=False)
    phone.call_refused(ask.forged(address, 45), 404)
    assert phone.succeeded(15), phone.process.tail()


def test_no_digit_of_an_address_can_be_changed(own):
    async def work(caller):
        address = await ask.allocate(caller, own.server, 2)
        return [(await ask.ask(caller, ask.forged(address, position))).status for position in range(46)]

    assert ask.with_caller(work) == [404] * 46


def test_an_address_whose_time_is_over_is_gone(own):
    async def work(caller):
        address = await ask.allocate(caller, own.server, 2)
        in_time = await ask.allocate(caller, own.server, 2)
        call, first = await ask.join(caller, in_time)
        await asyncio.sleep(OFFER_S + CLOCK_S)
        late = await ask.ask(caller, address)
        other, second = await ask.join(caller, in_time)  # a conference that lives has no such end
        await call.bye()
        await other.bye()
        return first.status, late.status, second.status

    assert ask.with_caller(work) == (200, 410, 200)


def test_an_ended_conference_s_address_is_gone(own):
    async def work(caller):
        address = await ask.allocate(caller, own.server, 2)
        first = (await ask.ask(caller, address)).status  # joins and hangs up: the conference is over
        return first, (await ask.ask(caller, address)).status

    assert ask.with_caller(work) == (200, 410)


def test_a_conference_takes_no_more_than_its_size(own):
    async def work(caller):
        address = await ask.allocate(caller, own.server, 3)
        calls = [await ask.join(caller, address) for _ in range(4)]
        for call, outcome in calls:
            if outcome.status < 300:
                await call.bye()
        return [outcome.status for _, outcome in calls]

    assert ask.with_caller(work) == [200, 200, 200, 486]


def test_without_a_common_codec_there_is_no_conference(own):
    foreign = ask.offer(((18, "G729/8000"), (96, "opus/48000/2")))

    async def work(caller):
        refused = await ask.ask(caller, own.server, foreign)
        address = await ask.allocate(caller, own.server, 2)
        return refused.status, (await ask.ask(caller, address, foreign)).status

    assert ask.with_caller(work) == (488, 488)


@pytest.mark.parametrize(
    ("parameters", "status"),
    [(";size=65", 606), (";size=1", 400), (";size=0", 400), (";size=x", 400), (";size=-2", 400)],
)
def test_sizes_that_cannot_be(own, parameters, status):
    assert status_of(own.server + parameters) == status


def test_who_wants_encryption_gets_a_board_that_has_it(own):
    assert status_of(own.server, ask.offer(profile="RTP/SAVP")) == 302


def test_other_users_of_the_server_do_not_exist(own):
    assert status_of(own.server.replace("conference", "alice")) == 404


def test_a_full_house_says_when_to_come_back_and_gave_no_address_twice(own, figures):
    async def work(caller):
        outcomes = []
        while len(outcomes) < 200:
            outcomes.append(await ask.ask(caller, own.server + ";size=2"))
            if outcomes[-1].status != 302:
                break
        return outcomes

    outcomes = ask.with_caller(work)
    given = [outcome for outcome in outcomes if outcome.status == 302]
    last = outcomes[-1].response
    assert (last.status, last.header("retry-after").split(" ")[0].isdigit()) == (503, True), last
    assert 1 <= int(last.header("retry-after").split(" ")[0]) <= 120
    addresses = [outcome.contact for outcome in given]
    assert len(set(addresses)) == len(addresses) >= 30
    assert len({sip_text.address_of(address)[0] for address in addresses}) == 2, "both boards are used"
    latencies = sorted(outcome.latency_ms for outcome in given)
    figures.add(
        addresses=len(addresses),
        redirect_median_ms=round(statistics.median(latencies), 2),
        redirect_p95_ms=round(latencies[int(len(latencies) * 0.95)], 2),
        redirect_worst_ms=round(latencies[-1], 2),
    )
    assert statistics.median(latencies) < 50
