"""Pulling plugs: the daemon dies, a board dies, a board hangs; whoever is not concerned talks on."""

import asyncio
import os
import signal
import time
from pathlib import Path

import pytest

from hil_tests import ask, emulated, sip_text
from hil_tests.bench import LEASE_S
from hil_tests.processes import alive, wait_until

pytestmark = pytest.mark.hil

SLACK_S = 3.0  # for the server to notice, for status to be asked


def host_of(address: str) -> str:
    return sip_text.address_of(address)[0]


def allocate_many(bench, count: int, size: int = 2) -> list[str]:
    """Addresses until `count` are had or the house is full."""

    async def work(caller):
        given = []
        for _ in range(count):
            outcome = await ask.ask(caller, f"{bench.server};size={size}")
            if outcome.status != 302:
                break
            given.append(outcome.contact)
        return given

    return ask.with_caller(work)


@pytest.mark.limit_s(120)
def test_the_daemon_is_killed_and_comes_back(own_bench, crowd_of, figures):
    bench = own_bench(boards=2)
    before = allocate_many(bench, 6)
    crowd = crowd_of(server=bench.server + ";size=3", conferences=3, participants=3, seconds=100)
    in_use = {event.detail["address"] for event in crowd.wait_talking()}
    pids = {board.board_id: board.pid for board in bench.boards()}
    status = bench.wait_sizes(3, 3, 3)
    listed = {c["id"] for c in status["conferences"] if c["state"] == "active"}
    time.sleep(2.0)
    bench.kill_daemon()
    killed_s = time.time()
    time.sleep(LEASE_S + 1)  # longer than a registration: the boards must bear that, too
    assert all(alive(pid) for pid in pids.values()), "a board died with the daemon"
    bench.launch()
    bench.wait_ready()
    ready_s = time.time()
    bench.wait_status(
        lambda status: listed <= {c["id"] for c in status["conferences"] if c["state"] == "active"},
        LEASE_S + SLACK_S,
        "the conferences to be listed again",
    )
    after = allocate_many(bench, 60)
    boards = {board.board_id: board.pid for board in bench.boards()}
    result = crowd.finish(early=True)
    figures.add(given_after=len(after), back_after_s=round(ready_s - killed_s, 1), **result.figures())
    assert boards == pids, "the boards were started anew"
    assert len(set(after)) == len(after) > 0
    assert not set(after) & (in_use | set(before)), "an address was given out twice"
    assert not slots(after) & slots(list(in_use)), "a slot in use was given out again"
    assert result.lost == 0
    assert result.complaints(spoilt_seconds=0.05) == []


def slots(addresses: list[str]) -> set[tuple[str, str]]:
    """(board, slot) of addresses; the slot is in characters 2..5 of the token."""
    return {(host_of(address), sip_text.user_of(address)[2:6]) for address in addresses}


def asked_while(bench, seconds: float) -> list[tuple[float, str]]:
    """(time, board's IP address or status) of an address asked for about twice a second; small boards bear less."""
    every_s = 1.5 if bench.board_kind in emulated.KINDS else 0.4

    async def work(caller):
        seen, end = [], time.monotonic() + seconds
        while time.monotonic() < end:
            outcome = await ask.ask(caller, bench.server + ";size=2", timeout_s=3)
            where = host_of(outcome.contact) if outcome.status == 302 else str(outcome.status)
            seen.append((time.time(), where))
            await asyncio.sleep(every_s)
        return seen

    return ask.with_caller(work)


def judge_pool(bench, spared: str, victim, since_s: float, seen: list[tuple[float, str]], figures) -> None:
    """The victim left the pool within its registration; from then on phones get the other board."""
    offered = [at_s - since_s for at_s, where in seen if where == victim.host]
    late = [where for at_s, where in seen if at_s > since_s + LEASE_S + 1.0]
    figures.add(last_offer_after_s=round(max(offered, default=0.0), 1), asked=len(seen))
    assert not bench.board(victim.board_id).registered
    assert late, "nothing was asked late enough"
    assert set(late) == {spared}, "phones get the other board"


