"""Ten thousand guesses, fewer at a small board: each is a 404, none opens anything, a conference goes on."""

import asyncio
import random
import secrets
import time
from collections import Counter

import pytest

from hil_tests import ask, emulated, sip_text
from hil_tests.caller import Caller, NoAnswerError

pytestmark = pytest.mark.hil

GUESSES, FLOOD, AT_ONCE, BOARDS = 10_000, 1_500, 32, 4
PER_S = (
    80 * BOARDS
)  # a board keeps 512 transactions of 5 s each; what is faster than that, it answers with 503
SMALL = {
    "guesses": 250,
    "flood": 150,
    "boards": 2,
    "per_s": 20,
}  # an emulated board has room for some 150 transactions, and takes 25 ms for a guess
VERSION = "01"


def guess(address: str) -> str:
    """Another token for the address: all random, or well-formed but for its MAC."""
    token = secrets.token_hex(23)
    if random.random() < 0.5:
        token = VERSION + sip_text.user_of(address)[2:26] + token[26:]
    return address.replace(sip_text.user_of(address), token)


async def burst(caller: Caller, answers: Counter, due: asyncio.Queue) -> None:
    """Guess for every address that is due, until there is none."""
    while address := await due.get():
        try:
            outcome = await ask.ask(caller, guess(address), timeout_s=8)
            late = outcome.status == 503 and not outcome.response.header("retry-after")
            answers["503 without Retry-After" if late else outcome.status] += 1
        except NoAnswerError:
            answers["no answer"] += 1


async def pace(due: asyncio.Queue, addresses: list[str], count: int, per_s: float) -> None:
    """Let `count` guesses go, so many a second, around the addresses."""
    start = time.monotonic()
    for number in range(count):
        await due.put(addresses[number % len(addresses)])
        wait_s = start + number / per_s - time.monotonic()
        if wait_s > 0:
            await asyncio.sleep(wait_s)
    for _ in range(AT_ONCE):
        await due.put("")


async def guess_all(addresses: list[str], count: int, per_s: float) -> tuple[Counter, float]:
    """The answers to all the guesses, and how many a second there were."""
    callers = [await Caller.open() for _ in range(AT_ONCE)]
    due: asyncio.Queue = asyncio.Queue(maxsize=AT_ONCE)
    answers: Counter = Counter()
    start = time.monotonic()
    await asyncio.gather(
        pace(due, addresses, count, per_s), *(burst(caller, answers, due) for caller in callers)
    )
    for caller in callers:
        caller.close()
    return answers, count / (time.monotonic() - start)


@pytest.mark.limit_s(150)
def test_ten_thousand_guesses_open_nothing(own_bench, crowd_of, figures, request):
    small = request.config.getoption("--board") in emulated.KINDS
    guesses, flood, boards, per_s = SMALL.values() if small else (GUESSES, FLOOD, BOARDS, PER_S)
    bench = own_bench(boards=boards)
    crowd = crowd_of(server=bench.server + ";size=3", participants=3, seconds=140)
    crowd.wait_talking()
    talking = crowd.address()

    async def one_address_of_each(caller: Caller) -> list[str]:
        found = {sip_text.address_of(talking): talking}
        while len(found) < boards:
            address = await ask.allocate(caller, bench.server, 2)
            found.setdefault(sip_text.address_of(address), address)
        return list(found.values())

    addresses = ask.with_caller(one_address_of_each)
    answers, guesses_per_s = asyncio.run(guess_all(addresses, guesses, per_s))
    during = [len(c["participants"]) for c in bench.conferences() if c["participants"]]
    flooded, flood_per_s = asyncio.run(guess_all([talking], flood, 1e6))
    after = [len(c["participants"]) for c in bench.conferences() if c["participants"]]
    result = crowd.finish(early=True)
    figures.add(answers=dict(answers), guesses_per_s=round(guesses_per_s))
    figures.add(flood_answers=dict(flooded), flood_per_s=round(flood_per_s), **result.figures())
    assert answers == {404: guesses}
    assert during == after == [3]
    assert set(flooded) <= {404, 503}, "a flood is answered, too"
    assert result.lost == 0
    assert result.complaints(spoilt_seconds=0.05) == []