def parent_of(pid: int) -> int:
    """The process that started it and would start it again."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def back(bench, before) -> bool:
    """The board is registered, and another process than before."""
    board = bench.board(before.board_id)
    return board.registered and board.pid not in (0, before.pid)


def choose_victim(bench, crowd):
    """IP address of the board that the crowd talks through, the other board, an address that was given out on it."""
    crowd.wait_talking()
    spared = host_of(crowd.address())
    victim = next(board for board in bench.boards() if board.host != spared)
    lost = next(address for address in allocate_many(bench, 4) if host_of(address) == victim.host)
    return spared, victim, lost


def asked(address: str) -> int:
    """The status with which a call to the address is answered."""

    async def work(caller):
        return (await ask.ask(caller, address)).status

    return ask.with_caller(work)


@pytest.mark.once
@pytest.mark.limit_s(120)
def test_a_killed_board_leaves_the_pool_and_the_other_goes_on(own_bench, crowd_of, figures):
    bench = own_bench(boards=2)
    crowd = crowd_of(server=bench.server + ";size=3", participants=3, seconds=90)
    spared, victim, lost = choose_victim(bench, crowd)
    keeper = parent_of(victim.pid)
    os.kill(keeper, signal.SIGSTOP)  # so that the board is not started again at once
    try:
        os.kill(victim.pid, signal.SIGKILL)
        killed_s = time.time()
        seen = asked_while(bench, LEASE_S + SLACK_S)
        judge_pool(bench, spared, victim, killed_s, seen, figures)
    finally:
        os.kill(keeper, signal.SIGCONT)

    wait_until(lambda: back(bench, victim), 30, "the killed board to be started again", 0.3)
    status = asked(lost)
    again = {host_of(address) for address in allocate_many(bench, 6)}
    result = crowd.finish(early=True)
    figures.add(back_after_s=round(time.time() - killed_s, 1), **result.figures())
    assert status == 410, "an address from before the board's reset"
    assert again == {spared, victim.host}, "the board is used again"
    assert result.lost == 0
    assert result.complaints(spoilt_seconds=0.05) == []


@pytest.mark.once
@pytest.mark.limit_s(120)
def test_a_hanging_board_leaves_the_pool_and_its_watchdog_brings_it_back(own_bench, crowd_of, figures):
    bench = own_bench(boards=2)
    crowd = crowd_of(server=bench.server + ";size=2", participants=2, seconds=80)
    spared, victim, lost = choose_victim(bench, crowd)
    keeper = parent_of(victim.pid)
    os.kill(keeper, signal.SIGSTOP)  # the watchdog is in there: first, a hang that nothing ends
    try:
        os.kill(victim.pid, signal.SIGSTOP)  # alive, but it answers nothing: a firmware that hangs
        judge_pool(bench, spared, victim, time.time(), asked_while(bench, LEASE_S + SLACK_S), figures)
        assert alive(victim.pid)
    finally:
        os.kill(keeper, signal.SIGCONT)
    bitten_s = time.time()
    wait_until(lambda: back(bench, victim), 30, "the hanging board to be reset and registered", 0.3)
    figures.add(back_after_s=round(time.time() - bitten_s, 1))
    assert not alive(victim.pid)
    assert "watchdog: the firmware makes no progress" in bench.console_log(victim.board_id)
    again = allocate_many(bench, 6)
    statuses = [asked(lost), *(asked(address) for address in again)]
    result = crowd.finish(early=True)
    assert {host_of(address) for address in again} == {spared, victim.host}, "the board is used again"
    assert statuses == [410] + [200] * len(again), (
        "the address from before its reset, then those from after it"
    )
    assert result.lost == 0
    assert result.complaints(spoilt_seconds=0.05) == []
